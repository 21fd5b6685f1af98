"""A node that is drained takes no new jobs: one that fits on the other runs there, one that needs
both waits and then runs.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import IN_SMALL, Run, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]

LEDGER = "results/small/ledger/second_moment/headline/d04-w010-n400.json"


def test_jobs_avoid_a_drained_node_or_wait_for_it(cluster: PrivateSlurm, tmp_path: Path) -> None:
    cluster.run("scontrol", "update", "NodeName=node1", "State=DRAIN", "Reason=test")
    run = Run.of(tmp_path, IN_SMALL, cluster)
    before = cluster.jobs()
    running = run.start(
        "--set-resources",
        "second_moment:nodes=2",
        "--",
        LEDGER,
        "results/small/ledger/cells/w005-d01to10.json",
    )
    try:

        def job_of(rule: str) -> dict[str, str] | None:
            jobs = {
                comment: number
                for number, comment in cluster.jobs().items()
                if number not in before
            }
            found = [
                number
                for comment, number in jobs.items()
                if comment.startswith(f"rule_{rule}_wildcards")
            ]
            return cluster.job(found[0]) if found else None

        small = wait_for(
            lambda: (
                (job := job_of("cells")) and job["JobState"] in ("RUNNING", "COMPLETED") and job
            ),
            "small cells run",
            running,
        )
        assert small["NodeList"] == "node2"
        assert job_of("second_moment")["JobState"] == "PENDING"
        assert "node1" in cluster.run("sinfo", "-h", "-N", "-t", "drain", "-o", "%N")
        cluster.run("scontrol", "update", "NodeName=node1", "State=RESUME")
        assert running.wait(300) == 0, run.printed
        assert job_of("second_moment")["NodeList"] == "node[1-2]"
    finally:
        running.kill()
        running.wait()
