"""An error on one rank is an error on all of them."""

from typing import Any

import pytest

from eigenscape.distributed.agreement import raise_on_all_ranks
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
        raise_on_all_ranks(Beside(None, DamagedResult("chunk 3")), lambda: "done")
    assert raise_on_all_ranks(Beside(None, None), lambda: "done") == "done"


def test_the_first_rank_that_failed_is_heard() -> None:
    def fail() -> None:
        raise DamagedResult("mine")

    with pytest.raises(DamagedResult, match="theirs"):
        raise_on_all_ranks(Beside(DamagedResult("theirs")), fail)
    with pytest.raises(DamagedResult, match="mine"):
        raise_on_all_ranks(Beside(None), fail)


def test_an_error_that_nobody_foresaw_keeps_its_traceback_where_it_was_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        raise_on_all_ranks(Beside(None), fail)
    with pytest.raises(EigenscapeError, match="rank 0 failed"):
        raise_on_all_ranks(
            Beside(EigenscapeError("rank 0 failed: ZeroDivisionError('here')")), lambda: None
        )
