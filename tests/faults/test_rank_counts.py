"""Another number of ranks at every resumption.

Injection: a run on 1 rank is killed, resumed on 3 and killed, resumed on 2; summed by samples, by
bands of C, or first by one and then by the other. Promise: each resumes from the shards of the one
before and none starts anew; the same bits.
"""

import pytest
from faults.harness import Case, Runs, log_of, until

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


def killed_later(runs: Runs, case: Case, ranks: int, share: str) -> None:
    """Run until there is more on disk than before, then kill all of it."""
    before = set(case.shard_receipts())
    run = runs.second_moment(case, ranks, "--share", share, fault="slow@block:*:*,slow@file:*:*")
    until(lambda: len(set(case.shard_receipts()) - before) >= 4, "new shards", run)
    run.kill_tree()
    assert not case.receipt.exists()


@pytest.mark.parametrize(
    "shares", [("samples",) * 3, ("bands",) * 3, ("samples", "bands", "samples")]
)
def test_ranks_come_and_go(runs, tmp_path, undisturbed, shares: tuple[str, str, str]) -> None:
    """P = 1,086: two bands of columns, each with an owner."""
    case = Case.at(tmp_path / "results", headline={"depth": 2, "width": 31, "samples": 16 * 300})
    killed_later(runs, case, 1, shares[0])
    killed_later(runs, case, 3, shares[1])
    assert "resuming" in log_of(case)
    run = runs.second_moment(case, 2, "--share", shares[2])
    assert run.wait() == 0, run.output
    assert "resuming" in log_of(case)
    assert case.bits() == undisturbed(case)
