"""From the partial sums that ranks hold to finished bands of columns, one owner per band.

Every rank holds the nodes of the summation tree that it computed (or read from shards). For each
band of 1,024 columns one rank, the owner, receives that band of every node and completes the fixed
tree; so the work and the memory of the last additions are spread, the owner can write its chunks at
once, and the bits are those of one rank adding alone. With R ranks a band is sent from R - 1 of
them, a handful of nodes each: about P^2/2 numbers cross the wire per rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.active_subspace.triangle import band_count
from eigenscape.distributed.ranks import Ranks


@dataclass
class FinishedBand:
    """One band of the sum over all samples.

    Attributes:
        band: its number; columns [1024 band, 1024 band + 1024).
        strips: as in `Triangle.strips`, summed over all samples.
        first_moments: (P + 1,) sum g then sum L; None except with band 0.
        excluded: number of samples that are excluded; None except with band 0.
    """

    band: int
    strips: list[np.ndarray]
    first_moments: np.ndarray | None
    excluded: int | None = None

    @classmethod
    def of_arrays(cls, band: int, arrays: list[np.ndarray]) -> FinishedBand:
        """Build a band from the arrays of `PartialSum.band_arrays`."""
        if band > 0:
            return cls(band, [array.T for array in arrays], None)
        *strips, first_moments, excluded = arrays
        return cls(band, [array.T for array in strips], first_moments, int(excluded[0]))


def owned_bands(parameters: int, ranks: Ranks) -> list[int]:
    """Return the bands that this rank finishes and writes, in order."""
    return [band for band in range(band_count(parameters)) if owner(band, ranks.size) == ranks.rank]


def owner(band: int, size: int) -> int:
    """Return the rank that finishes and writes a band. Bands are assigned in turn, forwards and
    backwards, since early bands are longer.

    Example:
        >>> [owner(band, 3) for band in range(7)]
        [0, 1, 2, 2, 1, 0, 0]
    """
    round_number, position = divmod(band, size)
    return position if round_number % 2 == 0 else size - 1 - position


def finished_bands(
    held: dict[Node, PartialSum], parameters: int, slots: int, ranks: Ranks
) -> list[FinishedBand]:
    """Return the bands that this rank owns, summed over the whole tree.

    A collective call. ``held`` is consumed: its arrays are added into.

    Args:
        held: the nodes that this rank holds; over all ranks they cover every slot once.
        parameters: P.
        slots: S, the leaves of the tree.
        ranks: the ranks of the run.

    Returns:
        The bands of this rank in increasing order.

    Raises:
        KeyError: the nodes of all ranks together do not cover every slot.
    """
    holder_of_node = _holders(held, slots, ranks)
    finished = []
    for band in range(band_count(parameters)):
        to = owner(band, ranks.size)
        if to != ranks.rank:
            for node in sorted(held):
                for array in held[node].band_arrays(band):
                    ranks.send(array, to)
            continue
        pieces: dict[Node, list[np.ndarray]] = {}
        for node, holder in sorted(holder_of_node.items()):
            if holder == ranks.rank:
                pieces[node] = held[node].band_arrays(band)
            else:
                pieces[node] = PartialSum.zero(parameters, [band]).band_arrays(band)
                for array in pieces[node]:
                    ranks.receive(array, holder)
        finished.append(
            FinishedBand.of_arrays(band, tree.total(pieces, Node(0, slots), _add_in_place))
        )
    return finished


def _holders(held: dict[Node, PartialSum], slots: int, ranks: Ranks) -> dict[Node, int]:
    """Return the holder of every node, from a table of (rank + 1) by slot at a node's first slot,
    and a table of its spans.
    """
    table = np.zeros((2, slots), dtype=np.int64)
    for node in held:
        table[:, node.first] = ranks.rank + 1, node.span
    holders, spans = ranks.sum(table)
    return {
        Node(slot, int(spans[slot])): int(holders[slot]) - 1
        for slot in np.flatnonzero(holders).tolist()
    }


def _add_in_place(left: list[np.ndarray], right: list[np.ndarray]) -> list[np.ndarray]:
    for array, other in zip(left, right, strict=True):
        array += other
    return left
