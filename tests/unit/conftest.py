"""A folder of results, and a program that is not being interrupted."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from finished_study import compute_told_study

from eigenscape.stages.common import signals
from eigenscape.store.layout import StudyFolder


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "results" / "small")


@pytest.fixture(autouse=True)
def no_signal() -> Iterator[None]:
    signals._requested.clear()
    yield
    signals._requested.clear()


@pytest.fixture
def stop_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Ask the program to stop from the k-th time on that it looks, counted from now."""

    def arrange(looks: int) -> None:
        seen = count()
        monkeypatch.setattr(signals, "stop_requested", lambda: next(seen) >= looks)

    return arrange


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A small study with tables, figures and receipts; to be read, not changed."""
    return compute_told_study(tmp_path_factory.mktemp("told") / "results")
