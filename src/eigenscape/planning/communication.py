"""Messages and bytes between ranks, as formulas; tests require the counted ones to be equal.

There are two ways to share one second moment among R ranks:

*by samples*: every rank sums gradients of its own slots into a triangle of its own, and the
triangles are reduced (`distributed.reduction`). Little is sent, but every rank holds whole
triangles.

*by bands*: every rank holds some bands of columns, and every block of gradients goes to all ranks.
A rank holds a part of the triangle, but receives all gradients, N P 8 bytes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from enum import StrEnum

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import blocks_of
from eigenscape.active_subspace.tree import Node
from eigenscape.active_subspace.triangle import BAND, STRIP, band_count, strip_starts
from eigenscape.config.sizes import BLOCK, SLOTS
from eigenscape.distributed.ranks import LARGEST_MESSAGE, Traffic
from eigenscape.distributed.reduction import owner

FLOAT = 8
"""Bytes of a float64."""

PARTIAL_SUMS = 5
"""Largest number of triangles that a rank holds while it walks its slots in order: log2(16) nodes
and the current leaf."""


@functools.cache
def held_nodes(rank: int, size: int, slots: int = SLOTS) -> int:
    """Return the number of nodes of the summation tree that a rank holds after its share of the
    slots.

    A share is a contiguous run of slots, which the tree merges into the fewest aligned powers of
    two.

    Example:
        >>> [held_nodes(rank, 3) for rank in range(3)]  # slots 0-4, 5-9, 10-15
        [2, 3, 2]
    """
    nodes: dict[Node, int] = {}
    for slot in tree.share(list(range(slots)), rank, size):
        tree.insert(nodes, Node(slot, 1), 1, lambda left, right: left + right, slots)
    return len(nodes)


def band_arrays(parameters: int, band: int) -> list[int]:
    """Return the number of entries of each array of one band of a partial sum: its strips, and with
    band 0 the first moments and a count.

    Example:
        >>> # strips of 600 x 512 and 88 x 88, then sum g and sum L,
        >>> # then how many samples are excluded
        >>> band_arrays(600, 0)
        [307200, 7744, 601, 1]
    """
    per_band = BAND // STRIP
    starts = strip_starts(parameters)[band * per_band : (band + 1) * per_band]
    numbers = [(parameters - start) * min(STRIP, parameters - start) for start in starts]
    return [*numbers, parameters + 1, 1] if band == 0 else numbers


def triangle_bytes(parameters: int) -> int:
    """Return the bytes of one partial sum: 8 (sum over strips of (P - s) min(512, P - s), and P +
    2).

    Example:
        >>> triangle_bytes(600) == 8 * (307200 + 7744 + 602)
        True
    """
    return FLOAT * sum(sum(band_arrays(parameters, band)) for band in range(band_count(parameters)))


def reduction_traffic(parameters: int, rank: int, size: int, slots: int = SLOTS) -> Traffic:
    """Count what one rank sends and receives in `distributed.reduction.finished_bands`, in a run
    without shards of an earlier one.

    For every band that another rank owns, a rank sends that band of every node that it holds; for
    every band of its own it receives that band of every node of every other rank. One sum over the
    ranks determines beforehand which rank holds which node.

    Example:
        >>> # the owner of the only band receives one node from the other rank
        >>> reduction_traffic(600, 0, 2)
        Traffic(messages_sent=0, bytes_sent=0, messages_received=4, bytes_received=2524368,
                collectives=1)
    """
    nodes = [held_nodes(other, size, slots) for other in range(size)]
    traffic = Traffic(collectives=int(size > 1))
    for band in range(band_count(parameters)):
        arrays = band_arrays(parameters, band)
        messages = sum(-(-numbers // LARGEST_MESSAGE) for numbers in arrays)
        if owner(band, size) == rank:
            foreign = sum(nodes) - nodes[rank]
            traffic.messages_received += foreign * messages
            traffic.bytes_received += foreign * FLOAT * sum(arrays)
        else:
            traffic.messages_sent += nodes[rank] * messages
            traffic.bytes_sent += nodes[rank] * FLOAT * sum(arrays)
    return traffic


def bands_traffic(
    parameters: int, samples: int, rank: int, size: int, slots: int = SLOTS
) -> Traffic:
    """Count what one of R ranks sends and receives when every block of gradients goes to all: N (P
    + 1) 8 bytes reach every rank.

    Every block is broadcast, gradients and losses apart, by the rank that computed it: block i of a
    slot by rank i mod R. The ranks agree on what to resume once, before every slot, and on whether
    to stop before every R blocks. The run is assumed to have no shards of an earlier one.

    Example:
        >>> bands_traffic(1000, 16 * 512, 0, 2)  # two blocks a slot, one for each rank
        Traffic(messages_sent=32, bytes_sent=32800768, messages_received=32,
                bytes_received=32800768, collectives=33)
    """
    traffic = Traffic()
    if size == 1:
        return traffic
    traffic.collectives = 1 + slots
    for slot in range(slots):
        blocks = [count for _, count in blocks_of(tree.slot_samples(slot, slots, samples))]
        traffic.collectives += -(-len(blocks) // size)
        for number, count in enumerate(blocks):
            arrays = (count * parameters, count)
            messages, volume = (
                sum(-(-numbers // LARGEST_MESSAGE) for numbers in arrays),
                FLOAT * sum(arrays),
            )
            if number % size == rank:
                traffic.messages_sent += messages
                traffic.bytes_sent += volume
            else:
                traffic.messages_received += messages
                traffic.bytes_received += volume
    return traffic


class Share(StrEnum):
    """The way in which a second moment is shared among ranks."""

    SAMPLES = "samples"
    BANDS = "bands"


@dataclass(frozen=True)
class Accumulation:
    """The chosen way to share a second moment.

    Attributes:
        share: by samples or by bands.
        memory: bytes per rank.
        fits: whether the memory is within the limit of a rank; where neither way fits, the smaller
            one is chosen.
        reason: the reason in one sentence.
    """

    share: Share
    memory: int
    fits: bool
    reason: str


def sample_memory(parameters: int) -> int:
    """Return the bytes of a rank that sums by samples: five triangles, a block of parameters and
    one of gradients.
    """
    return PARTIAL_SUMS * triangle_bytes(parameters) + 2 * FLOAT * BLOCK * parameters


def bands_memory(parameters: int, size: int) -> int:
    """Return the bytes of one of R ranks that sum by bands: its part of five triangles; blocks of
    parameters, of its gradients, and of another rank's.
    """
    return PARTIAL_SUMS * triangle_bytes(parameters) // size + 3 * FLOAT * BLOCK * parameters


def accumulation(parameters: int, size: int, memory_per_rank: int) -> Accumulation:
    """Choose how to share a second moment: by samples wherever that fits, since it sends least; by
    bands where whole triangles do not fit a rank.

    Example:
        >>> accumulation(5146, 2, 8 * 10**9).share.value
        'samples'
        >>> accumulation(100_000, 16, 64 * 10**9).share.value
        'bands'
    """
    by_samples, by_bands = sample_memory(parameters), bands_memory(parameters, size)
    bands = band_count(parameters)
    if size <= SLOTS and by_samples <= memory_per_rank:
        return Accumulation(
            Share.SAMPLES,
            by_samples,
            True,
            "whole triangles fit every rank, and summing by samples sends least",
        )
    why = (
        f"more than {SLOTS} ranks cannot share the samples"
        if size > SLOTS
        else "whole triangles do not fit a rank"
    )
    if size <= bands and by_bands <= memory_per_rank:
        return Accumulation(Share.BANDS, by_bands, True, why)
    if size > bands:
        return Accumulation(
            Share.BANDS, by_bands, False, f"{size} ranks are more than the {bands} bands of columns"
        )
    if by_samples <= by_bands:
        return Accumulation(
            Share.SAMPLES, by_samples, False, "neither way fits; more ranks would only add buffers"
        )
    return Accumulation(
        Share.BANDS,
        by_bands,
        False,
        "neither way fits; take another number of ranks, or more memory a rank",
    )
