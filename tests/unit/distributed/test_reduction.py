"""The reduction over several ranks, played by threads with mailboxes: the bits of one rank adding
alone.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import numpy as np
import pytest
from builders import draws

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.active_subspace.triangle import STRIP, band_count
from eigenscape.distributed.ranks import OneRank
from eigenscape.distributed.reduction import FinishedBand, finished_bands, owner

SLOTS = 8
PARAMETERS = 1300
"""Two bands, the second one narrow."""


class ThreadRank:
    """One rank of a run in which every rank is a thread; implements `Ranks`."""

    def __init__(
        self,
        rank: int,
        size: int,
        mail: dict[tuple[int, int], "Queue[np.ndarray]"],
        board: list[object],
        meet: threading.Barrier,
    ):
        self.rank, self.size, self.local_rank, self.node_size = rank, size, rank, size
        self._mail, self._board, self._meet = mail, board, meet

    def barrier(self) -> None:
        self._meet.wait(60)

    def send(self, array: np.ndarray, to: int) -> None:
        assert array.flags.c_contiguous
        self._mail[self.rank, to].put(array.copy())

    def receive(self, array: np.ndarray, source: int) -> None:
        sent = self._mail[source, self.rank].get(timeout=60)
        assert sent.shape == array.shape
        array[...] = sent

    def broadcast(self, array: np.ndarray, source: int) -> None:
        for to in range(self.size):
            if self.rank == source != to:
                self.send(array, to)
        if self.rank != source:
            self.receive(array, source)

    def sum(self, array: np.ndarray) -> np.ndarray:
        self._board[self.rank] = array
        self.barrier()
        total = np.sum(self._board, axis=0)
        self.barrier()
        return total

    def any(self, flag: bool) -> bool:
        return bool(self.sum(np.array([int(flag)]))[0])


def leaf(slot: int) -> PartialSum:
    """Sums whose additions round, so that another order would show."""
    partial = PartialSum.zero(PARAMETERS)
    gradients = draws(3, PARAMETERS, first=3 * slot) * 10.0 ** (slot % 3)
    partial.triangle.add_gram(gradients)
    partial.first_moments[:-1] = gradients.sum(axis=0)
    partial.first_moments[-1] = 0.1 * slot
    return partial


def held_by(slots: list[int]) -> dict[Node, PartialSum]:
    held: dict[Node, PartialSum] = {}
    for slot in slots:
        tree.insert(held, Node(slot, 1), leaf(slot), PartialSum.add, SLOTS)
    return held


def alone() -> list[FinishedBand]:
    return finished_bands(held_by(list(range(SLOTS))), PARAMETERS, SLOTS, OneRank())


def together(shares: list[list[int]]) -> list[list[FinishedBand]]:
    size = len(shares)
    mail = {(source, to): Queue() for source in range(size) for to in range(size)}
    board, meet = [None] * size, threading.Barrier(size)
    ranks = [ThreadRank(rank, size, mail, board, meet) for rank in range(size)]
    with ThreadPoolExecutor(size) as pool:
        futures = [
            pool.submit(finished_bands, held_by(slots), PARAMETERS, SLOTS, rank)
            for rank, slots in zip(ranks, shares, strict=True)
        ]
        return [future.result(timeout=60) for future in futures]


SHARES = {
    "two ranks": [[0, 1, 2, 3], [4, 5, 6, 7]],
    "three ranks": [tree.share(list(range(SLOTS)), rank, 3) for rank in range(3)],
    "four ranks": [tree.share(list(range(SLOTS)), rank, 4) for rank in range(4)],
    "mixed up": [[5, 0, 7], [1, 2, 3], [6, 4]],
    "more ranks than bands, one idle": [[0, 1, 2], [], [3, 4, 5, 6, 7]],
}


@pytest.mark.parametrize("shares", SHARES.values(), ids=SHARES)
def test_the_bits_are_those_of_one_rank_adding_alone(shares: list[list[int]]) -> None:
    by_rank = together(shares)

    finished = {band.band: band for bands in by_rank for band in bands}
    assert [[band.band for band in bands] for bands in by_rank] == [
        [band for band in range(2) if owner(band, len(shares)) == rank]
        for rank in range(len(shares))
    ]
    for expected in alone():
        found = finished[expected.band]
        assert all(np.array_equal(a, b) for a, b in zip(found.strips, expected.strips, strict=True))
        assert (found.first_moments is None) == (expected.band != 0)
        if found.first_moments is not None and expected.first_moments is not None:
            assert np.array_equal(found.first_moments, expected.first_moments)


def test_the_sum_is_right() -> None:
    gradients = [draws(3, PARAMETERS, first=3 * slot) * 10.0 ** (slot % 3) for slot in range(SLOTS)]
    exact = np.vstack(gradients).T @ np.vstack(gradients)

    first, second = alone()

    scale = np.sqrt(np.outer(np.diagonal(exact), np.diagonal(exact)))
    # 24 products a sum in another order; sqrt(C_ii C_jj) bounds their magnitudes.
    for band, start in ((first, 0), (second, 1024)):
        for offset, strip in enumerate(band.strips):
            column = start + STRIP * offset
            block = (slice(column, None), slice(column, column + strip.shape[1]))
            assert np.all(np.abs(np.tril(strip - exact[block])) <= 2 * 24 * 2.3e-16 * scale[block])
    assert first.first_moments is not None
    np.testing.assert_allclose(
        first.first_moments[:-1], np.vstack(gradients).sum(axis=0), atol=1e-11
    )
    assert first.first_moments[-1] == pytest.approx(2.8, rel=1e-15)


def test_a_slot_that_nobody_holds_is_refused() -> None:
    with pytest.raises(KeyError, match="slot 3 is covered by no partial sum"):
        finished_bands(held_by([0, 1, 2, 4, 5, 6, 7]), PARAMETERS, SLOTS, OneRank())


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_bands_are_dealt_to_and_fro(size: int) -> None:
    owners = [owner(band, size) for band in range(4 * size)]

    assert all(owners.count(rank) == 4 for rank in range(size))
    # Band b is longer the smaller b is: over two turns every rank gets the same sum of band
    # numbers.
    sums = [sum(band for band in range(2 * size) if owners[band] == rank) for rank in range(size)]
    assert len(set(sums)) == 1
    assert band_count(PARAMETERS) == 2
