"""Ensembles of random networks: the growth of lengths and transitions from layer to layer, compared
with theory.

The reference is mean-field theory. A tangent vector of a wide random network grows by sqrt(chi_1)
per layer, and so does the length of a curve (Poole et al. 2016, arXiv 1606.05340): sigma_w /
sqrt(2) for ReLU whatever the biases. Below chi_1 = 1 curves shrink, at 1 they keep their length,
above 1 they grow exponentially with depth; that is what Hanin, Jeong and Rolnick (ICLR 2022, arXiv
2102.10492) find at the usual variance 2 / fan_in, where lengths even shrink a little.

The bases of Raghu et al. appear inside an O(.), which hides a factor per layer: they scale like the
growth of wide networks with large weights, and are not numeric lower bounds. For ReLU the published
base exceeds the measured growth by sqrt(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import circle
from eigenscape.expressivity.networks import UNITS, generator, random_layers
from eigenscape.interval import Interval
from eigenscape.networks.mean_field import mean_field
from eigenscape.seeding import stream_key

RESAMPLES = 1000
"""Number of resamples of the networks for every interval: percentiles at 2.5 and 97.5 need some
hundreds (Efron, Tibshirani 1993)."""


@dataclass(frozen=True)
class Ensemble:
    """Lengths and transitions of one curve in many networks.

    Attributes:
        lengths: (networks, L + 1) latent lengths; index 0 is the curve.
        transitions: (networks, L) transitions per hidden layer.
    """

    lengths: np.ndarray
    transitions: np.ndarray


def ensemble(
    depth: int,
    width: int,
    sigma_w: float,
    sigma_b: float,
    activation: str,
    networks: int,
    seed: int,
    radius: float = 1.0,
) -> Ensemble:
    """Analyse a circle of the plane in many random networks of piecewise linear units.

    Example:
        >>> ensemble(2, 8, 2.0**0.5, 0.0, "relu", networks=3, seed=0).lengths.shape
        (3, 3)
    """
    analyses = [
        analyse(
            random_layers(
                depth, width, sigma_w, sigma_b, activation, stream_key(seed, "network", number) >> 1
            ),
            circle(radius),
        )
        for number in range(networks)
    ]
    return Ensemble(
        np.array([one.latent_lengths for one in analyses]),
        np.array([one.transitions for one in analyses]),
    )


def bootstrap_mean(values: np.ndarray, seed: int) -> Interval[np.ndarray]:
    """Return the mean over the first axis with its percentile interval; whole networks are
    resampled.

    Example:
        >>> bootstrap_mean(np.array([[1.0], [3.0]]), seed=0)
        Interval(value=array([2.]), low=array([1.]), high=array([3.]))
    """
    means = _resampled_means(values, seed)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return Interval(values.mean(axis=0), low, high)


def growth_per_layer(lengths: np.ndarray, seed: int) -> Interval[np.ndarray]:
    """Return (E l_L / E l_1)^(1/(L-1)) with its bootstrap interval: the growth between the first
    and the last hidden layer.

    The first layer is left out, since it maps the plane to the hidden width and differs in its
    fan-in.

    Args:
        lengths: (networks, L + 1), L >= 2.
        seed: seed of the bootstrap.

    Raises:
        BadInput: fewer than two hidden layers.

    Example:
        >>> round(float(growth_per_layer(np.array([[1.0, 3.0, 6.0, 12.0]]), seed=0).value), 12)
        2.0
    """
    layers = lengths.shape[1] - 2
    if layers < 1:
        raise BadInput.field(
            "lengths", "two hidden layers or more", f"{layers + 1}", "analyse deeper networks"
        )

    def growth(means: np.ndarray) -> np.ndarray:
        # where every network is dead there is no growth: NaN
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((means[..., -1] / means[..., 1]) ** (1 / layers))

    low, high = np.quantile(growth(_resampled_means(lengths, seed)), [0.025, 0.975])
    return Interval(growth(lengths.mean(axis=0)), low, high)


def _resampled_means(values: np.ndarray, seed: int) -> np.ndarray:
    count = len(values)
    counts = generator(seed, "bootstrap", count).multinomial(
        count, np.full(count, 1 / count), size=RESAMPLES
    )
    return np.asarray(np.tensordot(counts, values, axes=1) / count)


def mean_field_growth(activation: str, sigma_w: float, sigma_b: float) -> float:
    """Return the root of chi_1: the growth per layer of a length in the limit of wide layers.

    Example:
        >>> mean_field_growth("relu", 2.0, 0.7) == 2.0**0.5
        True
    """
    return float(np.sqrt(mean_field(UNITS[activation], sigma_w**2, sigma_b**2).chi_1))


def published_base(activation: str, width: int, sigma_w: float, sigma_b: float) -> float:
    """Return the base of the published lower bound O(base^d): a scaling law, not a number for
    comparison.

    ReLU: sigma_w sqrt(k) / sqrt(k + 1). Hard-tanh: sigma_w sqrt(k) / sqrt(s^2 + k s), s^2 =
    sigma_w^2 + sigma_b^2. Raghu et al., arXiv 1606.05336.

    Raises:
        BadInput: the activation has no published base.

    Example:
        >>> round(published_base("hard_tanh", 100, 4.0, 0.0) - (4 * 100 / 104) ** 0.5, 12)
        0.0
    """
    if activation == "relu":
        return float(sigma_w * np.sqrt(width / (width + 1)))
    if activation == "hard_tanh":
        scale = np.hypot(sigma_w, sigma_b)
        return float(sigma_w * np.sqrt(width) / np.sqrt(scale**2 + width * scale))
    raise BadInput.field(
        "activation", "relu or hard_tanh", activation, "no base is published for others"
    )
