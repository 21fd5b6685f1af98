"""Blocks of mutually similar layers, and whether they exceed what neighbourhood alone gives.

Neighbouring layers of one network are alike, so its layers are not exchangeable, and permuting them
is no test of blocks. What can be compared is a replica with others: blocks that were found in these
have no reason to score higher in it than its means by distance do, if similarity depends on the
distance of two layers alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class LayerBlocks:
    """A partition of layers into contiguous blocks.

    Attributes:
        edges: first layer of every block, and the number of layers last.
        score: mean similarity of pairs within a block minus that of pairs across; None where either
            has no pair.
        banded: the score of the matrix whose entries are the means by distance |i - j|: the score
            due to neighbourhood alone.
    """

    edges: tuple[int, ...]
    score: float | None
    banded: float | None


def layer_blocks(similarity: np.ndarray) -> LayerBlocks:
    """Find the contiguous blocks that maximise sum_within (S_ij - mean S), by dynamic programming
    in O(L^2).

    A pair belongs together if it is more similar than the average pair; so the number of blocks
    needs no choice.

    Args:
        similarity: S (L, L), symmetric.

    Example:
        >>> found = layer_blocks(np.kron(np.eye(2), np.ones((2, 2))))
        >>> found.edges, found.score
        ((0, 2, 4), 1.0)
    """
    edges, band = _best(similarity), _banded(similarity)
    return LayerBlocks(edges, _score(similarity, edges), _score(band, _best(band)))


def block_excess(similarities: np.ndarray) -> np.ndarray:
    """How much higher the blocks of the other replicas' mean similarity score in a replica than in
    its means by distance (R,). Unit of replication: the replica.

    A score is linear in S where the blocks are given. So the expectation is 0 where S_ij depends on
    |i - j| alone, plus noise that is independent between replicas.

    Args:
        similarities: S (R, L, L) of R >= 2 replicas.

    Returns:
        (R,); NaN where a similarity is missing or blocks have no score.

    Example:
        >>> blocks = np.kron(np.eye(2), np.ones((2, 2)))
        >>> block_excess(np.stack([blocks, blocks])).round(3)
        array([0.5, 0.5])
    """
    found = np.full(len(similarities), np.nan)
    if len(similarities) < 2 or not np.isfinite(similarities).all():
        return found
    for replica, own in enumerate(similarities):
        edges = _best(np.delete(similarities, replica, axis=0).mean(axis=0))
        scores = _score(own, edges), _score(_banded(own), edges)
        if scores[0] is not None and scores[1] is not None:
            found[replica] = scores[0] - scores[1]
    return found


def _banded(similarity: np.ndarray) -> np.ndarray:
    """Replace every entry by the mean of its diagonal."""
    count = len(similarity)
    means = np.array([np.diagonal(similarity, distance).mean() for distance in range(count)])
    return np.asarray(means[np.abs(np.subtract.outer(np.arange(count), np.arange(count)))])


def _best(similarity: np.ndarray) -> tuple[int, ...]:
    count = len(similarity)
    upper = np.triu(np.ones((count, count), bool), 1)
    mean = similarity[upper].mean() if upper.any() else 0.0
    gain = np.where(upper, similarity - mean, 0.0)
    best, cut = np.zeros(count + 1), np.zeros(count + 1, int)
    for end in range(1, count + 1):
        within = [best[first] + gain[first:end, first:end].sum() for first in range(end)]
        cut[end] = int(np.argmax(within))
        best[end] = within[cut[end]]
    edges = [count]
    while edges[-1] > 0:
        edges.append(int(cut[edges[-1]]))
    return tuple(reversed(edges))


def _score(similarity: np.ndarray, edges: tuple[int, ...]) -> float | None:
    block = np.concatenate(
        [np.full(end - first, number) for number, (first, end) in enumerate(pairwise(edges))]
    )
    upper = np.triu(np.ones(similarity.shape, bool), 1)
    within = upper & (block[:, None] == block)
    other = upper & ~within
    if not (within.any() and other.any()):
        return None
    return float(similarity[within].mean() - similarity[other].mean())
