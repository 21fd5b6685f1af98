"""Weights in the second moment: of importance sampling, of repetition, of nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from builders import EPSILON, sampler

from eigenscape.active_subspace.conditioning import spectrum
from eigenscape.active_subspace.estimate import second_moment
from eigenscape.active_subspace.projection import project
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput, NotFiniteGradient
from eigenscape.networks.gradients import NonFinite
from eigenscape.networks.samplers import function_sampler

ROWS = np.random.default_rng(3).standard_normal((700, 4))


def test_whole_weights_repeat_samples() -> None:
    """A weight of k is the sample k times; blocks of 256 and all."""
    counts = np.random.default_rng(4).integers(0, 4, 700)
    weighted = second_moment(ROWS, weights=counts)
    repeated = second_moment(np.repeat(ROWS, counts, axis=0))
    scale = repeated.matrix.max()
    np.testing.assert_allclose(weighted.matrix, repeated.matrix, atol=700 * EPSILON * scale)
    np.testing.assert_allclose(weighted.gradient_mean, repeated.gradient_mean, atol=700 * EPSILON)
    assert weighted.weights is not None
    assert weighted.weights.sum() == pytest.approx(1)
    np.testing.assert_array_equal(weighted.matrix, weighted.matrix.T)


def test_a_common_factor_of_the_weights_does_not_matter() -> None:
    plain = second_moment(ROWS)
    for factor in (1.0, 1e-200, 3e200):
        found = second_moment(ROWS, weights=np.full(700, factor))
        np.testing.assert_allclose(
            found.matrix, plain.matrix, rtol=1e-13, atol=700 * EPSILON * plain.matrix.max()
        )
        assert found.effective_samples == pytest.approx(700)
    assert plain.effective_samples == 700


def test_importance_weights_give_the_second_moment_of_the_other_density() -> None:
    """Points of N(0, 1.5^2 I) stand for N(0, I): w = p/q = exp(-|x|^2 (1 - 1/1.5^2)/2) up to a
    factor, and f = x^T A x / 2 has C = A^2.

    The standard error of the ratio estimate is the root of sum_n w_n^2 |g g^T - C|^2 (delta
    method); 4 of them for 6 entries.
    """
    a = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]])
    proposal, samples = function_sampler(lambda x: x @ a, 3, scale=1.5), 20_000
    x = np.concatenate([proposal.parameters(n, 200).copy() for n in range(0, samples, 200)])
    weights = 7.0 * np.exp(-(x**2).sum(axis=1) * (1 - 1 / 1.5**2) / 2)
    found = second_moment(proposal, samples, weights=weights)
    g, w = x @ a, weights / weights.sum()
    spread = (g[:, :, None] * g[:, None, :] - a @ a) * w[:, None, None]
    errors = np.sqrt((spread**2).sum(axis=0))
    assert np.abs((found.matrix - a @ a) / errors).max() < 4
    assert errors.max() < 0.03 * np.trace(a @ a)
    # Without the weights it is another matrix, 1.5^2 times as large.
    assert np.trace(second_moment(proposal, samples).matrix) > 2 * np.trace(found.matrix)
    # 1/N_eff = E_q[w^2]/N with w = p/q: per dimension int p^2/q = s^2/sqrt(2 s^2 - 1).
    expected = samples / (1.5**2 / np.sqrt(2 * 1.5**2 - 1)) ** 3
    assert found.effective_samples == pytest.approx(expected, rel=0.05)
    assert f"of effective number {found.effective_samples:,.0f}" in repr(found)


def test_a_sample_of_weight_zero_is_no_direction() -> None:
    """Rank counts the samples that count."""
    found = second_moment(np.eye(3), weights=[1, 1, 0])
    assert (spectrum(found).rank, spectrum(found).status) == (2, "rank_deficient")


@pytest.mark.filterwarnings("ignore:(divide|invalid)")
def test_a_sample_that_is_left_out_has_no_weight() -> None:
    """A gradient that is not finite, where the sampler excludes it."""
    source = function_sampler(
        lambda x: x / np.where(x[:, :1] > 1, 0.0, 1.0), 2, value=lambda x: x[:, 0]
    )
    source.non_finite = NonFinite.EXCLUDE
    weights = np.arange(1.0, 101.0)
    found = second_moment(source, 100, weights=weights)
    x = source.parameters(0, 100).copy()
    w = np.where(x[:, 0] > 1, 0, weights)
    assert 0 < found.excluded == (w == 0).sum()
    np.testing.assert_allclose(found.matrix, (x.T * w) @ x / w.sum(), rtol=1e-12)
    assert found.mean_loss == pytest.approx(w @ x[:, 0] / w.sum())
    none = function_sampler(lambda x: x / 0.0, 1)
    none.non_finite = NonFinite.EXCLUDE
    with pytest.raises(NotFiniteGradient, match="no sample of positive weight"):
        second_moment(none, 3, weights=np.ones(3))


NETWORK = sampler(Architecture(1, 2))
WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "too few": (
        lambda: second_moment(ROWS, weights=np.ones(3)),
        r"^weights: expected real numbers of shape \(700,\), one for each sample, found float64 of",
    ),
    "a column": (lambda: second_moment(ROWS, weights=np.ones((700, 1))), r"shape \(700, 1\)"),
    "negative": (
        lambda: second_moment(np.eye(2), weights=[1.0, -0.5]),
        "^weights: expected finite weights of at least 0, .* found numbers from -0.5 to 1.0",
    ),
    "none": (lambda: second_moment(np.eye(2), weights=[0, 0]), "some positive"),
    "infinite": (lambda: second_moment(np.eye(2), weights=[1, np.inf]), "to inf"),
    "a projection": (
        lambda: project(second_moment(NETWORK, 10, weights=np.ones(10))),
        "^source: expected samples without weights",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_used_is_refused(case: str) -> None:
    call, words = WRONG[case]
    with pytest.raises(BadInput, match=words):
        call()
