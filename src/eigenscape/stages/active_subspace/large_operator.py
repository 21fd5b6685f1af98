"""C as an operator over all ranks: rank 0 holds the vectors and asks for products, the others
serve.

Every rank computes the gradients of its own slots of samples, or keeps them, and sums their part of
the product; the parts meet on rank 0 over the fixed tree, so the bits are those of one rank. The
algorithms run on rank 0 alone, which is the one that holds a basis.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eigenscape.active_subspace import matrix_free, tree
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.active_subspace.tree import Node
from eigenscape.config.sizes import SLOTS
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.tree_sums import add_in_place, tree_total
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import Interrupted
from eigenscape.stages.common import signals

_STOP, _PRODUCT, _COMBINATION = 0, 1, 2


class GradientOperator:
    """C V and A G, by all ranks.

    Args:
        tiles: the gradients, of which every rank computes some.
        counted: N without excluded samples.
        ranks: of the run.
        watchdog: told when this rank waits for others.
        interrupted: what to raise, on all ranks, when a signal has come.
    """

    def __init__(
        self,
        tiles: Tiles,
        counted: int,
        ranks: Ranks,
        watchdog: Watchdog,
        interrupted: Callable[[], Interrupted],
    ) -> None:
        self._tiles, self._counted, self._ranks = tiles, counted, ranks
        self._watchdog, self._interrupted = watchdog, interrupted

    def product(self, vectors: np.ndarray) -> np.ndarray:
        """C V for rows V (b, P); on rank 0, while the others `serve`.

        Raises:
            Interrupted: a signal came; on every rank.
        """
        image = self._asked(_PRODUCT, vectors)
        image /= self._counted
        return image

    def combination(self, coefficients: np.ndarray) -> np.ndarray:
        """A G for A (k, N); on rank 0, while the others `serve`.

        Raises:
            Interrupted: a signal came; on every rank.
        """
        return self._asked(_COMBINATION, coefficients)

    def release(self) -> None:
        """Let the other ranks go; on rank 0."""
        self._command(_STOP, 0)

    def serve(self) -> None:
        """Do what rank 0 asks for until it lets go; on every other rank.

        Raises:
            Interrupted: a signal came; on every rank.
        """
        while True:
            self._watchdog.wait_for_others()
            command, rows = self._command(_STOP, 0)
            if command == _STOP:
                return
            self._asked_of_all(
                command,
                np.empty(
                    (rows, self._tiles.parameters if command == _PRODUCT else self._tiles.samples)
                ),
            )

    def _command(self, command: int, rows: int) -> tuple[int, int]:
        """What rank 0 asks for, on every rank."""
        words = np.array([command, rows], dtype=np.int64)
        if self._ranks.size > 1:
            self._ranks.broadcast(words, 0)
        return int(words[0]), int(words[1])

    def _asked(self, command: int, operand: np.ndarray) -> np.ndarray:
        self._command(command, len(operand))
        found = self._asked_of_all(command, np.ascontiguousarray(operand))
        if found is None:
            raise AssertionError("the total lies on rank 0, which alone may ask")
        return found

    def _asked_of_all(self, command: int, operand: np.ndarray) -> np.ndarray | None:
        if self._ranks.size > 1:
            self._ranks.broadcast(operand, 0)
        add = matrix_free.add_product if command == _PRODUCT else matrix_free.add_combination
        held: dict[Node, np.ndarray] = {}
        for slot in tree.share(list(range(SLOTS)), self._ranks.rank, self._ranks.size):
            total = np.zeros((len(operand), self._tiles.parameters))
            for number in self._tiles.of_slot(slot):
                if signals.stop_requested():
                    break
                add(total, self._tiles, range(number, number + 1), operand)
            tree.insert(held, Node(slot, 1), total, add_in_place, SLOTS)
            self._watchdog.progress()
        self._watchdog.wait_for_others()
        if self._ranks.any(signals.stop_requested()):
            raise self._interrupted()
        return tree_total(held, self._ranks)
