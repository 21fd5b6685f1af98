"""A small study with the results that the explorer opens, computed in a second; and its training trajectories."""

from __future__ import annotations

from pathlib import Path

from builders import small_study

from eigenscape.distributed.ranks import OneRank
from eigenscape.stages.cells import compute_cells
from eigenscape.stages.condition_numbers import condition_number_table, write_table
from eigenscape.stages.configure import load_study, write_study
from eigenscape.stages.inpca import compute_inpca
from eigenscape.stages.projection import project_networks
from eigenscape.stages.second_moment import Execution, compute_second_moment
from eigenscape.stages.spectrum import compute_spectrum
from eigenscape.stages.trajectories import compute_trajectories
from eigenscape.store.layout import StudyFolder

ENSEMBLE = {"powers": [1.0], "depth": [1], "width": [4], "channels": None, "steps": 8, "checkpoints": 4, "seeds": 2, "inputs_per_class": 1}
"""Two networks, two optimisers, two replicas."""


def compute_small_study(root: Path) -> StudyFolder:
    """Spectra of all cells, eigenvectors of the headline, the projection and the table of `builders.small_study`."""
    study, folder = small_study(sloppiness={"ensemble": ENSEMBLE | {"replicates": 20}}), StudyFolder(root / "small")
    write_study(study, folder)
    compute_cells(study, study.computed_cells(), folder, Execution(quiet=True))
    compute_second_moment(study, study.headline_cell, folder, OneRank(), Execution(quiet=True))
    compute_spectrum(study, study.headline_cell, folder, vectors=True)
    project_networks(study, list(study.grid_architectures()), folder, quiet=True)
    write_table(condition_number_table(study, folder), folder.table, study)
    return folder


def compute_small_ensemble(root: Path) -> None:
    """Trains the networks of `compute_small_study`'s study, and embeds them."""
    folder = StudyFolder(root / "small")
    study = load_study(folder)
    for network in study.sloppiness.ensemble.network_names():
        compute_trajectories(study, folder, network)
    compute_inpca(study, folder, OneRank())
