"""The stage `spectrum`: the eigenvalues of one cell, and its eigenvectors where a figure wants
them.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.config.cells import StudyCell
from eigenscape.config.study import Study
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.errors import DamagedResult
from eigenscape.networks.sampler import Device
from eigenscape.stages.common.attempts import Attempt, compute_once, set_second_moment_aside
from eigenscape.stages.common.rounding import facts_of_rounding
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.common.spectrum_solvers import Solved, spectrum_solver
from eigenscape.stages.common.verified import stored_second_moment
from eigenscape.store import quarantine, receipts, spectra
from eigenscape.store.layout import StudyFolder
from eigenscape.version import __version__

log = logging.getLogger(__name__)


def compute_spectrum(
    study: Study,
    cell: StudyCell,
    folder: StudyFolder,
    ranks: Ranks | None = None,
    *,
    vectors: bool,
    device: Device = Device.CPU,
    notes: Iterable[Path] = (),
) -> Path:
    """Compute the spectrum of a cell's C unless a receipt shows that it is there; a collective
    call.

    Args:
        study: the configuration.
        cell: one of its cells, whose second moment is there.
        folder: of the study's results.
        ranks: that share the work; one by default. On several no rank holds C, and the spectrum
            has no bracket.
        vectors: whether a figure wants the eigenvectors.
        device: where to solve on one rank.
        notes: Snakemake's notes of C, which are removed where C turns out to be damaged.

    Returns:
        The receipt.

    Raises:
        BadInput: there are several ranks, and no ScaLAPACK that fits the MPI library.
        DamagedResult: the second moment is missing or is not what its receipt confirms.
        DifferentWork: a result of other work is there.
        EigensolverFailure: C has no trustworthy spectrum.
    """
    team = ranks or OneRank()

    def is_done() -> bool:
        found: list[bool] = team.gather(
            raise_on_all_ranks(
                team, lambda: team.rank == 0 and is_confirmed(cell, folder, vectors=vectors)
            )
        )
        return found[0]

    def compute(attempt: Attempt) -> None:
        sampler, size = sampler_of(study, cell), cell.architecture.parameters
        with spectrum_solver(cell.samples, size, team, vectors=vectors, device=device) as solver:
            started = time.monotonic()
            try:
                stored = raise_on_all_ranks(team, lambda: stored_second_moment(cell, folder))
                solved = solver.solve(study, sampler, cell.samples, stored)
            except DamagedResult as error:
                known = folder.receipt(folder.second_moment(cell)).exists()
                team.barrier()
                if team.rank > 0 or not known:
                    raise
                raise set_second_moment_aside(cell, folder, error, notes) from error
            seconds = time.monotonic() - started
            rounding = facts_of_rounding(stored.receipt.facts)
            write_solved(solved, cell, folder, attempt, team, cell.samples, seconds, rounding)
            if team.size > 1 and team.rank == 0:
                log.warning(
                    "%s: no bracket of the condition number: it is taken on one rank only",
                    cell.folder,
                )

    compute_once(cell, folder, team, is_done, compute)
    return folder.receipt(folder.spectrum(cell))


def is_confirmed(cell: StudyCell, folder: StudyFolder, *, vectors: bool) -> bool:
    """Whether a receipt shows that the spectrum is there, and verifies, with the eigenvectors where
    they are asked for.

    What does not verify goes to quarantine, so that it is computed again.

    Raises:
        DifferentWork: a result of other work is there.
    """
    store = folder.spectrum(cell)
    receipt_path = folder.receipt(store)
    try:
        receipt, damage = receipts.read_receipt(receipt_path), ""
    except DamagedResult as error:
        receipt, damage = None, str(error)
    if receipt is not None:
        receipts.require_same_work(receipt, cell.identity, receipt_path)
        damage = spectra.spectrum_damage(store, receipt, cell.architecture.parameters)
    if damage:
        reason = f"spectrum of {cell.folder} does not verify: {damage}"
        quarantine.set_aside([receipt_path, store], folder.quarantine, reason)
    if receipt is None or damage:
        return False
    done = receipt.vectors or not vectors
    if done:
        log.info("%s: done before", cell.folder)
    return done


def write_solved(
    solved: Solved,
    cell: StudyCell,
    folder: StudyFolder,
    attempt: Attempt,
    ranks: Ranks,
    samples: int,
    seconds: float,
    rounding: Mapping[str, float | None],
) -> None:
    """Write a spectrum aside, move it to its path, then write its receipt with the bracket; a
    collective call.

    In the receipt, ends of the bracket that are not known are None, which JSON has a word for.
    """
    store, started = folder.spectrum(cell), time.monotonic()
    attributes = {**cell.identity, "samples_drawn": samples, "eigenscape": __version__}
    digest = solved.write(attempt.build_folder / store.name, attributes)
    if ranks.rank == 0:
        spectrum, found = solved.spectrum, solved.bracket
        if spectrum.status is not SpectrumStatus.FINITE:
            log.warning("%s: %s: %s", cell.folder, spectrum.status, spectrum.status.meaning)
        numbers = {
            "low": found.low,
            "high": found.high,
            "interval_low": found.interval.low,
            "interval_high": found.interval.high,
            "split_half": found.split_half,
            "at_half": found.at_half,
            "at_quarter": found.at_quarter,
            "extrapolated": found.extrapolated,
        }
        attempt.publish(
            store,
            cell.identity,
            digest,
            status=str(spectrum.status),
            solver=solved.solver,
            samples_drawn=samples,
            second_moment=solved.second_moment,
            **rounding,
            confidence={
                name: float(value) if math.isfinite(value) else None
                for name, value in numbers.items()
            },
            **solved.facts(seconds, time.monotonic() - started),
        )
        attempt.clear()
    ranks.barrier()
