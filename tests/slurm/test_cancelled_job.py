"""`scancel` of a running MPI job: the run says so and fails; the next one resumes from what was
kept, with the same bits.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import ONE_LONG_CELL, Run, numbers_of, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(1200)]


def test_a_cancelled_job_fails_loudly_and_is_resumed(
    cluster: PrivateSlurm, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    run = Run.of(tmp_path, ONE_LONG_CELL, cluster)
    running = run.start_long_cell("--retries", "0")
    try:
        wait_for(run.shards, "partial sums", running)
        cancelled = run.long_job()
        cluster.run("scancel", cancelled)
        assert running.wait(120) == 1
    finally:
        running.kill()
        running.wait()
    assert f"SLURM-job '{cancelled}' failed, SLURM status is: 'CANCELLED'" in run.printed
    assert run.shards()
    assert not list(run.results("long").glob("headline/*/*.receipt.json"))

    again = run.start_long_cell()
    assert again.wait(300) == 0, run.printed
    assert (
        "resuming from slots"
        in next(run.results("long").glob("logs/second_moment/headline/*.log")).read_text()
    )
    assert numbers_of(run.results("long")) == undisturbed
