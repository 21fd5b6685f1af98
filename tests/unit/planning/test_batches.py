"""The plan: exact counts, honest refusals, batches that stay when the grid grows."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from builders import small_study

from eigenscape.config.study import Study
from eigenscape.errors import DoesNotFit
from eigenscape.planning import batches as planning


def test_values_alone_cost_a_third_of_the_eigensolve_and_half_of_the_disk() -> None:
    study = Study()
    alone, both = (
        planning.cost_of(study, study.headline_cell, vectors=vectors) for vectors in (False, True)
    )

    assert both.flops - alone.flops == pytest.approx((4 - 4 / 3) * 5146**3)
    # 5,146 rows lie in six whole chunks of 1,024
    assert 2 * alone.disk == both.disk == 2 * 8 * (6 * 1024) ** 2
    assert both.memory >= 5 * 8 * 5146**2


def pretend(monkeypatch: pytest.MonkeyPatch, memory: int = 2**60, disk: int = 2**60) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=memory))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=disk))


def test_a_study_that_fits_is_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch)

    planning.require_fit(planning.costs_of(Study()), tmp_path / "results", cores=2)


def test_too_little_memory_is_refused_with_the_largest_cell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    costs = planning.costs_of(Study())
    largest = sorted((cost.memory for cost in costs), reverse=True)
    pretend(monkeypatch, memory=largest[0] + largest[1] - 1)

    planning.require_fit(costs, tmp_path, cores=1)
    with pytest.raises(
        DoesNotFit,
        match=(
            r"^memory: expected .* for 2 cells at a time, the largest headline/d05-w035-n10000,"
            r" found .* available; "
        ),
    ):
        planning.require_fit(costs, tmp_path, cores=2)


def test_too_little_disk_is_refused_also_where_the_folder_does_not_exist_yet(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    costs = planning.costs_of(Study())
    needed = sum(cost.disk for cost in costs)
    results = tmp_path / "not" / "yet"
    pretend(monkeypatch, disk=needed)
    planning.require_fit(costs, results, cores=1)

    pretend(monkeypatch, disk=needed - 1)
    with pytest.raises(
        DoesNotFit,
        match=(
            r"^disk: expected .* for results under .*yet, found .* free; lower"
            r" sampling\.raw_parameter_limit"
        ),
    ):
        planning.require_fit(costs, results, cores=1)


@pytest.mark.parametrize("study", [Study(), small_study()], ids=["default", "small"])
def test_batches_deal_every_computed_cell_once(study: Study) -> None:
    dealt = [cell for cells in planning.batches(study).values() for cell in cells]

    assert sorted(cell.folder for cell in dealt) == sorted(
        cell.folder for cell in study.computed_cells()
    )


def test_a_batch_is_one_width_and_one_decade_of_depths() -> None:
    for name, cells in planning.batches(Study()).items():
        assert {f"w{cell.architecture.width:03d}" for cell in cells} == {name[:4]}
        assert all(int(name[6:8]) <= cell.architecture.depth <= int(name[10:12]) for cell in cells)


def test_growing_the_grid_keeps_cells_in_their_batches() -> None:
    before = planning.batches(small_study())
    after = planning.batches(small_study(grid={"depth": [1, 2, 3, 4, 11], "width": [2, 3, 5]}))

    for name, cells in before.items():
        assert {cell.folder for cell in cells} <= {cell.folder for cell in after[name]}
