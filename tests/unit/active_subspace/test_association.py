"""Rank statistics against scipy, against examples with a known answer, and intervals against
simulated truth.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eigenscape.active_subspace.association import (
    Contrast,
    Estimate,
    EstimateStatus,
    best_median,
    iso_parameter_contrast,
    partial_spearman,
    predictors,
    spearman,
)
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput


def noisy(
    count: int, seed: int, *, ties: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three variables that share a factor; with ties, rounded to few values."""
    factor, *noise = np.random.default_rng(seed).standard_normal((4, count))
    variables = [factor + 0.8 * part for part in noise]
    return tuple(np.round(v) if ties else v for v in variables)  # type: ignore[return-value]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("count", [5, 6, 40, 299])
def test_values_are_those_of_scipy(count: int, ties: bool) -> None:
    x, y, _ = noisy(count, count, ties=ties)

    # Sums of n products of ranks: n eps, times the square root of rounding in the normalisation.
    assert spearman(x, y).value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-13)


def test_a_monotone_relation_is_one_and_reversed_minus_one_without_doubt() -> None:
    x = np.linspace(1, 4, 20)

    for y, sign in ((np.exp(x), 1), (-(x**3), -1)):
        found = spearman(x, y)
        # A ratio of sums over ranks: the last bits may differ from one.
        np.testing.assert_allclose([found.value, found.low, found.high], sign, rtol=1e-14)
        assert (found.count, found.dropped, found.status) == (20, 0, EstimateStatus.ESTIMATED)


@pytest.mark.parametrize("ties", [False, True])
def test_partial_correlation_is_the_correlation_of_residuals(ties: bool) -> None:
    x, y, z = noisy(60, 5, ties=ties)
    rank_x, rank_y, rank_z = map(stats.rankdata, (x, y, z))
    design = np.stack([np.ones(60), rank_z], axis=1)
    residual_x, residual_y = (
        ranks - design @ np.linalg.lstsq(design, ranks)[0] for ranks in (rank_x, rank_y)
    )

    partial = partial_spearman(x, y, z)

    # Two routes whose rounding is n eps over the part of the variance that is left, about 1/2.
    assert partial.value == pytest.approx(
        stats.pearsonr(residual_x, residual_y).statistic, abs=1e-12
    )
    assert partial.value != pytest.approx(spearman(x, y).value, abs=0.05)


def test_partial_correlation_vanishes_where_the_third_explains_everything() -> None:
    x, y, z = noisy(30, 7)

    assert spearman(z**3, np.exp(z)).value == 1.0
    assert partial_spearman(z**3, np.exp(z), z) == Estimate(
        0.0, 0.0, 0.0, 30, 0, EstimateStatus.ESTIMATED
    )
    assert partial_spearman(x, np.exp(z), z).value == 0.0
    # And keeps what the third does not explain. The ranks of an unrelated one correlate by about
    # 1/sqrt(30) with those of x and y, which moves rho by about 1/30; 0.2 is six times that.
    assert partial_spearman(x, x, z).value == pytest.approx(1.0, abs=1e-12)
    assert (
        abs(
            partial_spearman(x, y, np.random.default_rng(1).permutation(z)).value
            - spearman(x, y).value
        )
        < 0.2
    )


def test_a_swap_of_neighbours_is_not_taken_for_rounding() -> None:
    z = np.arange(1000.0)
    x, y = z.copy(), z.copy()
    x[[3, 4]], y[[3, 4]] = x[[4, 3]], y[[4, 3]]

    # All that z leaves of x and of y is the same swap.
    assert partial_spearman(x, y, z).value == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_cells_without_a_number_are_dropped_and_counted(missing: float) -> None:
    x, y, z = noisy(20, 11)
    holes_x, holes_y = x.copy(), y.copy()
    holes_x[3], holes_y[[3, 8]] = missing, missing
    kept = np.delete(np.arange(20), [3, 8])

    for statistic, variables in ((spearman, ()), (partial_spearman, (z,))):
        found = statistic(holes_x, holes_y, *variables)
        assert (found.count, found.dropped) == (18, 2)
        clean = statistic(x[kept], y[kept], *(v[kept] for v in variables))
        assert (found.value, found.low, found.high) == (clean.value, clean.low, clean.high)


def test_too_few_or_equal_cells_give_a_reason_and_no_number() -> None:
    four = spearman(np.arange(4.0), np.arange(4.0))
    assert (four.status, four.count, np.isnan([four.value, four.low, four.high]).all()) == (
        EstimateStatus.TOO_FEW,
        4,
        True,
    )

    dropped = spearman(np.array([1.0, 2, 3, 4, np.nan, np.inf]), np.arange(6.0))
    assert (dropped.status, dropped.count, dropped.dropped) == (EstimateStatus.TOO_FEW, 4, 2)
    assert spearman(np.arange(5.0), np.arange(5.0)).status is EstimateStatus.ESTIMATED

    for found in (
        spearman(np.arange(9.0), np.ones(9)),
        spearman(np.ones(9), np.arange(9.0)),
        partial_spearman(np.ones(9), *noisy(9, 0)[:2]),
    ):
        assert (found.status, found.count) == (EstimateStatus.CONSTANT, 9)
        assert np.isnan([found.value, found.low, found.high]).all()


def test_lengths_must_agree() -> None:
    with pytest.raises(
        BadInput, match=r"cells: expected variables of one length, found \(3,\) and \(4,\)"
    ):
        spearman(np.zeros(3), np.zeros(4))


def test_intervals_depend_on_the_seed_alone() -> None:
    x, y, z = noisy(25, 2)

    for statistic, arguments in (
        (spearman, (x, y)),
        (partial_spearman, (x, y, z)),
    ):
        assert statistic(*arguments, seed=3) == statistic(*arguments, seed=3)
        assert statistic(*arguments, seed=3).low != statistic(*arguments, seed=4).low
        assert statistic(*arguments).low < statistic(*arguments).value < statistic(*arguments).high


SIMULATIONS = 200
FEWEST_COVERED, MOST_COVERED = 174, 198
"""Of 200 intervals of nominal 95 %. Percentile intervals of rank correlations cover 91 to 95 % at
50 cells; the binomial standard deviation is 4 in 200, so 87 % to 99 % is two and a half of them on
each side of that range."""


def covered(estimates: list[Estimate], truth: float) -> int:
    return sum(estimate.low <= truth <= estimate.high for estimate in estimates)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_intervals_of_spearman_cover_the_truth(correlation: float) -> None:
    generator = np.random.default_rng(8)
    truth = 6 / np.pi * np.arcsin(correlation / 2)  # of a bivariate normal: Pearson 1907
    estimates = []
    for _ in range(SIMULATIONS):
        x, noise = generator.standard_normal((2, 50))
        estimates.append(spearman(x, correlation * x + np.sqrt(1 - correlation**2) * noise))

    assert FEWEST_COVERED <= covered(estimates, truth) <= MOST_COVERED


def test_intervals_of_the_partial_correlation_cover_zero_where_the_third_is_the_only_link() -> None:
    generator = np.random.default_rng(9)
    estimates = []
    for _ in range(SIMULATIONS):
        z, *noise = generator.standard_normal((3, 50))
        estimates.append(partial_spearman(*(z + 2 * part for part in noise), z))

    assert FEWEST_COVERED <= covered(estimates, 0.0) <= MOST_COVERED


def cells(depths: range, widths: range) -> pd.DataFrame:
    rows = [
        (depth, width, Architecture(depth, width).parameters)
        for width in widths
        for depth in depths
    ]
    return pd.DataFrame(rows, columns=["depth", "width", "parameters"])


GRID = cells(range(1, 31), range(5, 51, 5))


def test_pairs_of_equal_parameters_are_those_of_the_definition() -> None:
    rows = GRID.assign(log10_cond=np.random.default_rng(0).standard_normal(len(GRID)))
    differences = [
        a.log10_cond - b.log10_cond
        for a in rows.itertuples()
        for b in rows.itertuples()
        if a.depth >= 2 * b.depth
        and abs(a.parameters - b.parameters) < 0.05 * (a.parameters + b.parameters) / 2
    ]

    contrast = iso_parameter_contrast(rows)

    assert contrast.pairs == len(differences) > 100
    assert contrast.value == pytest.approx(np.mean(differences), abs=1e-12)
    assert iso_parameter_contrast(rows.sample(frac=1, random_state=3)).value == pytest.approx(
        contrast.value, abs=1e-12
    )


def test_a_function_of_depth_is_found_and_a_function_of_parameters_is_not() -> None:
    # Slope 2 per octave of depth: pairs differ by one octave or more.
    depth = iso_parameter_contrast(GRID.assign(log10_cond=2 * np.log2(GRID["depth"])))
    # log10 P of a pair differs by at most log10(1.025/0.975) = 0.0218.
    parameters = iso_parameter_contrast(GRID.assign(log10_cond=np.log10(GRID["parameters"])))

    assert depth.low >= 2
    assert -0.0218 <= parameters.low <= parameters.value <= parameters.high <= 0.0218
    # The rank correlation with P is well above zero for both, and does not tell them apart.
    assert spearman(GRID["depth"].to_numpy(), GRID["parameters"].to_numpy()).low > 0.3


def test_a_known_contrast_of_few_cells() -> None:
    rows = pd.DataFrame(
        {
            "depth": [1, 1, 2, 2, 4, 9],
            "parameters": [100, 101, 99, 104, 102, 500],
            "log10_cond": [1.0, 2, 4, 6, 9, 50],
        }
    )

    # Deeper: 2 (4 and 6) over 1 (1 and 2), 4 (9) over 1 and over 2; 500 has no partner.
    differences = [4 - 1, 4 - 2, 6 - 1, 6 - 2, 9 - 1, 9 - 2, 9 - 4, 9 - 6]
    contrast = iso_parameter_contrast(rows)

    assert (contrast.value, contrast.count, contrast.pairs) == (
        pytest.approx(np.mean(differences)),
        5,
        8,
    )
    assert min(differences) <= contrast.low < contrast.value < contrast.high <= max(differences)


def test_contrasts_without_pairs_or_numbers_say_so() -> None:
    rows = cells(range(1, 3), range(5, 7)).assign(log10_cond=1.0)
    assert iso_parameter_contrast(rows).status is EstimateStatus.TOO_FEW
    assert iso_parameter_contrast(rows).pairs == 0

    empty = iso_parameter_contrast(GRID.assign(log10_cond=np.nan))
    assert (empty.status, empty.dropped, isinstance(empty, Contrast)) == (
        EstimateStatus.TOO_FEW,
        300,
        True,
    )


def test_intervals_of_the_contrast_cover_the_truth() -> None:
    generator = np.random.default_rng(10)
    truth = iso_parameter_contrast(GRID.assign(log10_cond=GRID["depth"] / 10)).value
    estimates = [
        iso_parameter_contrast(
            GRID.assign(log10_cond=GRID["depth"] / 10 + generator.standard_normal(len(GRID)))
        )
        for _ in range(40)
    ]

    # The cells are drawn anew as well as their noise, so the interval is wide for the noise alone:
    # nearly all cover. At 95 % and 40 simulations fewer than 34 would come about once in a
    # thousand.
    assert covered(estimates, truth) >= 34
    assert np.mean([estimate.high - estimate.low for estimate in estimates]) < 2 * truth


def test_the_best_median_is_the_smallest_of_medians_that_count_the_infinite() -> None:
    inf = np.inf
    values = np.array([[1, 1, inf, inf, inf, inf], [4, 5, 6, 7, inf, inf], [9, 9, 9, 9, 9, 9]])

    estimate = best_median(values)

    assert estimate.value == 6.5
    # A resample may hold more of the two that are quick under the first condition, and never does
    # worse than 9.
    assert estimate.low < 6.5 <= estimate.high <= 9
    assert best_median(np.full((2, 8), inf)).value == inf
    assert (
        best_median(np.arange(9.0)).high
        < inf
        == best_median(np.where(np.arange(9) < 5, 1.0, inf)).high
    )


def test_few_replicas_have_a_median_without_an_interval() -> None:
    estimate = best_median(np.array([[3.0, 1.0, 2.0]]))

    assert (estimate.value, estimate.status, estimate.count) == (2.0, EstimateStatus.TOO_FEW, 3)
    assert np.isnan([estimate.low, estimate.high]).all()


def test_intervals_of_the_median_cover_the_truth() -> None:
    generator = np.random.default_rng(12)
    estimates = [best_median(generator.lognormal(size=(1, 15))) for _ in range(SIMULATIONS)]

    assert FEWEST_COVERED <= covered(estimates, 1.0) <= MOST_COVERED


def test_predictors_are_their_formulas() -> None:
    rows = cells(range(1, 4), range(4, 10, 5)).assign(chi_1=[10.0, 10, 10, 0.1, 0.1, 0.1])
    rows.index = pd.Index([7, 3, 5, 1, 0, 2])

    found = predictors(rows)

    assert found.index.equals(rows.index)
    assert found["parameters"].tolist() == [13, 33, 53, 28, 118, 208]
    assert found["depth_width"].tolist() == [4, 8, 12, 9, 18, 27]
    assert found["depth_root_width"].tolist() == [2, 4, 6, 3, 6, 9]
    # Decades of growth and of decay weigh the same.
    np.testing.assert_allclose(found["mean_field_decades"], [0, 1, 2, 0, 1, 2], atol=1e-15)
    assert "mean_field_decades" not in predictors(rows.drop(columns="chi_1"))
