"""Means with their intervals, drawn one way in every figure of curves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eigenscape.errors import BadInput
from eigenscape.figures.style import PALETTE
from eigenscape.interval import column_names

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
