"""A slow writer is taken for dead.

Injection: an attempt on another machine (a process namespace of its own stands in for it) whose
ranks stand still and whose heart stops goes on after a second attempt has taken over, so that both
are at work at once. Promise: the second ends with exit code 0 and the same bits; the first
publishes nothing, says why, and ends with a code that is not 0.
"""

import os
import shutil
import signal

import pytest
from faults.harness import until

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="a process namespace needs root and unshare",
)
@pytest.mark.parametrize("ranks", [1, 2])
def test_overlapping_attempts_do_no_harm(runs, case, undisturbed, ranks: int) -> None:
    options = ["--log", str(case.folder.root / "log-1"), "--hang-seconds", "0"]
    first = runs.second_moment(
        case,
        ranks,
        *options,
        fault="slow@block:*:*",
        under=["unshare", "--pid", "--fork", "--mount-proc"],
    )
    until(lambda: len(case.shard_receipts()) >= 2, "two shards", first)
    working = [
        process
        for process in first.processes()
        if "second-moment" in process.cmdline() or "heartbeat.py" in str(process.cmdline())
    ]
    for process in working:
        process.send_signal(signal.SIGSTOP)

    second = runs.second_moment(case, 2, fault="slow@block:*:*")
    until(lambda: "taking over" in second.output, "a takeover", second)
    until(lambda: len(list(case.leases.glob("claim-*.json"))) == 2, "second lease", second)
    for process in working:
        process.send_signal(signal.SIGCONT)
    assert second.wait() == 0, second.output
    assert case.bits() == undisturbed(case)
    confirmed = case.receipt.stat().st_mtime_ns
    assert first.wait() != 0, first.output
    assert "another one has taken over; nothing was published" in first.output
    assert case.receipt.stat().st_mtime_ns == confirmed
    assert case.bits() == undisturbed(case)
