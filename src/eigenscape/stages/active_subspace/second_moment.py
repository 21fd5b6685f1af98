"""The stage `second-moment`: gradients of one cell over all ranks, reduced into C."""

from __future__ import annotations

import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape.config.study import Cell, Study
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import DamagedResult
from eigenscape.networks.sampler import Device
from eigenscape.planning.communication import Share
from eigenscape.stages.active_subspace.accumulation import Work, chosen_share, summed_bands
from eigenscape.stages.common.attempts import Attempt, claimed, shared_digits
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.store import claims, quarantine, receipts, second_moments
from eigenscape.store.layout import StudyFolder
from eigenscape.store.shards import Shards
from eigenscape.version import __version__

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 60.0
"""Partial sums are kept when this much work would be lost otherwise; each costs P^2/2 numbers on
disk."""

HANG_SECONDS = 1800.0
"""A block of 256 gradients takes seconds on a core at P = 74,101; half an hour without one is a
hang."""


@dataclass(frozen=True)
class Execution:
    """How a stage runs; nothing here changes a bit of the result on one kind of processor.

    Attributes:
        device: where gradients are computed.
        checkpoint_seconds: see `CHECKPOINT_SECONDS`.
        quiet: print no progress.
        share: what is dealt out over the ranks; None lets the plan choose.
        hang_seconds: without progress, after which a rank prints its stack and ends the run; 0 for
            never.
        stale_seconds: without a heartbeat, after which another machine's attempt is taken for dead.
        device_buffers: give the MPI library blocks that are on a GPU; only where it is CUDA-aware.
    """

    device: Device = Device.CPU
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    quiet: bool = False
    share: Share | None = None
    hang_seconds: float = HANG_SECONDS
    stale_seconds: float = claims.STALE_SECONDS
    device_buffers: bool = False


def compute_second_moment(
    study: Study,
    cell: Cell,
    folder: StudyFolder,
    ranks: Ranks | None = None,
    execution: Execution = Execution(),
) -> Path:
    """Compute C of a cell unless a receipt shows that it is there, and verifies; a collective call.

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
        ClaimLost: another attempt took over, since this one's heartbeat had stopped.
    """
    ranks = ranks or OneRank()
    receipt_path = folder.receipt(folder.second_moment(cell))
    with Watchdog(execution.hang_seconds):
        done_before = is_confirmed(cell, folder, ranks)
    if done_before:
        log.info("%s: done before", cell.folder)
        return receipt_path
    with (
        claimed(cell, folder, ranks, execution.stale_seconds) as claim,
        Watchdog(execution.hang_seconds) as watchdog,
    ):
        if not is_confirmed(cell, folder, ranks):  # whoever was waited for has done it
            try:
                _compute(study, cell, folder, ranks, execution, claim, watchdog)
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    # another attempt, which took this one for dead, has cleared its files away
                    claim.confirm()
                # a full disk is found in writes, which name no file
                if error.errno is not None and error.filename is None:
                    error.filename = str(folder.root)
                raise
    return receipt_path


def _compute(
    study: Study,
    cell: Cell,
    folder: StudyFolder,
    ranks: Ranks,
    execution: Execution,
    claim: Attempt,
    watchdog: Watchdog,
) -> None:
    store = folder.second_moment(cell)
    shards = Shards(folder.shards(cell), cell, folder.quarantine)
    sampler = sampler_of(study, cell, execution.device)
    share = chosen_share(execution.share, cell.architecture.parameters, ranks)
    started = time.monotonic()
    how = (execution.checkpoint_seconds, execution.quiet, execution.device_buffers)
    bands = summed_bands(Work(cell, sampler, shards, ranks, watchdog, *how), share)
    summed = time.monotonic()
    sent = ranks.sum(np.array([ranks.traffic.messages_sent, ranks.traffic.bytes_sent]))
    attributes = {**cell.identity, "device": str(execution.device), "eigenscape": __version__}
    built = folder.attempt(cell, claim.name) / store.name
    written = second_moments.write_second_moment(built, cell, bands, attributes, ranks)
    watchdog.progress()
    ranks.barrier()
    if ranks.rank == 0:
        claim.confirm()
        receipts.publish(built, store)
        loss = next(
            float(band.first_moments[-1]) for band in bands if band.first_moments is not None
        ) / (cell.samples - written.excluded)
        receipts.write_receipt(
            folder.receipt(store),
            cell,
            written.digest,
            device=str(execution.device),
            ranks=ranks.size,
            share=str(share),
            seconds={
                "gradients_and_sums": round(summed - started, 3),
                "writing": round(time.monotonic() - summed, 3),
            },
            mean_loss=loss if math.isfinite(loss) else None,
            excluded=written.excluded,
            traffic={"messages": int(sent[0]), "bytes": int(sent[1])},
        )
        # An attempt that was taken for dead may still write there; the result is complete all the
        # same.
        with suppress(OSError):
            receipts.discard(folder.shards(cell))
            receipts.discard(built.parent)
    ranks.barrier()


def is_confirmed(cell: Cell, folder: StudyFolder, ranks: Ranks | None = None) -> bool:
    """Whether C of a cell is there and is what its receipt says; a collective call.

    What does not verify goes to quarantine, so that it is computed again.

    Raises:
        DifferentWork: a result of other work is there.
    """
    ranks = ranks or OneRank()
    store = folder.second_moment(cell)
    path = folder.receipt(store)
    found, reason = "", ""
    if ranks.rank == 0:
        try:
            receipt = receipts.read_receipt(path)
        except DamagedResult as error:
            receipt, reason = None, str(error)
        if receipt is not None:
            receipts.require_same_work(receipt, cell, path)
            found = str(receipt["digest"])
    damaged = ranks.any(bool(reason))
    if not damaged:
        digest = shared_digits(found, ranks)
        if not int(digest, 16):
            return False
        reason = second_moments.verify(store, digest, cell, ranks)
    if not (damaged or reason):
        return True
    if ranks.rank == 0:
        quarantine.set_aside(
            [path, store],
            folder.quarantine,
            f"second moment of {cell.folder} does not verify: {reason}",
        )
    ranks.barrier()
    return False
