"""Numbers with their intervals, and the columns by which tables and documents hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.95
"""Nominal coverage of every interval that a study reports."""

Numbers = TypeVar("Numbers", float, np.ndarray)


@dataclass(frozen=True)
class Interval(Generic[Numbers]):
    """A value between the ends of its interval: three numbers, or three arrays of one shape.

    NaN is an end of which nothing is known. Unpacked, it gives value, low and high; formatted, each
    of them.

    Example:
        >>> value, low, high = interval = Interval(0.5, 0.25, 1.0)
        >>> f"{interval:.2f}"
        '0.50 [0.25, 1.00]'
    """

    value: Numbers
    low: Numbers
    high: Numbers

    def __iter__(self) -> Iterator[Numbers]:
        return iter((self.value, self.low, self.high))

    def __format__(self, spec: str) -> str:
        value, low, high = (format(number, spec) for number in self)
        return f"{value} [{low}, {high}]"

    def at(self, index: Any) -> Interval[float]:
        """The interval at one index of its arrays.

        Example:
            >>> Interval(*np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 5.0]])).at(1)
            Interval(value=2.0, low=1.0, high=5.0)
        """
        return Interval(*(float(np.asarray(numbers)[index]) for numbers in self))

    def side_of(self: Interval[float], low: float, high: float | None = None) -> int:
        """Where the interval lies: 1 above ``high``, -1 below ``low``, 0 where they meet.

        Args:
            low: lower end of another interval.
            high: its upper end; by default the other is the number ``low``.

        Example:
            >>> interval = Interval(0.5, 0.25, 1.0)
            >>> interval.side_of(0.0), interval.side_of(0.5), interval.side_of(1.5, 2.0)
            (1, 0, -1)
        """
        return int(self.low > (low if high is None else high)) - int(self.high < low)

    def columns(self, name: str, ends: str | None = None) -> dict[str, Any]:
        """The interval as columns of a table, or keys of a document; arrays become lists.

        Args:
            name: of the value.
            ends: what the names of both ends begin with; by default ``name`` and an underscore.

        Example:
            >>> Interval(0.5, 0.25, 1.0).columns("share")
            {'share': 0.5, 'share_low': 0.25, 'share_high': 1.0}
            >>> Interval(0.5, 0.25, 1.0).columns("share", ends="")
            {'share': 0.5, 'low': 0.25, 'high': 1.0}
        """
        names = column_names(name, ends)
        return {
            name: np.asarray(numbers).tolist() for name, numbers in zip(names, self, strict=True)
        }

    @classmethod
    def of_columns(
        cls, numbers: Mapping[str, Any] | pd.Series, name: str, ends: str | None = None
    ) -> Interval[Any]:
        """The interval that `columns` wrote, from a document or a row of a table.

        Example:
            >>> Interval.of_columns({"share": 0.5, "share_low": 0.25, "share_high": 1.0}, "share")
            Interval(value=0.5, low=0.25, high=1.0)
        """
        return Interval(*(numbers[each] for each in column_names(name, ends)))


def column_names(name: str, ends: str | None = None) -> tuple[str, str, str]:
    """The names of the three columns of an interval.

    Example:
        >>> column_names("growth")
        ('growth', 'growth_low', 'growth_high')
    """
    ends = f"{name}_" if ends is None else ends
    return name, f"{ends}low", f"{ends}high"
