"""A large network on 1, 2 and 3 MPI ranks: the same bits by either route; killed and run again on
another number: the same bits.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from on_ranks import on_ranks

from eigenscape.config.cells import Cell
from eigenscape.config.study import Study
from eigenscape.planning.large import large_cell, plan_large
from eigenscape.stages.common.configure import write_study
from eigenscape.store.array_files import receipt_of
from eigenscape.store.layout import StudyFolder

pytestmark = pytest.mark.mpi

SIZES = {"depth": [3], "width": [14], "samples": 330, "leading": 6, "probes": 3, "steps": 4}
"""P = 463; six tiles, the last one short, so that some of the 16 slots are empty and no rank has as
much as another."""


def prepared(folder: Path, **keys: object) -> tuple[Study, StudyFolder, Cell]:
    study = Study.from_mapping(
        {"study": "large", "grid": {"depth": [1], "width": [5]}, "large": {**SIZES, **keys}}
    )
    study_folder = StudyFolder(folder)
    write_study(study, study_folder)
    return study, study_folder, large_cell(study, plan_large(study, study.large.architectures()[0]))


def command(study: Study, folder: StudyFolder, ranks: int, *options: str) -> list[str]:
    network = study.large.architectures()[0].label
    launched = [
        *on_ranks(ranks),
        "-m",
        "eigenscape",
        "large",
        network,
    ]
    return [*launched, "--ranks", str(ranks), "--study", str(folder.study), *options]


def digest(folder: StudyFolder, cell: Cell) -> str:
    return str(json.loads(receipt_of(folder.large(cell)).read_text())["digest"])


@pytest.mark.parametrize(("route", "memory"), [("dual", 1.0), ("matrix_free", 0.002)])
def test_same_bits_for_any_number_of_ranks(route: str, memory: float, tmp_path: Path) -> None:
    digests = set()
    for ranks in (1, 2, 3):
        study, folder, cell = prepared(tmp_path / str(ranks), route=route, memory_gb=memory)
        run = subprocess.run(
            command(study, folder, ranks), capture_output=True, text=True, timeout=120, check=False
        )
        assert run.returncode == 0, run.stderr
        digests.add(digest(folder, cell))
    assert len(digests) == 1


@pytest.mark.parametrize("route", ["dual", "matrix_free"])
def test_killed_on_two_ranks_resumes_on_one_with_the_same_bits(route: str, tmp_path: Path) -> None:
    """Without warning, as soon as a state is confirmed; wide enough that there is time."""
    sizes = {
        "width": [60],
        "samples": 700,
        "memory_gb": 0.03 if route == "matrix_free" else 0.025,
        "route": route,
    }
    study, folder, cell = prepared(tmp_path / "killed", **sizes)
    running = subprocess.Popen(
        command(study, folder, 2, "--checkpoint-seconds", "0"), stderr=subprocess.DEVNULL
    )
    states = folder.work(cell) / "states"
    try:
        while running.poll() is None and not list(states.glob("*.receipt.json")):
            try:
                running.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
    finally:
        running.kill()
        running.wait(30)
    assert list(states.glob("*.receipt.json"))
    assert not receipt_of(folder.large(cell)).exists()

    resumed = subprocess.run(
        command(study, folder, 1, "--stale-seconds", "1"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert resumed.returncode == 0, resumed.stderr
    _, undisturbed, _ = prepared(tmp_path / "undisturbed", **sizes)
    assert (
        subprocess.run(
            command(study, undisturbed, 1), capture_output=True, timeout=120, check=False
        ).returncode
        == 0
    )
    assert digest(folder, cell) == digest(undisturbed, cell)
    whole, rest = (
        json.loads(receipt_of(study_folder.large(cell)).read_text())
        for study_folder in (undisturbed, folder)
    )
    assert rest["gradients_computed"] < whole["gradients_computed"]
