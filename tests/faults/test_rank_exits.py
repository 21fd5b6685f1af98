"""A rank leaves early without an error.

Injection: sys.exit(0) on one rank, the lease's holder or another, in the middle of its blocks.
Promise: the watchdog of the ranks that wait prints their stacks and ends the run with an exit code
that is not 0; the next run resumes to the same bits.
"""

import pytest

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_leaves_is_missed(runs, case, undisturbed, rank: int) -> None:
    run = runs.second_moment(case, 2, fault=f"exit@block:{rank}:6")
    assert run.wait() != 0
    assert "Timeout (0:00:" in run.output
    assert "Thread 0x" in run.output
    assert not case.receipt.exists()

    assert runs.second_moment(case, 2).wait() == 0
    assert case.bits() == undisturbed(case)
