"""Means with their intervals, drawn one way in every figure of curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eigenscape.errors import BadInput

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


def draw_means(axes: Axes, x: Any, rows: pd.DataFrame, column: str, **style: Any) -> None:
    """The column's means against x, joined, with bars from ``<column>_low`` to
    ``<column>_high``.
    """
    means = rows[column].to_numpy(dtype=np.float64)
    # A percentile interval of few networks may end beside the mean itself by rounding.
    ends = [
        np.maximum(sign * (rows[f"{column}_{end}"].to_numpy(dtype=np.float64) - means), 0.0)
        for sign, end in ((-1, "low"), (1, "high"))
    ]
    axes.errorbar(
        x,
        means,
        yerr=ends,
        **{"markersize": 3.0, "linewidth": 1.0, "elinewidth": 0.7, "capsize": 1.5, **style},
    )
