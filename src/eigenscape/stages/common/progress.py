"""Progress as one line with rate and time left, printed by one process.

On a terminal the line is redrawn; elsewhere (a log, a Slurm output file) a new line is printed at
most every few seconds, so that logs stay readable. Units may differ in size: the time left is
judged by the work that is done, not by the count.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

QUIET_SECONDS = 5.0
"""Lines in a log are at least this far apart, except the last."""


class Progress:
    """Counts units of work and says how fast they go.

    Args:
        label: what is being done.
        work: of every unit, in any measure that is proportional to time (flops, say).
        unit: name of a unit, in the plural.
        done: units that earlier runs did; they count as done but not towards the rate.
        stream: where to print.

    Example:
        >>> progress = Progress("cells", {"small": 1.0, "large": 9.0}, "cells", stream=sys.stdout)
        >>> progress.finish({"small", "large"})
        cells: 2 of 2 cells, ...
    """

    def __init__(
        self,
        label: str,
        work: dict[str, float],
        unit: str,
        *,
        done: set[str] | None = None,
        stream: TextIO | None = None,
    ) -> None:
        self._label, self._work, self._unit, self._stream = (
            label,
            work,
            unit,
            stream if stream is not None else sys.stderr,
        )
        self._before = self._done = set(done or ())
        self._started = time.monotonic()
        self._printed = self._started

    def finish(self, units: set[str]) -> None:
        """Note which units are done by now, and print if it is time to; nothing where all were
        done before.
        """
        if len(self._done) == len(self._work):
            return
        self._done = self._done | units
        now = time.monotonic()
        finished, terminal = len(self._done) == len(self._work), self._stream.isatty()
        if not (finished or terminal or now - self._printed >= QUIET_SECONDS):
            return
        self._printed = now
        text = f"{self._label}: {self._line(max(now - self._started, 1e-9), finished)}"
        end = "\n" if finished or not terminal else ""
        print(f"\r\x1b[K{text}" if terminal else text, end=end, file=self._stream, flush=True)

    def _line(self, elapsed: float, finished: bool) -> str:
        count = f"{len(self._done)} of {len(self._work)} {self._unit}"
        rate = (len(self._done) - len(self._before)) / elapsed
        work_rate = (self._amount(self._done) - self._amount(self._before)) / elapsed
        if finished or work_rate == 0:
            return f"{count}, {rate:.2g}/s, took {_duration(elapsed)}"
        share = self._amount(self._done) / self._amount(set(self._work))
        left = (self._amount(set(self._work)) - self._amount(self._done)) / work_rate
        return f"{count} ({share:.0%} of the work), {rate:.2g}/s, {_duration(left)} left"

    def _amount(self, units: set[str]) -> float:
        return sum(self._work[unit] for unit in units)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
