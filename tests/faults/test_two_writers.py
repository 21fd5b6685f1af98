"""Two writers at once.

Injection: the same command is started twice at the same moment, on two ranks each.
Promise: one works, the other waits and says for whom, then passes over the finished result; both
end with exit code 0 and there is one result with the same bits.
"""

import pytest
from faults.harness import until

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


def test_the_second_writer_waits_for_the_first(runs, case, undisturbed) -> None:
    both = [
        runs.second_moment(
            case, 2, "--log", str(case.folder.root / f"log-{n}"), fault="slow@block:*:*"
        )
        for n in (1, 2)
    ]
    until(
        lambda: any("is at work on it; waiting" in run.output for run in both),
        "a writer that waits",
        both[0],
    )
    assert [run.wait() for run in both] == [0, 0], both[0].output + both[1].output
    assert case.bits() == undisturbed(case)
    assert sum("is at work on it; waiting" in run.output for run in both) == 1
    assert sum("blocks" in run.output for run in both) == 1, "only one of them computes"
    assert not case.work.exists()


def test_the_second_writer_takes_over_when_the_first_is_killed(runs, case, undisturbed) -> None:
    first = runs.second_moment(case, 2, fault="slow@block:*:*")
    until(lambda: len(case.shard_receipts()) >= 2, "two shards", first)
    second = runs.second_moment(case, 2, "--log", str(case.folder.root / "log-2"))
    until(lambda: "waiting" in second.output, "a writer that waits", second)
    first.kill_tree()
    assert second.wait() == 0, second.output
    assert "is dead; taking over" in second.output
    assert case.bits() == undisturbed(case)
