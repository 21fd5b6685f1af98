"""A whole run is killed.

Injection: SIGKILL to `make figures` and all its processes at once, as in a power cut, when the
first second moment is done; then the same command. Promise: it says that the first run is dead,
goes on where that stopped, and leaves a study that is complete and sound; the command after that
has nothing to do.
"""

import subprocess

import pytest
from small_workflow import BIN, environment, make

pytestmark = [pytest.mark.mpi, pytest.mark.workflow, pytest.mark.faults, pytest.mark.timeout(1200)]


def test_the_same_command_goes_on(killed_and_made) -> None:
    folder, run = killed_and_made
    assert run.returncode == 0, run.stdout + run.stderr
    assert "is dead; taking over" in run.stderr
    assert (folder / "results" / "small" / "report.html").exists()
    assert not list(folder.glob(".snakemake/locks/*"))
    assert not list(folder.glob(".snakemake/runs/*"))

    command = [str(BIN / "eigenscape"), "verify", "--study", "results/small/study.json"]
    verify = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert verify.returncode == 0, verify.stdout
    assert "Nothing to be done" in (again := make(folder, "figures")).stdout + again.stderr
