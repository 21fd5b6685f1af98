"""Gradients by torch, through finite elements, on one and on three MPI ranks: the same bits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eigenscape.stages.configure import write_study
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import read_gradient_mean, read_second_moment
from eigenscape.study import Study

pytestmark = pytest.mark.mpi

SECTION = {"cases": ["heat-tnet"], "width": 3, "pairs": 6, "heat": {"elements": 4, "modes": 3, "observed": 4}}


def test_same_bits_for_any_number_of_ranks(tmp_path: Path) -> None:
    found = []
    for ranks in (1, 3):
        study, folder = Study.from_mapping({"study": "ranks", "model_constrained": SECTION}), StudyFolder(tmp_path / str(ranks))
        write_study(study, folder)
        cell = study.model_constrained_cells("heat-tnet")[3]
        command = [
            *(str(Path(sys.executable).with_name("mpiexec")), "-n", str(ranks), sys.executable, "-m", "mpi4py", "-m", "eigenscape"),
            *("second-moment", cell.folder, "--ranks", str(ranks), "--study", str(folder.study)),
        ]
        run = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert run.returncode == 0, run.stderr
        store = folder.second_moment(cell)
        digest = json.loads(folder.receipt(store).read_text())["digest"]
        found.append((read_second_moment(store).tobytes(), read_gradient_mean(store).tobytes(), digest))
    assert found[0] == found[1]
