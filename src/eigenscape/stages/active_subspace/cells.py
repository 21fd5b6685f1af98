"""The stage `cells`: second moment and spectrum of many small cells in one process, largest first.

A process takes seconds to start and a small cell less than one to compute, so the workflow deals
small cells out in batches. Cells that a receipt confirms are passed over: growing the grid computes
only the new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eigenscape.config.cells import Cell, GridCell
from eigenscape.config.study import Study
from eigenscape.planning import batches as planning
from eigenscape.stages.active_subspace.growth import grow_cell
from eigenscape.stages.common import signals
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.progress import Progress
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.store import receipts
from eigenscape.store.layout import StudyFolder


def compute_cells(
    study: Study, cells: Sequence[GridCell], folder: StudyFolder, execution: Execution = Execution()
) -> None:
    """Second moment and spectrum of every cell, largest first.

    Progress counts the finished cells of the whole map, whichever process finished them.

    Raises:
        Interrupted: a signal came; finished cells are kept.
    """
    map_cells = study.computed_cells()
    work = {cell.folder: planning.cost_of(study, cell, vectors=False).flops for cell in map_cells}
    progress = (
        None
        if execution.quiet
        else Progress("map", work, "cells", done=_finished(map_cells, folder))
    )
    quietly = replace(execution, quiet=True)
    for cell in sorted(cells, key=lambda cell: -cell.architecture.parameters):
        signals.leave_if_asked("finished cells are kept")
        if cell.growth is not None:
            grow_cell(study, cell, cell.growth, folder, quietly)
        else:
            compute_second_moment(study, cell, folder, execution=quietly)
            compute_spectrum(study, cell, folder, vectors=False)
        if progress:
            progress.finish(_finished(map_cells, folder))


def _finished(cells: Sequence[Cell], folder: StudyFolder) -> set[str]:
    return {cell.folder for cell in cells if folder.receipt(folder.spectrum(cell)).exists()}


def spectrum_digests(cells: Sequence[Cell], folder: StudyFolder) -> list[str]:
    """The digests of the spectra of all cells, for the ledger of a batch."""
    found = (receipts.read_receipt(folder.receipt(folder.spectrum(cell))) for cell in cells)
    return [receipt.digest for receipt in found if receipt is not None]
