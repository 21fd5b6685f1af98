"""The number of parameters over depth and width: what the map of condition numbers is compared
with.

P = (L - 1) w^2 + (L + 2) w + 1 for one input and one output. Drawn on the axes of the map, so that
the two can be laid side by side.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eigenscape.figures.grid import HALO, CellGrid
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, PALETTE, paper_style, round_levels

BANDS_PER_DECADE = 10
"""Steps of colour: fine enough to look continuous in print."""


@paper_style()
def parameter_count_figure(table: pd.DataFrame) -> Figure:
    """P over the depth x width plane, in logarithmic colour, with labelled lines at round numbers.

    A grid of one row or one column has no contours and is drawn as cells.

    Args:
        table: a row per cell with depth, width and parameters; where it also has
            raw_parameter_limit, the largest P whose condition number is computed, that line is
            drawn too.

    Returns:
        A figure of one panel, 183 mm wide.

    Raises:
        BadInput: the table is empty, lacks a column or has a cell twice.

    Example:
        >>> rows = pd.DataFrame(
        ...     {"depth": [1, 2, 1, 2], "width": [5, 5, 10, 10], "parameters": [16, 46, 31, 141]}
        ... )
        >>> parameter_count_figure(rows).axes[1].get_ylabel()
        'number of parameters $P$'
    """
    grid = CellGrid.of(table, ["parameters"])
    parameters = grid.values("parameters")
    low, high = float(np.nanmin(parameters)), float(np.nanmax(parameters))
    # One value has no logarithmic range; a decade around it gives the colour bar something to show.
    limits = (low, high) if low < high else (low / np.sqrt(10), high * np.sqrt(10))
    norm = LogNorm(*limits)

    figure = Figure(figsize=(DOUBLE_COLUMN, 3.6), layout="constrained")
    axes = figure.subplots()
    grid.label_axes(axes)
    if grid.is_plane:
        # Bands of log P, as the lines over them: between cells log P is nearly linear, and P is
        # not.
        lowest, highest = np.log10(limits)
        levels = np.linspace(
            lowest, highest, int(np.ceil((highest - lowest) * BANDS_PER_DECADE)) + 1
        )
        logarithms = np.ma.masked_invalid(np.log10(parameters))
        colours = Normalize(lowest, highest)
        filled = axes.contourf(
            grid.depths, grid.widths, logarithms, levels=levels, norm=colours, cmap=COLORMAP
        )
        # Values exist at the cells only; the half cells around them would be extrapolated.
        axes.set_xlim(grid.depths[0], grid.depths[-1])
        axes.set_ylim(grid.widths[0], grid.widths[-1])
        filled.set_edgecolor("face")
    else:
        axes.pcolormesh(
            grid.depth_edges,
            grid.width_edges,
            np.ma.masked_invalid(parameters),
            norm=norm,
            cmap=COLORMAP,
        )
        grid.write_values(axes, parameters, "{:,.0f}")
    scale = ScalarMappable(norm, COLORMAP)
    ticks = round_levels(*limits)
    bar = figure.colorbar(scale, ax=axes, label="number of parameters $P$", pad=0.02, ticks=ticks)
    bar.ax.set_yticklabels([f"{tick:,.0f}" for tick in ticks])
    bar.minorticks_off()
    limit = _limit(grid, parameters)
    grid.draw_parameter_contours(figure, axes, avoid=limit)
    if limit is not None:
        figure.legend(
            handles=[_draw_limit(axes, grid, parameters, limit)], loc="outside lower center"
        )
    return figure


def _limit(grid: CellGrid, parameters: np.ndarray) -> float | None:
    """The largest P whose condition number is computed, where the table names one and the plane
    crosses it.
    """
    if "raw_parameter_limit" not in grid.table.columns or not grid.is_plane:
        return None
    limits = grid.table["raw_parameter_limit"].dropna().unique()
    crossed = limits.size == 1 and np.nanmin(parameters) < limits[0] < np.nanmax(parameters)
    return float(limits[0]) if crossed else None


def _draw_limit(axes: Axes, grid: CellGrid, parameters: np.ndarray, limit: float) -> Line2D:
    """The line of equal P at the limit, and its entry in the legend."""
    colour = PALETTE["vermillion"]
    line = axes.contour(
        grid.depths,
        grid.widths,
        np.log10(parameters),
        levels=[np.log10(limit)],
        colors=colour,
        linestyles="--",
        linewidths=1.4,
    )
    line.set_path_effects(HALO)
    label = f"condition number computed up to {limit:,.0f} parameters"
    return Line2D([], [], color=colour, linestyle="--", linewidth=1.4, label=label)
