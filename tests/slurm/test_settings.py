"""What a user sets without editing the profile, as it arrives at Slurm; and how few submissions a
large study makes.

The jobs are submitted to a cluster whose nodes are drained, looked at, and cancelled: nothing is
computed.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import IN_SMALL, Run, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]

THREE_HUNDRED = """
study: wide
grid: {depth: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], width: [WIDTHS]}
headline: {depth: 2, width: 10, samples: 400}
sampling: {raw_parameter_limit: 10000}
""".replace("WIDTHS", ", ".join(str(width) for width in range(1, 31)))


@pytest.fixture
def drained(cluster: PrivateSlurm) -> PrivateSlurm:
    """A cluster on which jobs stay pending."""
    cluster.run("scontrol", "update", "NodeName=node[1-2]", "State=DRAIN", "Reason=test")
    return cluster


def submitted(
    run: Run, cluster: PrivateSlurm, count: int, *options: str
) -> dict[str, dict[str, str]]:
    """By comment what Slurm knows of the first jobs (tasks of arrays too); then Snakemake is
    interrupted as by Ctrl-C.
    """
    before = cluster.jobs()
    running = run.start(*options)
    try:
        wait_for(
            lambda: len(cluster.jobs().keys() - before.keys()) >= count, f"{count} jobs", running
        )
        found = {
            comment: cluster.job(number)
            for number, comment in cluster.jobs().items()
            if number not in before
        }
        running.send_signal(signal.SIGINT)
        running.wait(60)
        left = {number for number in cluster.jobs("PD", "R") if number not in before}
        assert not left, "Ctrl-C left jobs in the queue"
    finally:
        running.kill()
        running.wait()
    return found


MOMENT = "results/small/ledger/second_moment/headline/d04-w010-n400.json"


@pytest.mark.parametrize("way", ["environment", "command line"])
def test_account_partition_and_extra_flags(drained: PrivateSlurm, tmp_path: Path, way: str) -> None:
    """And neither way loses what the profile sets: the launcher of ranks, and that a preempted job
    goes back into the queue.
    """
    variables: dict[str, str] = {}
    options: list[str] = []
    if way == "environment":
        variables = {
            "SBATCH_ACCOUNT": "physics",
            "SBATCH_PARTITION": "spare",
            "SBATCH_EXCLUSIVE": "user",
        }
    else:
        options = [
            "--default-resources",
            "slurm_account=physics",
            "slurm_partition=spare",
            "slurm_extra='--exclusive=user'",
        ]
        options += ["--set-resources", "second_moment:tasks=3"]
    run = Run.of(tmp_path, IN_SMALL, drained, **variables)
    found = submitted(run, drained, 1, *options, "--printshellcmds", "--", MOMENT)
    job = next(iter(found.values()))
    assert job["Account"] == "physics"
    assert job["Partition"] == "spare"
    assert job["OverSubscribe"] == "USER"
    assert job["NumTasks"] == ("2" if way == "environment" else "3")
    assert f"srun --kill-on-bad-exit=1 -n {job['NumTasks']} " in run.printed
    assert job["Requeue"] == "1"


def test_an_unknown_account_is_refused_before_anything_is_submitted(
    cluster: PrivateSlurm, tmp_path: Path
) -> None:
    before = cluster.jobs()
    run = Run.of(tmp_path, IN_SMALL, cluster, SBATCH_ACCOUNT="nobody")
    assert run.start("--retries", "0", "--", MOMENT).wait(120) != 0
    assert "The given account nobody appears to be invalid" in run.printed
    assert cluster.jobs() == before


def test_three_hundred_small_cells_are_one_submission(
    drained: PrivateSlurm, tmp_path: Path
) -> None:
    """30 batches of ten cells as the tasks of one job array, and the 30 widths of the projected map
    as those of another.
    """
    run = Run.of(tmp_path, THREE_HUNDRED, drained)
    submitted(run, drained, 30 + 30)
    array = [line for line in run.printed.splitlines() if line.startswith("Submitted array job")]
    assert len(array) == 2
    assert all(line.endswith("The individual task IDs are 1-30.") for line in array)
