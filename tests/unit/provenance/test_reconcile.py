"""Targets that cannot stand: found by what their notes and receipts say, never by times."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_workflow import LEAN

from eigenscape.catalogue import Catalogue
from eigenscape.config.study import Study
from eigenscape.provenance.reconcile import begin_run, unfounded_targets
from eigenscape.stages.common.configure import load_study, read_study, write_study
from eigenscape.store import runs
from eigenscape.store.documents import write_document
from eigenscape.store.io_log import note_read, note_written
from eigenscape.store.layout import StudyFolder
from eigenscape.store.products import confirmed, receipt_of, results_of_command
from eigenscape.store.receipts import write_json, write_receipt

CELL = "cells/d01-w005/spectrum"
BATCH = "cells/w005-d01to10"


def study_of(tmp_path: Path, text: str = LEAN) -> Study:
    path = tmp_path / "small.yaml"
    path.write_text(text)
    return read_study([path])


def finish(study: Study, folder: StudyFolder) -> None:
    """Every job of a study as its command would end: results, notes, receipts. A job reads all
    results of those that it waits for.
    """
    catalogue = Catalogue(study)
    results: dict[str, list[Path]] = {}
    for job in catalogue.jobs:
        with confirmed(folder, catalogue.decisions_of):
            for before in catalogue.after[job.name]:
                for path in results[before]:
                    note_read(path)
            written = [
                folder.root / target for target in job.targets if not target.startswith("ledger/")
            ]
            for path in written:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(path.name)
                note_written(path)
            if job.name == BATCH:
                store = folder.root / f"{CELL}.zarr"
                store.mkdir(parents=True)
                write_receipt(folder.receipt(store), {"seed": 0}, "digest")
                written.append(folder.receipt(store))
            elif not written:
                path = folder.root / "documents" / f"{job.name}.json"
                write_document(path, {"seed": 0}, {"job": job.name})
                written.append(path)
            for target in job.targets:
                if target.startswith("ledger/"):
                    decisions = catalogue.decisions_of(target)
                    note = {"decisions": decisions, "results": results_of_command(folder)}
                    write_json(folder.root / target, note)
            results[job.name] = written


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return study_of(tmp_path)


@pytest.fixture
def done(study: Study, folder: StudyFolder) -> StudyFolder:
    finish(study, folder)
    return folder


def test_a_finished_study_stands(study: Study, done: StudyFolder) -> None:
    found = unfounded_targets(Catalogue(study), done)
    assert found.targets == {}
    assert found.causes == {}


def test_a_study_that_is_not_begun_has_no_targets_to_doubt(
    study: Study, folder: StudyFolder
) -> None:
    assert unfounded_targets(Catalogue(study), folder).targets == {}


def readers(study: Study) -> set[str]:
    """The job that made the cell, and those that read its results at first hand."""
    catalogue = Catalogue(study)
    return {BATCH} | {name for name, before in catalogue.after.items() if BATCH in before}


def test_a_result_that_is_gone_takes_down_its_note_and_what_was_made_of_it(
    study: Study, done: StudyFolder
) -> None:
    shutil.rmtree(done.root / CELL.rpartition("/")[0])

    found = unfounded_targets(Catalogue(study), done)
    assert set(found.targets) == readers(study)
    assert list(found.causes) == [f"{done.root / CELL} is gone"]
    assert not found.damaged


def test_the_same_where_the_note_was_deleted_too(study: Study, done: StudyFolder) -> None:
    shutil.rmtree(done.root / CELL.rpartition("/")[0])
    done.ledger("cells", "w005-d01to10").unlink()

    assert set(unfounded_targets(Catalogue(study), done).targets) == readers(study) - {BATCH}


def test_a_receipt_without_its_arrays_confirms_nothing(study: Study, done: StudyFolder) -> None:
    (done.root / f"{CELL}.zarr").rmdir()

    found = unfounded_targets(Catalogue(study), done)
    assert set(found.targets) == readers(study)
    assert found.damaged == {f"{CELL}.receipt.json": f"{done.root / CELL} is lost"}


def test_another_result_in_its_place_is_noticed(study: Study, done: StudyFolder) -> None:
    write_receipt(done.root / f"{CELL}.receipt.json", {"seed": 0}, "another digest")

    found = unfounded_targets(Catalogue(study), done)
    assert set(found.targets) == readers(study)
    assert list(found.causes) == [f"{done.root / CELL} is another one than before"]


def test_other_decisions_are_noticed_of_the_jobs_that_they_decide(
    tmp_path: Path, done: StudyFolder
) -> None:
    """Of a grid with one more depth: its batches and the table, not the headline's spectrum."""
    grown = study_of(tmp_path, LEAN.replace("depth: [1, 2]", "depth: [1, 2, 3]"))

    found = unfounded_targets(Catalogue(grown), done)
    assert {BATCH, "condition_number_table"} <= set(found.targets)
    assert not any(name.startswith(("spectrum", "criticality")) for name in found.targets)
    assert all("another configuration" in cause for cause in found.causes)


@pytest.mark.parametrize("content", [None, "", "{}", '{"files": 1}'])
def test_a_table_without_a_usable_receipt_does_not_stand(
    study: Study, done: StudyFolder, content: str | None
) -> None:
    receipt = receipt_of(done.table, done)
    receipt.unlink() if content is None else receipt.write_text(content)

    found = unfounded_targets(Catalogue(study), done)
    assert set(found.targets) == {"condition_number_table"}


def test_a_note_of_an_earlier_version_does_not_stand(study: Study, done: StudyFolder) -> None:
    done.ledger("criticality").write_text("{}")

    assert set(unfounded_targets(Catalogue(study), done).targets) == {"criticality"}


@pytest.mark.parametrize(
    "text",
    [LEAN, "study: mine\nproblem: {kind: data, file: mine.npz, inputs: [x], targets: [y]}\n"],
    ids=["sine", "data"],
)
def test_commands_read_the_decisions_that_the_workflow_takes(tmp_path: Path, text: str) -> None:
    """Otherwise every run would make everything again."""
    inputs = np.linspace(-1, 1, 7)
    np.savez(tmp_path / "mine.npz", x=inputs, y=inputs**2)
    study, folder = study_of(tmp_path, text), StudyFolder(tmp_path / "results")
    write_study(study, folder)

    asked, read = Catalogue(study), Catalogue(load_study(folder))
    assert asked.wanted
    assert [asked.decisions_of(target) for target in asked.wanted] == [
        read.decisions_of(target) for target in asked.wanted
    ]


def test_a_dry_run_changes_nothing_and_a_run_sets_aside_what_cannot_be_read(
    study: Study,
    done: StudyFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    document = done.root / "documents" / "criticality.json"
    document.write_text("{")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    again = begin_run(study, done, exclusive=True, dry=True)
    assert "ledger/criticality.json" in again
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    said = capsys.readouterr().err
    assert said.startswith(f"eigenscape: {document} cannot be read: ")
    assert said.count("\n") == 1

    assert begin_run(study, done, exclusive=False, dry=False) == again
    assert not document.exists()
    (reason,) = done.quarantine.glob("*/reason.json")
    assert json.loads(reason.read_text())["from"] == [str(document)]
    assert not (tmp_path / runs.SNAKEMAKE).exists()
