"""The map of condition numbers over depth and width, with the parameter count drawn over it.

No cell is left without a word: a cell is a number, or a marker that says why the number is infinite
or not resolved, or a hatched cell that says why it was not computed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.config.cells import CellStatus
from eigenscape.figures.grid import CONTOUR_WIDTH, HALO, CellGrid
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, GREY, PALE, figure_of, paper_style

LABELS = {
    "log10_cond": r"condition number, $\log_{10}(\lambda_1/\lambda_P)$ (decades)",
    "log10_cond_null": r"condition number of sampling noise, $\log_{10}$ (decades)",
    "log10_cond_sym": r"projected condition number, $\log_{10}(\lambda_1/\lambda_P)$ (decades)",
    "log10_cond_carrying": r"decades among directions that carry gradient, $\log_{10}$",
    "log10_cond_low": r"lower end of the bracket of $\log_{10}(\lambda_1/\lambda_P)$ (decades)",
    "log10_cond_q": r"condition number without the outer 1 %, $\log_{10}$ (decades)",
    "stable_rank": r"stable rank, tr $C$ / $\lambda_1$",
    "participation_ratio": "participation ratio",
    "entropy_rank": "entropy rank",
    "chi_1": r"mean-field gradient growth $\chi_1$",
    "log10_gap_at_width": r"gap at index $w$, $\log_{10}(\lambda_w/\lambda_{w+1})$ (decades)",
}
"""Colour bar of each column; any other column is labelled with its name."""

MARKERS = {
    SpectrumStatus.UNDERSAMPLED: ("o", "undersampled: $P/N$ near 1"),
    SpectrumStatus.HEAVY_TAILED: (".", "heavy tails: a few samples carry it, it may be too low"),
    SpectrumStatus.RANK_DEFICIENT: ("x", "rank deficient: some directions carry no gradient"),
    SpectrumStatus.BELOW_FLOOR: ("v", "below floor: smallest eigenvalues not resolved"),
}


@paper_style()
def condition_number_figure(table: pd.DataFrame, column: str = "log10_cond") -> Figure:
    """A colour for each cell of the depth x width grid, and lines of equal parameter count.

    Args:
        table: a row per cell with depth, width, parameters, status and ``column``; where it also
            has parameters_per_sample (P/N), log10_cond_null and raw_parameter_limit, the caption
            and the legend say them. A value that is not finite is not coloured.
        column: what the colour shows, in decades unless its name says otherwise.

    Returns:
        A figure of one panel, 183 mm wide.

    Raises:
        BadInput: the table is empty, lacks a column, has a cell twice, or holds an unknown status.

    Example:
        >>> rows = pd.DataFrame({"depth": [1, 2], "width": [5, 5], "parameters": [16, 46]})
        >>> rows = rows.assign(status="finite", log10_cond=[1.1, 2.2])
        >>> condition_number_figure(rows).axes[0].get_xlabel()
        'depth $L$ (hidden layers)'
    """
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.6), layout="constrained")
    axes = figure.subplots()
    if handles := draw_condition_number(axes, table, column):
        figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=1.8)
    if _is_projected(table, column):
        axes.set_title(projection_caption(table), loc="left")
    elif words := noise_caption(table[np.isfinite(table[column].to_numpy(dtype=np.float64))]):
        axes.set_title(words, loc="left")
    return figure


def draw_condition_number(
    axes: Axes, table: pd.DataFrame, column: str = "log10_cond"
) -> list[Line2D | Patch]:
    """The map on axes that are given, with a colour bar beside them; their figure is laid out once,
    to place the contours' labels.

    Args:
        axes: to draw on; they have their final size, or contours may be placed for another.
        table: see `condition_number_figure`.
        column: what the colour shows.

    Returns:
        The entries of a legend: what markers, hatching and lines mean. ``axes.legend(handles=...)``
        shows them.

    Raises:
        BadInput: the table is empty, lacks a column, has a cell twice, or holds an unknown status.

    Example:
        >>> rows = pd.DataFrame({"depth": [1, 2], "width": [5, 5], "parameters": [16, 46]})
        >>> axes = Figure().subplots()
        >>> draw_condition_number(
        ...     axes, rows.assign(status="finite", stable_rank=[4.0, 5.0]), "stable_rank"
        ... )
        []
    """
    figure = figure_of(axes)
    if _is_projected(table, column):
        table = table.assign(status=table["status_sym"])
    grid = CellGrid.of(table, ["parameters", "status", column])
    values = grid.values(column)
    grid.label_axes(axes)
    handles: list[Line2D | Patch] = []
    if np.isfinite(values).any():
        cells = axes.pcolormesh(
            grid.depth_edges, grid.width_edges, np.ma.masked_invalid(values), cmap=COLORMAP
        )
        figure.colorbar(cells, ax=axes, label=LABELS.get(column, column), pad=0.02)
    if not grid.is_plane:
        grid.write_values(axes, values, "{:.2f}")
    handles += _draw_not_computed(axes, grid, values)
    handles += _draw_statuses(axes, grid, values)
    if grid.draw_parameter_contours(figure, axes) is not None:
        handles.append(
            Line2D([], [], color="black", linewidth=CONTOUR_WIDTH, label="number of parameters $P$")
        )
    return handles


def _is_projected(table: pd.DataFrame, column: str) -> bool:
    return column == "log10_cond_sym" and "status_sym" in table.columns


def projection_caption(table: pd.DataFrame) -> str:
    r"""What the map shows, how wide its finite intervals are, how many numbers have heavy tails.

    Example:
        >>> rows = pd.DataFrame({"status_sym": ["finite", "heavy_tailed"]})
        >>> rows = rows.assign(log10_cond_sym=[1.0, 2.0])
        >>> rows = rows.assign(log10_cond_sym_low=[0.9, 1.5], log10_cond_sym_high=[1.1, 3.0])
        >>> for words in projection_caption(rows).split("; "):
        ...     print(words)
        projected onto the symmetries of $C$
        95 % intervals $\pm$0.10 in the median
        heavy tails in 1 of 2 networks
    """
    words = "projected onto the symmetries of $C$"
    finite = table[table["status_sym"] == SpectrumStatus.FINITE.value]
    if len(finite) and {"log10_cond_sym_low", "log10_cond_sym_high"} <= set(table.columns):
        half = (finite["log10_cond_sym_high"] - finite["log10_cond_sym_low"]) / 2
        words += rf"; 95 % intervals $\pm${half.median():.2f} in the median"
    heavy = int((table["status_sym"] == SpectrumStatus.HEAVY_TAILED.value).sum())
    return words + (f"; heavy tails in {heavy} of {len(table)} networks" if heavy else "")


def noise_caption(computed: pd.DataFrame) -> str:
    """P/N of the cells that have a number, and the part of it that sampling noise alone would give.

    Example:
        >>> noise_caption(
        ...     pd.DataFrame(
        ...         {"parameters_per_sample": [0.25, 0.25], "log10_cond_null": [0.954, 0.954]}
        ...     )
        ... )
        '$P/N$ = 0.25; sampling noise alone (isotropic $C$) would give 0.95 decades'
    """
    parts = []
    sentences = {
        "parameters_per_sample": "$P/N$ = {}",
        "log10_cond_null": "sampling noise alone (isotropic $C$) would give {} decades",
    }
    for name, sentence in sentences.items():
        if (
            name in computed.columns
            and (numbers := computed[name].dropna().to_numpy(dtype=np.float64)).size
        ):
            low, high = (
                f"{end:.2g}".replace("inf", "infinitely many")
                for end in (numbers.min(), numbers.max())
            )
            parts.append(sentence.format(low if low == high else f"{low} to {high}"))
    return "; ".join(parts)


def _draw_not_computed(axes: Axes, grid: CellGrid, values: np.ndarray) -> list[Line2D | Patch]:
    """Hatched cells and their reasons; cells that the table does not have stay white and are named
    so.
    """
    in_table = grid.mask(grid.table["status"].notna())
    over_limit = grid.mask(grid.table["status"] == CellStatus.OVER_LIMIT.value) & ~np.isfinite(
        values
    )
    without = grid.mask(grid.table["status"] == SpectrumStatus.FINITE.value) & ~np.isfinite(values)
    handles: list[Line2D | Patch] = []
    for where, reason, hatch in (
        (over_limit, _over_limit_reason(grid.table), "/////"),
        (without, "no value in the table", "....."),
    ):
        if where.any():
            _fill(axes, grid, where, hatch)
            handles.append(
                Patch(facecolor=PALE, edgecolor=GREY, hatch=hatch, linewidth=0, label=reason)
            )
    if not in_table.all():
        handles.append(
            Patch(facecolor="white", edgecolor=GREY, linewidth=0.4, label="not in the grid")
        )
    return handles


def _over_limit_reason(table: pd.DataFrame) -> str:
    if (
        "raw_parameter_limit" in table.columns
        and (limits := table["raw_parameter_limit"].dropna().unique()).size == 1
    ):
        return f"not computed: more than {limits[0]:,.0f} parameters"
    return "not computed: more parameters than the study's limit"


def _draw_statuses(axes: Axes, grid: CellGrid, values: np.ndarray) -> list[Line2D | Patch]:
    """A marker in each cell whose condition number is infinite or not resolved; pale where there is
    no colour.
    """
    handles: list[Line2D | Patch] = []
    for status, (marker, meaning) in MARKERS.items():
        where = grid.mask(grid.table["status"] == status.value)
        if not where.any():
            continue
        _fill(axes, grid, where & ~np.isfinite(values))
        rows, columns = np.nonzero(where)
        style: dict[str, Any] = {
            "marker": marker,
            "linestyle": "none",
            "color": "black",
            "markeredgewidth": 0.9,
        }
        size = _marker_size(axes, grid) * (0.6 if marker == "." else 1.0)
        # Where the numbers are written into the cells, the marker stands above them.
        above = np.zeros(len(rows)) if grid.is_plane else 0.25 * np.diff(grid.width_edges)[rows]
        axes.plot(
            grid.depths[columns],
            grid.widths[rows] + above,
            markersize=size,
            path_effects=HALO,
            zorder=4,
            **style,
        )
        handles.append(Line2D([], [], label=meaning, markersize=5, **style))
    return handles


def _fill(axes: Axes, grid: CellGrid, where: np.ndarray, hatch: str | None = None) -> None:
    """Pale cells, with hatching where it has a meaning."""
    x, y = grid.depth_edges, grid.width_edges
    corners = [
        [
            (x[column], y[row]),
            (x[column + 1], y[row]),
            (x[column + 1], y[row + 1]),
            (x[column], y[row + 1]),
        ]
        for row, column in zip(*np.nonzero(where), strict=True)
    ]
    cells = PolyCollection(corners, facecolors=PALE, edgecolors=GREY, linewidths=0, hatch=hatch)
    axes.add_collection(cells, autolim=False)


def _marker_size(axes: Axes, grid: CellGrid) -> float:
    """Points: half of the smaller side of the smallest cell, and between 2.5 and 6."""
    box = axes.get_window_extent()
    sides = (
        box.width * np.diff(grid.depth_edges).min() / np.ptp(grid.depth_edges),
        box.height * np.diff(grid.width_edges).min() / np.ptp(grid.width_edges),
    )
    figure = axes.get_figure(root=True)
    points_per_pixel = 72 / (figure.dpi if figure is not None else 72)
    return float(np.clip(0.5 * points_per_pixel * min(sides), 2.5, 6.0))
