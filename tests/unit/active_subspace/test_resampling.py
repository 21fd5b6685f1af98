"""The bootstrap against exact cases, a second route, and its coverage over independent samples."""

import mpmath
import numpy as np
import pytest
from builders import draws, orthogonal, sampler
from scipy import stats

from eigenscape.active_subspace.bootstrap import (
    bootstrap_weights,
    percentile_interval,
    unbroken_interval,
)
from eigenscape.active_subspace.layer_statistics import gradient_blocks
from eigenscape.active_subspace.resampling import (
    FULL_BOOTSTRAP_LIMIT,
    BootstrapSpectrum,
    active_dimension,
    full_bootstrap_spectrum,
    gradient_coordinates,
    outermost,
    subspace_errors,
)
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput


def gradients_with(variances: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Gaussian gradients (N, P) whose C is diagonal with these entries."""
    return np.random.default_rng(seed).standard_normal((samples, len(variances))) * np.sqrt(
        variances
    )


def bootstrap_spectrum(
    gradients: np.ndarray, directions: np.ndarray, weights: np.ndarray, level: float = 0.95
) -> BootstrapSpectrum:
    """Resampled inside the span of some directions, as Rayleigh and Ritz have it."""
    return full_bootstrap_spectrum(gradient_coordinates(gradients, directions), weights, level)


def eigenvectors_of(gradients: np.ndarray) -> np.ndarray:
    return np.linalg.eigh(gradients.T @ gradients)[1][:, ::-1]


def width(result: BootstrapSpectrum) -> np.ndarray:
    """Decades between the ends of the intervals."""
    return np.log10(result.eigenvalues.high / result.eigenvalues.low)


def binomial_range(trials: int, probability: float) -> tuple[int, int]:
    """Counts outside of which a binomial variable falls with a probability of 1e-4."""
    low, high = stats.binom.interval(1 - 1e-4, trials, probability)
    return int(low), int(high)


def test_weights_are_multinomial_counts_and_depend_on_key_and_row_alone() -> None:
    weights = bootstrap_weights(50, 400, key=9)

    assert (weights.sum(axis=1) == 50).all()
    assert np.array_equal(bootstrap_weights(50, 7, key=9), weights[:7])
    assert not np.array_equal(bootstrap_weights(50, 400, key=10), weights)
    # A count is binomial(N, 1/N): the share of zeros is (1 - 1/N)^N, over 20,000 nearly independent
    # counts.
    absent = (1 - 1 / 50) ** 50
    assert np.mean(weights == 0) == pytest.approx(
        absent, abs=4 * np.sqrt(absent * (1 - absent) / weights.size)
    )


def test_percentile_interval_leaves_nan_out() -> None:
    values = np.array(
        [[1.0, np.nan, np.nan], [2.0, 5.0, np.nan], [3.0, 7.0, np.nan], [4.0, np.nan, np.nan]]
    )

    interval = percentile_interval(np.arange(3.0), values, level=0.5)

    np.testing.assert_array_equal(interval.value, [0.0, 1.0, 2.0])
    np.testing.assert_allclose(interval.low, [1.75, 5.5, np.nan])
    np.testing.assert_allclose(interval.high, [3.25, 6.5, np.nan])


def test_identical_gradients_have_no_width() -> None:
    rows = np.tile(draws(1, 6), (40, 1))
    weights = bootstrap_weights(40, 30, key=2)

    result = full_bootstrap_spectrum(rows, weights)

    # Sums of N equal terms, rounded: N eps relative.
    squared = float(rows[0] @ rows[0])
    np.testing.assert_allclose(
        [result.eigenvalues.low[0], result.eigenvalues.high[0]], squared, rtol=1e-13
    )
    assert np.isnan(result.eigenvalues.value[1:]).all()
    assert np.isnan(result.log10_condition.value)
    assert np.isfinite(result.replicates).sum(axis=0).tolist() == [30, 0, 0, 0, 0, 0]
    assert np.isnan(result.eigenvalues.low).tolist() == [False] + [True] * 5


def test_gradients_that_are_zero_give_no_numbers_and_no_warning() -> None:
    result = full_bootstrap_spectrum(np.zeros((5, 3)), bootstrap_weights(5, 10, key=0))

    assert np.isnan(result.eigenvalues.value).all()
    assert np.isnan(result.eigenvalues.low).all()


@pytest.mark.parametrize("decades", [12, 37])
def test_long_spectra_are_resampled_to_many_digits(decades: float) -> None:
    """Every replicate against 80-digit eigenvalues of its own matrix (1/N) G^T diag(m) G; P eps /
    lambda_min(A), with lambda_min(A) about 1/4 for P/N = 1/4 and above 1/20 in resamples.
    """
    gradients = gradients_with(10.0 ** -np.linspace(0, decades, 8), 64, seed=1)
    weights = bootstrap_weights(64, 20, key=2)

    result = full_bootstrap_spectrum(gradients, weights)

    for replicate, counts in zip(result.replicates, weights, strict=True):
        with mpmath.workdps(80):
            rows = mpmath.matrix(gradients.tolist())
            weighted = mpmath.diag(counts.tolist()) * rows
            exact = mpmath.eigsy(rows.T * weighted / 64, eigvals_only=True)
            expected = [float(value) for value in exact][::-1]
        np.testing.assert_allclose(replicate, expected, rtol=8 * 64 * np.finfo(float).eps * 20)
    condition = result.log10_condition
    assert condition.low < condition.value < condition.high


def test_grading_moves_the_bootstrap_and_nothing_else() -> None:
    """With columns far apart every eigenvalue is the square of what a column adds to those before
    it, whatever the spacing: relative intervals agree to the square of the ratio, 1e-3.
    """
    rows, weights = draws(80, 6), bootstrap_weights(80, 50, key=3)

    intervals = [
        full_bootstrap_spectrum(rows * 10.0 ** -(gap * np.arange(6)), weights).eigenvalues
        for gap in (1.5, 3.5)
    ]

    for ends in ("low", "high"):
        near, far = (getattr(found, ends) / found.value for found in intervals)
        np.testing.assert_allclose(near, far, rtol=0.02)


def test_coordinates_do_not_depend_on_the_blocks() -> None:
    gradients, directions = draws(70, 12), orthogonal(12)[:, :5]

    blocks = gradient_coordinates(
        iter([gradients[:32], gradients[32:64], gradients[64:]]), directions
    )

    np.testing.assert_allclose(
        blocks, gradient_coordinates(gradients, directions), rtol=0, atol=1e-13
    )


def test_eigenvalues_in_the_span_of_outer_eigenvectors_are_those_of_the_sample() -> None:
    gradients = gradients_with(np.geomspace(100, 0.1, 80), 400, seed=1)
    values = np.linalg.eigvalsh(gradients.T @ gradients / 400)[::-1]

    result = bootstrap_spectrum(
        gradients, outermost(eigenvectors_of(gradients), 10), bootstrap_weights(400, 20, key=3)
    )

    np.testing.assert_allclose(
        result.eigenvalues.value, np.r_[values[:10], values[-10:]], rtol=1e-11
    )
    assert result.log10_condition.value == pytest.approx(
        np.log10(values[0] / values[-1]), abs=1e-11
    )


def test_with_all_directions_both_routes_are_the_same() -> None:
    gradients = gradients_with(np.geomspace(100, 1, 12), 60, seed=2)
    weights = bootstrap_weights(60, 25, key=4)

    rayleigh_ritz = bootstrap_spectrum(gradients, outermost(eigenvectors_of(gradients)), weights)

    np.testing.assert_allclose(
        rayleigh_ritz.replicates, full_bootstrap_spectrum(gradients, weights).replicates, rtol=1e-11
    )


@pytest.mark.parametrize("staircase", [False, True])
def test_both_routes_agree_where_there_are_many_samples(staircase: bool) -> None:
    """P/N = 0.01: rotations into the middle, which one route does not see, are of second order."""
    variances = (
        np.repeat([10.0, 1.0, 0.1], [10, 20, 20]) if staircase else np.geomspace(100, 0.1, 50)
    )
    gradients = gradients_with(variances, 5000, seed=3)
    weights = bootstrap_weights(5000, 200, key=5)

    outer = bootstrap_spectrum(gradients, outermost(eigenvectors_of(gradients), 10), weights)
    full = full_bootstrap_spectrum(gradients, weights)

    ends = np.r_[0, -1]
    np.testing.assert_allclose(
        outer.eigenvalues.value[ends], full.eigenvalues.value[ends], rtol=1e-11
    )
    # The spreads of 200 shared replicates: twice the relative error 1/sqrt(2 R) = 5 % of a standard
    # deviation, and as much again for the ends of percentile intervals.
    np.testing.assert_allclose(width(outer)[ends] / width(full)[ends], 1, atol=0.2)
    spread = outer.log10_condition.high - outer.log10_condition.low
    assert spread == pytest.approx(full.log10_condition.high - full.log10_condition.low, rel=0.2)


def test_the_full_bootstrap_drives_the_smallest_eigenvalue_down_where_samples_are_few() -> None:
    """At P/N = 0.25 replicates have P/N = 0.40: (1 - sqrt 0.4)^2 / (1 - sqrt 0.25)^2 = 0.54 of the
    isotropic lambda_P.
    """
    gradients = gradients_with(np.ones(100), 400, seed=4)
    weights = bootstrap_weights(400, 40, key=6)

    full = full_bootstrap_spectrum(gradients, weights)
    outer = bootstrap_spectrum(gradients, outermost(eigenvectors_of(gradients), 8), weights)

    assert full.log10_shift[-1] < np.log10(0.6)
    assert abs(outer.log10_shift[-1]) < 0.5 * abs(full.log10_shift[-1])


def test_intervals_hold_the_estimate() -> None:
    """In a plateau replicates lie beyond the estimate on one side; that shift is reported and taken
    out.
    """
    gradients = gradients_with(np.repeat([10.0, 1.0], [40, 40]), 320, seed=5)

    result = bootstrap_spectrum(
        gradients, outermost(eigenvectors_of(gradients), 20), bootstrap_weights(320, 100, key=7)
    )

    assert (
        percentile_interval(result.eigenvalues.value[0], result.replicates[:, 0]).low
        > result.eigenvalues.value[0]
    )
    assert result.log10_shift[0] > 0 > result.log10_shift[-1]
    assert (result.eigenvalues.low < result.eigenvalues.value).all()
    assert (result.eigenvalues.value < result.eigenvalues.high).all()
    assert result.log10_condition.low < result.log10_condition.value < result.log10_condition.high


def test_intervals_hold_the_expectation_of_what_is_estimated_and_raw_percentiles_do_not() -> None:
    """Heavy-tailed gradients of a network at P/N = 0.25, over 40 independent samples."""
    network = Architecture(depth=3, width=6)
    samples = 4 * network.parameters
    weights = bootstrap_weights(samples, 100, key=1)
    results = []
    for key in range(40):
        gradients = gradient_coordinates(
            gradient_blocks(sampler(network, key=key), range(samples)), np.eye(network.parameters)
        )
        results.append(
            bootstrap_spectrum(gradients, outermost(eigenvectors_of(gradients), 16), weights)
        )
    expectation = np.mean([result.log10_condition.value for result in results])
    raw = [
        percentile_interval(
            result.log10_condition.value,
            np.log10(result.replicates[:, 0] / result.replicates[:, -1]),
        )
        for result in results
    ]

    recentred = sum(
        bool(i.low <= expectation <= i.high) for i in (result.log10_condition for result in results)
    )

    least, _ = binomial_range(40, 0.9)
    assert sum(bool(i.low <= expectation <= i.high) for i in raw) < least <= recentred


def test_scaling_the_loss_scales_eigenvalues_and_leaves_the_condition_number() -> None:
    gradients = gradients_with(np.geomspace(10, 1, 8), 80, seed=6)
    weights = bootstrap_weights(80, 20, key=8)

    plain, scaled = (full_bootstrap_spectrum(factor * gradients, weights) for factor in (1.0, 3.0))

    np.testing.assert_allclose(scaled.eigenvalues.low, 9 * plain.eigenvalues.low, rtol=1e-12)
    np.testing.assert_allclose(scaled.log10_condition.high, plain.log10_condition.high, rtol=1e-12)


def test_an_orthogonal_change_of_parameters_leaves_the_spectrum() -> None:
    gradients, rotation = gradients_with(np.geomspace(10, 1, 8), 80, seed=6), orthogonal(8)
    weights = bootstrap_weights(80, 20, key=8)

    plain, rotated = (
        full_bootstrap_spectrum(rows, weights) for rows in (gradients, gradients @ rotation)
    )

    np.testing.assert_allclose(rotated.replicates, plain.replicates, rtol=1e-12)


def test_the_interval_of_the_largest_eigenvalue_covers_it() -> None:
    """60 samples of known C, lambda_1 = 100 well apart from the rest."""
    variances = np.r_[100.0, np.geomspace(10, 1, 19)]
    covered = 0
    for seed in range(60):
        gradients = gradients_with(variances, 400, seed)
        result = bootstrap_spectrum(
            gradients,
            outermost(eigenvectors_of(gradients), 5),
            bootstrap_weights(400, 200, key=seed),
        )
        covered += bool(result.eigenvalues.low[0] <= 100.0 <= result.eigenvalues.high[0])

    # Percentile intervals from 400 samples of a chi-squared mean lose about 2 % of their nominal 95
    # %.
    assert binomial_range(60, 0.93)[0] <= covered


def test_an_interval_of_half_the_level_covers_half_of_the_time() -> None:
    """So that wide intervals do not pass for good ones."""
    variances = np.r_[100.0, np.geomspace(10, 1, 19)]
    covered = 0
    for seed in range(60):
        gradients = gradients_with(variances, 400, seed)
        weights = bootstrap_weights(400, 200, key=seed)
        interval = bootstrap_spectrum(
            gradients, outermost(eigenvectors_of(gradients), 5), weights, level=0.5
        ).eigenvalues
        covered += bool(interval.low[0] <= 100.0 <= interval.high[0])

    low, high = binomial_range(60, 0.5)
    assert low <= covered <= high


def test_the_subspace_of_an_exactly_low_rank_sample_does_not_turn() -> None:
    gradients = draws(200, 3) @ draws(3, 10, key=6)

    errors = subspace_errors(gradients, [2, 3, 4], bootstrap_weights(200, 30, key=1))

    # Eigenvectors are determined up to eps lambda_1 over the gap lambda_3 - 0; lambda_1 / lambda_3
    # is below 100 here.
    assert errors.maximum[1] < 1e-12
    assert errors.minimum[0] > 1e-4
    assert errors.minimum[2] > 1e-4


def test_subspace_errors_fall_like_the_root_of_the_number_of_samples() -> None:
    variances = np.repeat([10.0, 1.0], [3, 7])

    few, many = (
        subspace_errors(
            gradients_with(variances, samples, seed=7), [3], bootstrap_weights(samples, 200, key=1)
        ).mean[0]
        for samples in (400, 40_000)
    )

    # The mean over 200 replicates is known to 3 %; the factor 10 is exact to first order, and few
    # is 0.1.
    assert few / many == pytest.approx(10, rel=0.25)


def test_subspace_errors_do_not_depend_on_the_coordinates() -> None:
    gradients, rotation = gradients_with(np.geomspace(10, 1, 6), 90, seed=8), orthogonal(6)
    weights = bootstrap_weights(90, 20, key=3)

    plain, rotated = (
        subspace_errors(rows, [1, 4], weights) for rows in (gradients, gradients @ rotation)
    )

    np.testing.assert_allclose(rotated.mean, plain.mean, rtol=1e-10)
    assert (plain.minimum <= plain.mean).all()
    assert (plain.mean <= plain.maximum).all()
    assert (plain.maximum <= 1 + 1e-12).all()


def test_active_dimension_by_each_criterion() -> None:
    dimension = active_dimension(np.array([100.0, 90.0, 1.0, 1e-6, 5e-7]), energy=0.99)

    assert (dimension.absolute_gap, dimension.log_gap, dimension.retained_energy) == (2, 3, 2)
    assert active_dimension(np.ones(4), energy=1.0).retained_energy == 4
    assert active_dimension(np.array([1.0, 0.0, 0.0])).log_gap == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: bootstrap_weights(0, 5, key=0),
        lambda: bootstrap_weights(5, 0, key=0),
        lambda: percentile_interval(1.0, np.ones(3), level=95),
        lambda: percentile_interval(np.ones(3), np.ones((0, 3))),
        lambda: outermost(np.eye(3), 0),
        lambda: gradient_coordinates(np.ones((3, 4)), np.eye(5)),
        lambda: gradient_coordinates([], np.eye(5)),
        lambda: bootstrap_spectrum(np.ones((3, 4)), np.eye(4), np.ones((5, 4))),
        lambda: full_bootstrap_spectrum(np.ones((3, FULL_BOOTSTRAP_LIMIT + 1)), np.ones((5, 3))),
        lambda: subspace_errors(np.ones((3, 4)), [4], np.ones((5, 3))),
        lambda: active_dimension(np.ones(1)),
        lambda: active_dimension(np.array([1.0, 2.0])),
        lambda: active_dimension(np.ones(3), energy=0.0),
    ],
)
def test_what_does_not_belong_together_is_refused(call) -> None:
    with pytest.raises(BadInput, match=r"expected .*, found .*; "):
        call()


def test_where_the_longest_spans_have_no_number_the_others_end_no_interval() -> None:
    """Of spans 0, 1, ..., 100 the 95 % quantiles are 2.5 and 97.5; without those above 90 the upper
    one would be 87.75.
    """
    spans = np.arange(101.0)
    assert [
        float(unbroken_interval(50.0, spans).low),
        float(unbroken_interval(50.0, spans).high),
    ] == pytest.approx([2.5, 97.5])
    cut = np.where(spans > 90, np.nan, spans)
    assert percentile_interval(50.0, cut).high == pytest.approx(87.75)
    assert np.isnan([unbroken_interval(50.0, cut).low, unbroken_interval(50.0, cut).high]).all()
