"""Gradients by torch, through finite elements, on one and on three MPI ranks: the same bits."""

from __future__ import annotations

from pathlib import Path

import pytest
from by_ranks import second_moment_by_ranks

from eigenscape.config.study import Study

pytestmark = pytest.mark.mpi

SECTION = {
    "cases": ["heat-tnet"],
    "width": 3,
    "pairs": 6,
    "heat": {"elements": 4, "modes": 3, "observed": 4},
}


def test_same_bits_for_any_number_of_ranks(tmp_path: Path) -> None:
    study = Study.from_mapping({"study": "ranks", "model_constrained": SECTION})
    cell = study.model_constrained_cells("heat-tnet")[3]
    one, three = (
        second_moment_by_ranks(study, cell, tmp_path / str(ranks), ranks) for ranks in (1, 3)
    )
    assert one == three
