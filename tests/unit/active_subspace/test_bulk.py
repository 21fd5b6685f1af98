"""Jackknife intervals of the family against independent samples, and the null of random signs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import sampler

from eigenscape.active_subspace.bulk import family_intervals, sign_null
from eigenscape.active_subspace.condition import FAMILY, condition_numbers
from eigenscape.active_subspace.spectrum import spectrum_of
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.activations import RELU

NETWORK = Architecture(2, 4)  # 33 parameters
SAMPLES = 1_000


def numbers_of(key: int) -> dict[str, float]:
    gradients, _ = sampler(NETWORK, key=key).block(0, SAMPLES)
    moment = gradients.T @ gradients / SAMPLES
    return condition_numbers(spectrum_of(np.tril(moment) + np.tril(moment, -1).T), NETWORK)


def test_values_are_those_of_all_samples() -> None:
    found = family_intervals(sampler(NETWORK, key=0), SAMPLES)
    assert {name: interval.value for name, interval in found.items()} == pytest.approx(
        numbers_of(0), rel=1e-9
    )
    assert found.keys() == {member.name for member in FAMILY}


def test_a_spectrum_that_is_known_is_taken_as_it_is() -> None:
    """Of another matrix, to be seen: its numbers, with the distances to both ends that the samples
    have.
    """
    computed, known = sampler(NETWORK, key=0), spectrum_of(np.diag(np.arange(1.0, 34.0)))
    found, own = (
        family_intervals(computed, SAMPLES, whole=known),
        family_intervals(computed, SAMPLES),
    )
    assert {name: interval.value for name, interval in found.items()} == condition_numbers(
        known, NETWORK
    )
    # trace over largest eigenvalue
    assert found["stable_rank"].value == pytest.approx(33 * 34 / 2 / 33, rel=1e-12)
    assert [found[name].high - found[name].value for name in found] == pytest.approx(
        [own[name].high - own[name].value for name in own]
    )


@pytest.mark.parametrize(
    "name",
    ["stable_rank", "participation_ratio", "spectral_slope", "mean_decay", "log10_layer_ladder"],
)
def test_intervals_are_as_wide_as_independent_samples_spread(name: str) -> None:
    """The mean width over 12 keys against 2 x 1.96 standard deviations over 40; 8 groups make
    widths vary by 25 % each.
    """
    widths = [
        interval.high - interval.low
        for interval in (
            family_intervals(sampler(NETWORK, key=key), SAMPLES)[name] for key in range(12)
        )
    ]
    spread = np.std([numbers_of(100 + key)[name] for key in range(40)], ddof=1)
    assert np.mean(widths) == pytest.approx(2 * 1.96 * spread, rel=0.5)


def test_null_directions_have_no_interval() -> None:
    # 35 left without a group, P = 33: full rank; then 30 are too few
    found = family_intervals(sampler(NETWORK, key=0), 40)
    assert math.isfinite(found["log10_cond"].low)
    found = family_intervals(sampler(NETWORK, key=0), 34, groups=2)
    assert math.isnan(found["log10_cond"].low)
    assert math.isfinite(found["stable_rank"].low)


@pytest.mark.parametrize("groups", [0, 1, 41])
def test_groups_out_of_range_are_refused(groups: int) -> None:
    with pytest.raises(BadInput, match="groups: expected a whole number from 2 to 40"):
        family_intervals(sampler(NETWORK), 40, groups)


def test_random_signs_keep_the_diagonal_and_destroy_the_correlations() -> None:
    """Off-diagonal entries of the null have mean 0 and variance E[g_i^2 g_j^2]/N: heavy tails let
    their sum vary by half.
    """
    many = 20_000
    # without sign symmetry, so that there are correlations
    source = sampler(NETWORK, activation=RELU, key=0)
    gradients = source.block(0, many)[0].copy()
    null = sign_null(source, many, key=3)
    np.testing.assert_allclose(null.diagonal, (gradients**2).mean(axis=0), rtol=1e-12)
    # Frobenius: sum of squared eigenvalues = sum of squared entries
    off_diagonal = (null.eigenvalues**2).sum() - (null.diagonal**2).sum()
    squares = (gradients**2).T @ (gradients**2) / many
    expected = (squares.sum() - np.trace(squares)) / many
    assert off_diagonal == pytest.approx(expected, rel=0.5)
    plain = gradients.T @ gradients / many
    assert (plain**2).sum() - (np.diagonal(plain) ** 2).sum() > 3 * off_diagonal, (
        "the real matrix has correlations to destroy"
    )


def test_the_null_is_a_function_of_its_key() -> None:
    one, again, other = (sign_null(sampler(NETWORK), 300, key).eigenvalues for key in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_exact_null_directions_are_infinite_and_not_thirty_decades() -> None:
    """F6: with zero biases on a symmetric grid bias gradients are rounding dust, in the jackknife
    and in the null as everywhere.
    """
    source = sampler(Architecture(3, 4), prior="lecun_normal")
    found = family_intervals(source, 500)
    assert found["log10_cond"].value == math.inf
    assert found["log10_cond_carrying"].value < 10
    assert sign_null(source, 500, key=1).log10_condition == math.inf
