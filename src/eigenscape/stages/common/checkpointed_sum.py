"""A sum over samples that is kept while it grows: what both ways of sharing it have in common."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import (
    Accumulator,
    PartialSum,
    blocks_of,
    one_blas_thread,
)
from eigenscape.active_subspace.tree import Node
from eigenscape.config.sizes import SLOTS
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.reduction import FinishedBand
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import Interrupted
from eigenscape.networks.sampler import Sampler
from eigenscape.planning.communication import Share
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.progress import Progress
from eigenscape.store.shards import OpenSlot, Shards

log = logging.getLogger(__name__)


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


def _disjoint(nodes: Iterable[Node]) -> list[Node]:
    """Nodes without those whose slots are covered by one before."""
    taken: set[int] = set()
    chosen = []
    for node in nodes:
        if taken.isdisjoint(node.slots):
            taken.update(node.slots)
            chosen.append(node)
    return chosen
