"""A rank is killed.

Injection: SIGKILL to rank 1 of 3 as it comes to a block, as the kernel does when memory runs out.
Promise: all ranks end at once with an exit code that is not 0; no receipt; the next run resumes to
the same bits.
"""

import pytest
from faults.harness import log_of

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


def test_a_killed_rank_ends_the_run_and_the_next_one_resumes(runs, case, undisturbed) -> None:
    run = runs.second_moment(case, 3, fault="kill@block:1:6")
    assert run.wait() != 0
    assert not case.receipt.exists()
    assert case.shard_receipts()

    resumed = runs.second_moment(case, 2)
    assert resumed.wait() == 0, resumed.output
    assert "resuming" in log_of(case)
    assert case.bits() == undisturbed(case)
