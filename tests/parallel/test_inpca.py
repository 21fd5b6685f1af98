"""Distances and embedding over 1, 2 and 3 MPI ranks: the same bits."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eigenscape.config.study import Study
from eigenscape.stages.common.configure import write_study
from eigenscape.stages.sloppiness.trajectories import compute_trajectories
from eigenscape.store.layout import StudyFolder

pytestmark = pytest.mark.mpi

MPIEXEC = Path(sys.executable).with_name("mpiexec")


def test_same_bits_for_any_number_of_ranks(tmp_path: Path) -> None:
    ensemble = {
        "powers": [1.0, 0.0],
        "depth": [1],
        "width": [4],
        "channels": None,
        "steps": 40,
        "checkpoints": 12,
        "seeds": 2,
    }
    ensemble |= {"inputs_per_class": 2, "replicates": 20}
    study = Study.from_mapping({"study": "ranks", "sloppiness": {"ensemble": ensemble}})
    first = StudyFolder(tmp_path / "ranks-1")
    write_study(study, first)
    for name in study.sloppiness.ensemble.network_names():
        compute_trajectories(study, first, name)
    for ranks in (2, 3):
        shutil.copytree(first.root, tmp_path / f"ranks-{ranks}")
    found = []
    # About 250 checkpoints: two rows of tiles, which one rank takes as one block and three as
    # three.
    for ranks in (1, 2, 3):
        folder = StudyFolder(tmp_path / f"ranks-{ranks}")
        launch = (
            [str(MPIEXEC), "-n", str(ranks), sys.executable, "-m", "mpi4py"]
            if ranks > 1
            else [sys.executable]
        )
        command = [
            *launch,
            *("-m", "eigenscape", "inpca", "--ranks", str(ranks), "--study", str(folder.study)),
        ]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == 0, run.stderr
        tables = folder.root / "tables"
        found.append(
            [
                folder.embedding.read_bytes(),
                *(
                    (tables / f"sloppiness_{name}.csv").read_bytes()
                    for name in ("spectra", "equal")
                ),
            ]
        )
    assert found[0] == found[1] == found[2]
