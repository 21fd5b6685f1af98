"""A job out of time: USR1 reaches every rank before the end, they keep what they have and leave
with 75, and a retry resumes.
"""

from __future__ import annotations

import signal
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import ONE_LONG_CELL, Run, numbers_of, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(1200)]


def rank_processes(cluster: PrivateSlurm) -> list[psutil.Process]:
    """The ranks themselves, without the launchers, shells and Snakemakes above them."""
    return [
        process
        for process in cluster.processes()
        if process.cmdline()[1:6] == ["-m", "mpi4py", "-m", "eigenscape", "second-moment"]
    ]


def is_warned(process: psutil.Process) -> bool:
    """Whether a stopped process has been sent USR1: it is pending, or Slurm has woken the process
    up with it.
    """
    if not process.is_running() or process.status() != psutil.STATUS_STOPPED:
        return True
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(mask >> (signal.SIGUSR1 - 1) & 1 for mask in masks)


def test_the_warning_before_the_end_of_time(
    cluster: PrivateSlurm, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    """Slurm looks at times every 30 seconds; until it has warned, the ranks are stopped, so that
    they cannot finish before.
    """
    run = Run.of(tmp_path, ONE_LONG_CELL, cluster, SBATCH_SIGNAL="USR1@60")
    running = run.start_long_cell()
    ranks: list[psutil.Process] = []
    try:
        wait_for(run.shards, "partial sums", running)
        ranks = rank_processes(cluster)
        assert len(ranks) == 2
        for rank in ranks:
            rank.suspend()
        first = run.long_job()
        end = datetime.now() + timedelta(seconds=90)
        cluster.run("scontrol", "update", f"JobId={first}", f"EndTime={end:%Y-%m-%dT%H:%M:%S}")
        wait_for(lambda: all(is_warned(rank) for rank in ranks), "USR1 at both ranks", running)
        for rank in ranks:
            if rank.is_running():
                rank.resume()
        wait_for(lambda: "Trying to restart job" in run.printed, "a retry", running)
        assert cluster.job(first)["JobState"] == "FAILED"  # it left by itself; otherwise TIMEOUT
        log = next(
            tmp_path.glob(f".snakemake/slurm_logs/rule_second_moment/**/{first}.log")
        ).read_text()
        assert "run the same command to resume" in log
        assert "returned non-zero exit status 75" in log
        assert running.wait(300) == 0, run.printed
    finally:
        for rank in ranks:
            if rank.is_running():
                rank.kill()
        running.kill()
        running.wait()
    assert numbers_of(run.results("long")) == undisturbed
