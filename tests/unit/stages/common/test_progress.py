"""Progress: one line with rate and time left, judged by work and not by count."""

import io

import pytest

from eigenscape.stages.common import progress as module
from eigenscape.stages.common.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; tests set its only entry."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_time_left_is_judged_by_the_work(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress("map", {"small": 1.0, "medium": 3.0, "large": 16.0}, "cells", stream=stream)

    clock[0] += 10
    progress.finish({"small", "medium"})

    # 4 of 20 units of work in 10 s: 16 more take 40 s.
    assert stream.getvalue() == "map: 2 of 3 cells (20% of the work), 0.2/s, 40 s left\n"


def test_units_that_earlier_runs_did_do_not_count_towards_the_rate(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress("map", {"a": 2.0, "b": 1.0, "c": 1.0}, "cells", done={"a"}, stream=stream)

    clock[0] += 100
    progress.finish({"a", "b"})

    assert stream.getvalue() == "map: 2 of 3 cells (75% of the work), 0.01/s, 1 min 40 s left\n"


def test_a_log_is_not_flooded_but_gets_the_last_line(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress("map", {str(i): 1.0 for i in range(100)}, "cells", stream=stream)

    for i in range(100):
        clock[0] += 0.1
        progress.finish({str(i)})

    lines = stream.getvalue().splitlines()
    assert len(lines) <= 3
    assert lines[-1] == "map: 100 of 100 cells, 10/s, took 10 s"


def test_a_terminal_redraws_one_line(clock: list[float]) -> None:
    stream = Terminal()
    progress = Progress("map", {"a": 1.0, "b": 1.0}, "cells", stream=stream)

    for unit in "ab":
        clock[0] += 1
        progress.finish({unit})

    assert stream.getvalue().count("\r") == 2
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("\n")


def test_finishing_nothing_new_divides_by_nothing(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress("map", {"a": 1.0, "b": 1.0}, "cells", done={"a"}, stream=stream)

    clock[0] += 6
    progress.finish({"a"})

    assert stream.getvalue() == "map: 1 of 2 cells, 0/s, took 6 s\n"


def test_where_all_is_done_nothing_is_printed(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress("map", {"a": 1.0}, "cells", done={"a"}, stream=stream)
    clock[0] += 6

    progress.finish({"a"})

    assert stream.getvalue() == ""
