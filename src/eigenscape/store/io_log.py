"""The results that a command reads and writes, so that a receipt can name the inputs of a table or
figure.

The functions of the store that read and write whole results report it here. Outside `traced` a
report has no effect; inside, the paths are recorded. The trace belongs to one context
(`contextvars`), so traces of threads do not mix.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Trace:
    """Paths in the order in which they were first read and first written.

    Attributes:
        read: receipts of stores, documents and tables that were read.
        written: the same of results that were written, and figures.
        began: seconds of a monotonic clock at the start.
    """

    read: dict[Path, None] = field(default_factory=dict)
    written: dict[Path, None] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the trace began."""
        return time.monotonic() - self.began


_TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def traced() -> Iterator[Trace]:
    """Record all results that are read and written inside the block.

    Example:
        >>> with traced() as trace:
        ...     note_read(Path("a.json"))
        ...     note_written(Path("b.csv"))
        >>> [path.name for path in trace.read], [path.name for path in trace.written]
        (['a.json'], ['b.csv'])
    """
    trace = Trace()
    token = _TRACE.set(trace)
    try:
        yield trace
    finally:
        _TRACE.reset(token)


def current_trace() -> Trace:
    """The paths recorded so far by the innermost `traced`; none outside of it."""
    return _TRACE.get() or Trace()


def note_read(path: Path) -> None:
    """Record that a result was read."""
    trace = _TRACE.get()
    if trace is not None:
        trace.read.setdefault(path)


def note_written(path: Path) -> None:
    """Record that a result was written."""
    trace = _TRACE.get()
    if trace is not None:
        trace.written.setdefault(path)
