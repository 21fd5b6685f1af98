"""A launch that hangs while MPI starts ends by itself: the process manager that it talks to never
answers.
"""

import os
import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.mpi

PROGRAM = (
    "from eigenscape.distributed import ranks; ranks.START_SECONDS = 2; ranks.started_ranks(2)"
)


def test_a_start_that_hangs_is_ended() -> None:
    silent, theirs = socket.socketpair()
    with silent, theirs:
        manager = {"PMI_FD": str(theirs.fileno()), "PMI_RANK": "0", "PMI_SIZE": "2"}
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **manager},
            pass_fds=[theirs.fileno()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 1
    assert "Timeout" in run.stderr
