"""Dichotomies along one trajectory against the depth that remains above the swept layer."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from eigenscape.figures.intervals import (
    draw_means,
    first_and_last,
    marks_for,
    require_columns,
    rows_where,
)
from eigenscape.figures.style import paper_style, round_levels
from eigenscape.interval import column_names


@paper_style()
def dichotomies_figure(table: pd.DataFrame, inputs: int, weight_std: float) -> Figure:
    """Mean numbers of dichotomies on a log axis, a colour for each width and a marker for each
    total depth.

    Args:
        table: a row per width, depth and layer, with remaining, dichotomies, dichotomies_low and
            dichotomies_high.
        inputs: s, the number of inputs whose outputs are labelled by their signs.
        weight_std: sigma_w.

    Returns:
        A figure of one panel, 127 mm wide.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> rows = pd.DataFrame(
        ...     {"width": [4], "depth": [2], "remaining": [1], "dichotomies": [9.0]}
        ... )
        >>> figure = dichotomies_figure(
        ...     rows.assign(dichotomies_low=8.0, dichotomies_high=10.0), 15, 2.8
        ... )
        >>> figure.axes[0].get_yscale()
        'log'
    """
    require_columns(table, ["width", "depth", "remaining", *column_names("dichotomies")])
    figure = Figure(figsize=(5.0, 3.8), layout="constrained")
    axes = figure.subplots()
    for colour, _, width in marks_for(sorted(table["width"].unique())):
        for _, marker, depth in marks_for(sorted(table["depth"].unique())):
            rows = rows_where(table, width=width, depth=depth).sort_values("remaining")
            label = f"$k$ = {width}, {depth} hidden layers"
            draw_means(
                axes,
                rows["remaining"],
                rows,
                "dichotomies",
                fmt=f"{marker}-",
                color=colour,
                label=label,
            )
    axes.set_yscale("log")
    ticks = round_levels(*axes.get_ylim())
    axes.set_yticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xticks(range(int(table["remaining"].max()) + 1))
    axes.set_xlabel("remaining depth: hidden layers above the swept one")
    axes.set_ylabel("dichotomies along one trajectory")
    axes.legend(loc="upper left")
    width, depth = int(table["width"].max()), int(table["depth"].max())
    measured = first_and_last(
        rows_where(table, width=width, depth=depth),
        "dichotomies",
        "remaining",
        "at remaining depth",
        ".1f",
    )
    figure.suptitle(
        f"Counted exactly for {inputs} inputs, of at most $2^{{{inputs}}}$ dichotomies; hard-tanh,"
        f" $\\sigma_w$ = {weight_std:.3g},\nno biases. Bars: 95 % bootstrap over networks."
        f" {depth} layers of {width} units:\n{measured}."
    )
    return figure
