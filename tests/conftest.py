"""One BLAS thread, as the command line sets it: bits are promised for one thread a process. And suites that need more than
this machine may have: they run only when asked for by their marker, and otherwise the last lines of a run name them.
"""

import os
from pathlib import Path

import pytest

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

collect_ignore = [str(path) for path in Path(__file__).parent.glob("parallel/*.py") if not path.name.startswith("test_")]
"""Programs that tests start under mpiexec; to import them is to run them."""

ON_REQUEST = {
    "slurm": "tests/slurm (needs root and Debian's slurmctld slurmd slurm-client munge): run `make test-slurm`",
    "browser": "tests/browser (needs Debian's chromium chromium-driver): run `make test-browser`",
}
"""Marker of a suite, and what is said when it is left out."""


IN_PROCESS = ("tests/unit/", "src/")
"""Tests that start no ranks and no workflow: with `pytest -n 2` any worker takes them; all others follow one another on one
worker, since each of them uses both cores or measures how long something takes to stop."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the suites that -m does not name, and keep the suites that start processes together."""
    for marker in _left_out(config):
        left_out = [item for item in items if item.get_closest_marker(marker)]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
    for item in items:
        if not item.nodeid.startswith(IN_PROCESS):
            item.add_marker(pytest.mark.xdist_group("processes"))
    items.sort(key=lambda item: item.nodeid.startswith(IN_PROCESS))  # the long row first, so that it starts at once


def _left_out(config: pytest.Config) -> list[str]:
    """The suites that were not asked for."""
    return [marker for marker in ON_REQUEST if marker not in config.option.markexpr]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out and how to run it."""
    asked = [Path(str(argument).partition("::")[0]).resolve() for argument in config.args]
    for marker in _left_out(config):
        suite = Path(__file__).parent / marker
        if any(suite.is_relative_to(path) for path in asked):
            terminalreporter.write_line(f"left out: {ON_REQUEST[marker]}")
