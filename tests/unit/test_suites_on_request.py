"""Suites that need more than this machine may have are left out of a plain run, and its last lines
say how to run them.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("options", "collected"), [((), False), (("-m", "slurm"), True)])
def test_the_slurm_suite_runs_only_when_asked_for(
    options: tuple[str, ...], collected: bool
) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/slurm",
        *options,
    ]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ("test_default_workflow.py::" in run.stdout) is collected
    line = (
        "left out: tests/slurm (needs root and Debian's slurmctld slurmd slurm-client munge): run"
        " `make test-slurm`"
    )
    assert (line in run.stdout) is not collected
