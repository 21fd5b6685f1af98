"""The uncertainty of layer importance: intervals of the layers' shares, the slope of the layer
profile, and a trend test.

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

from eigenscape.active_subspace.bootstrap import percentile_interval
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.interval import LEVEL, Interval

TREND_GROUPS = 100
"""Number of groups of samples in the trend test: enough for its normal limit, each large enough to
average heavy tails."""


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
class LayerProfileSlope:
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
    """A test of an order of the layers 2 ... L by mass.

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


def layer_profile_slope(
    masses: np.ndarray, architecture: Architecture, weights: np.ndarray, level: float = LEVEL
) -> LayerProfileSlope:
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
        >>> fitted = layer_profile_slope(masses, Architecture(4, 3), np.ones((5, 2), dtype=int))
        >>> f"{fitted.slope:.6f}"
        '-1.000000 [-1.000000, -1.000000]'
    """
    means, replicates = _means(masses, architecture, weights)
    layers = _hidden_to_hidden(architecture, least=2)
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
    return LayerProfileSlope(layers, log_means, percentile_interval(slope, slopes, level))


def ordered_trend(
    masses: np.ndarray, architecture: Architecture, groups: int = TREND_GROUPS
) -> OrderedTrend:
    """Test whether masses rise or fall along the layers 2 ... L. Unit of replication: the group of
    samples.

    Within each group layers are ranked by their mass (ranks of the masses are ranks of their
    logarithms), which gives it one Spearman correlation with the layer number; p-values are those
    of Wilcoxon's signed-rank test of these (F. Wilcoxon, Biometrics Bull. 1, 1945). Layers of one
    network need not be exchangeable: groups are independent, and without a trend a correlation is
    as likely as its negative.

    Args:
        masses: (N, L + 1), squared gradients by sample and layer, from `layer_statistics`.
        architecture: the network, of at least four hidden layers: three ranks or more.
        groups: number of groups of consecutive samples that are averaged, from 2 to N.

    Raises:
        BadInput: there are too few layers or samples, or the masses belong to another network.

    Example:
        >>> masses = np.tile([7.0, 4.0, 2.0, 1.0, 9.0], (40, 1))
        >>> trend = ordered_trend(masses, Architecture(4, 3), groups=20)
        >>> trend.rank_correlation, trend.p_earlier < 1e-5, trend.p_later > 0.99
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
    layers = _hidden_to_hidden(architecture, least=3)
    table = np.stack([part.mean(axis=0) for part in np.array_split(masses[:, layers - 1], groups)])
    order = np.arange(1, len(layers) + 1)
    ranks = scipy.stats.rankdata(table, axis=1) - order.mean()
    # Without ties these are Spearman's coefficients.
    correlations = ranks @ (order - order.mean()) / np.sum((order - order.mean()) ** 2)
    falling, rising = (
        float(scipy.stats.wilcoxon(correlations, alternative=side, method="approx").pvalue)
        if np.any(correlations)
        else 1.0
        for side in ("less", "greater")
    )
    return OrderedTrend(float(correlations.mean()), falling, rising, groups)


def _hidden_to_hidden(architecture: Architecture, least: int) -> np.ndarray:
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
