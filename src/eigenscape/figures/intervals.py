"""Means with their intervals, drawn one way in every figure of curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eigenscape.errors import BadInput
from eigenscape.figures.style import PALETTE
from eigenscape.interval import Interval, column_names

Value = TypeVar("Value")

COLOURS = ("blue", "vermillion", "green", "orange", "purple", "sky", "black")
MARKERS = "osD^vPX"

ACTIVATION_NAMES = {"relu": "ReLU", "hard_tanh": "hard-tanh"}


def require_columns(table: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a table that a figure cannot be drawn from.

    Raises:
        BadInput: no rows, or a column is missing.
    """
    missing = [name for name in columns if name not in table.columns]
    if missing or table.empty:
        found = f"no {', '.join(missing)}" if missing else "no rows"
        raise BadInput.field(
            "table",
            f"rows with {', '.join(columns)}",
            found,
            "give the table of the stage expressivity",
        )


def marks_for(values: Iterable[Value]) -> Iterator[tuple[str, str, Value]]:
    """A colour, a marker and a value, for as many of the values as there are colours.

    Example:
        >>> list(marks_for([0.5, 2.0]))
        [('#0072B2', 'o', 0.5), ('#D55E00', 's', 2.0)]
    """
    for colour, marker, value in zip(COLOURS, MARKERS, values, strict=False):
        yield PALETTE[colour], marker, value


def rows_where(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """The rows whose columns have these values.

    Example:
        >>> table = pd.DataFrame({"depth": [1, 1, 2], "width": [5, 6, 5]})
        >>> rows_where(table, depth=1, width=5).index.tolist()
        [0]
    """
    return table[np.logical_and.reduce([table[name] == value for name, value in values.items()])]


def first_and_last(
    rows: pd.DataFrame, column: str, order: str, words: str, spec: str = ".2f"
) -> str:
    """The column with its interval at the lowest and at the highest value of another column: what a
    title says of a curve.

    Args:
        rows: of one curve, with the column and the ends of its interval.
        column: what was measured.
        order: what it was measured against.
        words: of the latter, with a preposition.
        spec: format of a number.

    Example:
        >>> rows = {"layer": [2, 5], "train": [0.9, 0.8]}
        >>> rows |= {"train_low": [0.8, 0.7], "train_high": [1.0, 0.9]}
        >>> first_and_last(pd.DataFrame(rows), "train", "layer", "in layer")
        '0.90 [0.80, 1.00] in layer 2, 0.80 [0.70, 0.90] in layer 5'
    """
    ordered = rows.sort_values(order)
    ends = ordered.iloc[[0, -1]] if len(ordered) > 1 else ordered
    return ", ".join(
        f"{format(Interval.of_columns(row, column), spec)} {words} {row[order]:g}"
        for _, row in ends.iterrows()
    )


def over_replicas(values: Any, spec: str = ".2f") -> str:
    """Mean and range of a number over replicas; one replica has no range.

    Example:
        >>> over_replicas([0.5, 0.25, 0.75]), over_replicas([0.5])
        ('0.50 [0.25, 0.75]', '0.50')
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        return format(float(known[0]), spec) if len(known) else "unknown"
    return format(Interval(float(known.mean()), float(known.min()), float(known.max())), spec)


def draw_means(axes: Axes, x: Any, rows: pd.DataFrame, column: str, **style: Any) -> None:
    """The column's means against x, joined, with bars from ``<column>_low`` to
    ``<column>_high``.
    """
    means, low, high = (rows[name].to_numpy(dtype=np.float64) for name in column_names(column))
    # A percentile interval of few networks may end beside the mean itself by rounding.
    ends = np.maximum([means - low, high - means], 0.0)
    axes.errorbar(
        x,
        means,
        yerr=ends,
        **{"markersize": 3.0, "linewidth": 1.0, "elinewidth": 0.7, "capsize": 1.5, **style},
    )
