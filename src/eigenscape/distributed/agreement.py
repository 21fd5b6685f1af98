"""Joint failure: an error on one rank must not leave the others waiting in the next message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eigenscape.distributed.ranks import Ranks
from eigenscape.errors import EigenscapeError

_Result = TypeVar("_Result")


def raise_on_all_ranks(ranks: Ranks, work: Callable[[], _Result]) -> _Result:
    """Do this rank's part of the work, and return only if every rank succeeded; a collective call.

    Args:
        ranks: the ranks of the run.
        work: the part of this rank; it must not itself wait for other ranks.

    Raises:
        EigenscapeError: the error of the first rank that failed, raised on every rank.
        Exception: any other error, raised on the rank where it occurred; the other ranks raise an
            `EigenscapeError` that names that rank.

    Example:
        >>> from eigenscape.distributed.ranks import OneRank
        >>> raise_on_all_ranks(OneRank(), lambda: 3)
        3
    """
    result: list[_Result] = []
    own_error: Exception | None = None
    try:
        result.append(work())
    except Exception as error:
        own_error = error
    reported = (
        own_error
        if own_error is None or isinstance(own_error, EigenscapeError)
        else EigenscapeError(f"rank {ranks.rank} failed: {own_error!r}")
    )
    errors = [error for error in ranks.gather(reported) if error is not None]
    if own_error is not None and not isinstance(own_error, EigenscapeError):
        raise own_error
    if errors:
        raise errors[0]
    return result[0]
