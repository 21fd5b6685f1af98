"""A stale lease.

Injection: the lease of an attempt on another machine, whose heart beats at first and then stops;
its file's time may lie in the past or in the future. Promise: the run waits for as long as the
heart beats, takes over after --stale-seconds without a beat, and ends with the same bits.
"""

import json
import os
import time

import pytest
from faults.harness import until

pytestmark = pytest.mark.faults

DAY = 86_400


@pytest.mark.parametrize("skew", [-DAY, 0, DAY])
def test_a_lease_without_a_heartbeat_is_taken_over(runs, case, undisturbed, skew: int) -> None:
    lease = case.leases / "claim-000001.json"
    lease.parent.mkdir(parents=True)
    holder = {
        "attempt": "f" * 32,
        "host": "node-9",
        "machine": "another boot",
        "process": os.getpid(),
        "started": 1,
        "since": "long ago",
    }
    lease.write_text(json.dumps(holder))

    def beat() -> None:
        os.utime(lease, (time.time() + skew, time.time() + skew))

    beat()
    run = runs.second_moment(case, 1)  # --stale-seconds 2
    until(
        lambda: "process" in run.output and "on node-9" in run.output,
        "word of who is waited for",
        run,
    )
    beats_until = time.monotonic() + 4
    while time.monotonic() < beats_until:
        beat()
        time.sleep(0.1)
        assert run.process.poll() is None, run.output
        assert "taking over" not in run.output
    assert run.wait() == 0, run.output
    assert "is dead; taking over" in run.output
    assert case.bits() == undisturbed(case)
    assert not case.work.exists()
