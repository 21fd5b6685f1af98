"""An error on one rank is an error on all of them."""

from typing import Any

import pytest

from eigenscape.distributed.agreement import together
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import DamagedResult, EigenscapeError


class Beside(OneRank):
    """One rank that hears of errors on others."""

    def __init__(self, *others: Exception | None) -> None:
        self.others = others

    def gather(self, value: Any) -> list[Any]:
        return [*self.others, value]


def test_what_fails_elsewhere_fails_here() -> None:
    with pytest.raises(DamagedResult, match="chunk 3"):
        together(Beside(None, DamagedResult("chunk 3")), lambda: "done")
    assert together(Beside(None, None), lambda: "done") == "done"


def test_the_first_rank_that_failed_is_heard() -> None:
    def fail() -> None:
        raise DamagedResult("mine")

    with pytest.raises(DamagedResult, match="theirs"):
        together(Beside(DamagedResult("theirs")), fail)
    with pytest.raises(DamagedResult, match="mine"):
        together(Beside(None), fail)


def test_an_error_that_nobody_foresaw_keeps_its_traceback_where_it_was_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        together(Beside(None), fail)
    with pytest.raises(EigenscapeError, match="rank 0 failed"):
        together(Beside(EigenscapeError("rank 0 failed: ZeroDivisionError('here')")), lambda: None)
