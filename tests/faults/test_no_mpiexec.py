"""No mpiexec on PATH.

Injection: the workflow is run with a PATH that has every program of the environment but the MPI
launcher. Promise: it ends with exit code 1 and one line that names the program that is missing and
what to install or set; nothing is left that holds up the next run.
"""

import sys
from pathlib import Path

import pytest
from faults.harness import BIN, Case, Workflow

pytestmark = [pytest.mark.mpi, pytest.mark.workflow, pytest.mark.faults]


def without_launcher(folder: Path) -> Path:
    """The programs that the workflow calls, save mpiexec; wrappers, since a link to a virtual
    Python would leave its environment.
    """
    folder.mkdir()
    for name, program in {
        "python": sys.executable,
        "eigenscape": BIN / "eigenscape",
        "snakemake": BIN / "snakemake",
    }.items():
        wrapper = folder / name
        wrapper.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        wrapper.chmod(0o755)
    return folder


def test_the_missing_launcher_is_named(runs, tmp_path, undisturbed) -> None:
    workflow = Workflow.at(tmp_path / "repository")
    path = f"{without_launcher(tmp_path / 'bin')}:/usr/bin:/bin"
    run = workflow.snakemake(runs, workflow.note("second_moment"), environment={"PATH": path})
    assert run.wait() == 1, run.output
    (line,) = [line for line in run.output.splitlines() if line.startswith("eigenscape: ")]
    assert line.startswith(
        "eigenscape: mpiexec: expected a program on PATH, found none; run `make setup`"
    )

    again = workflow.snakemake(runs, workflow.note("second_moment"))
    assert again.wait() == 0, again.output
    case = Case.made_by_the_workflow(workflow.results)
    assert case.bits() == undisturbed(case)
