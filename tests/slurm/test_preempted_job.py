"""A preempted job: a job of another partition takes its nodes, Slurm puts it back into the queue,
and it resumes there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import ONE_LONG_CELL, Run, numbers_of, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(1200)]


def test_a_preempted_job_is_requeued_and_resumes(
    cluster: PrivateSlurm, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    run = Run.of(tmp_path, ONE_LONG_CELL, cluster)
    running = run.start_long_cell("--retries", "0")
    try:
        wait_for(run.shards, "partial sums", running)
        job = run.long_job()
        cluster.run(
            "sbatch",
            "--partition=urgent",
            "--nodes=2",
            "--exclusive",
            "--output=/dev/null",
            "--wrap=sleep 5",
        )
        wait_for(lambda: cluster.job(job)["Restarts"] == "1", "the job is requeued", running)
        assert run.shards()
        assert running.wait(300) == 0, run.printed
    finally:
        running.kill()
        running.wait()
    assert cluster.job(job)["JobState"] == "COMPLETED"  # the same job, without a retry by Snakemake
    assert numbers_of(run.results("long")) == undisturbed
