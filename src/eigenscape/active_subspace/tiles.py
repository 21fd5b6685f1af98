"""Gradients in tiles of 64 samples, recomputed from their seeds on every request or kept in a
cache.

Where P is so large that no P x P matrix fits, the N x P matrix of gradients need not fit either:
theta_n depends only on (seed, network, n), so a gradient can be computed again at any time, on any
rank. A tile is the unit of every product, hence of rounding: the size of the cache, and the
distribution of tiles over ranks, change no bit of a result.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eigenscape.active_subspace import tree
from eigenscape.config.large import PART, TILE
from eigenscape.config.sizes import SLOTS
from eigenscape.errors import BadInput
from eigenscape.networks.sampler import Sampler

Block = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
"""A function (first, count) -> gradients (count, P), losses (count,), NaN where a sample is
excluded (its gradient is then zero)."""


class Tiles:
    """The gradient matrix G (N, P), one tile of rows at a time.

    Args:
        parameters: P.
        samples: N.
        block: the function that computes rows of G.
        cache_bytes: size of the cache that keeps the first tiles that are computed.
        progress: a function that is called after every part of a tile.

    Attributes:
        computed: number of gradients computed so far, including repeated ones.

    Example:
        >>> tiles = Tiles.of_gradients(np.eye(3))
        >>> tiles.count, tiles.tile(0).shape
        (1, (3, 3))
    """

    def __init__(
        self,
        parameters: int,
        samples: int,
        block: Block,
        cache_bytes: int = 0,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        if samples < 1:
            raise BadInput.field(
                "samples",
                "a whole number of at least 1",
                str(samples),
                "give the number of gradients",
            )
        self.parameters, self.samples, self.computed = parameters, samples, 0
        self._block, self._cache_bytes, self._progress = block, cache_bytes, progress
        self._cache: dict[int, np.ndarray] = {}
        self._excluded: dict[int, np.ndarray] = {}
        self._buffer: np.ndarray | None = None

    @classmethod
    def of_sampler(
        cls,
        sampler: Sampler,
        samples: int,
        cache_bytes: int = 0,
        progress: Callable[[], None] = lambda: None,
    ) -> Tiles:
        """Make tiles of the first N samples of a network."""
        return cls(sampler.architecture.parameters, samples, sampler.block, cache_bytes, progress)

    @classmethod
    def of_gradients(cls, gradients: np.ndarray) -> Tiles:
        """Make tiles of existing gradients (N, P)."""
        losses = np.zeros(len(gradients))
        return cls(
            gradients.shape[1],
            len(gradients),
            lambda first, count: (gradients[first : first + count], losses[:count]),
        )

    @property
    def count(self) -> int:
        """Number of tiles."""
        return -(-self.samples // TILE)

    def rows(self, number: int) -> slice:
        """Return the samples of a tile."""
        return slice(number * TILE, min((number + 1) * TILE, self.samples))

    def of_slot(self, slot: int) -> range:
        """Return the tiles of one leaf of the summation tree."""
        return tree.slot_samples(slot, SLOTS, self.count)

    def excluded(self, number: int) -> np.ndarray:
        """Return which samples of a tile are excluded, (B,) bool; known once the tile has been
        computed.
        """
        return self._excluded[number]

    def tile(self, number: int) -> np.ndarray:
        """Return the gradients of one tile, (at most 64, P) float64, valid until the next call.

        Raises:
            NotFiniteGradient: a gradient is not finite; the message names the first such sample.
        """
        if number in self._cache:
            return self._cache[number]
        rows = self.rows(number)
        shape = (rows.stop - rows.start, self.parameters)
        if 8 * shape[0] * shape[1] <= self._cache_bytes:
            self._cache_bytes -= 8 * shape[0] * shape[1]
            out = self._cache[number] = np.empty(shape)
        else:
            if self._buffer is None:
                self._buffer = np.empty((min(TILE, self.samples), self.parameters))
            out = self._buffer[: shape[0]]
        self._fill(number, out)
        return out

    def tile_copy(self, number: int) -> np.ndarray:
        """Return the gradients of one tile in an array that stays valid: a copy, unless the tile is
        in the cache.
        """
        gradients = self.tile(number)
        return gradients if number in self._cache else gradients.copy()

    def _fill(self, number: int, out: np.ndarray) -> None:
        start, excluded = self.rows(number).start, np.zeros(len(out), dtype=bool)
        for first in range(0, len(out), PART):
            part = out[first : first + PART]
            gradients, losses = self._block(start + first, len(part))
            part[:] = gradients
            excluded[first : first + PART] = np.isnan(losses)
            self.computed += len(part)
            self._progress()
        self._excluded[number] = excluded
