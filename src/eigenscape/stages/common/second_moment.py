"""The stage `second-moment`: gradients of one cell over all ranks, reduced into C."""

from __future__ import annotations

import logging
import math
import time
from pathlib import Path

import numpy as np

from eigenscape.config.cells import StudyCell
from eigenscape.config.study import Study
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import DamagedResult
from eigenscape.stages.common.attempts import (
    Attempt,
    compute_once,
    shared_digits,
)
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.rounding import note_of_rounding
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
        LeaseLost: another attempt took over, since this one's heartbeat had stopped.
    """
    team, store = ranks or OneRank(), folder.second_moment(cell)

    def is_done() -> bool:
        with Watchdog(execution.hang_seconds):
            return _is_confirmed(cell, folder, team)

    def compute(attempt: Attempt) -> None:
        with Watchdog(execution.hang_seconds) as watchdog, attempt.told_of_disk():
            started, sampler = time.monotonic(), sampler_of(study, cell, execution.device)
            way = sum_that_fits(sampler.architecture.parameters, team, execution)
            shards = Shards(folder.shards(cell), cell, folder.quarantine)
            bands = way(sampler, cell.samples, shards, team, watchdog, execution).bands()
            summed = time.monotonic()
            sent = team.sum(np.array([team.traffic.messages_sent, team.traffic.bytes_sent]))
            device, built = str(execution.device), attempt.build_folder / store.name
            rounding = note_of_rounding(sampler, cell.folder, quiet=team.rank > 0)
            attributes = {**cell.identity, "device": device, "eigenscape": __version__, **rounding}
            written = second_moments.write_second_moment(built, cell, bands, attributes, team)
            watchdog.progress()
            team.barrier()
            if team.rank == 0:
                total = [band.first_moments[-1] for band in bands if band.first_moments is not None]
                loss = float(total[0]) / (cell.samples - written.excluded)
                attempt.publish(
                    store,
                    cell.identity,
                    written.digest,
                    device=device,
                    ranks=team.size,
                    share=str(way.share),
                    seconds={
                        "gradients_and_sums": round(summed - started, 3),
                        "writing": round(time.monotonic() - summed, 3),
                    },
                    mean_loss=loss if math.isfinite(loss) else None,
                    excluded=written.excluded,
                    **rounding,
                    traffic={"messages": int(sent[0]), "bytes": int(sent[1])},
                )
                attempt.clear(shards.folder)
            team.barrier()

    compute_once(cell, folder, team, is_done, compute, execution.stale_seconds)
    return folder.receipt(store)


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
        receipt = receipts.Receipt(cell.identity, digest, {})
        reason = second_moments.verify(store, receipt, cell.architecture.parameters, ranks)
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
