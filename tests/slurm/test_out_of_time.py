"""A job out of time: USR1 reaches every rank before the end, they keep what they have and leave with 75, and a retry resumes."""

from __future__ import annotations

from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import ONE_LONG_CELL, Run, numbers_of, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]


def test_the_warning_before_the_end_of_time(cluster: PrivateSlurm, undisturbed: dict[str, str], tmp_path: Path) -> None:
    """One minute, the least that Slurm knows, and a warning 55 seconds before its end (Slurm looks at times every 30 seconds)."""
    run = Run.of(tmp_path, ONE_LONG_CELL, cluster, SBATCH_SIGNAL="USR1@55")
    running = run.start_long_cell(runtime=1)
    try:
        wait_for(lambda: "Trying to restart job" in run.printed, "a retry", running)
        first = run.long_job()
        stopped = cluster.job(first)
        assert running.wait(200) == 0, run.printed
    finally:
        running.kill()
        running.wait()
    assert (stopped["JobState"], stopped["TimeLimit"]) == ("FAILED", "00:01:00")  # it left by itself: not TIMEOUT
    printed = "".join(path.read_text() for path in tmp_path.glob(".snakemake/slurm_logs/rule_second_moment/**/*.log"))
    assert "run the same command to resume" in printed
    assert numbers_of(run.results("long")) == undisturbed
