"""The stage `second-moment`: gradients of one cell over all ranks, reduced into C."""

from __future__ import annotations

import logging
import math
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.config.study import Study, StudyCell
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import DamagedResult
from eigenscape.stages.common.attempts import (
    Attempt,
    compute_once,
    shared_digits,
    told_of_disk,
)
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.common.sums import sum_that_fits
from eigenscape.store import quarantine, receipts, second_moments
from eigenscape.store.layout import StudyFolder
from eigenscape.store.shards import Shards
from eigenscape.version import __version__

log = logging.getLogger(__name__)


def compute_second_moment(
    study: Study,
    cell: StudyCell,
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
    team = ranks or OneRank()

    def is_done() -> bool:
        with Watchdog(execution.hang_seconds):
            return _is_confirmed(cell, folder, team)

    def compute(attempt: Attempt) -> None:
        with Watchdog(execution.hang_seconds) as watchdog, told_of_disk(folder, attempt):
            started = time.monotonic()
            way = sum_that_fits(cell.architecture.parameters, team, execution)
            sampler = sampler_of(study, cell, execution.device)
            shards = Shards(folder.shards(cell), cell, folder.quarantine)
            bands = way(sampler, cell.samples, shards, team, watchdog, execution).bands()
            summed = time.monotonic()
            sent = team.sum(np.array([team.traffic.messages_sent, team.traffic.bytes_sent]))
            built = folder.attempt(cell, attempt.name) / folder.second_moment(cell).name
            device = str(execution.device)
            attributes = {**cell.identity, "device": device, "eigenscape": __version__}
            written = second_moments.write_second_moment(built, cell, bands, attributes, team)
            watchdog.progress()
            loss = [band.first_moments[-1] for band in bands if band.first_moments is not None]
            publish_second_moment(
                built,
                cell,
                folder,
                attempt,
                team,
                written,
                device=device,
                share=str(way.share),
                seconds={
                    "gradients_and_sums": round(summed - started, 3),
                    "writing": round(time.monotonic() - summed, 3),
                },
                mean_loss=_finite(loss, cell.samples - written.excluded),
                traffic={"messages": int(sent[0]), "bytes": int(sent[1])},
            )
            if team.rank == 0:
                forget_parts(cell, folder, attempt)
            team.barrier()

    compute_once(cell, folder, team, is_done, compute, execution.stale_seconds)
    return folder.receipt(folder.second_moment(cell))


def publish_second_moment(
    built: Path,
    cell: StudyCell,
    folder: StudyFolder,
    attempt: Attempt,
    ranks: Ranks,
    written: second_moments.Written,
    **facts: Any,
) -> None:
    """Move a C that is written aside to its place, then write its receipt; a collective call."""
    ranks.barrier()
    if ranks.rank == 0:
        store = folder.second_moment(cell)
        attempt.confirm()
        folder.receipt(store).unlink(missing_ok=True)
        receipts.publish(built, store)
        receipts.write_receipt(
            folder.receipt(store),
            cell.identity,
            written.digest,
            ranks=ranks.size,
            excluded=written.excluded,
            **facts,
        )


def forget_parts(cell: StudyCell, folder: StudyFolder, attempt: Attempt) -> None:
    """Remove partial sums and what an attempt has built, now that the results are complete."""
    # An attempt that was taken for dead may still write there; the results are complete all the
    # same.
    with suppress(OSError):
        receipts.discard(folder.shards(cell))
        receipts.discard(folder.attempt(cell, attempt.name))


def _finite(total: list[float], count: int) -> float | None:
    """The mean, on the rank that has the total; None, which JSON has a word for, where it is not
    finite.
    """
    mean = float(total[0]) / count if total else math.inf
    return mean if math.isfinite(mean) else None


def _is_confirmed(cell: StudyCell, folder: StudyFolder, ranks: Ranks) -> bool:
    """Whether C of a cell is there and is what its receipt says; a collective call.

    What does not verify goes to quarantine, so that it is computed again.

    Raises:
        DifferentWork: a result of other work is there.
    """
    store = folder.second_moment(cell)
    path = folder.receipt(store)
    found, reason = "", ""
    if ranks.rank == 0:
        try:
            receipt = receipts.read_receipt(path)
        except DamagedResult as error:
            receipt, reason = None, str(error)
        if receipt is not None:
            receipts.require_same_work(receipt, cell.identity, path)
            found = receipt.digest
    damaged = ranks.any(bool(reason))
    if not damaged:
        digest = shared_digits(found, ranks)
        if not int(digest, 16):
            return False
        reason = second_moments.verify(store, digest, cell, ranks)
    if not (damaged or reason):
        log.info("%s: done before", cell.folder)
        return True
    if ranks.rank == 0:
        quarantine.set_aside(
            [path, store],
            folder.quarantine,
            f"second moment of {cell.folder} does not verify: {reason}",
        )
    ranks.barrier()
    return False
