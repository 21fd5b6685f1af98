"""Effective samples, the fitted Pareto tail, and the bootstrap that draws from it."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.active_subspace.estimate import second_moment
from eigenscape.active_subspace.projection import project, projected_samples
from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.active_subspace.staircase import staircase
from eigenscape.active_subspace.symmetry import Block, ProjectedSamples
from eigenscape.active_subspace.tails import (
    DEPENDABLE_INDEX,
    ENOUGH_EFFECTIVE,
    ParetoTail,
    fit_tail,
    smoothing,
    tail_of,
    worst,
)
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.samplers import network_sampler
from eigenscape.networks.symmetry import Symmetry


@pytest.mark.parametrize(
    ("masses", "effective", "share"),
    [
        (np.ones(7), 7.0, 1 / 7),
        (np.array([1.0, 0.0, 0.0]), 1.0, 1.0),
        (np.array([3.0, 1.0]), 16 / 10, 3 / 4),
        (np.array([3e-200, 1e-200]), 16 / 10, 3 / 4),
        (np.array([3e200, 1e200]), 16 / 10, 3 / 4),
        (np.zeros(4), 0.0, 0.0),
    ],
)
def test_effective_samples_of_known_masses(masses, effective: float, share: float) -> None:
    tail = tail_of(masses)
    assert tail.effective_samples == pytest.approx(effective, rel=1e-12)
    assert tail.largest_share == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize("index", [0.2, 0.5, 1.0, 1.5])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_the_index_of_a_pareto_tail_is_found(index: float, scale: float) -> None:
    """20,000 draws, 424 in the tail: the standard error of a maximum-likelihood index is
    (1 + xi)/sqrt(M), Smith 1987; four of them, and the prior's pull of 10/434 towards 1/2.
    """
    uniform = np.random.default_rng(3).random(20_000)
    fitted = fit_tail(scale * (uniform**-index - 1) / index)
    assert fitted is not None
    error = 4 * (1 + index) / len(fitted.members) ** 0.5 + 10 / 434 * abs(index - 0.5)
    assert fitted.index == pytest.approx(index, abs=error)
    # Where a generalised Pareto distribution is cut off at u, its scale is scale + xi u.
    expected = scale * (1 + index * fitted.threshold / scale)
    assert fitted.scale == pytest.approx(expected, rel=4 * (2 / len(fitted.members)) ** 0.5 + 0.1)


@pytest.mark.parametrize(
    ("draw", "index"),
    [("random", -1.0), ("exponential", 0.0)],
)
def test_light_tails_have_no_positive_index(draw: str, index: float) -> None:
    """Uniform numbers have xi = -1, exponential ones 0."""
    fitted = fit_tail(getattr(np.random.default_rng(1), draw)(size=20_000))
    assert fitted is not None
    assert fitted.index == pytest.approx(index, abs=4 / 424**0.5 + 10 / 434 * 1.5)


@pytest.mark.parametrize("masses", [np.ones(500), np.zeros(500), np.arange(20.0)])
def test_no_tail_is_fitted_where_nothing_lies_above_the_threshold(masses) -> None:
    assert fit_tail(masses) is None
    members, factors = smoothing(masses, np.random.default_rng(0).random((3, 80)))
    assert (len(members), factors.shape) == (0, (3, 0))
    assert np.isnan(tail_of(masses).index)


def test_equal_exceedances_do_not_divide_zero_by_zero() -> None:
    """Masses of two values: the grid of theta passes through 0."""
    masses = np.r_[np.ones(400), np.full(60, 2.0)]
    assert fit_tail(masses) is not None


def test_quantiles_invert_the_distribution() -> None:
    tail = ParetoTail(np.arange(3), 2.0, 0.5, 4.0)
    exceedance = np.array([0.9, 0.5, 1e-3])
    excess = tail.quantile(exceedance) - tail.threshold
    np.testing.assert_allclose(
        (1 + tail.index * excess / tail.scale) ** (-1 / tail.index), exceedance, rtol=1e-12
    )
    exponential = ParetoTail(np.arange(3), 2.0, 0.0, 4.0)
    np.testing.assert_allclose(
        np.exp(-(exponential.quantile(exceedance) - 2.0) / 4.0), exceedance, rtol=1e-12
    )


def test_smoothed_masses_keep_the_body_and_the_order_of_the_tail() -> None:
    masses = np.random.default_rng(5).pareto(1.5, 1000)
    members, factors = smoothing(masses, np.random.default_rng(6).random((50, 100)))
    replaced = factors * masses[members]
    assert (np.diff(replaced, axis=1) <= 0).all()
    assert (replaced >= np.sort(masses)[-len(members) - 1]).all()
    assert replaced[:, 0].max() > masses.max()


def test_the_worst_tail_leaves_vanishing_means_out() -> None:
    dead = tail_of(np.zeros(3))
    assert worst([dead]) == worst([]) or np.isnan(worst([dead]).index)
    assert worst([dead, tail_of(np.ones(100))]).effective_samples == 100
    assert not worst([dead]).is_heavy


def one_block(masses: np.ndarray) -> ProjectedSamples:
    """Two blocks of one component: the masses, and ones."""
    return ProjectedSamples(
        (Block("W1", 1, (1,)), Block("W2", 1, (2,))),
        (masses[:, None, None], np.ones_like(masses)[:, None, None]),
    )


@pytest.mark.parametrize(("index", "status"), [(0.25, "finite"), (0.9, "heavy_tailed")])
def test_the_status_follows_the_tail(index: float, status: str) -> None:
    """Of 30 samples each: Pareto masses with a finite and with an infinite variance."""
    found = [
        staircase(
            one_block(np.random.default_rng(seed).pareto(1 / index, 2000) + 1),
            replicates=20,
            key=seed,
            relative_noise=1e-15,
        )
        for seed in range(30)
    ]
    assert sum(str(stairs.status) == status for stairs in found) >= 27
    for stairs in found:
        heavy = (
            stairs.tail.effective_samples < ENOUGH_EFFECTIVE
            or stairs.tail.index >= DEPENDABLE_INDEX
        )
        assert (stairs.status is SpectrumStatus.HEAVY_TAILED) == heavy
        assert np.isfinite(stairs.log10_condition.value)


def test_intervals_cover_a_mean_with_infinite_variance() -> None:
    """Pareto masses of index 0.6 have the mean 1/(1 - 0.6) = 2.5 and no variance: 95 % intervals of
    a percentile bootstrap cover it in some three quarters of 100 trials, these in at least 88
    (a binomial count at 95 % falls below that with a probability of 0.001).
    """
    covered = 0
    for seed in range(100):
        masses = np.random.default_rng(seed).random(1000) ** -0.6
        number = staircase(
            one_block(masses), replicates=200, key=seed, relative_noise=1e-15
        ).log10_condition
        covered += number.low <= np.log10(2.5) <= number.high
    assert covered >= 88


def test_sampling_goes_on_while_tails_are_heavy_and_the_first_samples_stay() -> None:
    sampler = network_sampler(5, 5)
    found = project(sampler, 100, most_samples=3000)
    assert found.samples in {100 * 2**k for k in range(1, 5)}
    assert found.status is SpectrumStatus.FINITE or found.samples == 1600
    again = project(network_sampler(5, 5), found.samples)
    assert (again.log10_condition, again.interval) == (found.log10_condition, found.interval)
    assert project(sampler, 100).samples == 100
    one = projected_samples(sampler, 60, Symmetry.PERMUTATIONS_AND_SIGNS, start=40)
    whole = projected_samples(sampler, 100, Symmetry.PERMUTATIONS_AND_SIGNS)
    for part, all_of_it in zip(one.contributions, whole.contributions, strict=True):
        np.testing.assert_array_equal(part, all_of_it[40:])


@pytest.mark.parametrize("symmetry", list(Symmetry), ids=str)
@pytest.mark.parametrize("decades", [0.0, 0.2])
def test_intervals_cover_where_plateaus_lie_close_together(symmetry: Symmetry, decades) -> None:
    """Gaussian gradients whose first ten variances are 10^decades times the others': the sample's
    extremes are larger by chance, and the lower end must not follow. Fewer than 33 of 40 has a
    probability of 0.001 at 95 %.
    """
    architecture, spread = Architecture(3, 5), np.ones(76)
    spread[:10] = 10 ** (decades / 2)
    covered = 0
    for seed in range(40):
        gradients = np.random.default_rng(seed).standard_normal((500, 76)) * spread
        low, high = project(gradients, architecture=architecture, symmetry=symmetry).interval
        covered += low <= decades <= high
    assert covered >= 33


@pytest.mark.parametrize("most", [0, -1, 99, float("nan"), 1500.5, "many"])
def test_a_budget_below_the_samples_is_refused(most) -> None:
    with pytest.raises(BadInput, match=r"most_samples: expected a whole number of at least 100"):
        project(network_sampler(2, 3), 100, most_samples=most)


def test_the_rows_of_an_array_are_its_budget() -> None:
    gradients = np.random.default_rng(0).standard_normal((200, 76)) ** 5
    found = project(
        gradients,
        50,
        most_samples=800,
        architecture=Architecture(3, 5),
        symmetry="permutations_and_signs",
    )
    assert found.samples == 200


def test_a_network_without_gradient_has_no_shares() -> None:
    found = project(np.zeros((60, 7)), architecture=Architecture(1, 2), symmetry="permutations")
    assert [share.value for share in found.layer_shares] == [0.0, 0.0]
    assert found.status is SpectrumStatus.RANK_DEFICIENT


def test_a_second_moment_without_layers_says_where_to_give_them() -> None:
    moment = second_moment(np.random.default_rng(0).standard_normal((60, 76)))
    for architecture in (None, Architecture(3, 5)):
        with pytest.raises(BadInput, match=r"write second_moment\(gradients, architecture="):
            project(moment, architecture=architecture, symmetry="permutations")
