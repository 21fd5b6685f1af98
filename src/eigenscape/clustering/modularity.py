"""The agreement of a graph with labels.

Q = sum_c [ W_cc / 2m - gamma (vol_c / 2m)^2 ] with W_cc the weight within class c, vol_c the sum of
its degrees and 2m of all; that is 1/2m sum_ij [W_ij - gamma k_i k_j / 2m] over pairs of one class
(M. Newman, PNAS 103, 2006; gamma: J. Reichardt, S. Bornholdt, Phys. Rev. E 74, 2006). Q is at most
Q_max = 1 - gamma sum_c (vol_c / 2m)^2, when no weight runs between classes, so that graphs are
compared by Q / Q_max.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eigenscape.errors import BadInput


class ModularityStatus(StrEnum):
    """Whether a graph has a modularity."""

    FOUND = "found"
    NO_EDGES = "the graph has no edges"


@dataclass(frozen=True)
class Modularity:
    """The modularity of a graph with respect to labels. All numbers are 0 if ``status`` is not
    `ModularityStatus.FOUND`.

    Attributes:
        value: Q.
        maximum: Q_max.
        same_class_mass: fraction of the weight that joins inputs of one class.
        null: (permutations,) Q under permuted labels.
        status: whether the modularity is defined.
    """

    value: float
    maximum: float
    same_class_mass: float
    null: np.ndarray
    status: ModularityStatus

    @property
    def relative(self) -> float:
        """Q / Q_max; 0 if all weight lies in one class, where Q_max is 0."""
        return self.value / self.maximum if self.maximum > 0 else 0.0

    @property
    def p_value(self) -> float:
        """Fraction of permutations, including the observed labels, whose Q is at least as large.
        Unit of replication: the input, whose label is permuted.
        """
        return float((1 + np.sum(self.null >= self.value)) / (1 + len(self.null)))


def modularity(
    weights: np.ndarray,
    labels: np.ndarray,
    *,
    resolution: float = 1.0,
    permutations: int = 0,
    seed: int = 0,
) -> Modularity:
    """Compute the modularity of a weighted graph with respect to labels, and its null.

    The null permutes labels among inputs and keeps class sizes, which is why classes are sampled in
    equal numbers.

    Args:
        weights: W (N, N), symmetric and non-negative.
        labels: (N,).
        resolution: gamma > 0; larger values favour smaller classes.
        permutations: number of permutations of the null.
        seed: seed of the permutations.

    Raises:
        BadInput: shapes do not match, weights are negative, or gamma is not positive.

    Example:
        >>> two_blocks = np.kron(np.eye(2), np.ones((2, 2)))
        >>> found = modularity(two_blocks, np.array([0, 0, 1, 1]))
        >>> found.value, found.maximum, found.same_class_mass
        (0.5, 0.5, 1.0)
    """
    weights, labels = np.asarray(weights, float), np.asarray(labels)
    if weights.shape != (len(labels), len(labels)):
        raise BadInput.field(
            "weights",
            f"shape {(len(labels), len(labels))}",
            f"{weights.shape}",
            "give one label per node",
        )
    if not (weights >= 0).all():
        raise BadInput.field(
            "weights",
            "non-negative numbers",
            "a negative one or NaN",
            "give affinities, not coefficients",
        )
    if not resolution > 0:
        raise BadInput.field(
            "resolution", "a number above 0", repr(resolution), "write resolution: 1.0"
        )
    total = weights.sum()
    if total == 0:
        return Modularity(0.0, 0.0, 0.0, np.zeros(permutations), ModularityStatus.NO_EDGES)
    _, codes = np.unique(labels, return_inverse=True)
    degrees = weights.sum(axis=0) / total
    shares = weights / total
    within, volumes = _within(shares, degrees, codes)
    expected = resolution * float(np.square(volumes).sum())
    draw = np.random.default_rng(seed)
    null = np.empty(permutations)
    for number in range(permutations):
        mass, class_volumes = _within(shares, degrees, draw.permutation(codes))
        null[number] = mass - resolution * np.square(class_volumes).sum()
    return Modularity(within - expected, 1 - expected, within, null, ModularityStatus.FOUND)


def _within(
    weights: np.ndarray, degrees: np.ndarray, codes: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the weight within classes, and the volume of every class."""
    member = np.zeros((len(codes), codes.max() + 1))
    member[np.arange(len(codes)), codes] = 1.0
    return float(np.vdot(weights @ member, member)), degrees @ member


@dataclass(frozen=True)
class Purity:
    """The purity of every node (N,): the fraction of its weight that leads to its own class, if it
    has a neighbour.
    """

    shares: np.ndarray
    connected: np.ndarray


def label_purity(weights: np.ndarray, labels: np.ndarray) -> Purity:
    """Return p_i = sum_{j: y_j = y_i} W_ij / k_i; 0 and not connected if k_i = 0.

    Example:
        >>> weights = np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
        >>> label_purity(weights, np.array([0, 0, 1])).shares.tolist()
        [0.25, 1.0, 0.0]
    """
    labels = np.asarray(labels)
    degrees = weights.sum(axis=1)
    own_class = np.where(labels[:, None] == labels, weights, 0.0).sum(axis=1)
    return Purity(own_class / np.where(degrees > 0, degrees, 1.0), degrees > 0)
