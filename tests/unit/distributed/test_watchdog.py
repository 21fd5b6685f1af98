"""The watchdog ends a process that makes no progress, with its stack, also while Python's lock is
held; and no other.
"""

import subprocess
import sys

import pytest

BEGIN = "import time\nfrom eigenscape.distributed.watchdog import Watchdog\n"


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


HANGS = {
    "asleep": "def stuck():\n    time.sleep(60)\n",
    # ctypes' PyDLL keeps the lock during the call, as SciPy's LAPACK does.
    "with the lock held": "import ctypes\ndef stuck():\n    ctypes.PyDLL(None).sleep(60)\n",
}


@pytest.mark.parametrize("stuck", HANGS.values(), ids=HANGS)
def test_a_hang_ends_with_a_stack(stuck: str) -> None:
    found = run(stuck + "with Watchdog(0.5):\n    stuck()\n")

    assert found.returncode == 1
    assert "Timeout" in found.stderr
    assert "in stuck" in found.stderr


def test_progress_keeps_the_process_alive() -> None:
    found = run(
        "with Watchdog(1.0) as w:\n    for _ in range(20):\n        time.sleep(0.1);"
        " w.progress()\nprint('done')\n"
    )

    assert (found.returncode, found.stdout) == (0, "done\n"), found.stderr


def test_after_its_end_it_barks_no_more() -> None:
    found = run("with Watchdog(0.3):\n    pass\ntime.sleep(1)\nprint('done')\n")

    assert (found.returncode, found.stdout) == (0, "done\n"), found.stderr


def test_a_rank_that_is_done_waits_for_others_as_long_as_its_own_work_took() -> None:
    own = (
        "with Watchdog(0.5) as w:\n    for _ in range(10):\n        time.sleep(0.2); w.progress()\n"
    )
    assert run(own + "    w.wait_for_others()\n    time.sleep(1.5)\n").returncode == 0
    assert run(own + "    time.sleep(1.5)\n").returncode == 1


def test_a_limit_of_zero_is_none() -> None:
    assert run("with Watchdog(0) as w:\n    w.progress(); w.wait_for_others()\n").returncode == 0
