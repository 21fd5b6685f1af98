"""The heartbeat of a lease: a tiny process of its own that touches the lease's file for as long as
its parent lives.

A thread is not enough: LAPACK is called with Python's lock held, for minutes or hours, and the
lease would look stale. The process is started by path with only the standard library, so it takes
15 ms and a few megabytes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

LOOK_SECONDS = 0.5
"""Time within which the process notices that its parent is gone."""


def start(path: str, seconds: float) -> subprocess.Popen[bytes]:
    """Touch ``path`` every ``seconds`` until the calling process ends or the returned process is
    killed.
    """
    command = [sys.executable, "-I", "-S", __file__, path, str(seconds), str(os.getpid())]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, close_fds=True)  # noqa: S603 - our own file


def beat(path: str, seconds: float, parent: int) -> None:
    """Touch the file while the parent lives and the file exists."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        # they reach the whole group; the parent decides when to stop
        signal.signal(number, signal.SIG_IGN)
    last = time.monotonic()
    while os.getppid() == parent:
        if time.monotonic() - last >= seconds:
            try:
                os.utime(path)
            except FileNotFoundError:
                return
            except OSError:
                pass  # a network file system that falters for a moment
            last = time.monotonic()
        time.sleep(min(LOOK_SECONDS, seconds))


if __name__ == "__main__":
    beat(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
