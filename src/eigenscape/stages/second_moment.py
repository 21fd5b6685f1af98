"""The stage `second-moment`: gradients of one cell over all ranks, reduced into C."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape import __version__
from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import PartialSum, sum_of_slot
from eigenscape.active_subspace.tree import Node
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.reduction import finished_bands
from eigenscape.errors import Interrupted
from eigenscape.networks.gradients import Device, GradientSampler
from eigenscape.stages import signals
from eigenscape.stages.progress import Progress
from eigenscape.store import receipts, second_moments, shards
from eigenscape.store.layout import StudyFolder
from eigenscape.study import SLOTS, Cell, Study

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 60.0
"""Partial sums are kept when this much work would be lost otherwise; each costs P^2/2 numbers on disk."""


@dataclass(frozen=True)
class Execution:
    """How a stage runs; nothing here changes a bit of the result on one kind of processor.

    Attributes:
        device: where gradients are computed.
        checkpoint_seconds: see `CHECKPOINT_SECONDS`.
        quiet: print no progress.
    """

    device: Device = Device.CPU
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    quiet: bool = False


def compute_second_moment(
    study: Study, cell: Cell, folder: StudyFolder, ranks: Ranks | None = None, execution: Execution = Execution()
) -> Path:
    """Compute C of a cell unless a receipt shows that it is there; a collective call.

    Args:
        study: the configuration.
        cell: one of its cells.
        folder: of the study's results.
        ranks: that share the work; one by default.
        execution: how it runs.

    Returns:
        The receipt.

    Raises:
        DifferentWork: a result of other work is there.
        Interrupted: a signal came; finished partial sums are kept and the next run resumes.
    """
    ranks = ranks or OneRank()
    store = folder.second_moment(cell)
    receipt_path = folder.receipt(store)
    receipt = receipts.read_receipt(receipt_path)
    if receipt is not None:
        receipts.require_same_work(receipt, cell, receipt_path)
        log.info("%s: done before", cell.folder)
        return receipt_path

    started = time.monotonic()
    held = _partial_sums(study, cell, folder.shards(cell), ranks, execution)
    summed = time.monotonic()
    bands = finished_bands(held, cell.architecture.parameters, SLOTS, ranks)
    reduced = time.monotonic()
    attributes = {**cell.identity, "device": str(execution.device), "eigenscape": __version__}
    digest = second_moments.write_second_moment(store, cell, bands, attributes, ranks)
    if ranks.rank == 0:
        seconds = {"gradients_and_sums": summed - started, "reduction": reduced - summed, "writing": time.monotonic() - reduced}
        losses = next(float(band.first_moments[-1]) for band in bands if band.first_moments is not None)
        receipts.write_receipt(
            receipt_path,
            cell,
            digest,
            device=str(execution.device),
            ranks=ranks.size,
            seconds={name: round(value, 3) for name, value in seconds.items()},
            mean_loss=losses / cell.samples,
        )
        receipts.discard(folder.shards(cell))
    ranks.barrier()
    return receipt_path


def _partial_sums(study: Study, cell: Cell, shard_folder: Path, ranks: Ranks, execution: Execution) -> dict[Node, PartialSum]:
    """The nodes of this rank: verified shards of an earlier run, and its share of the slots that they leave."""
    held = _resumed(cell, shard_folder, ranks)
    covered: dict[Node, int] = dict.fromkeys(held, ranks.rank)
    missing = _missing_everywhere(covered, ranks)
    mine = tree.share(missing, ranks.rank, ranks.size)
    sampler = GradientSampler.of_study(study, cell.architecture, execution.device)
    printing = ranks.rank == 0 and not execution.quiet
    progress = Progress(cell.folder, {str(slot): 1.0 for slot in mine}, "slots") if printing else None
    last_kept = time.monotonic()
    kept = set(held)
    for slot in mine:
        stop = signals.stop_requested()
        if stop or time.monotonic() - last_kept > execution.checkpoint_seconds:
            for node in held.keys() - kept:
                shards.save_shard(shard_folder, cell, node, held[node])
            kept, last_kept = set(held), time.monotonic()
        if stop:
            break
        tree.insert(held, Node(slot, 1), sum_of_slot(sampler, slot, cell.samples), PartialSum.add, SLOTS)
        if progress:
            progress.finish({str(slot)})
    if ranks.any(signals.stop_requested()):
        for node in held.keys() - kept:
            shards.save_shard(shard_folder, cell, node, held[node])
        raise Interrupted(f"{cell.folder}: interrupted; finished parts are kept in {shard_folder}, run the same command to resume")
    return held


def _resumed(cell: Cell, shard_folder: Path, ranks: Ranks) -> dict[Node, PartialSum]:
    """The verified shards of an earlier run, dealt out over ranks."""
    held: dict[Node, PartialSum] = {}
    taken: set[int] = set()
    candidates: list[Node] = []
    for node in shards.saved_nodes(shard_folder):
        if taken.isdisjoint(node.slots):
            taken.update(node.slots)
            candidates.append(node)
    ranks.barrier()
    for node in candidates[ranks.rank :: ranks.size]:
        partial = shards.load_shard(shard_folder, cell, node)
        if partial is not None:
            held[node] = partial
    if held:
        log.info("%s: resuming from %s", cell.folder, ", ".join(f"slots {n.first}..{n.first + n.span - 1}" for n in sorted(held)))
    return held


def _missing_everywhere(covered: dict[Node, int], ranks: Ranks) -> list[int]:
    """The slots that no rank holds."""
    have = np.zeros(SLOTS, dtype=np.int64)
    for node in covered:
        have[list(node.slots)] = 1
    return np.flatnonzero(ranks.sum(have) == 0).tolist()
