"""The stage `large`: what can be known of the spectrum of a network whose C does not fit, over all
ranks.

By one of two routes (`planning.large` chooses): all nonzero eigenvalues from the N x N Gram matrix,
or the leading ones by block Krylov and a density by Lanczos. Either way the leading eigenvectors
come with residual norms from a pass of their own, and traces by layer. What is finished is kept:
rows of the Gram matrix, or the Krylov space after a pass; the next run goes on from it, with any
number of ranks.
"""

from __future__ import annotations

import logging
import resource
import time
from contextlib import suppress
from pathlib import Path

from eigenscape.active_subspace.second_moment import one_blas_thread
from eigenscape.architecture import Architecture
from eigenscape.config.cells import Cell
from eigenscape.config.study import Study
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import BadInput, DamagedResult
from eigenscape.planning.large import LargeRoute, large_cell, plan_large
from eigenscape.stages.active_subspace.large_dual import dual_arrays
from eigenscape.stages.active_subspace.large_matrix_free import matrix_free_arrays
from eigenscape.stages.active_subspace.large_run import LargeRun
from eigenscape.stages.common.attempts import Attempt, compute_once
from eigenscape.stages.common.execution import Execution
from eigenscape.store import array_files, quarantine, receipts
from eigenscape.store.array_files import Arrays
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import Receipt

log = logging.getLogger(__name__)


def large_network(study: Study, label: str) -> Architecture:
    """The large network of that name.

    Raises:
        BadInput: the study has none of that name.
    """
    known = {architecture.label: architecture for architecture in study.large.architectures()}
    if label not in known:
        expected = (
            f"one of {', '.join(known)}"
            if known
            else "a network of the section large, which is empty"
        )
        raise BadInput.field(
            "network",
            expected,
            label,
            "choose one of them, or add it to large: {depth: [...], width: [...]}",
        )
    return known[label]


def compute_large(
    study: Study,
    architecture: Architecture,
    folder: StudyFolder,
    ranks: Ranks | None = None,
    execution: Execution = Execution(),
) -> Path:
    """Compute what is known of one network unless a receipt shows that it is there, and verifies; a
    collective call.

    Returns:
        The receipt.

    Raises:
        DoesNotFit: neither route fits the memory that the study allows.
        DifferentWork: a result of other work is there.
        Interrupted: a signal came; what is finished is kept and the next run resumes.
    """
    ranks = ranks or OneRank()
    plan = plan_large(study, architecture)
    cell = large_cell(study, plan)
    path = folder.large(cell)

    def is_done() -> bool:
        with Watchdog(execution.hang_seconds):
            return _is_confirmed(path, cell, folder, ranks)

    def compute(attempt: Attempt) -> None:
        log.info("%s: %s", cell.folder, plan.reason)
        with Watchdog(execution.hang_seconds) as watchdog, one_blas_thread():
            run = LargeRun(study, plan, cell, folder, ranks, execution, watchdog)
            _compute(run, path, attempt)

    compute_once(cell, folder, ranks, is_done, compute, execution.stale_seconds)
    return array_files.receipt_of(path)


def read_large(study: Study, architecture: Architecture, folder: StudyFolder) -> Arrays:
    """What is known of one network.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it holds other work.
    """
    cell = large_cell(study, plan_large(study, architecture))
    found = array_files.read_arrays(folder.large(cell), cell.identity)
    if found is None:
        raise DamagedResult(
            f"{folder.large(cell)}: not computed yet; run `snakemake --cores 2` again"
        )
    return found


def _is_confirmed(path: Path, cell: Cell, folder: StudyFolder, ranks: Ranks) -> bool:
    confirmed = False
    if ranks.rank == 0:
        try:
            receipt = receipts.read_receipt(array_files.receipt_of(path))
            reason = ""
            if receipt is not None:
                receipts.require_same_work(receipt, cell.identity, path)
                reason = array_files.array_damage(path)
                confirmed = not reason
        except DamagedResult as error:
            reason = str(error)
        if reason:
            quarantine.set_aside(
                [array_files.receipt_of(path), path],
                folder.quarantine,
                f"{cell.folder} does not verify: {reason}",
            )
    return ranks.any(confirmed)


def _compute(run: LargeRun, path: Path, attempt: Attempt) -> None:
    started = time.monotonic()
    plan, ranks = run.plan, run.ranks
    arrays = dual_arrays(run) if plan.route is LargeRoute.DUAL else matrix_free_arrays(run)
    of_ranks = ranks.gather(
        (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, run.computed)
    )
    if arrays is not None:
        attempt.confirm()
        array_files.write_arrays(
            path,
            run.cell.identity,
            arrays,
            route=str(plan.route),
            reason=plan.reason,
            ranks=ranks.size,
            seconds=round(time.monotonic() - started, 3),
            gradients_computed=sum(count for _, count in of_ranks),
            **run.rounding(),
            memory={
                "planned": plan.work.memory,
                "peak_resident": max(peak for peak, _ in of_ranks),
            },
        )
        with suppress(OSError):
            receipts.discard(run.states_folder)
    ranks.barrier()


def summary(receipt: Receipt) -> str:
    """One line for people, of a receipt."""
    facts = receipt.facts
    return (
        f"{facts['reason']}; {facts['seconds']:.1f} s on {facts['ranks']} ranks, peak"
        f" {facts['memory']['peak_resident'] / 1e9:.2f} GB"
    )
