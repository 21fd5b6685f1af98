"""`eigenscape doctor --slurm` on a cluster that is well, on one that asks for another MPI type, and
with GPUs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from private_slurm import PrivateSlurm

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]


def doctor(
    cluster: PrivateSlurm, folder: Path, *options: str, **variables: str
) -> tuple[int, dict[str, str]]:
    """Its exit code, and its lines by the name of the check: the outcome with what was found."""
    command = [
        sys.executable,
        "-m",
        "eigenscape",
        "doctor",
        "--slurm",
        "--results",
        str(folder / "results"),
        *options,
    ]
    run = subprocess.run(
        command,
        env={**cluster.environment, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert not run.stderr, run.stderr
    outcomes = (line.split(maxsplit=1) for line in run.stdout.splitlines())
    return run.returncode, {
        rest.split(": ", 1)[0]: f"{outcome} {rest.split(': ', 1)[1]}" for outcome, rest in outcomes
    }


def test_a_cluster_that_is_well(cluster: PrivateSlurm, tmp_path: Path) -> None:
    before = cluster.jobs()
    code, lines = doctor(
        cluster,
        tmp_path,
        "--partition",
        "spare",
        "--account",
        "physics",
        "--gpus",
        "2",
        "--extra",
        "--comment=doctor",
    )
    assert code == 0
    assert lines["MPI by srun"].startswith("ok 2 ranks on 2 node(s), MPICH")
    assert lines["shared files"] == "ok each rank sees what the other wrote"
    assert lines["GPUs of ranks"] == "ok rank 0 on node1 sees 0, rank 1 on node2 sees 0"
    assert {"scratch of node1", "scratch of node2"} <= lines.keys()
    assert lines["clocks"].startswith("ok ")
    (number,) = cluster.jobs().keys() - before.keys()
    job = cluster.job(number)
    assert (job["Partition"], job["Account"]) == ("spare", "physics")
    assert not list((tmp_path / "results").iterdir())


def test_ranks_that_are_alone_are_noticed_and_the_type_that_works_is_named(
    cluster: PrivateSlurm, tmp_path: Path
) -> None:
    """As on a cluster whose default is not for this MPI library: with --mpi=none every process is a
    world of its own.
    """
    code, lines = doctor(cluster, tmp_path, SLURM_MPI_TYPE="none")
    assert code == 0
    assert lines["MPI by srun"].startswith("warning 2 ranks on 2 node(s)")
    assert (
        'export EIGENSCAPE_LAUNCHER="srun --mpi=pmi2 --kill-on-bad-exit=1"' in lines["MPI by srun"]
    )


def test_one_node_is_enough_with_a_warning(cluster: PrivateSlurm, tmp_path: Path) -> None:
    code, lines = doctor(cluster, tmp_path, "--extra", "--exclude=node2")
    assert code == 0
    assert lines["two nodes"].startswith("warning only one was available")


def test_a_partition_that_does_not_exist_fails_with_what_slurm_says(
    cluster: PrivateSlurm, tmp_path: Path
) -> None:
    code, lines = doctor(cluster, tmp_path, "--partition", "nowhere")
    assert code == 1
    assert lines["MPI by srun"].startswith("fails ")
    assert "Invalid partition" in lines["MPI by srun"]
    assert "--partition" in lines["MPI by srun"]
