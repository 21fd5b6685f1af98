"""Gradients of a user's module on one and on two MPI ranks: the same bits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eigenscape.stages.configure import read_study, write_study
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import read_gradient_mean, read_second_moment

pytestmark = pytest.mark.mpi

NETWORK = """
from torch import nn


def make(depth, width):
    return nn.Sequential(nn.Conv1d(1, width, 3), nn.BatchNorm1d(width), nn.Tanh(), nn.Dropout(0.2), nn.Flatten(), nn.Linear(4 * width, 2))
"""
STUDY = """
study: ranks
problem: {kind: module, module: ranks_network:make, file: data.npz, inputs: [x], targets: [y], loss: cross_entropy}
prior: {kind: he_normal, by_name: {"*.bias": {kind: uniform, scale: 0.1}}}
grid: {depth: [1], width: [2]}
headline: {depth: 1, width: 2, samples: 300}
"""


def test_same_bits_for_any_number_of_ranks(tmp_path: Path) -> None:
    (tmp_path / "ranks_network.py").write_text(NETWORK)
    (tmp_path / "study.yaml").write_text(STUDY)
    np.savez(tmp_path / "data.npz", x=np.random.default_rng(0).standard_normal((6, 1, 6)), y=np.arange(6) % 2)
    study, found = read_study([tmp_path / "study.yaml"]), []
    for ranks in (1, 2):
        folder, cell = StudyFolder(tmp_path / str(ranks)), study.headline_cell
        write_study(study, folder)
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
