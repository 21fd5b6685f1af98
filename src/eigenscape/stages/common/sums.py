"""The sum of the gradients' outer products over the samples of a cell, of which nothing that is
finished is lost: every road from gradients to C leads through it.

Ranks share the work in one of two ways; both resume, also from what the other has kept, and both
give the same bits. *By samples*: every rank sums its own samples over all of C, and the ranks
exchange bands at the end: few messages, and up to five halves of C on every rank. *By bands*: every
rank owns some bands of columns and sees all gradients, block after block from whichever rank
computed it: no rank ever holds more of C than its bands, and N P numbers reach every rank.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import (
    Accumulator,
    PartialSum,
)
from eigenscape.active_subspace.tree import Node
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.reduction import FinishedBand, finished_bands, owned_bands
from eigenscape.networks.sampler import Device
from eigenscape.planning.communication import Share, accumulation
from eigenscape.stages.common import signals
from eigenscape.stages.common.checkpointed_sum import CheckpointedSum, _disjoint
from eigenscape.stages.common.execution import Execution
from eigenscape.store.shards import OpenSlot

log = logging.getLogger(__name__)

MEMORY_SHARE = 0.6
"""Fraction of a rank's part of the free memory that sums may take; gradients, libraries and the
file cache need the rest."""


class SumBySamples(CheckpointedSum):
    """Every rank sums slots of its own; they meet when all are done."""

    share = Share.SAMPLES
    _blocks_a_turn = 1
    _open_slots: Mapping[int, OpenSlot] = {}

    def _resumed(self) -> dict[Node, PartialSum]:
        """The verified shards of an earlier run, dealt out over ranks."""
        held: dict[Node, PartialSum] = {}
        candidates = _disjoint(self._shards.nodes())
        self._ranks.barrier()
        for node in candidates[self._ranks.rank :: self._ranks.size]:
            partial = self._shards.load(node)
            self._watchdog.progress()
            if partial is not None:
                held[node] = partial
        return held

    def _begin(self, root: Node) -> list[int]:
        """A part of the slots that no rank holds."""
        have = np.zeros(root.span, dtype=np.int64)
        for node in self._held:
            have[[slot - root.first for slot in node.slots if slot in root.slots]] = 1
        missing = root.first + np.flatnonzero(self._ranks.sum(have) == 0)
        self._open_slots = {part.slot: part for part in reversed(self._shards.open_slots())}
        self._ranks.barrier()
        return tree.share(missing.tolist(), self._ranks.rank, self._ranks.size)

    def _begun(self, slot: int) -> tuple[Accumulator, int]:
        part = self._open_slots.get(slot)
        partial = None if part is None else self._shards.load(part)
        if part is None or partial is None:
            return Accumulator(self._sampler), 0
        log.info("%s: resuming slot %d after %d samples", self._shards.owner, slot, part.samples)
        return Accumulator(self._sampler, start=partial), part.samples

    def _asked(self) -> tuple[bool, bool]:
        return signals.stop_requested(), self._is_due()

    def _save(self, parts: Sequence[tuple[Node | OpenSlot, PartialSum]]) -> None:
        for part, partial in parts:
            self._shards.save(part, partial)
            self._shards.remove_covered(part)

    def _add(self, blocks: list[tuple[int, int]], sums: Accumulator) -> None:
        for first, count in blocks:
            sums.add_block(first, count)

    def _all_finished(self, *, stopped: bool) -> bool:
        self._watchdog.wait_for_others()
        if not self._ranks.any(stopped or signals.stop_requested()):
            return True
        self._keep()
        return False

    def _finished_bands(self, root: Node) -> list[FinishedBand]:
        return finished_bands(
            self._held, self._sampler.architecture.parameters, root.span, self._ranks
        )


class SumByBands(CheckpointedSum):
    """All ranks sum one slot after another, each its own bands of columns: of a turn's blocks of
    gradients every rank computes one, and gives it to all.
    """

    share = Share.BANDS
    _gradients: Any = None
    _losses: Any = None

    @property
    def _bands(self) -> list[int]:
        return owned_bands(self._sampler.architecture.parameters, self._ranks)

    @property
    def _blocks_a_turn(self) -> int:
        return self._ranks.size

    @property
    def _on_device(self) -> bool:
        return self._execution.device_buffers and self._sampler.device is not Device.CPU

    def _resumed(self) -> dict[Node, PartialSum]:
        """The bands of this rank from the shards of an earlier run; a shard counts where the bands
        of every rank verify.
        """
        table = np.zeros(self._slots, dtype=np.int64)
        if self._ranks.rank == 0:
            for node in _disjoint(self._shards.nodes()):
                table[node.first] = node.span
        spans, bands = self._ranks.sum(table), self._bands
        held: dict[Node, PartialSum] = {}
        for slot in np.flatnonzero(spans).tolist():
            node = Node(slot, int(spans[slot]))
            partial = self._shards.load(node, bands)
            if not self._ranks.any(partial is None) and partial is not None:
                tree.insert(held, node, partial, PartialSum.add, self._slots)
        return held

    def _begin(self, root: Node) -> list[int]:
        missing = set(tree.missing_slots(self._held, root.first + root.span))
        return sorted(missing & set(root.slots))

    def _begun(self, slot: int) -> tuple[Accumulator, int]:
        """The bands of this rank, as far as every rank has them."""
        furthest = (
            next((part.samples for part in self._shards.open_slots() if part.slot == slot), 0)
            if self._ranks.rank == 0
            else 0
        )
        done, bands = int(self._ranks.sum(np.array([furthest]))[0]), self._bands
        partial = self._shards.load(OpenSlot(slot, done), bands) if done else None
        if not done or self._ranks.any(partial is None):
            return Accumulator(self._sampler, bands), 0
        return Accumulator(self._sampler, bands, partial), done

    def _asked(self) -> tuple[bool, bool]:
        due = self._ranks.rank == 0 and self._is_due()
        asked = self._ranks.sum(np.array([signals.stop_requested(), due], dtype=np.int64)) > 0
        return bool(asked[0]), bool(asked[1])

    def _save(self, parts: Sequence[tuple[Node | OpenSlot, PartialSum]]) -> None:
        """Each rank its bands; superfluous shards go when every rank has saved."""
        for part, partial in parts:
            self._shards.save(part, partial)
        self._ranks.barrier()
        if self._ranks.rank == 0:
            for part, _ in parts:
                self._shards.remove_covered(part)

    def _add(self, blocks: list[tuple[int, int]], sums: Accumulator) -> None:
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

    def _all_finished(self, *, stopped: bool) -> bool:
        return not stopped

    def _finished_bands(self, root: Node) -> list[FinishedBand]:
        whole = self._held[root]
        return [FinishedBand.of_arrays(band, whole.band_arrays(band)) for band in self._bands]


def sum_that_fits(parameters: int, ranks: Ranks, execution: Execution) -> type[CheckpointedSum]:
    """The way to share that was asked for, or what the plan chooses from P, the ranks and their
    memory; the same on every rank.
    """
    if ranks.size == 1:
        return SumBySamples
    share = execution.share
    if share is None:
        import psutil  # noqa: PLC0415 - a run on one rank does not need it

        room = int(MEMORY_SHARE * psutil.virtual_memory().available / ranks.node_size)
        way = accumulation(parameters, ranks.size, room)
        log.info("ranks share %s: %s", way.share, way.reason)
        share = Share.BANDS if ranks.any(way.share is Share.BANDS) else Share.SAMPLES
    return SumByBands if share is Share.BANDS else SumBySamples
