"""The run is asked to stop.

Injection: SIGUSR1 (Slurm's warning before the end of a job's time), SIGTERM (scancel) or SIGINT
(Ctrl-C) to the launcher, or to a run without one. Promise: it says that it can be resumed and
leaves with exit code 75; what was done is kept; the next run resumes to the same bits.
"""

import signal

import pytest
from faults.harness import until

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


@pytest.mark.parametrize(
    ("number", "ranks"),
    [(signal.SIGUSR1, 2), (signal.SIGTERM, 2), (signal.SIGINT, 2), (signal.SIGINT, 1)],
)
def test_a_signal_keeps_what_is_done(
    runs, case, undisturbed, number: signal.Signals, ranks: int
) -> None:
    run = runs.second_moment(case, ranks, "--checkpoint-seconds", "1000", fault="slow@block:*:*")
    until(case.leases.exists, "lease", run)
    assert not case.shard_receipts()
    run.process.send_signal(number)
    assert run.wait() == 75
    assert "interrupted; finished parts are kept" in run.output
    assert not case.receipt.exists()

    resumed = runs.second_moment(case, 2)
    assert resumed.wait() == 0, resumed.output
    assert case.bits() == undisturbed(case)
