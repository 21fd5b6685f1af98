"""The stage `spectrum`: the eigenvalues of one cell, and its eigenvectors where a figure wants
them.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.active_subspace import few_samples
from eigenscape.active_subspace.bracket import Bracket, bracket, first_parts, unknown_bracket
from eigenscape.active_subspace.eigensolvers import HOST, solver_of
from eigenscape.active_subspace.spectrum import (
    Spectrum,
    SpectrumStatus,
    rounding_variance,
    spectrum_of,
)
from eigenscape.config.study import Cell, Study
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import DamagedResult
from eigenscape.networks.gradients import GradientSampler
from eigenscape.seeding import stream_key
from eigenscape.stages.active_subspace.few_samples import spectrum_from_gradients
from eigenscape.stages.common.attempts import Attempt, claimed, set_second_moment_aside
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.store import quarantine, receipts, second_moments, spectra
from eigenscape.store.layout import StudyFolder
from eigenscape.version import __version__

log = logging.getLogger(__name__)


def compute_spectrum(
    study: Study, cell: Cell, folder: StudyFolder, *, vectors: bool, place: str = HOST
) -> Path:
    """Compute the spectrum of a cell's C unless a receipt shows that it is there.

    Args:
        study: the configuration.
        cell: one of its cells, whose second moment is there.
        folder: of the study's results.
        vectors: whether a figure wants the eigenvectors.
        place: where to solve, on the host or on a torch device such as ``cuda``.

    Returns:
        The receipt.

    Raises:
        DamagedResult: the second moment is missing or is not what its receipt confirms.
        DifferentWork: a result of other work is there.
        EigensolverFailure: C has no trustworthy spectrum.
    """
    receipt_path = folder.receipt(folder.spectrum(cell))
    if done_before(cell, folder, vectors=vectors):
        return receipt_path

    with claimed(cell, folder, OneRank()) as attempt:
        if not done_before(cell, folder, vectors=vectors):  # whoever was waited for has done it
            _compute(study, cell, folder, attempt, vectors=vectors, place=place)
    return receipt_path


def _compute(
    study: Study, cell: Cell, folder: StudyFolder, attempt: Attempt, *, vectors: bool, place: str
) -> None:
    sampler = sampler_of(study, cell)
    started = time.monotonic()
    try:
        if cell.samples < cell.architecture.parameters:
            digest = confirmed_digest(cell, folder)
            spectrum = spectrum_from_gradients(cell, folder, digest, sampler, vectors=vectors)
            solved = Solved(spectrum, unknown_bracket(spectrum.log10_condition), few_samples.SOLVER)
        else:
            second_moment = verified_second_moment(cell, folder)
            started = time.monotonic()
            quarter, half = first_parts(sampler, cell.samples)
            left_out = excluded_samples(cell, folder)
            solved = solve(
                study,
                cell,
                sampler,
                second_moment,
                cell.samples,
                half,
                quarter,
                vectors=vectors,
                place=place,
                excluded=left_out,
            )
    except DamagedResult as error:
        if not folder.receipt(folder.second_moment(cell)).exists():
            raise
        raise set_second_moment_aside(study, cell, folder, error) from error
    write_solved(solved, cell, folder, attempt, cell.samples, time.monotonic() - started)


def done_before(cell: Cell, folder: StudyFolder, *, vectors: bool) -> bool:
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
        receipts.require_same_work(receipt, cell, receipt_path)
        damage = spectra.damage_of(store, str(receipt["digest"]), cell, str(receipt.get("status")))
    if damage:
        reason = f"spectrum of {cell.folder} does not verify: {damage}"
        quarantine.set_aside([receipt_path, store], folder.quarantine, reason)
    if receipt is None or damage:
        return False
    done = bool(receipt.get("vectors")) or not vectors
    if done:
        log.info("%s: done before", cell.folder)
    return done


@dataclass(frozen=True)
class Solved:
    """A spectrum with what its condition number is worth.

    Attributes:
        spectrum: of C.
        bracket: of its condition number.
        solver: which routines of which library solved it; the last bits are theirs.
    """

    spectrum: Spectrum
    bracket: Bracket
    solver: str


def solve(
    study: Study,
    cell: Cell,
    sampler: GradientSampler,
    second_moment: np.ndarray,
    samples: int,
    first_half: np.ndarray,
    first_quarter: np.ndarray | None,
    *,
    vectors: bool,
    place: str = HOST,
    excluded: int = 0,
) -> Solved:
    """The spectrum of C (P, P) from N samples, some of which may be excluded, and its bracket,
    given C of the first N // 2 and N // 4.
    """
    dust = rounding_variance(np.diagonal(second_moment), cell.architecture, sampler.relative_noise)
    spectrum = spectrum_of(
        second_moment, vectors=vectors, samples=samples - excluded, dust=dust, place=place
    )
    key = stream_key(study.sampling.seed, "bracket bootstrap", *cell.architecture.sizes)
    replicates = study.projection.replicates
    value = spectrum.log10_condition
    halves = second_moment, first_half, value
    found = bracket(
        sampler,
        samples,
        *halves,
        first_quarter=first_quarter,
        replicates=replicates,
        key=key,
        excluded=excluded,
    )
    return Solved(spectrum, found, solver_of(len(second_moment), vectors=vectors, place=place))


def write_solved(
    solved: Solved, cell: Cell, folder: StudyFolder, attempt: Attempt, samples: int, seconds: float
) -> None:
    """Write a spectrum aside, move it to its place, then write its receipt with the bracket."""
    store = folder.spectrum(cell)
    built = folder.attempt(cell, attempt.name) / store.name
    digest = spectra.write_spectrum(built, solved.spectrum, attributes_of(cell, samples))
    publish(built, store, attempt)
    vectors = solved.spectrum.eigenvectors is not None
    confirm(
        solved,
        cell,
        folder,
        digest,
        samples,
        vectors=vectors,
        seconds={"spectrum_and_bracket": round(seconds, 3)},
    )


def publish(built: Path, store: Path, attempt: Attempt) -> None:
    """Move a spectrum to its place; one without eigenvectors that the same work left there makes
    room for one with them.
    """
    attempt.confirm()
    store.with_suffix(".receipt.json").unlink(missing_ok=True)
    receipts.publish(built, store)
    receipts.discard(built.parent)


def attributes_of(cell: Cell, samples: int) -> dict[str, Any]:
    """What the store of a spectrum says about its origin."""
    return {**cell.identity, "samples_drawn": samples, "eigenscape": __version__}


def confirm(
    solved: Solved, cell: Cell, folder: StudyFolder, digest: str, samples: int, **facts: Any
) -> None:
    """Write the receipt of a spectrum that is stored; None, which JSON has a word for, where an end
    of the bracket is not known.
    """
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
    receipts.write_receipt(
        folder.receipt(folder.spectrum(cell)),
        cell,
        digest,
        status=str(spectrum.status),
        solver=solved.solver,
        samples_drawn=samples,
        second_moment=confirmed_digest(cell, folder),
        confidence={
            name: float(value) if math.isfinite(value) else None for name, value in numbers.items()
        },
        **facts,
    )


def confirmed_digest(cell: Cell, folder: StudyFolder) -> str:
    """The digest of C, from its receipt.

    Raises:
        DamagedResult: there is no receipt.
        DifferentWork: it was made by other work.
    """
    store = folder.second_moment(cell)
    receipt_path = folder.receipt(store)
    receipt = receipts.promised_receipt(receipt_path, folder.ledger("second_moment", cell.folder))
    if receipt is None:
        raise DamagedResult(
            f"{receipt_path}: no receipt, so {store.name} is not complete; run the stage"
            " second-moment for this cell first"
        )
    receipts.require_same_work(receipt, cell, receipt_path)
    return str(receipt["digest"])


def excluded_samples(cell: Cell, folder: StudyFolder) -> int:
    """How many of the samples of a finished second moment do not count, from its receipt."""
    return int(
        (receipts.read_receipt(folder.receipt(folder.second_moment(cell))) or {}).get("excluded", 0)
    )


def verified_second_moment(cell: Cell, folder: StudyFolder) -> np.ndarray:
    """C, checked against its receipt.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it was made by other work.
    """
    store, digest = folder.second_moment(cell), confirmed_digest(cell, folder)
    matrix = second_moments.read_second_moment(store)
    if second_moments.digest_of_matrix(matrix, second_moments.read_gradient_mean(store)) != digest:
        raise DamagedResult(
            f"{store}: the numbers are not those that the receipt confirms; delete {store.parent}"
            " and run again"
        )
    return matrix


def read_verified_spectrum(cell: Cell, folder: StudyFolder) -> Spectrum:
    """The spectrum of a cell, checked against its receipt.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it was made by other work.
    """
    return spectra.read_spectrum(
        folder.spectrum(cell), str(_receipt_of_spectrum(cell, folder)["digest"])
    )


def read_confidence(cell: Cell, folder: StudyFolder) -> dict[str, float]:
    """The bracket of a cell's raw condition number, by the names of the receipt; NaN where an end
    is not known.

    Raises:
        DamagedResult: the receipt is missing or has none.
        DifferentWork: it was made by other work.
    """
    receipt = _receipt_of_spectrum(cell, folder)
    try:
        return {
            name: math.nan if value is None else float(value)
            for name, value in receipt["confidence"].items()
        }
    except (KeyError, AttributeError, TypeError, ValueError):
        path = folder.receipt(folder.spectrum(cell))
        raise DamagedResult(
            f"{path}: expected the bracket of a condition number, found none; delete the file and"
            " run again"
        ) from None


def samples_drawn(cell: Cell, folder: StudyFolder) -> int:
    """N of a finished spectrum: the cell's own, unless it has grown."""
    return int(_receipt_of_spectrum(cell, folder).get("samples_drawn", cell.samples))


def _receipt_of_spectrum(cell: Cell, folder: StudyFolder) -> dict[str, Any]:
    receipt_path = folder.receipt(folder.spectrum(cell))
    receipt = receipts.promised_receipt(receipt_path, folder.ledger("spectrum", cell.folder))
    if receipt is None:
        raise DamagedResult(
            f"{receipt_path}: no receipt, so spectrum.zarr is not complete; run `snakemake --cores"
            " 2` again"
        )
    receipts.require_same_work(receipt, cell, receipt_path)
    return receipt
