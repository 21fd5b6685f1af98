"""The stage `spectrum` over several ranks: for second moments that one rank cannot hold, or would
solve for too long.

The eigenvalues, the status and the eigenvectors are those of one rank, to rounding. The bracket of
the condition number is not: it needs C of the first half of the samples and triangular solves with
C. Its entries are null in the receipt.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from eigenscape.active_subspace.bracket import unknown_bracket
from eigenscape.active_subspace.spectrum import rounding_variance
from eigenscape.config.study import Study, StudyCell
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.eigensolver import diagonal_of, distributed_spectrum
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.scalapack import process_grid
from eigenscape.errors import DamagedResult
from eigenscape.stages.common.attempts import Attempt, claimed, set_second_moment_aside
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.common.spectrum import (
    Solved,
    attributes_of,
    confirm,
    done_before,
    publish,
    second_moment_receipt,
)
from eigenscape.store import spectra
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import LowerTriangle

log = logging.getLogger(__name__)


def compute_distributed_spectrum(
    study: Study, cell: StudyCell, folder: StudyFolder, ranks: Ranks, *, vectors: bool
) -> Path:
    """Compute the spectrum of a cell's C unless a receipt shows that it is there; a collective
    call.

    Args:
        study: the configuration.
        cell: one of its cells, whose second moment is there.
        folder: of the study's results.
        ranks: that share the work, under MPI.
        vectors: whether a figure wants the eigenvectors.

    Returns:
        The receipt.

    Raises:
        BadInput: no ScaLAPACK is there that fits the MPI library.
        DamagedResult: the second moment is missing or is not what its receipt confirms.
        DifferentWork: a result of other work is there.
        EigensolverFailure: C has no trustworthy spectrum.
    """
    store = folder.spectrum(cell)
    if _done_before(cell, folder, ranks, vectors=vectors):
        return folder.receipt(store)

    with claimed(cell, folder, ranks) as attempt:
        # whoever was waited for has done it
        if not _done_before(cell, folder, ranks, vectors=vectors):
            _compute(study, cell, folder, ranks, attempt, vectors=vectors)
    return folder.receipt(store)


def _done_before(cell: StudyCell, folder: StudyFolder, ranks: Ranks, *, vectors: bool) -> bool:
    """`done_before` as rank 0 finds it, on every rank."""
    found: list[bool] = ranks.gather(
        raise_on_all_ranks(
            ranks, lambda: ranks.rank == 0 and done_before(cell, folder, vectors=vectors)
        )
    )
    return found[0]


def _compute(
    study: Study,
    cell: StudyCell,
    folder: StudyFolder,
    ranks: Ranks,
    attempt: Attempt,
    *,
    vectors: bool,
) -> None:
    started = time.monotonic()
    size, store = cell.architecture.parameters, folder.spectrum(cell)
    built = folder.attempt(cell, attempt.name) / store.name
    confirmed = raise_on_all_ranks(ranks, lambda: second_moment_receipt(cell, folder))
    counted = cell.samples - confirmed.excluded
    with process_grid(ranks) as grid:
        try:
            chunks = raise_on_all_ranks(
                ranks, lambda: LowerTriangle(folder.second_moment(cell), confirmed.digest)
            )
            diagonal = diagonal_of(chunks, size, ranks)
            dust = rounding_variance(
                diagonal, cell.architecture, sampler_of(study, cell).relative_noise
            )
            solved = distributed_spectrum(
                chunks, size, grid, diagonal, vectors=vectors, samples=counted, dust=dust
            )
        except DamagedResult as error:
            ranks.barrier()
            if ranks.rank > 0:
                raise
            raise set_second_moment_aside(study, cell, folder, error) from error
        solved_in = time.monotonic() - started
        stored = spectra.write_distributed_spectrum(
            built, solved, attributes_of(cell, cell.samples), ranks
        )
        shape = [grid.lines, grid.columns]
    if ranks.rank == 0:
        log.warning(
            "%s: no bracket of the condition number: it is taken on one rank only", cell.folder
        )
        publish(built, store, attempt)
        seconds = {
            "spectrum": round(solved_in, 3),
            "writing": round(time.monotonic() - started - solved_in, 3),
        }
        found = Solved(
            solved.spectrum,
            unknown_bracket(solved.spectrum.log10_condition),
            f"{'pdsyevd' if vectors else 'pdsyev'} (ScaLAPACK)",
        )
        confirm(
            found,
            cell,
            folder,
            stored,
            cell.samples,
            vectors=vectors,
            ranks=ranks.size,
            grid=shape,
            seconds=seconds,
        )
    ranks.barrier()
