"""Blocks of mutually similar layers, and a test whether they exceed those of a shuffled order.

The null permutes layers. An order and its reverse have the same blocks, so L layers have L!/2
distinct orders: 1, 3, 12, 60, 360 from two layers on. No p-value is smaller than one over that
number, so with three layers the test cannot be significant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, permutations
from math import factorial

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
        null: scores of the best blocks under permuted layers, -inf where an order has no score.
        exact: whether the null contains every distinct order once, including the given one.
    """

    edges: tuple[int, ...]
    score: float | None
    banded: float | None
    null: np.ndarray
    exact: bool

    @property
    def p_value(self) -> float | None:
        """Fraction of orders, including the given one, whose score is at least as large; None
        without a score or a null.
        """
        if self.score is None or not len(self.null):
            return None
        as_large = np.sum(self.null >= self.score - ROUNDING)
        return float(
            as_large / len(self.null) if self.exact else (1 + as_large) / (1 + len(self.null))
        )


ROUNDING = 1e-12
"""Tolerance of a score: similarities are at most 1 in size, and orders of the same blocks add them
in another order."""


def distinct_orders(layers: int) -> int:
    """Count the orders of L layers, an order and its reverse counted once: L!/2.

    Example:
        >>> [distinct_orders(layers) for layers in (1, 2, 3, 5)]
        [1, 1, 3, 60]
    """
    return max(factorial(layers) // 2, 1)


def smallest_p_value(layers: int, drawn: int) -> float:
    """Return the smallest p-value of `layer_blocks` with ``drawn`` permutations.

    Example:
        >>> smallest_p_value(3, 200), smallest_p_value(8, 199)
        (0.3333333333333333, 0.005)
    """
    return 1 / distinct_orders(layers) if distinct_orders(layers) <= drawn else 1 / (1 + drawn)


def layer_blocks(similarity: np.ndarray, drawn: int = 0, seed: int = 0) -> LayerBlocks:
    """Find the contiguous blocks that maximise sum_within (S_ij - mean S), by dynamic programming
    in O(L^2).

    A pair belongs together if it is more similar than the average pair; so the number of blocks
    needs no choice. The null permutes the layers and searches blocks anew: it measures the
    contribution of contiguity in depth. If there are no more distinct orders than ``drawn``, each
    is taken once.

    Args:
        similarity: S (L, L), symmetric.
        drawn: number of permutations of the null.
        seed: seed of the permutations.

    Example:
        >>> found = layer_blocks(np.kron(np.eye(2), np.ones((2, 2))), drawn=100)
        >>> found.edges, found.score, len(found.null), found.p_value
        ((0, 2, 4), 1.0, 12, 0.3333333333333333)
    """
    count, edges = len(similarity), _best(similarity)
    exact = distinct_orders(count) <= drawn
    null = []
    for order in _every_order(count) if exact else _random_orders(count, drawn, seed):
        mixed = similarity[np.ix_(order, order)]
        score = _score(mixed, _best(mixed))
        null.append(-np.inf if score is None else score)
    band = _banded(similarity)
    return LayerBlocks(
        edges, _score(similarity, edges), _score(band, _best(band)), np.array(null, float), exact
    )


def _every_order(count: int) -> Iterator[np.ndarray]:
    """Yield, of an order and its reverse, the one that begins with the smaller end."""
    yield from (np.array(order) for order in permutations(range(count)) if order[0] <= order[-1])


def _random_orders(count: int, drawn: int, seed: int) -> Iterator[np.ndarray]:
    draw = np.random.default_rng(seed)
    yield from (draw.permutation(count) for _ in range(drawn))


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
