"""Runs that end with their test, and the results of undisturbed ones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.harness import Case, Runs


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    started = Runs(tmp_path / "output")
    yield started
    started.end()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.at(tmp_path / "results")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], dict[str, bytes]]:
    """The bits of a case that nothing happens to, on one process without MPI; computed once per kind of case."""
    known: dict[str, dict[str, bytes]] = {}

    def bits(case: Case) -> dict[str, bytes]:
        fingerprint = case.study.headline_cell.fingerprint
        if fingerprint not in known:
            place = tmp_path_factory.mktemp("undisturbed")
            runs = Runs(place)
            reference = Case.at(place / "results", **case.study.model_dump(exclude={"study"}))
            try:
                assert runs.second_moment(reference, 1).wait() == 0
            finally:
                runs.end()
            known[fingerprint] = reference.bits()
        return known[fingerprint]

    return bits
