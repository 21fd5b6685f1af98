"""Which layer the output's length answers to: tangential sensitivities and equal turns, beside the
radial trap.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from eigenscape.figures.intervals import (
    ACTIVATION_NAMES,
    draw_means,
    first_and_last,
    marks_for,
    require_columns,
    rows_where,
)
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALETTE, paper_style
from eigenscape.interval import column_names


@paper_style()
def length_sensitivity_figure(sensitivity: pd.DataFrame, turns: pd.DataFrame) -> Figure:
    """Sensitivities per weight matrix above, changes after equal turns of one matrix below.

    Args:
        sensitivity: a row per activation and layer, with radial and tangential and the ends of
            their intervals.
        turns: a row per activation, layer and angle (radian), with change and its interval.

    Returns:
        A figure of four panels, 183 mm wide.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> names = {"activation": "relu", "layer": 1, "sigma_w": 2.0, "networks": 3}
        >>> parts = {
        ...     name: 1.0
        ...     for part in ("radial", "tangential", "change")
        ...     for name in column_names(part)
        ... }
        >>> rows = pd.DataFrame([names | parts | {"angle": 0.1}])
        >>> len(length_sensitivity_figure(rows, rows).axes)
        4
    """
    require_columns(
        sensitivity,
        [
            "activation",
            "layer",
            "sigma_w",
            "networks",
            *column_names("radial"),
            *column_names("tangential"),
        ],
    )
    require_columns(turns, ["activation", "layer", "angle", *column_names("change")])
    figure = Figure(figsize=(DOUBLE_COLUMN, 5.0), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True)
    for column, (activation, name) in enumerate(ACTIVATION_NAMES.items()):
        rows = sensitivity[sensitivity["activation"] == activation].sort_values("layer")
        upper, lower = grid[0, column], grid[1, column]
        if len(rows):
            draw_means(
                upper,
                rows["layer"],
                rows,
                "tangential",
                fmt="o-",
                color=PALETTE["blue"],
                label=r"tangential, $|W_l|\,|\nabla_{\mathrm{tan}} V|/V$",
            )
            radial_words = r"radial, $\mathrm{tr}(W_l^T \nabla V)/V$" + (
                ": always 1" if activation == "relu" else ""
            )
            draw_means(
                upper, rows["layer"], rows, "radial", fmt="s--", color=GREY, label=radial_words
            )
            words = (
                rf"$\sigma_w$ = {rows['sigma_w'].iloc[0]:.3g}, {rows['networks'].iloc[0]} networks"
            )
            upper.set_title(f"({'ab'[column]}) {name}, {words}", loc="left")
            upper.legend()
        own = turns[turns["activation"] == activation]
        for colour, marker, angle in marks_for(sorted(own["angle"].unique())):
            part = rows_where(own, angle=angle).sort_values("layer")
            draw_means(
                lower,
                part["layer"],
                part,
                "change",
                fmt=f"{marker}-",
                color=colour,
                label=f"{angle:g} rad",
            )
        if len(own):
            lower.set_yscale("log")
            # Room for the legend below the lowest curve.
            lower.set_ylim(bottom=0.15 * float(own["change"].min()))
            lower.legend(loc="lower left", ncols=2)
        lower.set_title(f"({'cd'[column]}) {name}, one matrix turned by an angle", loc="left")
        lower.set_xlabel("weight matrix $l$ (the last is the read-out)")
        lower.set_xticks(sorted(sensitivity["layer"].unique()))
    grid[0, 0].set_ylabel("sensitivity of the variation $V$")
    grid[1, 0].set_ylabel(
        r"mean $|V_{\mathrm{turned}} - V|\,/\,\mathrm{max}(V, V_{\mathrm{turned}})$"
    )
    # The first and the last matrix are of other sizes.
    inner = sensitivity[
        (sensitivity["layer"] > 1) & (sensitivity["layer"] < sensitivity["layer"].max())
    ]
    measured = [
        f"{name}, tangential: "
        + first_and_last(rows_where(inner, activation=key), "tangential", "layer", "in layer")
        for key, name in ACTIVATION_NAMES.items()
        if (inner["activation"] == key).any()
    ]
    figure.suptitle(
        "$V$, the total variation of the output along a circle, and its gradients are exact; bars:"
        " 95 % bootstrap over\nnetworks. The radial part only rescales: in a bias-free ReLU network"
        " it is 1 for every matrix.\n" + "\n".join(measured)
    )
    return figure
