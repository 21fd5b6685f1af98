"""The condition number against what it might follow: the parameter count, or depth times a rate.

P, L sqrt(w) and the mean-field prediction all grow with depth and width, so each alone correlates
with the condition number. The caption therefore also says what is left at equal P: a quantity that
mimics the parameter count does not change with depth there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape.active_subspace.association import (
    SAME_PARAMETERS,
    Contrast,
    EstimateStatus,
    iso_parameter_contrast,
    predictors,
    spearman,
)
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.condition_number import LABELS
from eigenscape.figures.active_subspace.trainability import (
    correlation_words,
    depth_bar,
    depth_colours,
    interval_words,
)
from eigenscape.figures.grid import CellGrid
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, paper_style, round_levels

PREDICTORS = {
    "parameters": "number of parameters $P$",
    "depth_root_width": r"$L\,\sqrt{w}$",
    "mean_field_decades": r"mean field, $(L-1)\,|\log_{10}\chi_1|$ (decades)",
}
"""Panels, in order; those whose column the table cannot give are left out."""


@paper_style()
def predictors_figure(table: pd.DataFrame, column: str = "log10_cond") -> Figure:
    """The condition number of each cell against each predictor, coloured by depth.

    Args:
        table: a row per cell with depth, width, parameters and ``column``, and perhaps chi_1 and
            the ends of the interval ``<column>_low`` and ``<column>_high``; cells where ``column``
            is not finite are left out.
        column: the condition number, in decades.

    Returns:
        A figure of two or, where the table has chi_1, three panels, 183 mm wide; the dashed line of
        the third is the mean-field prediction up to a constant.

    Raises:
        BadInput: the table is empty, lacks a column, has a cell twice, or no cell has a number.

    Example:
        >>> cells = pd.DataFrame(
        ...     {"depth": [1, 2], "width": [5, 5], "parameters": [16, 46], "log10_cond": [1.1, 2.2]}
        ... )
        >>> [axes.get_xscale() for axes in predictors_figure(cells).axes[:2]]
        ['log', 'linear']
    """
    grid = CellGrid.of(table, ["parameters", column])
    cells = grid.table[np.isfinite(grid.table[column].to_numpy(dtype=np.float64))]
    if cells.empty:
        raise BadInput.field(
            column,
            "a finite number in some cell",
            "none",
            "raise sampling.raw_parameter_limit or draw another column",
        )
    candidates = predictors(cells)
    shown = [name for name in PREDICTORS if name in candidates.columns]

    figure = Figure(figsize=(DOUBLE_COLUMN, 3.0), layout="constrained")
    panels: list[Axes] = list(figure.subplots(1, len(shown), sharey=True))
    values, depths = cells[column].to_numpy(dtype=np.float64), cells["depth"].to_numpy()
    for letter, name, axes in zip("abc", shown, panels, strict=False):
        x = candidates[name].to_numpy(dtype=np.float64)
        if {f"{column}_low", f"{column}_high"} <= set(cells.columns):
            ends = [
                np.abs(values - cells[f"{column}_{end}"].to_numpy(dtype=np.float64))
                for end in ("low", "high")
            ]
            axes.errorbar(
                x, values, yerr=ends, linestyle="none", color=GREY, elinewidth=0.5, zorder=1
            )
        axes.scatter(
            x, values, c=depth_colours(depths), s=14, edgecolors="black", linewidths=0.3, zorder=2
        )
        if name == "mean_field_decades":
            ends_of_line = [0.0, float(x.max())]
            axes.plot(
                ends_of_line, ends_of_line, color=GREY, linestyle="--", linewidth=0.8, zorder=0
            )
        axes.set_xlabel(PREDICTORS[name])
        axes.set_title(f"({letter}) {correlation_words(spearman(x, values))}", loc="left")
    panels[0].set_xscale("log")
    ticks = round_levels(*panels[0].get_xlim(), most=5)
    panels[0].set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    panels[0].minorticks_off()
    panels[0].set_ylabel(LABELS.get(column, column).replace(", ", ",\n"))
    depth_bar(figure, panels, depths, pad=0.02)
    of_what = rf"Spearman's $\rho$ over {len(cells)} networks, with 95 % interval"
    figure.suptitle(f"{of_what}\n{contrast_words(iso_parameter_contrast(cells, column))}")
    return figure


def contrast_words(contrast: Contrast) -> str:
    """What depth does at equal P, or why that cannot be said.

    Example:
        >>> print(
        ...     contrast_words(Contrast(0.94, 0.5, 1.25, 80, 0, EstimateStatus.ESTIMATED, pairs=98))
        ... )
        at equal $P$ (98 pairs within 5 %, one at least twice as deep),
        deeper minus shallower is 0.94 [0.50, 1.25] decades
    """
    if contrast.status is not EstimateStatus.ESTIMATED:
        return f"too few pairs of networks of equal $P$ to tell depth from $P$: {contrast.pairs}"
    pairs = f"{contrast.pairs:,} pairs within {SAME_PARAMETERS:.0%}".replace("%", " %")
    return (
        f"at equal $P$ ({pairs}, one at least twice as deep), deeper minus shallower is"
        f" {interval_words(contrast)} decades"
    )
