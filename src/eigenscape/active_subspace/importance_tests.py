"""The uncertainty of statements about layers: intervals of their shares, the slope of the layer
profile, and tests.

The layers 2 ... L, from hidden units to hidden units, all have w^2 + w parameters and one law:
along this layer profile the mean squared gradient of a parameter is predicted to change by the
factor 1/chi_1 per layer, where chi_1 is that of the prior (Schoenholz et al. 2017, arXiv
1611.01232). The first layer (fan-in of the input) and the output layer (no activation after it,
fan-out of the output) obey other laws. They do not belong to the layer profile and are left out of
slope and trend. "Earlier layers matter more" is chi_1 > 1: a property of the prior, not of
networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from eigenscape.active_subspace.importance import block_masses, block_purity, random_basis_purity
from eigenscape.active_subspace.resampling import percentile_interval
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.interval import LEVEL, Interval

PERMUTATIONS = 999
"""Number of permutations: with the observed labelling 1,000 in all, so that p-values are multiples
of 0.001."""

TREND_GROUPS = 100
"""Number of groups of samples in the trend test: enough for its normal limit, each large enough to
average heavy tails."""

_REPLICATES = 64
"""Number of resampled orders that are ranked at a time."""

_COLUMNS, _LABELLINGS = 512, 64
"""Numbers of eigenvectors and labellings in one matrix product: 20 MB of squares at P = 5,146,
whatever the number of permutations."""

_TIE = 1e-12
"""Relative precision to which purities are equal: they are rounded sums of P numbers of order
one."""


@dataclass(frozen=True)
class LayerShares:
    """Each layer's share of tr C, with its share of the parameters.

    Attributes:
        shares: (L + 1,), s_l = m_l / tr C.
        parameter_parts: (L + 1,), P_l / P; ``shares / parameter_parts`` is 1 for an average layer.
    """

    shares: Interval[np.ndarray]
    parameter_parts: np.ndarray


@dataclass(frozen=True)
class LadderSlope:
    """The change of log10 mean C_ii per layer, along the layers 2 ... L.

    Attributes:
        layers: (L - 1,), numbers of the layers, 2 ... L.
        log10_means: (L - 1,), log10 of the mean C_ii of each layer.
        slope: beta, in decades per layer; negative where earlier layers matter more.
            Mean-field theory predicts -log10 chi_1.
    """

    layers: np.ndarray
    log10_means: np.ndarray
    slope: Interval[float]


@dataclass(frozen=True)
class OrderedTrend:
    """Page's test of an order of the layers 2 ... L by mass.

    Attributes:
        rank_correlation: mean Spearman correlation of layer number and mass over the groups; -1 if
            the masses decrease from layer to layer in every group.
        p_earlier: p-value against "masses decrease with the layer number".
        p_later: p-value against "masses increase with the layer number".
        groups: number of groups of samples.
    """

    rank_correlation: float
    p_earlier: float
    p_later: float
    groups: int


@dataclass(frozen=True)
class PurityTest:
    """The test whether eigenvectors concentrate on layers more than on random sets of rows of the
    same sizes.

    Attributes:
        purity: T of the layers.
        random_basis: expectation of T for a random orthogonal basis.
        null: (R,), T under permuted row labels.
        p_value: (1 + number of null values at least T) / (1 + R).
    """

    purity: float
    random_basis: float
    null: np.ndarray
    p_value: float


def layer_share_intervals(
    masses: np.ndarray, architecture: Architecture, weights: np.ndarray, level: float = LEVEL
) -> LayerShares:
    """Return s_l = m_l / sum m with bootstrap intervals over the samples.

    Args:
        masses: (N, L + 1), squared gradients by sample and layer, from `layer_statistics`.
        architecture: the network.
        weights: (R, N), the result of `resampling.bootstrap_weights`.
        level: nominal coverage.

    Raises:
        BadInput: shapes do not match, or all gradients are zero.

    Example:
        >>> masses = np.array([[3.0, 1.0], [3.0, 1.0]])
        >>> weights = np.array([[1, 1], [2, 0]])
        >>> layer_share_intervals(masses, Architecture(1, 2), weights).shares.high
        array([0.75, 0.25])
    """
    means, replicates = _means(masses, architecture, weights)
    if not means.sum() > 0:
        raise BadInput.field(
            "masses", "some gradient", "none", "a network without gradient has no layer shares"
        )
    totals = replicates.sum(axis=1, keepdims=True)
    shares = np.divide(replicates, totals, out=np.full_like(replicates, np.nan), where=totals > 0)
    parts = np.array([layer.parameters for layer in architecture.layers]) / architecture.parameters
    return LayerShares(percentile_interval(means / means.sum(), shares, level), parts)


def ladder_slope(
    masses: np.ndarray, architecture: Architecture, weights: np.ndarray, level: float = LEVEL
) -> LadderSlope:
    """Return beta, the least-squares slope of log10(m_l / P_l) on l over the layers 2 ... L, with a
    bootstrap interval.

    Args:
        masses: (N, L + 1), squared gradients by sample and layer, from `layer_statistics`.
        architecture: the network, of at least three hidden layers.
        weights: (R, N), the result of `resampling.bootstrap_weights`.
        level: nominal coverage.

    Raises:
        BadInput: there are fewer than two hidden-to-hidden layers, one of them has no gradient, or
            shapes do not match.

    Example:
        >>> masses = np.tile([7.0, 100.0, 10.0, 1.0, 9.0], (2, 1))
        >>> slope = ladder_slope(masses, Architecture(4, 3), np.ones((5, 2), dtype=int)).slope
        >>> f"{slope:.6f}"
        '-1.000000 [-1.000000, -1.000000]'
    """
    means, replicates = _means(masses, architecture, weights)
    layers = _ladder(architecture, least=2)
    sizes = np.array([architecture.layers[number - 1].parameters for number in layers])
    rungs = means[layers - 1]
    if not np.all(rungs > 0):
        empty = ", ".join(str(number) for number in layers[rungs <= 0])
        raise BadInput.field(
            "masses",
            "gradient in every hidden layer",
            f"none in layer {empty}",
            "such a layer profile has no slope",
        )
    resampled = replicates[:, layers - 1]
    logs = np.log10(np.where(resampled > 0, resampled, np.nan) / sizes)
    centred = layers - layers.mean()
    log_means = np.log10(rungs / sizes)
    slopes = logs @ centred / (centred @ centred)
    slope = float(log_means @ centred / (centred @ centred))
    return LadderSlope(layers, log_means, percentile_interval(slope, slopes, level))


def ordered_trend(
    masses: np.ndarray, architecture: Architecture, groups: int = TREND_GROUPS
) -> OrderedTrend:
    """Apply Page's L test to the layers 2 ... L, with groups of samples as its blocks.

    Within each group layers are ranked by their mass (ranks of the masses are ranks of their
    logarithms). Source: E. B. Page, Ordered hypotheses for multiple treatments, J. Am. Stat. Assoc.
    58, 1963; p-values from the normal limit.

    Args:
        masses: (N, L + 1), squared gradients by sample and layer, from `layer_statistics`.
        architecture: the network, of at least four hidden layers: Page's test needs three columns.
        groups: number of groups of consecutive samples that are averaged, from 2 to N.

    Raises:
        BadInput: there are too few layers or samples, or the masses belong to another network.

    Example:
        >>> masses = np.tile([7.0, 4.0, 2.0, 1.0, 9.0], (40, 1))
        >>> trend = ordered_trend(masses, Architecture(4, 3), groups=20)
        >>> trend.rank_correlation, trend.p_earlier < 1e-6, trend.p_later > 0.99
        (-1.0, True, True)
    """
    _check_masses(masses, architecture)
    if not 2 <= groups <= len(masses):
        raise BadInput.field(
            "groups",
            f"a whole number from 2 to N = {len(masses)}",
            str(groups),
            "give fewer groups or more samples",
        )
    layers = _ladder(architecture, least=3)
    table = np.stack([part.mean(axis=0) for part in np.array_split(masses[:, layers - 1], groups)])
    order = np.arange(1, len(layers) + 1)
    rising = scipy.stats.page_trend_test(table, predicted_ranks=order, method="asymptotic")
    falling = scipy.stats.page_trend_test(table, predicted_ranks=order[::-1], method="asymptotic")
    ranks = scipy.stats.rankdata(table, axis=1) - order.mean()
    # Without ties this is the mean of Spearman's coefficients, a linear function of Page's L.
    correlation = float(
        (ranks @ (order - order.mean())).mean() / np.sum((order - order.mean()) ** 2)
    )
    return OrderedTrend(correlation, float(falling.pvalue), float(rising.pvalue), groups)


def purity_test(
    eigenvectors: np.ndarray, architecture: Architecture, key: int, permutations: int = PERMUTATIONS
) -> PurityTest:
    """Test the block purity T by permutations of the row labels.

    Under the null hypothesis rows are exchangeable: a basis of single coordinates is pure under
    every labelling, and not significant. The p-value counts the observed labelling, so it is never
    0 (B. Phipson and G. K. Smyth, Permutation p-values should never be zero, Stat. Appl. Genet.
    Mol. Biol. 9, 2010). The cost is 2 R (L + 1) P k operations.

    Args:
        eigenvectors: (P, k), unit vectors in the columns.
        architecture: the network whose parameters the rows are.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.
        permutations: R.

    Raises:
        BadInput: the number of rows is not P, or there are no permutations.

    Example:
        >>> purity_test(np.eye(7), Architecture(depth=1, width=2), key=0, permutations=9).p_value
        1.0
    """
    if permutations < 1:
        raise BadInput.field(
            "permutations", "a whole number of at least 1", str(permutations), "write 999"
        )
    purity = block_purity(block_masses(eigenvectors, architecture))
    generator = np.random.Generator(np.random.Philox(key=key))
    labels = np.repeat(
        np.arange(len(architecture.layers)), [layer.parameters for layer in architecture.layers]
    )
    nulls = []
    for first in range(0, permutations, _LABELLINGS):
        count = min(_LABELLINGS, permutations - first)
        shuffled = np.stack([generator.permutation(labels) for _ in range(count)])
        nulls.append(
            _purities(
                np.asarray(eigenvectors, dtype=np.float64), shuffled, len(architecture.layers)
            )
        )
    null = np.concatenate(nulls)
    exceeding = int(np.sum(null >= purity * (1 - _TIE)))
    return PurityTest(
        purity, random_basis_purity(architecture), null, (1 + exceeding) / (1 + permutations)
    )


def purity_interval(
    blocks: np.ndarray,
    key: int,
    block_length: int | None = None,
    replicates: int = 999,
    level: float = LEVEL,
) -> Interval[float]:
    """Return the block purity T with a moving-block bootstrap interval over the eigenvectors, as in
    `centroid_order`.

    It measures how much T, a mean over eigenvectors, depends on the choice of eigenvectors. The
    dependence of the leading ones on the sample is measured by `importance.leading_replicates`.

    Args:
        blocks: B, (L + 1, k), from `block_masses`, in descending order of the eigenvalues.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.
        block_length: neighbouring eigenvectors in a run, from 1 to k; by default k^(1/3).
        replicates: R.
        level: nominal coverage.

    Raises:
        BadInput: there is no eigenvector, or the block length is out of range.

    Example:
        >>> purity_interval(np.array([[1.0, 0.5], [0.0, 0.5]]), key=0)
        Interval(value=0.75, low=0.5, high=1.0)
    """
    purities = np.einsum("lj,lj->j", blocks, blocks)
    runs = _runs(len(purities), key, block_length, replicates)
    return percentile_interval(block_purity(blocks), purities[runs].mean(axis=1), level)


def centroid_order(
    centroids: np.ndarray,
    key: int,
    block_length: int | None = None,
    replicates: int = 999,
    level: float = LEVEL,
) -> Interval[float]:
    """Return Spearman's rho of c_j with j, and a moving-block bootstrap interval: positive where
    later eigenvectors (smaller eigenvalues) lie in later layers.

    Neighbouring eigenvectors are not independent, so runs of consecutive pairs (j, c_j) are drawn
    with replacement (H. R. Kuensch, The jackknife and the bootstrap for general stationary
    observations, Ann. Stat. 17, 1989).

    Args:
        centroids: (k,), c_j in descending order of the eigenvalues.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.
        block_length: pairs in a run, from 1 to k; by default k^(1/3), its optimal order.
        replicates: R.
        level: nominal coverage.

    Raises:
        BadInput: there are fewer than two centroids, all of them are equal, or the block length is
            out of range.

    Example:
        >>> centroid_order(np.array([1.0, 2.0, 3.0, 4.0]), key=0).value
        1.0
    """
    count = len(centroids)
    if count < 2 or np.ptp(centroids) == 0:
        raise BadInput.field(
            "centroids", "at least two different numbers", str(count), "one layer has no order"
        )
    all_runs = _runs(count, key, block_length, replicates)
    rho = float(_spearman(np.arange(count)[None], centroids[None])[0])
    # A few replicates at a time: ranking all of them would take eight more arrays of their size.
    resampled = [
        _spearman(runs, centroids[runs])
        for runs in np.split(all_runs, range(_REPLICATES, replicates, _REPLICATES))
    ]
    return percentile_interval(rho, np.concatenate(resampled), level)


def _runs(count: int, key: int, block_length: int | None, replicates: int) -> np.ndarray:
    """Return indices (R, k) of moving-block bootstrap replicates: runs of neighbours drawn with
    replacement.
    """
    length = max(round(count ** (1 / 3)), 1) if block_length is None else block_length
    if not 1 <= length <= count:
        raise BadInput.field(
            "block_length",
            f"a whole number from 1 to {count}",
            str(length),
            "write the width of the network",
        )
    generator = np.random.Generator(np.random.Philox(key=key))
    starts = generator.integers(0, count - length + 1, size=(replicates, -(-count // length)))
    runs: np.ndarray = (starts[:, :, None] + np.arange(length)).reshape(replicates, -1)[:, :count]
    return runs


def _purities(eigenvectors: np.ndarray, labels: np.ndarray, layers: int) -> np.ndarray:
    """Return T for each labelling (R, P) of the rows: membership matrices times squared entries, a
    band of columns at a time.
    """
    members = np.concatenate([labels == layer for layer in range(layers)]).astype(np.float64)
    total = np.zeros(len(labels))
    for first in range(0, eigenvectors.shape[1], _COLUMNS):
        masses = (members @ eigenvectors[:, first : first + _COLUMNS] ** 2).reshape(
            layers, len(labels), -1
        )
        total += np.einsum("lrj,lrj->r", masses, masses)
    return np.asarray(total / eigenvectors.shape[1])


def _spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the rank correlation of each pair of rows (R, k), ties sharing their mean rank; NaN
    where a row is constant.
    """
    ranks = [
        scipy.stats.rankdata(values, axis=1) - (values.shape[1] + 1) / 2
        for values in (first, second)
    ]
    scale = np.sqrt(np.prod([np.sum(rank**2, axis=1) for rank in ranks], axis=0))
    product = np.sum(ranks[0] * ranks[1], axis=1)
    return np.asarray(np.divide(product, scale, out=np.full(len(product), np.nan), where=scale > 0))


def _ladder(architecture: Architecture, least: int) -> np.ndarray:
    """Return the numbers 2 ... L of the hidden-to-hidden layers."""
    layers = np.arange(2, architecture.depth + 1)
    if len(layers) < least:
        expected = f"at least {least + 1} hidden layers, hence {least} from hidden to hidden"
        raise BadInput.field(
            "architecture", expected, f"depth {architecture.depth}", "give a deeper network"
        )
    return layers


def _means(
    masses: np.ndarray, architecture: Architecture, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean masses of the sample (L + 1,) and of each replicate (R, L + 1)."""
    _check_masses(masses, architecture)
    if weights.ndim != 2 or weights.shape[1] != len(masses):
        expected = f"(replicates, {len(masses)}), a count for each sample"
        raise BadInput.field(
            "weights",
            expected,
            f"shape {weights.shape}",
            "use bootstrap_weights with the same number of samples",
        )
    return masses.mean(axis=0), weights @ masses / len(masses)


def _check_masses(masses: np.ndarray, architecture: Architecture) -> None:
    layers = len(architecture.layers)
    if (
        masses.ndim != 2
        or masses.shape[1] != layers
        or len(masses) == 0
        or not np.all(np.isfinite(masses) & (masses >= 0))
    ):
        expected = f"finite squares (N, {layers}), a column for each layer of {architecture.label}"
        raise BadInput.field(
            "masses",
            expected,
            f"shape {masses.shape}",
            "use squared_gradients_by_layer of the same network",
        )
