"""A rank hangs.

Injection: rank 1 of 2 sleeps for ever, in the middle of its blocks or while it verifies a finished
result; or it is stopped by SIGSTOP, so that not even its own timers run. Promise: the watchdog (of
that rank, or of one that waits for it) prints where it stands and ends the run with an exit code
that is not 0; no process stays behind; the next run resumes to the same bits.
"""

import pytest
from faults.harness import until

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


@pytest.mark.parametrize(("fault", "stack"), [("hang", "injectors.py"), ("stop", "sums.py")])
def test_a_hung_rank_is_caught_by_the_watchdog(
    runs, case, undisturbed, fault: str, stack: str
) -> None:
    run = runs.second_moment(case, 2, fault=f"{fault}@block:1:6")
    assert run.wait() != 0
    assert "Timeout (0:00:" in run.output
    assert stack in run.output, "the stack says where the rank stands"
    until(lambda: not run.processes(), "end of all processes")
    assert not case.receipt.exists()

    assert runs.second_moment(case, 2).wait() == 0
    assert case.bits() == undisturbed(case)


def test_a_rank_that_hangs_while_it_verifies_is_caught_too(runs, finished, undisturbed) -> None:
    before = finished.receipt.stat().st_mtime_ns
    run = runs.second_moment(finished, 2, fault="hang@verify:1:1")
    assert run.wait() != 0
    assert "Timeout (0:00:" in run.output
    until(lambda: not run.processes(), "end of all processes")
    assert runs.second_moment(finished, 2).wait() == 0
    assert finished.receipt.stat().st_mtime_ns == before
    assert finished.bits() == undisturbed(finished)
