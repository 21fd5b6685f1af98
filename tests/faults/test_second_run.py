"""A second run of the same study is started.

Injection: while the ranks of a run's job stand still, the same command is given again in the same
folder; so are a dry run and --unlock, the command once more after that, and with --nolock. Promise:
the second run is refused in one line that names process, machine and start of the first, exit code
75; the dry run is answered; --unlock lets no other run in, --nolock does, and its job waits for
that of the first; both end with exit code 0 and one result with the same bits.
"""

import signal

import pytest
from faults.harness import Case, Run, Workflow, until
from faults.test_snakemake_killed import ranks_of

pytestmark = [pytest.mark.mpi, pytest.mark.workflow, pytest.mark.faults]


def lines_of(run: Run) -> list[str]:
    """What the program says, of all that Snakemake prints."""
    return [line for line in run.output.splitlines() if line.startswith("eigenscape: ")]


def test_the_second_run_is_refused(runs, tmp_path, undisturbed) -> None:
    workflow = Workflow.at(tmp_path / "repository", samples=16 * 3000)
    target = workflow.note("second_moment")
    first = workflow.snakemake(runs, target)
    until(lambda: any(workflow.results.glob("work/headline/*/claims/claim-*.json")), "claim", first)
    ranks = ranks_of(first)
    for rank in ranks:
        rank.send_signal(signal.SIGSTOP)

    for _ in range(2):
        second = workflow.snakemake(runs, target)
        assert second.wait() == 75, second.output
        (line,) = lines_of(second)
        assert line.startswith(f"eigenscape: results/small: process {first.process.pid} on ")
        assert "(since 20" in line
        assert "Traceback" not in second.output
        assert workflow.snakemake(runs, "--dry-run", target).wait() == 0
        assert workflow.snakemake(runs, "--unlock").wait() == 0

    beside = workflow.snakemake(runs, "--nolock", target)
    until(lambda: "is at work on it; waiting" in beside.output, "a job that waits", beside)
    for rank in ranks:
        rank.send_signal(signal.SIGCONT)
    assert first.wait() == 0, first.output
    assert beside.wait() == 0, beside.output
    assert Case.made_by_the_workflow(workflow.results).bits() == undisturbed(
        Case.made_by_the_workflow(workflow.results)
    )
    again = workflow.snakemake(runs, target)
    assert again.wait() == 0
    assert "Nothing to be done" in again.output
