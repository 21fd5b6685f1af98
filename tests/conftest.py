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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the suites that -m does not name."""
    asked = config.option.markexpr
    for marker, message in ON_REQUEST.items():
        left_out = [item for item in items if item.get_closest_marker(marker)]
        if marker not in asked and left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
            config.stash.setdefault(LEFT_OUT, []).append(message)


LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out and how to run it."""
    for message in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(f"left out: {message}")
