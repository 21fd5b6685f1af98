"""A plugin that records how many core seconds each file of tests takes, for `quick.py`.

    PYTHONPATH=tests python -m pytest -p recording -n 2

Core seconds are those of the process and of what it started, so that a busy machine gives about
the same numbers as an idle one. Files that did not run keep what `seconds.csv` says of them.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("seconds.csv")


def read_seconds() -> dict[str, float]:
    """Core seconds by file."""
    with TABLE.open(newline="") as lines:
        return {row["file"]: float(row["seconds"]) for row in csv.DictReader(lines)}


class Recorder:
    """Counts what this process has used since its last report; the reports carry it to xdist's
    controller.
    """

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.used = 0.0

    def pytest_collection_finish(self) -> None:
        """Imports and collection belong to no test."""
        self.used = _used()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        report.core_seconds = _used() - self.used
        self.used = _used()
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid.partition("::")[0]] += report.core_seconds

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput") or not self.seconds:
            return
        old = read_seconds() if TABLE.exists() else {}
        merged = {
            file: seconds
            for file, seconds in {**old, **self.seconds}.items()
            if (ROOT / file).exists()
        }
        with TABLE.open("w", newline="") as lines:
            table = csv.writer(lines, lineterminator="\n")
            table.writerow(["file", "seconds"])
            table.writerows((file, f"{seconds:.1f}") for file, seconds in sorted(merged.items()))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder())


def _used() -> float:
    return sum(os.times()[:4])
