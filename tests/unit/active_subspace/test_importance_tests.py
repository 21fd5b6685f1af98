"""Tests and intervals against exact cases, their distribution under the null, and their
coverage.
"""

from collections.abc import Callable

import numpy as np
import pytest
from builders import orthogonal
from scipy import stats

from eigenscape.active_subspace.bootstrap import bootstrap_weights
from eigenscape.active_subspace.importance import (
    block_masses,
    layer_centroids,
    layer_shares,
    random_basis_purity,
)
from eigenscape.active_subspace.importance_tests import centroid_order, purity_interval, purity_test
from eigenscape.active_subspace.layer_shares import (
    layer_profile_slope,
    layer_share_intervals,
    ordered_trend,
)
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.interval import Interval

NETWORK = Architecture(depth=5, width=3)
SMALL = Architecture(depth=2, width=3)
BETA = -0.2

FEWEST = 1e-4
"""Probability with which a correct program fails any one of the statistical tests; the seeds are
fixed."""


def geometric_masses(samples: int, seed: int, slope: float = BETA) -> np.ndarray:
    """Squared norms of Gaussian gradients whose variance is 10^(slope l) in layer l: scaled
    chi-squared, (N, L + 1).
    """
    degrees = np.array([layer.parameters for layer in NETWORK.layers])
    levels = 10.0 ** (slope * np.arange(1, len(degrees) + 1))
    return np.random.default_rng(seed).chisquare(degrees, size=(samples, len(degrees))) * levels


def layered_eigenvectors(network: Architecture, ratio: float) -> np.ndarray:
    """Eigenvectors of sampled gradients whose standard deviation falls by ``ratio`` from layer to
    layer.
    """
    scales = np.concatenate(
        [np.full(layer.parameters, ratio**-level) for level, layer in enumerate(network.layers)]
    )
    gradients = np.random.default_rng(1).standard_normal((4 * len(scales), len(scales))) * scales
    return np.linalg.eigh(gradients.T @ gradients)[1][:, ::-1]


def covered(interval_of: Callable[[int], Interval[float]], truth: float, seeds: int) -> int:
    intervals = [interval_of(seed) for seed in range(seeds)]
    return sum(bool(interval.low <= truth <= interval.high) for interval in intervals)


def assert_uniform(p_values: list[float], steps: int) -> None:
    """p-values that take the values 1/steps ... 1: each fifth equally often, by a chi-squared
    test.
    """
    fifths = np.bincount(
        np.rint(np.array(p_values) * steps).astype(int) * 5 // (steps + 1), minlength=5
    )
    assert stats.chisquare(fifths).pvalue > FEWEST


def test_shares_of_identical_samples_are_exact_and_have_no_width() -> None:
    masses = np.tile([8.0, 1.0, 4.0, 2.0, 0.0, 1.0], (30, 1))

    shares = layer_share_intervals(masses, NETWORK, bootstrap_weights(30, 40, key=1))

    np.testing.assert_allclose(shares.shares.value, masses[0] / 16, rtol=1e-14)
    np.testing.assert_allclose(
        [shares.shares.low, shares.shares.high], [masses[0] / 16] * 2, rtol=1e-14
    )


def test_shares_are_those_of_the_diagonal_and_parts_those_of_the_parameters() -> None:
    diagonal = np.random.default_rng(1).random(NETWORK.parameters)
    squares = np.add.reduceat(diagonal, [layer.whole.start for layer in NETWORK.layers])[None]

    shares = layer_share_intervals(squares, NETWORK, np.ones((3, 1)))

    np.testing.assert_allclose(shares.shares.value, layer_shares(diagonal, NETWORK), rtol=1e-13)
    np.testing.assert_allclose(
        shares.parameter_parts, layer_shares(np.ones(NETWORK.parameters), NETWORK), rtol=1e-13
    )


def test_the_slope_of_an_exact_layer_profile_ignores_the_outer_layers() -> None:
    sizes = np.array([layer.parameters for layer in NETWORK.layers])
    masses = np.tile(sizes * 10.0 ** (0.3 * np.arange(6)), (4, 1))
    masses[:, [0, -1]] = [1e9, 1e-9]

    fitted = layer_profile_slope(masses, NETWORK, bootstrap_weights(4, 10, key=0))

    assert fitted.layers.tolist() == [2, 3, 4, 5]
    assert fitted.slope.value == pytest.approx(0.3, abs=1e-13)
    np.testing.assert_allclose([fitted.slope.low, fitted.slope.high], 0.3, rtol=1e-12)
    np.testing.assert_allclose(fitted.log10_means, [0.3, 0.6, 0.9, 1.2], rtol=1e-12)


def test_slope_shares_and_trend_do_not_depend_on_the_scale_of_the_loss() -> None:
    masses, weights = geometric_masses(200, seed=0), bootstrap_weights(200, 20, key=0)

    for factor in (1e-6, 1e6):
        assert layer_profile_slope(factor * masses, NETWORK, weights).slope.value == pytest.approx(
            layer_profile_slope(masses, NETWORK, weights).slope.value, rel=1e-10
        )
        assert ordered_trend(factor * masses, NETWORK, 20) == ordered_trend(masses, NETWORK, 20)
        np.testing.assert_allclose(
            layer_share_intervals(factor * masses, NETWORK, weights).shares.low,
            layer_share_intervals(masses, NETWORK, weights).shares.low,
            rtol=1e-12,
        )


@pytest.mark.parametrize(("level", "least", "most"), [(0.95, 0.93, 1.0), (0.5, 0.5, 0.5)])
def test_the_interval_of_the_slope_covers_it(level: float, least: float, most: float) -> None:
    """80 samples of known C; percentile intervals from 200 replicates lose about 2 % of a nominal
    95 %.
    """

    def interval(seed: int) -> Interval[float]:
        return layer_profile_slope(
            geometric_masses(300, seed), NETWORK, bootstrap_weights(300, 200, key=seed), level
        ).slope

    count = covered(interval, BETA, seeds=80)

    assert stats.binom.ppf(FEWEST, 80, least) <= count <= stats.binom.isf(FEWEST, 80, most)


def test_a_layer_profile_with_an_empty_layer_has_no_slope() -> None:
    masses = geometric_masses(5, seed=0)
    masses[:, 2] = 0.0

    with pytest.raises(BadInput, match="gradient in every hidden layer, found none in layer 3"):
        layer_profile_slope(masses, NETWORK, np.ones((2, 5)))


@pytest.mark.parametrize("slope", [-0.5, 0.5])
def test_the_trend_has_a_direction(slope: float) -> None:
    trend = ordered_trend(geometric_masses(400, seed=2, slope=slope), NETWORK, groups=40)

    # 0.5 decades a layer against a spread of 13 % within groups of ten: every group is in order.
    assert trend.rank_correlation == pytest.approx(np.sign(slope), abs=1e-14)
    assert (trend.p_earlier < 1e-6) is bool(slope < 0)
    assert (trend.p_later < 1e-6) is bool(slope > 0)


def test_the_trend_is_the_mean_of_spearmans_coefficients() -> None:
    masses = geometric_masses(60, seed=3, slope=0.0)

    trend = ordered_trend(masses, NETWORK, groups=60)

    each = [stats.spearmanr(np.arange(4), row[1:-1]).statistic for row in masses]
    assert trend.rank_correlation == pytest.approx(np.mean(each), abs=1e-12)
    # One normal limit, two tails.
    assert trend.p_earlier + trend.p_later == pytest.approx(1, abs=1e-12)


def test_the_first_and_the_output_layer_have_no_part_in_the_trend() -> None:
    masses = geometric_masses(60, seed=3, slope=0.0)
    other = masses.copy()
    other[:, [0, -1]] *= [1e6, 1e-6]

    assert ordered_trend(other, NETWORK, 20) == ordered_trend(masses, NETWORK, 20)


def test_trend_p_values_are_uniform_without_a_trend() -> None:
    p_values = [
        ordered_trend(geometric_masses(100, seed, slope=0.0), NETWORK, groups=50).p_earlier
        for seed in range(200)
    ]

    # The statistic is a sum of 50 bounded terms; its distance from normal is far below the 14 %
    # that 200 values resolve.
    assert stats.kstest(p_values, "uniform").pvalue > FEWEST


def test_layers_that_resemble_their_neighbours_are_no_trend() -> None:
    """Logarithms of masses are a random walk over the layers in every sample, from whichever end:
    no trend, but layers are not exchangeable. The unit is the group, so p-values stay uniform.
    """
    p_values = []
    for seed in range(200):
        walks = np.random.default_rng(seed).standard_normal((100, len(NETWORK.layers)))
        p_values.append(ordered_trend(np.exp(walks.cumsum(axis=1)), NETWORK, groups=100).p_earlier)

    assert stats.kstest(p_values, "uniform").pvalue > FEWEST


def test_purity_p_values_are_uniform_for_random_bases() -> None:
    p_values = [
        purity_test(orthogonal(SMALL.parameters, seed), SMALL, key=seed, permutations=19).p_value
        for seed in range(200)
    ]

    assert min(p_values) >= 1 / 20
    assert_uniform(p_values, steps=20)


def test_eigenvectors_that_keep_to_layers_are_significant() -> None:
    result = purity_test(layered_eigenvectors(NETWORK, 10.0), NETWORK, key=1, permutations=199)

    assert result.p_value == 1 / 200
    assert result.purity > 0.9 > result.null.max()
    assert result.random_basis == random_basis_purity(NETWORK)


def test_the_permutation_null_has_its_closed_mean() -> None:
    """Drawing P_l of the entries u_i = w_ij^2 without replacement: E B^2 = (P_l/P) S + P_l (P_l -
    1)/(P (P - 1)) (1 - S), S = sum u^2.
    """
    vectors = layered_eigenvectors(NETWORK, 10.0)
    concentration = np.sum(vectors**4, axis=0).mean()
    size, layers = NETWORK.parameters, np.array([layer.parameters for layer in NETWORK.layers])
    mean = np.sum(
        layers / size * concentration
        + layers * (layers - 1) / (size * (size - 1)) * (1 - concentration)
    )

    null = purity_test(vectors, NETWORK, key=2, permutations=400).null

    assert null.mean() == pytest.approx(mean, abs=4 * null.std(ddof=1) / np.sqrt(400))
    assert null.std() > 0


def test_a_null_value_is_the_purity_of_that_labelling() -> None:
    """Against permuting the rows themselves, with the same generator."""
    vectors = layered_eigenvectors(NETWORK, 3.0)
    labels = np.repeat(np.arange(6), [layer.parameters for layer in NETWORK.layers])
    labels = np.random.Generator(np.random.Philox(key=5)).permutation(labels)
    masses = np.stack([np.sum(vectors[labels == layer] ** 2, axis=0) for layer in range(6)])

    null = purity_test(vectors, NETWORK, key=5, permutations=70).null

    assert null[0] == pytest.approx(np.sum(masses**2) / vectors.shape[1], rel=1e-12)
    assert len(null) == 70


def test_single_coordinates_are_pure_under_every_labelling() -> None:
    result = purity_test(np.eye(NETWORK.parameters), NETWORK, key=0, permutations=50)

    np.testing.assert_allclose(result.null, 1.0, rtol=1e-13)
    assert result.p_value == 1.0


@pytest.mark.parametrize(("level", "least", "most"), [(0.95, 0.9, 1.0), (0.5, 0.4, 0.55)])
def test_the_interval_of_purity_covers_that_of_random_bases(
    level: float, least: float, most: float
) -> None:
    """Columns B_.j of a flat Dirichlet law over three layers: E sum B^2 = 3 * 2 / (3 * 4) = 1/2;
    edges cost as much as for rho.
    """

    def interval(seed: int) -> Interval[float]:
        blocks = np.random.default_rng(seed).dirichlet(np.ones(3), size=200).T
        return purity_interval(blocks, key=seed, replicates=200, level=level)

    count = covered(interval, 0.5, seeds=100)

    assert stats.binom.ppf(FEWEST, 100, least) <= count <= stats.binom.isf(FEWEST, 100, most)


def test_centroids_in_order_have_rho_one() -> None:
    centroids = layer_centroids(block_masses(np.eye(NETWORK.parameters), NETWORK))
    order = centroid_order(centroids, key=0)

    expected = stats.spearmanr(np.arange(len(centroids)), centroids).statistic
    assert order.value == pytest.approx(expected, abs=1e-12)
    assert order.low > 0.8
    assert centroid_order(centroids[::-1], key=0).value == pytest.approx(-expected, abs=1e-12)


@pytest.mark.parametrize(("level", "least", "most"), [(0.95, 0.9, 1.0), (0.5, 0.4, 0.55)])
def test_the_interval_of_rho_covers_zero_without_an_order(
    level: float, least: float, most: float
) -> None:
    """100 rows of independent centroids; runs of 6 in 200 leave some 33 of them, which costs up to
    5 % (10 %) of the level.
    """

    def interval(seed: int) -> Interval[float]:
        return centroid_order(
            np.random.default_rng(seed).random(200), key=seed, replicates=200, level=level
        )

    count = covered(interval, 0.0, seeds=100)

    assert stats.binom.ppf(FEWEST, 100, least) <= count <= stats.binom.isf(FEWEST, 100, most)


def test_dependence_of_neighbours_widens_the_interval() -> None:
    """A moving average over 15 has about k / 15 independent values: pairs drawn one by one do not
    know.
    """
    noise = np.random.default_rng(4).standard_normal(414)
    centroids = np.convolve(noise, np.ones(15), mode="valid")

    single, runs = (centroid_order(centroids, key=3, block_length=length) for length in (1, 40))

    assert runs.high - runs.low > 2 * (single.high - single.low)


@pytest.mark.parametrize(
    "call",
    [
        lambda: layer_share_intervals(np.zeros((3, 6)), NETWORK, np.ones((2, 3))),
        lambda: layer_share_intervals(np.ones((3, 5)), NETWORK, np.ones((2, 3))),
        lambda: layer_share_intervals(-np.ones((3, 6)), NETWORK, np.ones((2, 3))),
        lambda: layer_share_intervals(np.ones((3, 6)), NETWORK, np.ones((2, 4))),
        lambda: layer_profile_slope(np.ones((3, 3)), SMALL, np.ones((2, 3))),
        lambda: ordered_trend(np.ones((3, 3)), SMALL, groups=2),
        lambda: ordered_trend(np.ones((3, 6)), NETWORK, groups=4),
        lambda: purity_test(np.eye(4), NETWORK, key=0),
        lambda: purity_test(np.eye(NETWORK.parameters), NETWORK, key=0, permutations=0),
        lambda: centroid_order(np.ones(5), key=0),
        lambda: purity_interval(np.ones((3, 5)) / 3, key=0, block_length=6),
        lambda: centroid_order(np.arange(5.0), key=0, block_length=6),
    ],
)
def test_what_does_not_belong_together_is_refused(call) -> None:
    with pytest.raises(BadInput, match=r"expected .*, found .*; "):
        call()
