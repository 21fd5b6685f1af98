"""Criteria by hand, on planted dimensions, and on spectra that have none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from eigenscape.active_subspace.conditioning import spectrum
from eigenscape.active_subspace.dimension import DimensionChoice, choose_dimension
from eigenscape.active_subspace.estimate import second_moment
from eigenscape.active_subspace.resampling import SubspaceErrors
from eigenscape.active_subspace.subspaces import SubspaceBootstrap, bootstrap_subspaces
from eigenscape.errors import BadInput
from eigenscape.interval import Interval
from eigenscape.networks.quadrature import quadrature_sampler
from eigenscape.networks.samplers import function_sampler

NAMES = ("gap", "log_gap", "energy", "ladle", "response_surface")


def decided(choice: DimensionChoice) -> dict[str, int | None]:
    return {criterion.name: criterion.dimension for criterion in choice}


def of_quadratic(eigenvalues: list[float], samples: int, seed: int = 0) -> DimensionChoice:
    """Of samples of g ~ N(0, diag(eigenvalues))."""
    scales = np.sqrt(eigenvalues)
    sampler = function_sampler(lambda x: scales * x, len(scales), seed=seed)
    return choose_dimension(
        bootstrap_subspaces(second_moment(sampler, samples), replicates=60, seed=seed)
    )


def made_up(
    values: list[float], errors: list[float], variability: list[float], spread: float = 1e-3
) -> SubspaceBootstrap:
    """Sixty replicates that lie about given eigenvalues by a given part."""
    sample = np.array(values)
    noise = np.random.default_rng(0).uniform(-spread, spread, (60, len(sample)))
    replicates = np.sort(sample * (1 + noise), axis=1)[:, ::-1]
    means = np.array(errors)
    return SubspaceBootstrap(
        Interval(sample, replicates.min(axis=0), replicates.max(axis=0)),
        np.full(len(sample), 300.0),
        float(sample.sum()),
        SubspaceErrors(np.arange(1, len(means) + 1), means, means, means),
        np.array(variability),
        replicates,
        replicates.sum(axis=1),
        samples=1_000,
        parameters=len(sample),
    )


def test_a_planted_dimension_is_found_by_every_criterion() -> None:
    for dimension in (1, 2, 3):
        values = [10.0 - n for n in range(dimension)] + [1e-3] * (6 - dimension)
        assert decided(of_quadratic(values, 1_000)) == dict.fromkeys(NAMES, dimension)


def test_criteria_differ_where_the_spectrum_has_two_steps() -> None:
    """lambda = 9, 4, 2.25, then 0.04 nine times: the largest gap is after 1, the largest ratio
    after 3; 0.99 of the trace, 15.61, is 15.45, which takes 9 directions, inside the plateau.
    """
    choice = of_quadratic([9.0, 4.0, 2.25] + [0.04] * 9, 2_000)
    assert decided(choice) == {
        "gap": 1,
        "log_gap": 3,
        "energy": None,
        "ladle": 3,
        "response_surface": 3,
    }
    assert choice.energy.candidate in (8, 9, 10)
    assert "not told apart" in choice.energy.reason or "replicates" in choice.energy.reason
    assert decided(choose_dimension([9.0, 4.0, 2.25] + [0.04] * 9))["energy"] == 9


def test_an_isotropic_second_moment_has_no_dimension() -> None:
    """Every criterion has a candidate for every sample, and none is decided. The rule lets through
    0 to 1 of 200 samples where P is 2 or 5; here it is 0 of 20.
    """
    for seed in range(20):
        choice = of_quadratic([1.0] * 4, 400, seed)
        energy = choice.energy.dimension
        assert decided(choice) == dict.fromkeys(NAMES) | {"energy": energy}
        assert energy in (None, 4)  # all of them retain 99 %
        assert choice.gap.candidate is not None
        assert choice.gap.reason


def test_few_samples_of_two_equal_directions_are_given_a_dimension() -> None:
    """P = 2, where the only gap is the largest: all four criteria would say 1 every time. By
    intervals of 95 % in the place of ranges 10 of 100 samples would pass; here it is 1 of 200.
    """
    passed = 0
    for seed in range(100):
        moment = second_moment(function_sampler(lambda x: x, 2, seed=seed), 100)
        choice = choose_dimension(bootstrap_subspaces(moment, seed=seed))
        passed += any(decided(choice)[name] == 1 for name in NAMES)
    assert passed <= 3


def test_fewer_samples_than_parameters_have_dimensions_up_to_their_rank() -> None:
    """Null directions are no eigenvalues, and replicates have lower ranks still."""
    rows = np.random.default_rng(5).standard_normal((8, 20)) * np.where(np.arange(20) < 2, 9.0, 0.1)
    choice = choose_dimension(bootstrap_subspaces(second_moment(rows), replicates=40))
    assert choice.log_gap.candidate == 8
    assert choice.gap.candidate in (1, 2)
    for criterion in choice:
        assert np.isfinite(criterion.agreement)
        assert criterion.dimension is None or criterion.dimension <= 2


def test_the_ladle_by_hand() -> None:
    """f = (0, .1, .01, .5)/1.61 and phi = (8, 5, 1, .5)/14.5: g = .552, .407, .0752, .345."""
    choice = choose_dimension(made_up([8.0, 5.0, 1.0, 0.5], [0.1, 0.1, 0.9], [0.1, 0.01, 0.5]))
    expected = np.array([0, 0.1, 0.01, 0.5]) / 1.61 + np.array([8, 5, 1, 0.5]) / 14.5
    np.testing.assert_allclose(choice.ladle.curve, expected, rtol=1e-14)
    np.testing.assert_array_equal(choice.ladle.dimensions, [0, 1, 2, 3])
    assert (choice.ladle.dimension, choice.ladle.agreement) == (2, 1.0)


def test_the_bound_of_the_response_surface_by_hand() -> None:
    """At n = 0 the error of a constant, sqrt(14.5); at n = 2, 0.1 sqrt(13) + sqrt(1.5)."""
    choice = choose_dimension(made_up([8.0, 5.0, 1.0, 0.5], [0.5, 0.1, 0.9], [0.1, 0.1, 0.1]))
    expected = [
        np.sqrt(14.5),
        0.5 * np.sqrt(8) + np.sqrt(6.5),
        0.1 * np.sqrt(13) + np.sqrt(1.5),
        0.9 * np.sqrt(14) + np.sqrt(0.5),
    ]
    np.testing.assert_allclose(choice.response_surface.curve, expected, rtol=1e-14)
    assert choice.response_surface.dimension == 2


def test_the_bound_holds_for_ridge_functions_of_estimated_directions() -> None:
    """f = sum_i a_i x_i^2/2 at x ~ N(0, I). Its best function of the n variables y = W1^T x is E[f
    | y]. Its mean-square error, with H = W^T A W, is (|H|_F^2 - |H_11|_F^2)/2. The Poincare
    constant of the normal is 1, so its root is at most the bound.
    """
    a = np.array([3.0, 2.0, 0.3, 0.1])
    moment = second_moment(function_sampler(lambda x: a * x, 4), 300)
    bootstrap = bootstrap_subspaces(moment, replicates=40)
    curve = choose_dimension(bootstrap).response_surface.curve
    vectors = np.linalg.eigh(moment.matrix)[1][:, ::-1]
    h = vectors.T @ np.diag(a) @ vectors
    for n in (0, 1, 2, 3):
        error = np.sqrt(((h**2).sum() - (h[:n, :n] ** 2).sum()) / 2)
        assert 0 < error <= curve[n]


def test_replicates_that_disagree_decide_nothing() -> None:
    """Gaps of 1.00 and 0.99 whose order turns with the sample: half of the replicates say 2."""
    choice = choose_dimension(made_up([3.0, 2.0, 1.01], [0.1, 0.1], [0.1, 0.1], spread=0.02))
    assert choice.gap.dimension is None
    assert choice.gap.candidate == 1
    assert 0.2 < choice.gap.agreement < 0.8
    assert choice.gap.reason == f"{choice.gap.agreement:.0%} of the replicates give 1"
    assert "none: " in repr(choice)


def test_a_dimension_inside_a_plateau_is_not_decided() -> None:
    """Replicates agree on 2 by energy, but lambda_2 and lambda_3 exchange places."""
    values = [96.0, 2.0, 1.99, 0.01]
    choice = choose_dimension(made_up(values, [0.1] * 3, [0.1] * 3, spread=0.01), energy=0.975)
    assert (choice.energy.candidate, choice.energy.agreement) == (2, 1.0)
    assert choice.energy.dimension is None
    assert choice.energy.reason == "lambda_2 and lambda_3 are not told apart"


def test_a_criterion_that_is_still_falling_is_not_decided() -> None:
    """Of 30 parameters the dimensions up to 30 / ln 30 = 8.8 are looked at; fifteen equal steps
    lie beyond.
    """
    choice = of_quadratic([1.0 - n / 100 for n in range(15)] + [1e-4] * 15, 60_000)
    assert choice.ladle.dimensions[-1] == 8
    assert (choice.ladle.dimension, choice.response_surface.dimension) == (None, None)
    assert decided(choice)["log_gap"] == 15


def test_no_direction_is_better_than_none() -> None:
    """Errors of a right angle: a constant has the smaller bound."""
    choice = choose_dimension(made_up([3.0, 2.0, 1.0], [1.0, 1.0], [0.9, 0.9]))
    assert choice.response_surface.candidate == 0
    assert choice.response_surface.dimension is None
    assert choice.response_surface.reason == "no direction is better than none"


def test_exact_eigenvalues_need_no_replicates() -> None:
    """By quadrature: C = diag(9, 4, 0.01), and what asks for replicates says so."""
    scales = np.array([3.0, 2.0, 0.1])
    moment = second_moment(quadrature_sampler(lambda x: scales * x, 3, points=2))
    for source in (spectrum(moment), [9.0, 4.0, 0.01]):
        choice = choose_dimension(source)
        assert decided(choice) == {
            "gap": 1,
            "log_gap": 2,
            "energy": 2,
            "ladle": None,
            "response_surface": None,
        }
        assert np.isnan(choice.gap.agreement)
        assert "bootstrap_subspaces" in choice.ladle.reason
        np.testing.assert_allclose(choice.gap.curve, [5 / 9, 3.99 / 9], rtol=1e-12)


def test_null_directions_are_an_infinite_step() -> None:
    """f = b.x: one direction, and nothing beside it; rounding is no eigenvalue."""
    line = second_moment(np.outer(np.ones(40), [3.0, 4.0, 1.0]))
    for choice in (
        choose_dimension(bootstrap_subspaces(line, replicates=20)),
        choose_dimension(spectrum(line)),
    ):
        assert choice.log_gap.dimension == 1
        assert np.isinf(choice.log_gap.curve[0])
        assert choice.energy.dimension == choice.gap.dimension == 1
    assert choose_dimension([2.0, 1.0, 0.0, 0.0]).log_gap.dimension == 2


def test_equal_gaps_are_not_decided() -> None:
    assert choose_dimension([3.0, 2.0, 1.0]).gap.dimension is None
    assert choose_dimension([100.0, 10.0, 1.0]).log_gap.dimension is None
    assert choose_dimension(np.ones(3)).gap.dimension is None
    # 1/49 of a plateau, computed with rounding, is a plateau
    noisy = 1 / 49 * (1 + np.array([3, 2, 1, 0]) * 2.0**-52)
    assert choose_dimension(noisy).gap.dimension is None


@pytest.mark.parametrize("energy", [0.5, 0.9, 0.99, 0.999, 1.0])
def test_energy_is_the_least_number_that_retains_it(energy: float) -> None:
    values = 2.0 ** -np.arange(12)
    n = choose_dimension(values, energy=energy).energy.dimension
    assert n is not None
    assert values[:n].sum() >= energy * values.sum()
    assert values[: n - 1].sum() < energy * values.sum()


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "one eigenvalue": (lambda: choose_dimension([1.0]), "^source: expected a bootstrap"),
    "ascending": (lambda: choose_dimension([1.0, 2.0]), "descending"),
    "none positive": (lambda: choose_dimension([0.0, 0.0]), "the first positive"),
    "words": (lambda: choose_dimension("gap"), "found <U3 of shape"),
    "no energy": (lambda: choose_dimension([2.0, 1.0], energy=0.0), "^energy: "),
    "too much energy": (lambda: choose_dimension([2.0, 1.0], energy=1.01), "^energy: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_has_no_dimension_is_refused(case: str) -> None:
    call, words = WRONG[case]
    with pytest.raises(BadInput, match=words):
        call()


@pytest.mark.parametrize("samples", [1, 2, 10])
def test_a_handful_of_samples_decides_nothing(samples: int) -> None:
    """Resamples of few gradients agree because they hold the same few: isotropic C of 3 parameters,
    and one with a clear gap.
    """
    for scales in (np.ones(3), np.array([3.0, 2.0, 1.0])):
        sampler = function_sampler(lambda x, scales=scales: x * scales, 3)
        choice = choose_dimension(bootstrap_subspaces(second_moment(sampler, samples=samples)))
        assert [criterion.dimension for criterion in choice] == [None] * 5


def test_a_single_weight_decides_nothing() -> None:
    sampler = function_sampler(lambda x: x * [3.0, 2.0, 1.0], 3)
    moment = second_moment(sampler, samples=100, weights=np.r_[1.0, np.zeros(99)])
    choice = choose_dimension(bootstrap_subspaces(moment))
    assert [criterion.dimension for criterion in choice] == [None] * 5
