"""Blocks of mutually similar layers, and whether there are more of them than a shuffled order would show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class LayerBlocks:
    """A partition of layers into contiguous blocks.

    Attributes:
        edges: first layer of every block, and the number of layers last.
        score: mean similarity of pairs within a block minus that of pairs across; None where either has no pair.
        null: scores of the best blocks under permuted layers; permutations without a score are left out.
    """

    edges: tuple[int, ...]
    score: float | None
    null: np.ndarray


def layer_blocks(similarity: np.ndarray, permutations: int = 0, seed: int = 0) -> LayerBlocks:
    """The contiguous blocks that maximise sum_within (S_ij - mean S), by dynamic programming in O(L^2).

    A pair belongs together if it is more similar than the average pair; so the number of blocks comes out by itself.
    The null permutes the layers, blocks being searched anew: it says what contiguity in depth adds.

    Args:
        similarity: S (L, L), symmetric.
        permutations: of the null.
        seed: of the permutations.

    Example:
        >>> layer_blocks(np.kron(np.eye(2), np.ones((2, 2))))
        LayerBlocks(edges=(0, 2, 4), score=1.0, null=array([], dtype=float64))
    """
    edges = _best(similarity)
    draw, null = np.random.default_rng(seed), []
    for _ in range(permutations):
        order = draw.permutation(len(similarity))
        mixed = similarity[np.ix_(order, order)]
        found = _score(mixed, _best(mixed))
        if found is not None:
            null.append(found)
    return LayerBlocks(edges, _score(similarity, edges), np.array(null, float))


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
    block = np.concatenate([np.full(end - first, number) for number, (first, end) in enumerate(pairwise(edges))])
    upper = np.triu(np.ones(similarity.shape, bool), 1)
    same = upper & (block[:, None] == block)
    other = upper & ~same
    if not (same.any() and other.any()):
        return None
    return float(similarity[same].mean() - similarity[other].mean())
