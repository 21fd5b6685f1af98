"""Stopping when asked to: Ctrl-C, `scancel`, the end of a Slurm job's time.

A handler only notes the request; stages look at it between units of work, keep what is finished and
end with exit code 75 (interrupted, resumable). A second Ctrl-C ends the program at once.
"""

from __future__ import annotations

import signal
from types import FrameType

from eigenscape.errors import Interrupted

_requested: list[int] = []


def install() -> None:
    """Note SIGINT, SIGTERM and SIGUSR1 (Slurm's warning before the end of a job's time) from now
    on.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, _note)


def _note(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGINT and signal.SIGINT in _requested:
        raise KeyboardInterrupt
    _requested.append(number)


def stop_requested() -> bool:
    """Whether a signal has asked the program to stop."""
    return bool(_requested)


def leave_if_asked(kept: str, of: str = "") -> None:
    """End here where a signal has asked the program to stop.

    Args:
        kept: what is kept, such as "finished cells are kept".
        of: the work that is interrupted, where a message should name it.

    Raises:
        Interrupted: a signal came.
    """
    if stop_requested():
        name = f"{of}: " if of else ""
        raise Interrupted(f"{name}interrupted; {kept}, run the same command to resume")
