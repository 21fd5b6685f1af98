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
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import (
    Accumulator,
    PartialSum,
    blocks_of,
    one_blas_thread,
)
from eigenscape.active_subspace.tree import Node
from eigenscape.config.study import SLOTS
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.reduction import FinishedBand, finished_bands, owned_bands
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import Interrupted
from eigenscape.networks.sampler import Device, Sampler
from eigenscape.planning.communication import Share, accumulation
from eigenscape.stages.common import signals
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.progress import Progress
from eigenscape.store.shards import OpenSlot, Shards

log = logging.getLogger(__name__)

MEMORY_SHARE = 0.6
"""Of a rank's part of the free memory, what sums may take; gradients, libraries and the file cache
need the rest."""


class CheckpointedSum(ABC):
    """The sum over samples, slot by slot, on one rank of those that share it.

    It knows what is held (nodes of the tree of slots), what of that is kept on disk, when the next
    checkpoint is due, and what is finished. What an earlier run has kept is taken up at once.

    Args:
        sampler: of the gradients.
        samples: N, dealt into the slots; slots beyond hold as many further samples each.
        shards: where partial sums are kept.
        ranks: that share it.
        watchdog: told of every block.
        execution: how it runs.
        slots: leaves of the tree that hold the N samples.
    """

    share: ClassVar[Share]

    def __init__(
        self,
        sampler: Sampler,
        samples: int,
        shards: Shards,
        ranks: Ranks | None = None,
        watchdog: Watchdog | None = None,
        execution: Execution = Execution(),
        slots: int = SLOTS,
    ) -> None:
        self._sampler, self._samples, self._slots = sampler, samples, slots
        self._shards, self._execution = shards, execution
        self._ranks, self._watchdog = ranks or OneRank(), watchdog or Watchdog(0)
        self._held = self._resumed()
        self._kept, self._kept_at = set(self._held), time.monotonic()
        if self._held:
            resumed = ", ".join(
                f"slots {node.first}..{node.first + node.span - 1}" for node in sorted(self._held)
            )
            log.info("%s: resuming from %s", shards.owner, resumed)

    @property
    def held(self) -> list[Node]:
        """The nodes that this rank holds, in order."""
        return sorted(self._held)

    def over(self, root: Node) -> PartialSum:
        """The sum over the slots of a node, which stays held; on one rank.

        Raises:
            Interrupted: as by `bands`.
        """
        for node in self.held:
            if node in self._held and set(node.slots) < set(root.slots):
                self._insert(node, self._held.pop(node), root)
        self._add_missing(root)
        return self._held[root]

    def bands(self, root: Node | None = None) -> list[FinishedBand]:
        """The bands that this rank owns, summed over the slots of a node that begins with the
        first, all N samples by default; a collective call, after which nothing is held.

        Raises:
            Interrupted: a signal came; what is done is kept, and the next run resumes, with any
                number of ranks and either share.
        """
        root = root or Node(0, self._slots)
        self._add_missing(root)
        with one_blas_thread():
            return self._finished_bands(root)

    def _add_missing(self, root: Node) -> None:
        slots = self._begin(root)
        progress = self._progress(sum(len(self._blocks(slot)) for slot in slots))
        with one_blas_thread():
            finished = self._add_slots(slots, root, progress)
        if not finished:
            raise Interrupted(
                f"{self._shards.owner}: interrupted; finished parts are kept in"
                f" {self._shards.folder}, run the same command to resume"
            )

    def _add_slots(self, slots: Sequence[int], root: Node, progress: Progress | None) -> bool:
        """Whether all slots are summed, on every rank; otherwise what is done is kept."""
        finished = 0
        for slot in slots:
            sums, done = self._begun(slot)
            blocks = self._blocks(slot, done)
            finished += len(self._blocks(slot)) - len(blocks)
            for turn in range(0, len(blocks), self._blocks_a_turn):
                stop, due = self._asked()
                if stop or due:
                    before = blocks[turn][0] - self._samples_of(slot).start
                    self._keep([(OpenSlot(slot, before), sums.partial())] if before else [])
                if stop:
                    return self._all_finished(stopped=True)
                group = blocks[turn : turn + self._blocks_a_turn]
                self._add(group, sums)
                self._watchdog.progress()
                finished += len(group)
                if progress:
                    progress.finish({str(block) for block in range(finished)})
            self._insert(Node(slot, 1), sums.partial(), root)
        return self._all_finished(stopped=False)

    def _insert(self, node: Node, partial: PartialSum, root: Node) -> None:
        tree.insert(self._held, node, partial, PartialSum.add, root.span)

    def _samples_of(self, slot: int) -> range:
        return tree.slot_samples(slot, self._slots, self._samples)

    def _blocks(self, slot: int, done: int = 0) -> list[tuple[int, int]]:
        """The blocks of a slot after its first ``done`` samples."""
        samples = self._samples_of(slot)
        return list(blocks_of(range(samples.start + done, samples.stop)))

    def _progress(self, blocks: int) -> Progress | None:
        """The line of progress, on one rank."""
        if self._ranks.rank > 0 or self._execution.quiet:
            return None
        return Progress(self._shards.owner, {str(block): 1.0 for block in range(blocks)}, "blocks")

    def _is_due(self) -> bool:
        return time.monotonic() - self._kept_at > self._execution.checkpoint_seconds

    def _keep(self, under_way: Sequence[tuple[OpenSlot, PartialSum]] = ()) -> None:
        """Save what is not on disk yet: nodes, and the slot under way."""
        new = [(node, self._held[node]) for node in sorted(self._held.keys() - self._kept)]
        self._save([*new, *under_way])
        self._kept, self._kept_at = set(self._held), time.monotonic()

    # What the two ways to share differ in.

    @property
    @abstractmethod
    def _blocks_a_turn(self) -> int:
        """Blocks between two looks at signals and clock."""

    @abstractmethod
    def _resumed(self) -> dict[Node, PartialSum]:
        """What this rank takes up of an earlier run."""

    @abstractmethod
    def _begin(self, root: Node) -> list[int]:
        """The slots under a node that this rank is to sum, or take part in."""

    @abstractmethod
    def _begun(self, slot: int) -> tuple[Accumulator, int]:
        """The sum of a slot as an earlier run has left it, and how many of its samples that are."""

    @abstractmethod
    def _asked(self) -> tuple[bool, bool]:
        """Whether a signal asks to stop, and whether a checkpoint is due."""

    @abstractmethod
    def _save(self, parts: Sequence[tuple[Node | OpenSlot, PartialSum]]) -> None:
        """Save shards, then remove those that they make superfluous."""

    @abstractmethod
    def _add(self, blocks: list[tuple[int, int]], sums: Accumulator) -> None:
        """Add the blocks of one turn."""

    @abstractmethod
    def _all_finished(self, *, stopped: bool) -> bool:
        """Whether no rank was asked to stop."""

    @abstractmethod
    def _finished_bands(self, root: Node) -> list[FinishedBand]:
        """The bands that this rank owns, when all slots are summed."""


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


def _disjoint(nodes: Iterable[Node]) -> list[Node]:
    """Nodes without those whose slots are covered by one before."""
    taken: set[int] = set()
    chosen = []
    for node in nodes:
        if taken.isdisjoint(node.slots):
            taken.update(node.slots)
            chosen.append(node)
    return chosen
