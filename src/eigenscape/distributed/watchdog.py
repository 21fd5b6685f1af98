"""A watchdog: a rank that makes no progress for too long prints where it stands and ends the run.

A hung rank (a dead file system, a lost node, a deadlock) hangs all others in their next message,
and no launcher notices. So every rank rearms a timer as it goes on; when the timer of any rank runs
out, it prints the stacks of all its threads and leaves with exit code 1, at which the launcher ends
the rest. The timer is `faulthandler`'s, a thread in C: it fires too while Python's lock is held by
LAPACK or by a stuck system call.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from types import TracebackType
from typing import TextIO

REARM_SECONDS = 0.2
"""Smallest time between two rearmings, each of which starts a thread."""


class Watchdog:
    """Ends the process unless `progress` is called often enough; a limit of 0 disables it.

    Args:
        seconds: time without progress after which the run counts as hung.
        stream: the stream to which stacks are written; it must have a file descriptor.

    Example:
        >>> with Watchdog(60.0) as watchdog:
        ...     watchdog.progress()
    """

    def __init__(self, seconds: float, stream: TextIO | None = None) -> None:
        self.seconds = seconds
        self._stream = stream if stream is not None else sys.__stderr__
        self._armed = self._started = 0.0

    def __enter__(self) -> Watchdog:
        self._started = time.monotonic()
        self._arm(self._started, self.seconds)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self.seconds > 0:
            faulthandler.cancel_dump_traceback_later()

    def progress(self) -> None:
        """Record that a unit of work is done."""
        now = time.monotonic()
        if now - self._armed >= REARM_SECONDS:
            self._arm(now, self.seconds)

    def wait_for_others(self) -> None:
        """Extend the limit for ranks that have more to do: a sixteenth of the samples, which takes
        about as long as this rank took for all of its own.
        """
        now = time.monotonic()
        self._arm(now, self.seconds + now - self._started)

    def _arm(self, now: float, seconds: float) -> None:
        if self.seconds > 0 and self._stream is not None:
            faulthandler.dump_traceback_later(seconds, exit=True, file=self._stream)
            self._armed = now
