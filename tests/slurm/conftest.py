"""The private cluster of the session."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import private_slurm
import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import ONE_LONG_CELL, Run, numbers_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a cluster everything here is skipped, with the reason."""
    reason = private_slurm.missing()
    for item in items:
        if reason and item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def cluster() -> Iterator[PrivateSlurm]:
    """Two nodes with virtual cores and fake GPUs, for all tests of the session."""
    # a socket's path has at most 107 bytes
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as folder:
        slurm = PrivateSlurm(Path(folder))
        try:
            slurm.start()
            yield slurm
        finally:
            slurm.stop()
        assert not slurm.processes()


@pytest.fixture(autouse=True)
def idle_cluster(cluster: PrivateSlurm) -> Iterator[None]:
    """Every test leaves both nodes up and no job behind."""
    yield
    cluster.run("scancel", "--user", "root", check=False)
    cluster.run("scontrol", "update", "NodeName=node[1-2]", "State=RESUME", check=False)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of the long cell's chunks, computed on this machine in one go."""
    run = Run.of(tmp_path_factory.mktemp("undisturbed"), ONE_LONG_CELL)
    assert run.start_long_cell().wait(550) == 0, run.printed
    return numbers_of(run.results("long"))
