"""A rank raises.

Injection: an exception on rank 1 of 3 in the middle of its blocks.
Promise: its traceback is printed, all ranks end at once, exit code 1; the next run resumes to the
same bits.
"""

import pytest

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


def test_an_exception_on_one_rank_ends_all_of_them(runs, case, undisturbed) -> None:
    run = runs.second_moment(case, 3, fault="raise@block:1:6")
    assert run.wait() == 1
    assert "RuntimeError: injected: this rank raises" in run.output
    assert not case.receipt.exists()

    assert runs.second_moment(case, 3).wait() == 0
    assert case.bits() == undisturbed(case)
