"""From gradients to the finished bands of the sum, in one of two ways; both resume, and both give
the same bits.

*By samples*: every rank sums its own samples over all of C, and the ranks exchange bands at the
end: few messages, and up to five halves of C on every rank. *By bands*: every rank owns some bands
of columns and sees all gradients, block after block from whichever rank computed it: no rank ever
holds more of C than its bands, and N P numbers reach every rank.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import (
    Accumulator,
    PartialSum,
    blocks_of,
    one_blas_thread,
)
from eigenscape.active_subspace.tree import Node
from eigenscape.config.study import SLOTS, Cell
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.reduction import FinishedBand, finished_bands, owned_bands
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import Interrupted
from eigenscape.networks.sampler import Device, Sampler
from eigenscape.planning.communication import Share, accumulation
from eigenscape.stages.common import signals
from eigenscape.stages.common.progress import Progress
from eigenscape.store.shards import OpenSlot, Shards

log = logging.getLogger(__name__)

MEMORY_SHARE = 0.6
"""Of a rank's part of the free memory, what sums may take; gradients, libraries and the file cache
need the rest."""


def chosen_share(asked: Share | None, parameters: int, ranks: Ranks) -> Share:
    """What was asked for, or what the plan chooses from P, the ranks and their memory; the same on
    every rank.
    """
    if ranks.size == 1:
        return Share.SAMPLES
    if asked is not None:
        return asked
    import psutil  # noqa: PLC0415 - a run on one rank does not need it

    room = int(MEMORY_SHARE * psutil.virtual_memory().available / ranks.node_size)
    way = accumulation(parameters, ranks.size, room)
    log.info("ranks share %s: %s", way.share, way.reason)
    return Share.BANDS if ranks.any(way.share is Share.BANDS) else Share.SAMPLES


@dataclass
class Work:
    """One cell's accumulation on one rank.

    Attributes:
        cell: of which C is summed.
        sampler: of its gradients.
        shards: kept of it.
        ranks: that share it.
        watchdog: told of every block.
        checkpoint_seconds: between two checkpoints.
        quiet: print no progress.
        device_buffers: by bands, give the MPI library blocks where they were computed (torch
            tensors), not copies on the host; for GPUs whose MPI is CUDA-aware.
    """

    cell: Cell
    sampler: Sampler
    shards: Shards
    ranks: Ranks
    watchdog: Watchdog
    checkpoint_seconds: float
    quiet: bool
    device_buffers: bool = False

    def progress(self, blocks: int) -> Progress | None:
        """The line of progress, on one rank."""
        printing = self.ranks.rank == 0 and not self.quiet
        return (
            Progress(self.cell.folder, {str(block): 1.0 for block in range(blocks)}, "blocks")
            if printing
            else None
        )

    def blocks(self, slot: int, done: int = 0) -> list[tuple[int, int]]:
        """The blocks of a slot after its first ``done`` samples."""
        samples = tree.slot_samples(slot, SLOTS, self.cell.samples)
        return list(blocks_of(range(samples.start + done, samples.stop)))

    def samples_before(self, slot: int, first: int) -> int:
        """How many samples of a slot come before sample ``first``."""
        return first - tree.slot_samples(slot, SLOTS, self.cell.samples).start

    def interrupted(self) -> Interrupted:
        """What is raised when a signal has come and everything is kept."""
        return Interrupted(
            f"{self.cell.folder}: interrupted; finished parts are kept in {self.shards.folder}, run"
            " the same command to resume"
        )


def summed_bands(work: Work, share: Share) -> list[FinishedBand]:
    """The bands that this rank owns, summed over all samples; a collective call.

    Raises:
        Interrupted: a signal came; what is done is kept, and the next run resumes, with any number
            of ranks and either share.
    """
    with one_blas_thread():
        if share is Share.BANDS:
            return _by_bands(work)
        return _by_samples(work)


def _by_samples(work: Work) -> list[FinishedBand]:
    ranks = work.ranks
    held = _resumed_nodes(work)
    mine = tree.share(_missing_everywhere(held, ranks), ranks.rank, ranks.size)
    begun = {part.slot: part for part in reversed(work.shards.open_slots()) if part.slot in mine}
    ranks.barrier()
    progress = work.progress(sum(len(work.blocks(slot)) for slot in mine))
    kept, finished, last_kept = set(held), 0, time.monotonic()

    def keep(part: OpenSlot, sums: Accumulator) -> None:
        _keep_nodes(work, held, kept)
        if part.samples:
            work.shards.save(part, sums.partial())
            work.shards.remove_covered(part)

    for slot in mine:
        sums, done = _begun(work, begun.get(slot))
        finished += len(work.blocks(slot)) - len(work.blocks(slot, done))
        for first, count in work.blocks(slot, done):
            stop = signals.stop_requested()
            if stop or time.monotonic() - last_kept > work.checkpoint_seconds:
                keep(OpenSlot(slot, work.samples_before(slot, first)), sums)
                last_kept = time.monotonic()
            if stop:
                break
            sums.add_block(first, count)
            work.watchdog.progress()
            finished += 1
            if progress:
                progress.finish({str(block) for block in range(finished)})
        else:
            tree.insert(held, Node(slot, 1), sums.partial(), PartialSum.add, SLOTS)
            continue
        break
    work.watchdog.wait_for_others()
    if ranks.any(signals.stop_requested()):
        _keep_nodes(work, held, kept)
        raise work.interrupted()
    return finished_bands(held, work.cell.architecture.parameters, SLOTS, ranks)


def _keep_nodes(work: Work, held: dict[Node, PartialSum], kept: set[Node]) -> None:
    """Save the nodes that are not on disk yet; ``kept`` is brought up to date."""
    for node in held.keys() - kept:
        work.shards.save(node, held[node])
        work.shards.remove_covered(node)
    kept.clear()
    kept.update(held)


def _begun(work: Work, part: OpenSlot | None) -> tuple[Accumulator, int]:
    """The sum of a slot so far, and how many of its samples that are."""
    partial = None if part is None else work.shards.load(part)
    if part is None or partial is None:
        return Accumulator(work.sampler), 0
    log.info("%s: resuming slot %d after %d samples", work.cell.folder, part.slot, part.samples)
    return Accumulator(work.sampler, start=partial), part.samples


def _resumed_nodes(work: Work) -> dict[Node, PartialSum]:
    """The verified shards of an earlier run, dealt out over ranks."""
    held: dict[Node, PartialSum] = {}
    candidates = _disjoint(work.shards.nodes())
    work.ranks.barrier()
    for node in candidates[work.ranks.rank :: work.ranks.size]:
        partial = work.shards.load(node)
        work.watchdog.progress()
        if partial is not None:
            held[node] = partial
    _log_resumed(work.cell, held)
    return held


def _log_resumed(cell: Cell, held: Iterable[Node]) -> None:
    slots = ", ".join(f"slots {node.first}..{node.first + node.span - 1}" for node in sorted(held))
    if slots:
        log.info("%s: resuming from %s", cell.folder, slots)


def _disjoint(nodes: Iterable[Node]) -> list[Node]:
    """Nodes without those whose slots are covered by one before."""
    taken: set[int] = set()
    chosen = []
    for node in nodes:
        if taken.isdisjoint(node.slots):
            taken.update(node.slots)
            chosen.append(node)
    return chosen


def _missing_everywhere(held: Iterable[Node], ranks: Ranks) -> list[int]:
    """The slots that no rank holds."""
    have = np.zeros(SLOTS, dtype=np.int64)
    for node in held:
        have[list(node.slots)] = 1
    return np.flatnonzero(ranks.sum(have) == 0).tolist()


def _by_bands(work: Work) -> list[FinishedBand]:
    ranks, parameters = work.ranks, work.cell.architecture.parameters
    bands = owned_bands(parameters, ranks)
    held = _resumed_bands(work, bands)
    missing = tree.missing_slots(held, SLOTS)
    progress = work.progress(sum(len(work.blocks(slot)) for slot in missing))
    kept, finished, last_kept = set(held), 0, time.monotonic()
    exchange = _Exchange(work)
    for slot in missing:
        sums, done = _begun_bands(work, slot, bands)
        blocks = work.blocks(slot, done)
        finished += len(work.blocks(slot)) - len(blocks)
        for start in range(0, len(blocks), ranks.size):
            due = ranks.rank == 0 and time.monotonic() - last_kept > work.checkpoint_seconds
            stop, keep = ranks.sum(np.array([signals.stop_requested(), due], dtype=np.int64)) > 0
            if stop or keep:
                _keep_bands(
                    work,
                    held,
                    kept,
                    OpenSlot(slot, work.samples_before(slot, blocks[start][0])),
                    sums,
                )
                last_kept = time.monotonic()
            if stop:
                raise work.interrupted()
            exchange.add_all(blocks[start : start + ranks.size], sums)
            work.watchdog.progress()
            finished += len(blocks[start : start + ranks.size])
            if progress:
                progress.finish({str(block) for block in range(finished)})
        tree.insert(held, Node(slot, 1), sums.partial(), PartialSum.add, SLOTS)
    whole = held[Node(0, SLOTS)]
    return [FinishedBand.of_arrays(band, whole.band_arrays(band)) for band in bands]


class _Exchange:
    """Blocks of gradients, each computed by one rank and given to all."""

    def __init__(self, work: Work) -> None:
        self._sampler, self._ranks = work.sampler, work.ranks
        self._on_device = work.device_buffers and work.sampler.device is not Device.CPU
        self._gradients: Any = None
        self._losses: Any = None

    def add_all(self, blocks: list[tuple[int, int]], sums: Accumulator) -> None:
        """Add as many consecutive blocks as there are ranks (the last time fewer), in order."""
        mine: Any = None
        if self._ranks.rank < len(blocks):
            block = self._sampler.block_on_device if self._on_device else self._sampler.block
            mine = block(*blocks[self._ranks.rank])
        self._make_room(blocks[0][1])
        for source, (_, count) in enumerate(blocks):
            gradients, losses = (
                mine
                if source == self._ranks.rank
                else (self._gradients[:count], self._losses[:count])
            )
            self._ranks.broadcast(gradients, source)
            self._ranks.broadcast(losses, source)
            if self._on_device:
                sums.add_device_gradients(gradients, losses)
            else:
                sums.add_gradients(gradients, losses)

    def _make_room(self, count: int) -> None:
        """Where the blocks of other ranks arrive."""
        if self._losses is not None and len(self._losses) >= count:
            return
        shape, precision = (count, self._sampler.architecture.parameters), self._sampler.precision
        if self._on_device:
            import torch  # noqa: PLC0415 - only this route needs it

            kind = torch.float32 if precision == np.float32 else torch.float64
            self._gradients, self._losses = (
                torch.empty(size, dtype=kind, device=self._sampler.device.of_torch)
                for size in (shape, count)
            )
        else:
            self._gradients, self._losses = np.empty(shape, precision), np.empty(count, precision)


def _keep_bands(
    work: Work, held: dict[Node, PartialSum], kept: set[Node], part: OpenSlot, sums: Accumulator
) -> None:
    """Save this rank's bands of everything that is not on disk yet; superfluous shards go when
    every rank has saved.
    """
    new = sorted(held.keys() - kept)
    for node in new:
        work.shards.save(node, held[node])
    if part.samples:
        work.shards.save(part, sums.partial())
    work.ranks.barrier()
    if work.ranks.rank == 0:
        for node in new:
            work.shards.remove_covered(node)
        if part.samples:
            work.shards.remove_covered(part)
    kept.clear()
    kept.update(held)


def _resumed_bands(work: Work, bands: list[int]) -> dict[Node, PartialSum]:
    """The bands of this rank from the shards of an earlier run; a shard counts where the bands of
    every rank verify.
    """
    table = np.zeros(SLOTS, dtype=np.int64)
    if work.ranks.rank == 0:
        for node in _disjoint(work.shards.nodes()):
            table[node.first] = node.span
    spans = work.ranks.sum(table)
    held: dict[Node, PartialSum] = {}
    for slot in np.flatnonzero(spans).tolist():
        node = Node(slot, int(spans[slot]))
        partial = work.shards.load(node, bands)
        if not work.ranks.any(partial is None) and partial is not None:
            tree.insert(held, node, partial, PartialSum.add, SLOTS)
    _log_resumed(work.cell, held)
    return held


def _begun_bands(work: Work, slot: int, bands: list[int]) -> tuple[Accumulator, int]:
    """The bands of this rank of a slot so far, and how many of its samples that are; the same on
    every rank.
    """
    furthest = (
        next((part.samples for part in work.shards.open_slots() if part.slot == slot), 0)
        if work.ranks.rank == 0
        else 0
    )
    done = int(work.ranks.sum(np.array([furthest]))[0])
    partial = work.shards.load(OpenSlot(slot, done), bands) if done else None
    if not done or work.ranks.any(partial is None):
        return Accumulator(work.sampler, bands), 0
    return Accumulator(work.sampler, bands, partial), done
