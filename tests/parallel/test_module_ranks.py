"""Gradients of a user's module on one and on two MPI ranks: the same bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from by_ranks import second_moment_by_ranks

from eigenscape.stages.common.configure import read_study

pytestmark = pytest.mark.mpi

NETWORK = """
from torch import nn


def make(depth, width):
    return nn.Sequential(nn.Conv1d(1, width, 3), nn.BatchNorm1d(width), nn.Tanh(), \
nn.Dropout(0.2), nn.Flatten(), nn.Linear(4 * width, 2))
"""
STUDY = """
study: ranks
problem: {kind: module, module: ranks_network:make, file: data.npz, \
inputs: [x], targets: [y], loss: cross_entropy}
prior: {kind: he_normal, by_name: {"*.bias": {kind: uniform, scale: 0.1}}}
grid: {depth: [1], width: [2]}
headline: {depth: 1, width: 2, samples: 300}
"""


def test_same_bits_for_any_number_of_ranks(tmp_path: Path) -> None:
    (tmp_path / "ranks_network.py").write_text(NETWORK)
    (tmp_path / "study.yaml").write_text(STUDY)
    np.savez(
        tmp_path / "data.npz",
        x=np.random.default_rng(0).standard_normal((6, 1, 6)),
        y=np.arange(6) % 2,
    )
    study = read_study([tmp_path / "study.yaml"])
    one, two = (
        second_moment_by_ranks(study, study.headline_cell, tmp_path / str(ranks), ranks)
        for ranks in (1, 2)
    )
    assert one == two
