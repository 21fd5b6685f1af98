"""What a command read and wrote of a study, so that a receipt can name the inputs of a table or
figure.

The functions of the store that read and write whole results say so here. Outside of `traced` that
costs nothing and changes nothing; inside, the paths are kept. The trace belongs to one context
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
        read: receipts of stores, documents and tables.
        written: the same, and figures.
        began: seconds of a clock without a meaning of its own; differences have one.
    """

    read: dict[Path, None] = field(default_factory=dict)
    written: dict[Path, None] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the trace began."""
        return time.monotonic() - self.began


_TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def traced() -> Iterator[Trace]:
    """Keep what is read and written inside.

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


def note_read(path: Path) -> None:
    """A result was read."""
    trace = _TRACE.get()
    if trace is not None:
        trace.read.setdefault(path)


def note_written(path: Path) -> None:
    """A result was written."""
    trace = _TRACE.get()
    if trace is not None:
        trace.written.setdefault(path)
