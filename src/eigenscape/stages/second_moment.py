"""The stage `second-moment`: gradients of one cell over all ranks, reduced into C."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape import __version__
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import ClaimLost, DamagedResult
from eigenscape.networks.gradients import Device, GradientSampler
from eigenscape.stages import signals
from eigenscape.stages.accumulation import Share, Work, chosen_share, summed_bands
from eigenscape.store import claims, quarantine, receipts, second_moments
from eigenscape.store.layout import StudyFolder
from eigenscape.store.shards import Shards
from eigenscape.study import Cell, Study

log = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 60.0
"""Partial sums are kept when this much work would be lost otherwise; each costs P^2/2 numbers on disk."""

HANG_SECONDS = 1800.0
"""A block of 256 gradients takes seconds on a core at P = 74,101; half an hour without one is a hang."""


@dataclass(frozen=True)
class Execution:
    """How a stage runs; nothing here changes a bit of the result on one kind of processor.

    Attributes:
        device: where gradients are computed.
        checkpoint_seconds: see `CHECKPOINT_SECONDS`.
        quiet: print no progress.
        share: what is dealt out over the ranks.
        hang_seconds: without progress, after which a rank prints its stack and ends the run; 0 for never.
        stale_seconds: without a heartbeat, after which another machine's attempt is taken for dead.
    """

    device: Device = Device.CPU
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    quiet: bool = False
    share: Share = Share.AUTO
    hang_seconds: float = HANG_SECONDS
    stale_seconds: float = claims.STALE_SECONDS


def compute_second_moment(
    study: Study, cell: Cell, folder: StudyFolder, ranks: Ranks | None = None, execution: Execution = Execution()
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
    with claimed(cell, folder, ranks, execution) as claim, Watchdog(execution.hang_seconds) as watchdog:
        if not is_confirmed(cell, folder, ranks):  # whoever was waited for has done it
            try:
                _compute(study, cell, folder, ranks, execution, claim, watchdog)
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    claim.confirm()  # another attempt, which took this one for dead, has cleared its files away
                if error.errno is not None and error.filename is None:  # a full disk is found in writes, which name no file
                    error.filename = str(folder.root)
                raise
    return receipt_path


def _compute(study: Study, cell: Cell, folder: StudyFolder, ranks: Ranks, execution: Execution, claim: Attempt, watchdog: Watchdog) -> None:
    store = folder.second_moment(cell)
    shards = Shards(folder.shards(cell), cell, folder.quarantine)
    sampler = GradientSampler.of_study(study, cell.architecture, execution.device)
    share = chosen_share(execution.share, cell.architecture.parameters, ranks)
    started = time.monotonic()
    bands = summed_bands(Work(cell, sampler, shards, ranks, watchdog, execution.checkpoint_seconds, execution.quiet), share)
    summed = time.monotonic()
    attributes = {**cell.identity, "device": str(execution.device), "eigenscape": __version__}
    built = folder.attempt(cell, claim.name) / store.name
    written = second_moments.write_second_moment(built, cell, bands, attributes, ranks)
    watchdog.progress()
    ranks.barrier()
    if ranks.rank == 0:
        claim.confirm()
        second_moments.publish(built, store)
        loss = next(float(band.first_moments[-1]) for band in bands if band.first_moments is not None) / (cell.samples - written.excluded)
        receipts.write_receipt(
            folder.receipt(store),
            cell,
            written.digest,
            device=str(execution.device),
            ranks=ranks.size,
            share=str(share),
            seconds={"gradients_and_sums": round(summed - started, 3), "writing": round(time.monotonic() - summed, 3)},
            mean_loss=loss if math.isfinite(loss) else None,
            excluded=written.excluded,
        )
        with suppress(OSError):  # an attempt that was taken for dead may still write there; the result is complete all the same
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
        digest = _shared_digits(found, ranks)
        if not int(digest, 16):
            return False
        reason = second_moments.verify(store, digest, cell, ranks)
    if not (damaged or reason):
        return True
    if ranks.rank == 0:
        quarantine.set_aside([path, store], folder.quarantine, f"second moment of {cell.folder} does not verify: {reason}")
    ranks.barrier()
    return False


class Attempt:
    """One attempt at a cell, by all its ranks; rank 0 holds the claim."""

    def __init__(self, name: str, claim: claims.Claim | None) -> None:
        self.name, self._claim = name, claim

    def confirm(self) -> None:
        """Make sure that nobody has taken over; on rank 0, right before something is published."""
        if self._claim is not None:
            self._claim.confirm()


@contextmanager
def claimed(cell: Cell, folder: StudyFolder, ranks: Ranks, execution: Execution) -> Iterator[Attempt]:
    """Hold the claim of a cell, waiting for whoever holds it; what dead attempts left behind is removed. A collective call.

    Raises:
        ClaimLost: a signal came while waiting.
    """
    if ranks.rank > 0:
        yield Attempt(_shared_digits("", ranks), None)
        return

    def give_up() -> ClaimLost:
        return ClaimLost(f"{cell.folder}: interrupted while waiting for another attempt; run the same command again")

    with claims.held(folder.claims(cell), stale_seconds=execution.stale_seconds, stop=signals.stop_requested, give_up=give_up) as claim:
        for left_behind in folder.work(cell).glob("attempt-*"):
            with suppress(OSError):  # an attempt that was taken for dead may still write there
                receipts.discard(left_behind)
        for place in (folder.work(cell), folder.second_moment(cell).parent):
            receipts.remove_partial_files(place)
        yield Attempt(_shared_digits(claim.attempt, ranks), claim)


def _shared_digits(digits_of_rank_0: str, ranks: Ranks) -> str:
    """32 hexadecimal digits (an attempt id, a digest) of rank 0 on every rank; zeros where it has none."""
    digits = np.array([int(digit, 16) for digit in digits_of_rank_0] or [0] * 32, dtype=np.int64)
    return "".join(f"{digit:x}" for digit in ranks.sum(digits).tolist())
