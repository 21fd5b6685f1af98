"""A small study with all results that the explorer opens, computed in a second."""

from __future__ import annotations

from pathlib import Path

from builders import small_study

from eigenscape.distributed.ranks import OneRank
from eigenscape.stages.cells import compute_cells
from eigenscape.stages.condition_numbers import condition_number_table, write_table
from eigenscape.stages.configure import write_study
from eigenscape.stages.projection import project_networks
from eigenscape.stages.second_moment import Execution, compute_second_moment
from eigenscape.stages.spectrum import compute_spectrum
from eigenscape.store.layout import StudyFolder


def compute_small_study(root: Path) -> StudyFolder:
    """Spectra of all cells, eigenvectors of the headline, the projection and the table of `builders.small_study`."""
    study, folder = small_study(), StudyFolder(root / "small")
    write_study(study, folder)
    compute_cells(study, study.computed_cells(), folder, Execution(quiet=True))
    compute_second_moment(study, study.headline_cell, folder, OneRank(), Execution(quiet=True))
    compute_spectrum(study, study.headline_cell, folder, vectors=True)
    project_networks(study, list(study.grid_architectures()), folder, quiet=True)
    write_table(condition_number_table(study, folder), folder.table, study)
    return folder
