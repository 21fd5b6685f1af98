"""Gradients in tiles of 64 samples, computed from their seeds whenever they are asked for, or kept
where there is room.

Where P is so large that no P x P matrix fits, not even the N x P matrix of gradients need fit:
theta_n depends on (seed, network, n) alone, so a gradient can be computed again at any time, on any
rank. A tile is the unit of every product, hence of rounding: how many tiles are kept, and who
computes which, changes no bit of a result.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eigenscape.active_subspace import tree
from eigenscape.config.large import PART, TILE
from eigenscape.config.study import SLOTS
from eigenscape.errors import BadInput
from eigenscape.networks.sampler import Sampler

Block = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
"""(first, count) -> gradients (count, P), losses (count,), NaN where a sample is excluded (its
gradient is then zero)."""


class Tiles:
    """The gradient matrix G (N, P), one tile of rows at a time.

    Args:
        parameters: P.
        samples: N.
        block: computes rows of G.
        room: bytes in which tiles are kept once they are computed; the first ones that come are.
        progress: called after every part of a tile.

    Attributes:
        computed: gradients computed so far, the repeated ones too.

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
        room: int = 0,
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
        self._block, self._room, self._progress = block, room, progress
        self._kept: dict[int, np.ndarray] = {}
        self._excluded: dict[int, np.ndarray] = {}
        self._buffer: np.ndarray | None = None

    @classmethod
    def of_sampler(
        cls,
        sampler: Sampler,
        samples: int,
        room: int = 0,
        progress: Callable[[], None] = lambda: None,
    ) -> Tiles:
        """Of the first N samples of a network."""
        return cls(sampler.architecture.parameters, samples, sampler.block, room, progress)

    @classmethod
    def of_gradients(cls, gradients: np.ndarray) -> Tiles:
        """Of gradients (N, P) that somebody else has computed."""
        losses = np.zeros(len(gradients))
        return cls(
            gradients.shape[1],
            len(gradients),
            lambda first, count: (gradients[first : first + count], losses[:count]),
        )

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return -(-self.samples // TILE)

    def rows(self, number: int) -> slice:
        """The samples of a tile."""
        return slice(number * TILE, min((number + 1) * TILE, self.samples))

    def of_slot(self, slot: int) -> range:
        """The tiles of one leaf of the summation tree."""
        return tree.slot_samples(slot, SLOTS, self.count)

    def excluded(self, number: int) -> np.ndarray:
        """Which samples of a tile count for nothing, (B,) bool; known once it has been computed."""
        return self._excluded[number]

    def tile(self, number: int) -> np.ndarray:
        """The gradients of one tile, (at most 64, P) float64; to be read before the next call.

        Raises:
            NotFiniteGradient: naming the first sample whose gradient is not finite.
        """
        if number in self._kept:
            return self._kept[number]
        rows = self.rows(number)
        shape = (rows.stop - rows.start, self.parameters)
        if 8 * shape[0] * shape[1] <= self._room:
            self._room -= 8 * shape[0] * shape[1]
            into = self._kept[number] = np.empty(shape)
        else:
            if self._buffer is None:
                self._buffer = np.empty((min(TILE, self.samples), self.parameters))
            into = self._buffer[: shape[0]]
        self._fill(number, into)
        return into

    def lasting(self, number: int) -> np.ndarray:
        """The same, to be read at any time: a copy, unless the tile is kept anyway."""
        gradients = self.tile(number)
        return gradients if number in self._kept else gradients.copy()

    def _fill(self, number: int, into: np.ndarray) -> None:
        start, excluded = self.rows(number).start, np.zeros(len(into), dtype=bool)
        for first in range(0, len(into), PART):
            part = into[first : first + PART]
            gradients, losses = self._block(start + first, len(part))
            part[:] = gradients
            excluded[first : first + PART] = np.isnan(losses)
            self.computed += len(part)
            self._progress()
        self._excluded[number] = excluded
