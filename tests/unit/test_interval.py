"""Intervals: columns there and back, one place of many, and on which side they lie."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from eigenscape.interval import Interval, column_names

ARRAYS = Interval(np.array([1.0, 2.0]), np.array([0.5, 1.5]), np.array([3.0, math.inf]))


@pytest.mark.parametrize("ends", [None, "", "bracket_"])
@pytest.mark.parametrize("interval", [Interval(0.5, 0.25, 1.0), ARRAYS])
def test_columns_are_plain_numbers_and_read_back(
    interval: Interval[float] | Interval[np.ndarray], ends: str | None
) -> None:
    columns = interval.columns("share", ends)
    assert tuple(columns) == column_names("share", ends)
    json.dumps(columns)
    np.testing.assert_array_equal(
        [*Interval.of_columns(columns, "share", ends)], np.array([*interval])
    )
    row = pd.Series(columns)
    np.testing.assert_array_equal([*Interval.of_columns(row, "share", ends)], [*interval])


def test_one_place_of_arrays_is_three_numbers() -> None:
    assert ARRAYS.at(1) == Interval(2.0, 1.5, math.inf)
    square = Interval(*np.arange(12.0).reshape(3, 2, 2))
    assert square.at((1, 0)) == Interval(2.0, 6.0, 10.0)


@pytest.mark.parametrize(
    ("other", "side"),
    [
        ((0.2,), 1),
        ((0.25,), 0),
        ((0.1, 0.2), 1),
        ((0.1, 0.3), 0),
        ((2.0,), -1),
        ((2.0, 3.0), -1),
        ((math.nan,), 0),
    ],
)
def test_sides(other: tuple[float, ...], side: int) -> None:
    assert Interval(0.5, 0.25, 1.0).side_of(*other) == side
    assert Interval(0.5, math.nan, math.nan).side_of(*other) == 0


def test_a_format_is_that_of_every_number() -> None:
    assert f"{Interval(-0.123, -1.0, math.inf):+.1f}" == "-0.1 [-1.0, +inf]"
