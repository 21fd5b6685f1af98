"""Cells that are missing.

Injection: rows of the table of condition numbers are gone, or hold no number; then all figures over
the grid are drawn. Promise: each is drawn, holes are marked and named in the legend; a result that
is missing when the table is made is an error that names it, not a row of nothing.
"""

import json
import shutil

import pytest
from faults.harness import Case, Runs
from pypdf import PdfReader

from eigenscape.planning import batches as planning
from eigenscape.stages.common.tables import read_table, write_csv

pytestmark = pytest.mark.faults

MAPS = [
    "condition_number",
    "condition_number_projected",
    "condition_number_null",
    "parameter_count",
    "predictors",
]


@pytest.fixture(scope="module")
def tabled(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A grid of four networks and its table."""
    root = tmp_path_factory.mktemp("tabled")
    case = Case.at(
        root / "results",
        grid={"depth": [1, 2], "width": [4, 5]},
        projection={"samples": 40, "replicates": 20},
    )
    runs = Runs(root / "output")
    try:
        commands = [["cells", batch] for batch in planning.batches(case.study)] + [
            ["projection"],
            ["condition-number-table"],
        ]
        for command in commands:
            run = runs.stage(case, *command)
            assert run.wait() == 0, run.output
    finally:
        runs.end()
    return case


@pytest.fixture
def copy(tabled: Case, tmp_path) -> Case:
    shutil.copytree(tabled.folder.root, tmp_path / "results")
    return Case(tabled.study, type(tabled.folder)(tmp_path / "results"))


def words(case: Case, name: str) -> str:
    (page,) = PdfReader(case.folder.root / "figures" / f"{name}.pdf").pages
    return " ".join(page.extract_text().split())


@pytest.mark.parametrize("name", MAPS)
def test_a_map_with_holes_is_drawn(runs, copy: Case, name: str) -> None:
    table = read_table(copy.folder.table)
    holes = table[(table["depth"] == 2) & (table["width"] == 5)].index
    numberless = table.index[0]
    table.loc[numberless, ["log10_cond", "log10_cond_sym", "log10_cond_null"]] = float("nan")
    table.loc[numberless, ["status", "status_sym"]] = "rank_deficient"
    write_csv(table.drop(index=holes), copy.folder.table)

    run = runs.stage(copy, "figure", name)
    assert run.wait() == 0, run.output
    if name.startswith("condition_number"):
        assert "not in the grid" in words(copy, name)
        assert "rank deficient" in words(copy, name)


def test_a_map_without_any_number_is_drawn(runs, copy: Case) -> None:
    table = read_table(copy.folder.table)
    table[["log10_cond", "log10_cond_sym", "log10_cond_null"]] = float("nan")
    table[["status", "status_sym"]] = "below_floor"
    write_csv(table, copy.folder.table)
    for name in ("condition_number", "condition_number_projected"):
        run = runs.stage(copy, "figure", name)
        assert run.wait() == 0, run.output
        assert "below floor" in words(copy, name)


def test_a_table_is_not_made_of_missing_results(runs, copy: Case) -> None:
    cell = copy.study.computed_cells()[1]
    copy.folder.receipt(copy.folder.spectrum(cell)).unlink()
    before = copy.folder.table.read_bytes()
    run = runs.stage(copy, "condition-number-table")
    assert run.wait() == 1
    assert cell.folder in run.output
    assert "no receipt" in run.output
    assert "Traceback" not in run.output
    assert copy.folder.table.read_bytes() == before
    assert json.loads(copy.folder.study.read_text())["study"] == "faults"
