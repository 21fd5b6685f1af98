"""A finished study is damaged, or parts of it are gone.

Injection: of a finished study a chunk of a second moment, a document and a table are damaged, and
`eigenscape verify --repair` sets them aside; a cell's folder is deleted, with its note or without;
work/, ledger/ and the headline's results are gone, as after a purge of a scratch disk; by their
receipts, figures were made of another table than is there. Then `make figures`. Promise: what is
missing is made again, with the tables and figures that were made of it, and nothing that a receipt
confirms is computed again; every number, table and figure has the bytes that it had.
"""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from small_workflow import BIN, environment, make, snakemake

pytestmark = [pytest.mark.mpi, pytest.mark.workflow, pytest.mark.faults, pytest.mark.timeout(1200)]

CELL = Path("cells/d02-w010")
KINDS = ("cells/**/c/**/*", "headline/**/c/**/*", "projection/*", "*.json", "tables/*", "figures/*")


def bytes_of(results: Path) -> dict[str, str]:
    """A digest of every number, document, table and figure."""
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for kind in KINDS
        for path in sorted(results.glob(kind))
        if path.is_file()
    }


def verify(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "eigenscape"), "verify", "--study", "results/small/study.json", *options]
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )


@pytest.fixture
def study(killed_and_made, tmp_path: Path) -> Path:
    """A copy that may be damaged, with Snakemake's records and all times."""
    return shutil.copytree(killed_and_made[0], tmp_path / "study", symlinks=True)


def made_again(folder: Path, before: dict[str, str]) -> None:
    """The same command makes the study whole."""
    run = make(folder, "figures")
    assert run.returncode == 0, run.stdout + run.stderr
    assert bytes_of(folder / "results" / "small") == before
    sound = verify(folder)
    assert sound.returncode == 0, sound.stdout
    assert "Nothing to be done" in (again := make(folder, "figures")).stdout + again.stderr


def test_what_verify_sets_aside_is_made_again(study: Path) -> None:
    results = study / "results" / "small"
    before = bytes_of(results)
    chunk = results / CELL / "second_moment.zarr" / "second_moment" / "c" / "0" / "0"
    for path in (chunk, results / "criticality.json", results / "tables" / "layers.csv"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 4
        path.write_bytes(data)

    run = verify(study, "--repair")
    assert run.stdout.count("set aside: ") == 3, run.stdout
    made_again(study, before)


def test_a_cell_that_is_deleted_is_made_again(study: Path) -> None:
    results = study / "results" / "small"
    before = bytes_of(results)
    shutil.rmtree(results / CELL)
    damaged = bytes_of(results)
    figure = results / "figures" / "condition_number.pdf"
    old = figure.stat().st_mtime_ns

    shown = snakemake(study, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert f"eigenscape: results/small/{CELL}/second_moment is gone" in shown.stderr
    for rule in ("cells", "condition_number_table", "figures_of_maps"):
        assert f"rule {rule}:" in shown.stdout + shown.stderr
    for option in ("--summary", "--rulegraph", "--lint", "--unlock"):
        asked = snakemake(study, option)
        assert asked.returncode == 0, asked.stderr
        assert "is gone" not in asked.stderr
    assert bytes_of(results) == damaged
    assert not (study / ".snakemake" / "runs").exists()

    made_again(study, before)
    assert figure.stat().st_mtime_ns > old


def test_a_figure_that_is_asked_for_alone_is_made_of_what_is_there(study: Path) -> None:
    results = study / "results" / "small"
    before = bytes_of(results)
    shutil.rmtree(results / CELL)
    results.joinpath("ledger", "cells", "w010-d01to10.json").unlink()

    run = snakemake(study, "--", "results/small/figures/condition_number.pdf")
    assert run.returncode == 0, run.stderr
    assert (results / CELL / "spectrum.receipt.json").exists()
    made_again(study, before)


def test_a_purged_study_is_made_again(study: Path) -> None:
    results = study / "results" / "small"
    before = bytes_of(results)
    for name in ("work", "ledger", "headline"):
        shutil.rmtree(results / name, ignore_errors=True)
    kept = {path: path.stat().st_mtime_ns for path in results.glob("cells/*/*.receipt.json")}

    made_again(study, before)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_figures_that_were_made_of_another_table_are_made_again(study: Path) -> None:
    results = study / "results" / "small"
    before = bytes_of(results)
    receipt = results / "receipts" / "figures" / "parameter_count.json"
    content = json.loads(receipt.read_text())
    content["inputs"]["tables/condition_number.csv"] = "another digest"
    receipt.write_text(json.dumps(content))
    told = verify(study)
    assert told.returncode == 1
    assert "changed after it was made; the next run makes it again" in told.stdout

    made_again(study, before)
