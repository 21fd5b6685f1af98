"""Progress as one line with rate and time left, printed by one process.

On a terminal the line is redrawn; elsewhere (a log, a Slurm output file) a new line is printed at most
every few seconds, so that logs stay readable.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

QUIET_SECONDS = 5.0
"""Lines in a log are at least this far apart, except the first and the last."""


class Progress:
    """Counts units of work and says how fast they go.

    Args:
        label: what is being done.
        total: units in all.
        unit: name of a unit, in the plural.
        done: units that earlier runs did; they count as done but not towards the rate.
        stream: where to print; None prints nothing (other ranks).

    Example:
        >>> progress = Progress("cells", 4, "cells", stream=sys.stdout)
        >>> progress.advance(4)
        cells: 4 of 4 cells, ...
    """

    def __init__(self, label: str, total: float, unit: str, *, done: float = 0, stream: TextIO | None = sys.stderr) -> None:
        self._label, self._total, self._unit, self._stream = label, total, unit, stream
        self._before = self._done = done
        self._started = time.monotonic()
        self._printed = 0.0

    def advance(self, units: float = 1) -> None:
        """Count units as done, and print if it is time to."""
        self._done += units
        self._print()

    def set(self, done: float) -> None:
        """Set the count, where it is read off a shared place."""
        self._done = done
        self._print()

    def _print(self) -> None:
        now = time.monotonic()
        finished = self._done >= self._total
        terminal = self._stream is not None and self._stream.isatty()
        if self._stream is None or not (finished or terminal or now - self._printed >= QUIET_SECONDS):
            return
        self._printed = now
        elapsed = max(now - self._started, 1e-9)
        rate = (self._done - self._before) / elapsed
        left = f"{_duration((self._total - self._done) / rate)} left" if rate > 0 and not finished else f"{_duration(elapsed)}"
        text = f"{self._label}: {self._done:.0f} of {self._total:.0f} {self._unit}, {_rate(rate, self._unit)}, {left}"
        end = "\n" if finished or not terminal else ""
        print(f"\r\x1b[K{text}" if terminal else text, end=end, file=self._stream, flush=True)


def _rate(rate: float, unit: str) -> str:
    return f"{rate:,.0f} {unit}/s" if rate >= 10 else f"{rate:.2g} {unit}/s"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
