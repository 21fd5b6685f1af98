"""A small study with the results that the explorer opens, computed in a second; and its training
trajectories.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from builders import small_study

from eigenscape.catalogue import draw_figures
from eigenscape.distributed.ranks import OneRank
from eigenscape.stages.active_subspace.cells import compute_cells
from eigenscape.stages.active_subspace.condition_numbers import condition_number_table, write_table
from eigenscape.stages.active_subspace.projection import project_networks
from eigenscape.stages.common.configure import load_study, write_study
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.second_moment import compute_second_moment
from eigenscape.stages.common.spectrum import compute_spectrum
from eigenscape.stages.common.tables import write_csv
from eigenscape.stages.sloppiness.inpca import compute_inpca
from eigenscape.stages.sloppiness.trajectories import compute_trajectories
from eigenscape.store.io_log import note_written
from eigenscape.store.layout import StudyFolder
from eigenscape.store.products import confirmed

ENSEMBLE = {
    "powers": [1.0],
    "depth": [1],
    "width": [4],
    "channels": None,
    "steps": 8,
    "checkpoints": 4,
    "seeds": 2,
    "inputs_per_class": 1,
}
"""Two networks, two optimisers, two replicas."""


def compute_small_study(root: Path) -> StudyFolder:
    """Spectra of all cells, eigenvectors of the headline, the projection and the table of
    `builders.small_study`.
    """
    study, folder = (
        small_study(sloppiness={"ensemble": ENSEMBLE | {"replicates": 20}}),
        StudyFolder(root / "small"),
    )
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


def compute_told_study(root: Path) -> StudyFolder:
    """The same with two figures, a table of findings that no page may take for markup, and receipts
    as commands write them.
    """
    folder = StudyFolder(root / "small")
    with confirmed(folder):
        compute_small_study(root)
        for name in ("condition_number.csv", "condition_number.nc"):
            (folder.root / "tables" / name).unlink()
    study = load_study(folder)
    with confirmed(folder):
        write_table(condition_number_table(study, folder), folder.table, study)
    with confirmed(folder):
        write_csv(pd.DataFrame(FINDINGS), folder.root / "tables" / "findings.csv")
    for figure in ("eigenvectors", "parameter_count"):
        with confirmed(folder):
            for path in draw_figures([figure], study, folder, folder.root / "figures"):
                note_written(path)
    return folder


FINDINGS = [
    {
        "science": "active subspace",
        "finding": "<script>alert(1)</script> & <b>bold</b>",
        "verdict": "holds under a condition",
        "evidence": 'slope "2.19" [2.18, 2.20]',
        "condition": "P < N",
        "replication": "samples & groups",
    },
    {
        "science": "active subspace",
        "finding": "plain",
        "verdict": "does not hold",
        "evidence": "none",
        "condition": "",
        "replication": "",
    },
]
"""With letters that HTML and XML must not read as their own."""
