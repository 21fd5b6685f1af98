"""Snakemake is killed and its job lives on.

Injection: SIGKILL to Snakemake while the ranks of its job are at work (they stand still for as long
as the next one needs to start); then the same command.
Promise: the next run removes the locks that no live run holds; its job waits for the one that lives
on and says for whom, passes over what it has finished, and the workflow ends with the same bits;
one result, computed once.
"""

import signal

import psutil
import pytest
from faults.harness import Case, Run, Workflow, until

pytestmark = [pytest.mark.mpi, pytest.mark.workflow, pytest.mark.faults]


def ranks_of(run: Run) -> list[psutil.Process]:
    """The ranks of its job, without launchers and heartbeats."""
    return [
        process
        for process in run.processes()
        if process.name().startswith("python") and "second-moment" in process.cmdline()
    ]


def test_the_second_job_waits_for_the_first(runs, tmp_path, undisturbed) -> None:
    workflow = Workflow.at(tmp_path / "repository", samples=16 * 3000)
    killed = workflow.snakemake(runs, workflow.note("second_moment"))
    until(
        lambda: any(workflow.results.glob("work/headline/*/claims/claim-*.json")), "lease", killed
    )
    ranks = ranks_of(killed)
    assert len(ranks) == 2
    for rank in ranks:
        rank.send_signal(signal.SIGSTOP)
    killed.process.kill()
    killed.wait()
    assert ranks_of(killed), "the job lives on"
    case = Case.made_by_the_workflow(workflow.results)
    assert not case.receipt.exists()

    assert list(workflow.root.glob(".snakemake/locks/*")), "Snakemake's lock is still there"
    second = workflow.snakemake(runs, workflow.note("second_moment"))
    until(lambda: "is at work on it; waiting" in second.output, "a job that waits", second)
    for rank in ranks:
        rank.send_signal(signal.SIGCONT)
    assert second.wait() == 0, second.output
    until(lambda: not killed.processes(), "end of the first job")
    assert case.bits() == undisturbed(case)
    assert "blocks" not in second.output, "only the first job computes"
    assert not case.work.exists()
