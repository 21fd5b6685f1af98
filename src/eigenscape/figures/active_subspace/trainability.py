"""Does the condition number tell how easily a network trains? Both maps side by side, and one
against the other.

A network that most starting points never bring to the threshold has no median number of steps, but
is not without information: it takes longer than all that arrive. It is hatched in the map, drawn as
an arrow at the most steps that were made, and ranked last in the correlation.
"""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from eigenscape.active_subspace.association import Estimate, EstimateStatus, spearman
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.condition_number import LABELS
from eigenscape.figures.grid import CellGrid
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, GREY, PALE, PALETTE, paper_style
from eigenscape.interval import column_names
from eigenscape.networks.training import StepRule

STEPS = r"median steps, $\log_{10}$"

RULES = {
    StepRule.CURVATURE: r"steps of $1/\lambda_{\max}$ of the Hessian at the start",
    StepRule.SEARCH: "for each network the best of a grid of step sizes",
}

NEVER, MISSING = "/////", "....."
"""Hatches: trained in vain, and nothing to compare with."""

_TRAINING_COLUMNS = [
    "rule",
    "replicas",
    "threshold",
    "most_steps",
    "log10_steps",
    "log10_steps_low",
    "log10_steps_high",
]


@paper_style()
def trainability_figure(
    condition_table: pd.DataFrame,
    training_table: pd.DataFrame,
    column: str = "log10_cond",
    rule: StepRule = StepRule.SEARCH,
) -> Figure:
    """The condition number, the steps that gradient descent takes, and their rank correlation.

    Args:
        condition_table: a row per cell with depth, width and ``column``; only the cells that were
            trained are drawn. Where it also has ``<column>_low`` and ``<column>_high``, the
            intervals are drawn.
        training_table: a row per cell and rule, from the stage `training`.
        column: the condition number, in decades.
        rule: how the step of gradient descent was chosen.

    Returns:
        A figure of three panels, 183 mm wide.

    Raises:
        BadInput: a table is empty, lacks a column or has a cell twice, or no cell was trained by
            the rule.

    Example:
        >>> cells = pd.DataFrame({"depth": [1, 2], "width": [5, 5], "log10_cond": [1.1, 2.2]})
        >>> numbers = {"rule": "search", "replicas": 12, "threshold": 0.05, "most_steps": 3000}
        >>> trained = cells[["depth", "width"]].assign(
        ...     **numbers, log10_steps=[2.0, 3.0], log10_steps_low=1.5, log10_steps_high=3.5
        ... )
        >>> [axes.get_title(loc="left") for axes in trainability_figure(cells, trained).axes[:2]]
        ['(a) condition number', '(b) steps to a loss of 0.05']
    """
    steps = _of_rule(training_table, rule)
    CellGrid.of(condition_table, [column])
    conditions = [name for name in column_names(column) if name in condition_table.columns]
    cells = steps.merge(
        condition_table[["depth", "width", *conditions]], on=["depth", "width"], how="left"
    )
    grid = CellGrid.of(cells, [])
    most = int(cells["most_steps"].max())
    never = np.isposinf(cells["log10_steps"].to_numpy(dtype=np.float64))

    figure = Figure(figsize=(DOUBLE_COLUMN, 3.3), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.15])
    handles: list[Patch | Line2D] = []
    _draw_map(figure, left, grid, column, _short(column))
    left.set_title("(a) condition number", loc="left")
    _draw_map(figure, middle, grid, "log10_steps", STEPS)
    middle.set_title(f"(b) steps to a loss of {cells['threshold'].iloc[0]:.2g}", loc="left")
    middle.set_ylabel("")
    without = ~np.isfinite(cells[column].to_numpy(dtype=np.float64))
    if never.any():
        words = (
            f"at most half of the {int(cells['replicas'].max())} starts reach that loss in {most:,}"
            " steps"
        )
        handles.append(_hatch(middle, grid, never, NEVER, words))
    if without.any():
        handles.append(
            _hatch(left, grid, without, MISSING, "no finite condition number in the table")
        )

    _draw_scatter(figure, right, cells, column, never)
    correlation = spearman(
        cells[column].to_numpy(), np.where(never, np.log10(most + 1), cells["log10_steps"])
    )
    right.set_title(f"(c) {correlation_words(correlation)}", loc="left")
    if (never & ~without).any():
        handles.append(
            Line2D(
                [],
                [],
                color="black",
                marker="^",
                markersize=4,
                linestyle="none",
                label="more steps than that: ranked last",
            )
        )
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=1.8)
    figure.suptitle(
        rf"gradient descent, {RULES[rule]}; Spearman's $\rho$ over {correlation.count} networks,"
        r" with 95 % interval"
    )
    return figure


def correlation_words(correlation: Estimate) -> str:
    r"""The rank correlation with its interval, or why there is none.

    Example:
        >>> print(correlation_words(spearman(np.arange(9.0), np.arange(9.0))))
        $\rho$ = 1.00 [1.00, 1.00]
        >>> print(correlation_words(spearman(np.arange(2.0), np.arange(2.0))))
        too few cells: 2
    """
    if correlation.status is EstimateStatus.TOO_FEW:
        return f"too few cells: {correlation.count}"
    if correlation.status is EstimateStatus.CONSTANT:
        return "cells of equal value"
    return rf"$\rho$ = {interval_words(correlation)}"


def interval_words(estimate: Estimate) -> str:
    """Value and interval with two decimals, as in ``0.94 [0.50, 1.25]``."""
    return f"{estimate:.2f}".replace("-", "\N{MINUS SIGN}")


def depth_colours(depths: np.ndarray) -> np.ndarray:
    """(n, 4) RGBA: one colour for each depth that occurs, from dark to light, however the depths
    are spaced.

    Example:
        >>> colours = depth_colours(np.array([1, 8, 2, 1]))
        >>> bool((colours[0] == colours[3]).all()), len(np.unique(colours, axis=0))
        (True, 3)
    """
    distinct, level = np.unique(depths, return_inverse=True)
    # The lightest tenth is hard to see as a small mark on white.
    colours: np.ndarray = matplotlib.colormaps[COLORMAP](np.linspace(0, 0.9, len(distinct)))[level]
    return colours


def depth_bar(figure: Figure, axes: Axes | list[Axes], depths: np.ndarray, **options: Any) -> None:
    """A colour bar with one equally long piece for each depth, of which at most eight are
    labelled.
    """
    distinct = np.unique(depths)
    scale = ScalarMappable(
        Normalize(-0.5, len(distinct) - 0.5), ListedColormap(depth_colours(distinct))
    )
    bar = figure.colorbar(scale, ax=axes, label="depth $L$ (hidden layers)", **options)
    shown = range(0, len(distinct), -(-len(distinct) // 8))
    bar.set_ticks(list(shown), labels=[f"{distinct[index]}" for index in shown])
    bar.minorticks_off()


def _of_rule(table: pd.DataFrame, rule: StepRule) -> pd.DataFrame:
    """The rows of one rule, checked to be one per cell."""
    fix = "give the table of the stage training"
    if missing := [
        name for name in ("depth", "width", *_TRAINING_COLUMNS) if name not in table.columns
    ]:
        raise BadInput.field(
            "training table", f"the column {missing[0]}", ", ".join(map(str, table.columns)), fix
        )
    rows = table[table["rule"] == str(rule)]
    if rows.empty:
        found = ", ".join(sorted(set(table["rule"].astype(str)))) or "no rows"
        raise BadInput.field("training table", f"rows of the rule {rule}", found, fix)
    return CellGrid.of(rows, []).table


def _short(column: str) -> str:
    """The label of a column, without its formula."""
    return f"{LABELS[column].split(',')[0]} (decades)" if column in LABELS else column


def _draw_map(figure: Figure, axes: Axes, grid: CellGrid, column: str, label: str) -> None:
    grid.label_axes(axes)
    values = grid.values(column)
    if np.isfinite(values).any():
        cells = axes.pcolormesh(
            grid.depth_edges, grid.width_edges, np.ma.masked_invalid(values), cmap=COLORMAP
        )
        figure.colorbar(
            cells,
            ax=axes,
            label=label,
            location="bottom",
            ticks=MaxNLocator(5),
            aspect=18,
            pad=0.03,
        )


def _hatch(axes: Axes, grid: CellGrid, rows: np.ndarray, hatch: str, words: str) -> Patch:
    """Hatch the cells of some rows, and explain it."""
    where = grid.mask(pd.Series(rows, index=grid.table.index))
    style: dict[str, Any] = {"hatch": hatch, "edgecolor": GREY, "linewidth": 0}
    pale = np.ma.masked_where(~where, np.zeros(where.shape))
    axes.pcolor(grid.depth_edges, grid.width_edges, pale, cmap=ListedColormap([PALE]), **style)
    return Patch(facecolor=PALE, label=words, **style)


def _draw_scatter(
    figure: Figure, axes: Axes, cells: pd.DataFrame, column: str, never: np.ndarray
) -> None:
    """One mark a cell, coloured by depth; an arrow where the number of steps is only known to be
    larger.
    """
    shown = cells[np.isfinite(cells[column].to_numpy(dtype=np.float64))]
    x = shown[column].to_numpy(dtype=np.float64)
    top = np.log10(shown["most_steps"].to_numpy(dtype=np.float64))
    y, low, high = (
        np.minimum(shown[name].to_numpy(dtype=np.float64), top)
        for name in column_names("log10_steps")
    )
    bars: dict[str, Any] = {"linestyle": "none", "color": GREY, "elinewidth": 0.6, "zorder": 1}
    axes.errorbar(x, y, yerr=[y - np.minimum(low, y), np.maximum(high, y) - y], **bars)
    if {f"{column}_low", f"{column}_high"} <= set(shown.columns):
        ends = (
            np.abs(x - shown[f"{column}{end}"].to_numpy(dtype=np.float64))
            for end in ("_low", "_high")
        )
        axes.errorbar(x, y, xerr=list(ends), **bars)
    colours = depth_colours(cells["depth"].to_numpy())[shown.index]
    late = never[shown.index]
    for marker, where, size in (("o", ~late, 20), ("^", late, 26)):
        axes.scatter(
            x[where],
            y[where],
            c=colours[where],
            marker=marker,
            s=size,
            edgecolors="black",
            linewidths=0.4,
            zorder=2,
        )
    if late.any():
        axes.axhline(top.max(), color=PALETTE["black"], linewidth=0.5, linestyle=":", zorder=0)
    axes.set(xlabel=_short(column), ylabel=STEPS)
    depth_bar(figure, axes, cells["depth"].to_numpy(), location="bottom", aspect=20, pad=0.03)
