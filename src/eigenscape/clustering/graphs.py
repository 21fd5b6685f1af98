"""Affinity graphs from coefficients, and their spectral clustering."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from eigenscape.errors import BadInput


class Normalisation(StrEnum):
    """The divisor of a column of C before it becomes affinities."""

    INFINITY = "infinity"  # Elhamifar, Vidal
    TWO = "two"  # You et al.
    NONE = "none"


@dataclass(frozen=True)
class AffinityGraph:
    """Weights between inputs.

    Attributes:
        weights: W (N, N), symmetric, non-negative, zero diagonal.
        components: number of connected components, including isolated nodes.
        isolated: (N,) whether a node has no neighbour.
    """

    weights: np.ndarray
    components: int
    isolated: np.ndarray


def affinity_graph(
    coefficients: np.ndarray,
    normalisation: Normalisation = Normalisation.INFINITY,
    *,
    strongest: int | None = None,
    mass: float | None = None,
) -> AffinityGraph:
    """Return the graph W = (|C| + |C|^T) / 2 of normalised and optionally pruned columns.

    Sparse graphs of one class may fall into several components; their number is reported for that
    reason.

    Args:
        coefficients: C (N, N); its diagonal is ignored.
        normalisation: the normalisation of every column.
        strongest: keep the q largest of every column.
        mass: keep the largest of every column that carry this share of its 1-norm, in (0, 1].

    Raises:
        BadInput: C is not a square matrix of finite numbers, q is below 1, or a share is outside
            (0, 1].

    Example:
        >>> affinity_graph(np.array([[0.0, 2.0], [1.0, 0.0]]), Normalisation.NONE).weights
        array([[0. , 1.5],
               [1.5, 0. ]])
    """
    size = np.abs(np.asarray(coefficients, float))
    if size.ndim != 2 or size.shape[0] != size.shape[1] or not np.isfinite(size).all():
        raise BadInput.field(
            "coefficients",
            "a square matrix of finite numbers",
            f"shape {size.shape}",
            "give C (N, N)",
        )
    np.fill_diagonal(size, 0.0)
    if strongest is not None or mass is not None:
        size = np.where(_kept(size, strongest, mass), size, 0.0)
    if normalisation is not Normalisation.NONE:
        length = (
            size.max(axis=0)
            if normalisation is Normalisation.INFINITY
            else np.linalg.norm(size, axis=0)
        )
        size = size / np.where(length > 0, length, 1.0)
    weights = (size + size.T) / 2
    count, _ = connected_components(csr_array(weights), directed=False)
    return AffinityGraph(weights, int(count), weights.sum(axis=0) == 0)


def _kept(size: np.ndarray, strongest: int | None, mass: float | None) -> np.ndarray:
    if strongest is not None and strongest < 1:
        raise BadInput.field(
            "strongest",
            "a whole number of at least 1, or null",
            repr(strongest),
            "write strongest: 10",
        )
    if mass is not None and not 0 < mass <= 1:
        raise BadInput.field(
            "mass", "a share above 0 and at most 1, or null", repr(mass), "write mass: 0.9"
        )
    order = np.argsort(-size, axis=0, kind="stable")
    sorted_sizes = np.take_along_axis(size, order, axis=0)
    kept_sorted = np.ones(size.shape, bool)
    if strongest is not None:
        kept_sorted[strongest:] = False
    if mass is not None:
        before = np.cumsum(sorted_sizes, axis=0) - sorted_sizes
        kept_sorted &= before < mass * sorted_sizes.sum(axis=0)
    kept = np.zeros(size.shape, bool)
    np.put_along_axis(kept, order, kept_sorted, axis=0)
    return kept


@dataclass(frozen=True)
class Clustering:
    """Clusters of a graph, compared with labels.

    Attributes:
        clusters: (N,) number of the cluster of each input.
        accuracy: share of inputs whose cluster is their label's, under the best one-to-one naming
            of clusters.
        mutual_information: mutual information of clusters and labels, normalised by the mean of
            both entropies.
    """

    clusters: np.ndarray
    accuracy: float
    mutual_information: float


def spectral_clustering(weights: np.ndarray, labels: np.ndarray, seed: int) -> Clustering:
    """Cluster by normalised spectral clustering into as many clusters as there are labels (A. Ng,
    M. Jordan, Y. Weiss, NIPS 2001).

    Args:
        weights: W (N, N), symmetric and non-negative.
        labels: (N,).
        seed: seed of k-means, below 2**32.

    Example:
        >>> blocks = np.kron(np.eye(2), np.ones((3, 3)))
        >>> spectral_clustering(blocks, np.array([0, 0, 0, 1, 1, 1]), 0).accuracy
        1.0
    """
    from sklearn.cluster import SpectralClustering  # noqa: PLC0415 - a second to import
    from sklearn.metrics import normalized_mutual_info_score  # noqa: PLC0415

    classes = len(np.unique(labels))
    with warnings.catch_warnings():
        # That a graph falls apart is a result here (`AffinityGraph.components`), not a mistake.
        warnings.filterwarnings(
            "ignore", message="Graph is not fully connected", category=UserWarning
        )
        method = SpectralClustering(classes, affinity="precomputed", random_state=seed, n_init=10)
        clusters = method.fit_predict(weights)
    return Clustering(
        clusters,
        matched_accuracy(clusters, labels),
        float(normalized_mutual_info_score(labels, clusters)),
    )


def matched_accuracy(clusters: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of agreement under the best one-to-one naming (H. Kuhn, 1955).

    Example:
        >>> matched_accuracy(np.array([1, 1, 0, 0]), np.array([0, 0, 1, 0]))
        0.75
    """
    _, rows = np.unique(clusters, return_inverse=True)
    _, columns = np.unique(labels, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    best = linear_sum_assignment(table, maximize=True)
    return float(table[best].sum() / len(labels))
