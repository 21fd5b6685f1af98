"""One BLAS thread, as the command line sets it: bits are promised for one thread a process. And
suites that need more than this machine may have: they run only when asked for by their marker, and
otherwise the last lines of a run name them.
"""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell without job control, as some CI systems do: what tests
    # start would not hear their Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = [
    str(path)
    for path in Path(__file__).parent.glob("parallel/*.py")
    if not path.name.startswith("test_")
]
"""Programs that tests start under mpiexec; to import them is to run them."""

ON_REQUEST = {
    "slurm": (
        "tests/slurm (needs root and Debian's slurmctld slurmd slurm-client munge): run `make"
        " test-slurm`"
    ),
    "browser": "tests/browser (needs Debian's chromium chromium-driver): run `make test-browser`",
}
"""Marker of a suite, and what is said when it is left out."""


IN_PROCESS = ("tests/unit/", "tests/docs/", "src/")
"""Tests that start no ranks and no workflow: with `pytest -n 2` any worker takes them, file by
file; all others follow one another on one worker, since each of them uses both cores or measures
how long something takes to stop."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The long row first, files of tests in process beside it and after it. (xdist's own groups are
    not seen by pytest 9.2.)
    """
    from xdist.scheduler import LoadScopeScheduling

    class OneRowOfProcesses(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("::")[0] if nodeid.startswith(IN_PROCESS) else "processes"

    return OneRowOfProcesses(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the suites that -m does not name."""
    for marker in _left_out(config):
        left_out = [item for item in items if item.get_closest_marker(marker)]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]


def _left_out(config: pytest.Config) -> list[str]:
    """The suites that were not asked for."""
    return [marker for marker in ON_REQUEST if marker not in config.option.markexpr]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was left out and how to run it."""
    asked = [Path(str(argument).partition("::")[0]).resolve() for argument in config.args]
    for marker in _left_out(config):
        suite = Path(__file__).parent / marker
        if any(suite.is_relative_to(path) for path in asked):
            terminalreporter.write_line(f"left out: {ON_REQUEST[marker]}")
