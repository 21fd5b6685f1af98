"""Slurm's warning at a batch of small cells: Snakemake and the shell in its job step do not die of
it, and the batch ends by itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import Run, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]

STUDY = """
study: batch
grid: {depth: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], width: [12]}
headline: {depth: 2, width: 10, samples: 400}
sampling: {raw_parameter_limit: 2000}
"""
LEDGER = "results/batch/ledger/cells/w012-d01to10.json"


def test_a_warned_batch_keeps_its_cells_and_a_retry_does_the_rest(
    cluster: PrivateSlurm, tmp_path: Path
) -> None:
    run = Run.of(tmp_path, STUDY, cluster)
    before = cluster.jobs()
    running = run.start("--", LEDGER)
    try:
        cells = run.results("batch") / "cells"
        confirmed = wait_for(
            lambda: list(cells.glob("*/spectrum.receipt.json")), "the first cell", running
        )
        (first,) = cluster.jobs().keys() - before.keys()
        cluster.run("scancel", "--signal=USR1", first)  # to the job's steps, as the warning is
        times = {path: path.stat().st_mtime_ns for path in confirmed}
        wait_for(lambda: "Trying to restart job" in run.printed, "a retry", running)
        log = next(tmp_path.glob(f".snakemake/slurm_logs/rule_cells/**/{first}.log")).read_text()
        assert "run the same command to resume" in log
        assert "returned non-zero exit status 75" in log
        assert running.wait(300) == 0, run.printed
    finally:
        running.kill()
        running.wait()
    assert len(list(cells.glob("*/spectrum.receipt.json"))) == 10
    assert {path: path.stat().st_mtime_ns for path in confirmed} == times
