"""Killed fifty times at random moments.

Injection: SIGKILL to launcher, ranks and heartbeat at once, fifty times, each time after a random
part of what a run goes through: while it starts, once it holds the lease, once it keeps a shard,
once it builds the result; then the command again. Promise: every run goes on from the one before;
whatever comes to its end has the same bits.
"""

import random
import time
from pathlib import Path

import pytest
from faults.harness import LIMIT, Case, Run, Runs, log_of

pytestmark = [pytest.mark.mpi, pytest.mark.faults, pytest.mark.timeout(900)]

KILLS = 50
SEED = 20
MOMENTS = {"start": 0.8, "lease": 0.2, "shard": 0.5, "build": 0.05}
"""Kills come up to so many seconds after a run has started, has taken its lease, has kept one shard
more, or has begun to build the result. Starting takes a second; the rest of these runs takes about
two."""


def killed_at(run: Run, case: Case, moment: str, seconds: float) -> bool:
    """Kill all of a run some time after a moment; False where it came to its end before."""
    known = set(case.shard_receipts())
    marks = {
        "start": lambda: True,
        "lease": lambda: any(case.leases.glob("claim-*.json")),
        "shard": lambda: bool(set(case.shard_receipts()) - known),
        "build": lambda: any(case.work.glob("attempt-*")),
    }
    limit = time.monotonic() + LIMIT
    while not marks[moment]() and run.process.poll() is None:
        assert time.monotonic() < limit, run.output
        time.sleep(0.005)
    end = time.monotonic() + seconds
    while time.monotonic() < end and run.process.poll() is None:
        time.sleep(0.005)
    ended = run.process.poll() is not None
    run.kill_tree()
    return not ended


def test_fifty_kills_leave_the_same_bits(runs: Runs, tmp_path: Path, undisturbed) -> None:
    draw = random.Random(SEED)
    number, kills, resumptions = 0, 0, 0
    case = Case.at(tmp_path / "results-0")
    while kills < KILLS:
        had_shards = bool(case.shard_receipts())
        moment = draw.choice(list(MOMENTS))
        run = runs.second_moment(case, 2, fault="slow@block:*:*")
        if killed_at(run, case, moment, draw.uniform(0, MOMENTS[moment])):
            kills += 1
            resumptions += had_shards and "resuming" in log_of(case)
        else:
            assert run.process.returncode == 0, run.output
        if case.receipt.exists():
            assert runs.second_moment(case, 1).wait() == 0, (
                "a receipt that is there confirms what is there"
            )
            assert case.bits() == undisturbed(case)
            number += 1
            case = Case.at(tmp_path / f"results-{number}")
    assert resumptions >= KILLS / 5, "too few kills came after the first shard to show anything"
    last = runs.second_moment(case, 2)
    assert last.wait() == 0, last.output
    assert case.bits() == undisturbed(case)
    assert not case.work.exists()
