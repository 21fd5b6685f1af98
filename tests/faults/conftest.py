"""Runs that end with their test, and the results of undisturbed ones."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from builders import sampler
from faults.harness import Case, Runs, until
from small_workflow import LEAN, make, repository, with_make

from eigenscape.architecture import Architecture


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """The kernels, which a fresh clone compiles first: that takes longer than the limits of runs
    that are to hang.
    """
    for precision in (np.float64, np.float32):
        sampler(Architecture(1, 2), precision=precision).block(0, 1)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    started = Runs(tmp_path / "output")
    yield started
    started.end()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.at(tmp_path / "results")


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Case]:
    """A case that nothing happens to, on one process without MPI; computed once per kind of case.
    Not to be changed.
    """
    known: dict[str, Case] = {}

    def computed(case: Case) -> Case:
        fingerprint = case.study.headline_cell.fingerprint
        if fingerprint not in known:
            root = tmp_path_factory.mktemp("undisturbed")
            runs = Runs(root)
            known[fingerprint] = Case.at(
                root / "results", **case.study.model_dump(exclude={"study"})
            )
            try:
                assert runs.second_moment(known[fingerprint], 1).wait() == 0
            finally:
                runs.end()
        return known[fingerprint]

    return computed


@pytest.fixture(scope="session")
def undisturbed(reference: Callable[[Case], Case]) -> Callable[[Case], dict[str, bytes]]:
    """The bits of a case that nothing happens to."""
    return lambda case: reference(case).bits()


@pytest.fixture
def finished(case: Case, reference: Callable[[Case], Case]) -> Case:
    """A case whose second moment is done: the undisturbed one, copied."""
    shutil.copytree(reference(case).folder.root, case.folder.root, dirs_exist_ok=True)
    return case


@pytest.fixture(scope="session")
def killed_and_made(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A study by `make figures`, all of whose processes were killed half-way, and by the same
    command again; and what that printed. Not to be changed.
    """
    folder = with_make(repository(tmp_path_factory.mktemp("study")))
    (folder / "small.yaml").write_text(LEAN)
    runs = Runs(tmp_path_factory.mktemp("output"))
    receipts = folder / "results" / "small" / "headline"
    try:
        run = runs.start("make", "figures", "CONFIG=small.yaml", "CORES=2", cwd=folder)
        until(lambda: any(receipts.glob("*/second_moment.receipt.json")), "second moment", run)
        run.kill_tree()
    finally:
        runs.end()
    assert list(folder.glob(".snakemake/locks/*")), "Snakemake's lock is still there"
    return folder, make(folder, "figures")
