"""Clocks that differ.

Injection: the files of an unfinished run lie a day in the past or in the future; in a workflow, the
notes that Snakemake compares do. (Leases under skew: the row of the stale lease.) Promise: shards
are believed by their digests alone and the run resumes to the same bits; Snakemake at worst runs a
command again, which passes over what its receipt confirms.
"""

import os
import time
from pathlib import Path

import pytest
from faults.harness import Case, Workflow, interrupted, log_of

pytestmark = [pytest.mark.mpi, pytest.mark.faults]

DAY = 86_400.0


def shift(folder: Path, seconds: float) -> None:
    """Set the time of every file and folder."""
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (time.time() + seconds, time.time() + seconds))


@pytest.mark.parametrize("skew", [-DAY, DAY])
def test_files_from_another_clock_are_resumed(runs, case, undisturbed, skew: float) -> None:
    interrupted(runs, case)
    shift(case.folder.root, skew)
    run = runs.second_moment(case, 2)
    assert run.wait() == 0, run.output
    assert "resuming" in log_of(case)
    assert case.bits() == undisturbed(case)
    shift(case.folder.root, skew)
    before = case.files()
    again = runs.second_moment(case, 1, "--log", str(case.folder.root.parent / "log"))
    assert again.wait() == 0
    assert case.files() == before


@pytest.mark.workflow
def test_the_workflow_passes_over_what_is_confirmed(runs, tmp_path, undisturbed) -> None:
    """The note of the second moment seems to be a day younger than the spectrum that was made of
    it, and younger than now.
    """
    workflow = Workflow.at(tmp_path / "repository")
    first = workflow.snakemake(runs, workflow.note("spectrum"))
    assert first.wait() == 0, first.output
    case = Case.made_by_the_workflow(workflow.results)
    assert case.bits() == undisturbed(case)
    kept = {
        path: path.stat().st_mtime_ns for path in case.store.parent.rglob("*") if path.is_file()
    }
    os.utime(workflow.root / workflow.note("second_moment"), (time.time() + DAY, time.time() + DAY))

    again = workflow.snakemake(runs, workflow.note("spectrum"))
    assert again.wait() == 0, again.output
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, (
        "what a receipt confirms was computed again"
    )
