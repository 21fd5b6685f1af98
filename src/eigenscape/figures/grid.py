"""The depth x width plane that the maps are drawn on: cells, axes, contours of the parameter count.

A table has one row per cell of the grid, in any order. The grid need be neither complete nor
equally spaced: each cell reaches half-way to its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.patheffects import AbstractPathEffect, withStroke
from matplotlib.transforms import Transform

from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.config.cells import CellStatus
from eigenscape.errors import BadInput
from eigenscape.figures.style import round_levels

KNOWN_STATUSES = frozenset(
    {*(status.value for status in SpectrumStatus), CellStatus.OVER_LIMIT.value}
)

LABEL_WIDTH = 0.045
"""Room for the label of a tick, as a fraction of the axis: three digits of 7 points on 5 inches,
and space around."""

FIX = "give the table of condition numbers of a study"

MOST_LEVEL_VALUES = 12
"""Cells in a row up to which their values fit side by side; more are written upright."""

CONTOUR_WIDTH = 0.8
"""Points."""

SHORTEST = 0.5
"""Inches that a line of equal P must span: twice the length of a label of five digits at 6
points."""

NEAR = 1.5
"""Lines of equal P whose values differ by less than this factor would touch each other's labels."""

HALO: list[AbstractPathEffect] = [withStroke(linewidth=2, foreground="white")]
"""Behind what is drawn over colours, so that it is read on dark and on light cells."""


@dataclass(frozen=True)
class CellGrid:
    """A table as a plane: x is depth, y is width.

    Attributes:
        depths: (D,), the depths that occur, ascending.
        widths: (W,), the widths that occur, ascending.
        table: the rows, in any order.

    Example:
        >>> rows = pd.DataFrame(
        ...     {"depth": [1, 2, 1], "width": [5, 5, 10], "parameters": [16, 46, 31]}
        ... )
        >>> grid = CellGrid.of(rows, ["parameters"])
        >>> grid.values("parameters")
        array([[16., 46.],
               [31., nan]])
        >>> grid.depth_edges
        array([0.5, 1.5, 2.5])
    """

    depths: np.ndarray
    widths: np.ndarray
    table: pd.DataFrame

    @classmethod
    def of(cls, table: pd.DataFrame, columns: list[str]) -> CellGrid:
        """The plane of a table that has ``columns`` beside depth and width.

        Raises:
            BadInput: the table is empty, lacks a column, has a cell twice, or holds an unknown
                status.
        """
        if missing := [name for name in ("depth", "width", *columns) if name not in table.columns]:
            found = ", ".join(map(str, table.columns))
            raise BadInput.field("table", f"the column {missing[0]}", found, FIX)
        if table.empty:
            raise BadInput.field("table", "at least one cell", "no rows", FIX)
        if (twice := table[table.duplicated(["depth", "width"])]).shape[0]:
            cell = f"depth {twice.iloc[0]['depth']}, width {twice.iloc[0]['width']} twice"
            raise BadInput.field("table", "one row per cell", cell, "draw one study at a time")
        if "status" in columns and (
            unknown := sorted(set(table["status"].astype(str)) - KNOWN_STATUSES)
        ):
            expected = f"one of {', '.join(sorted(KNOWN_STATUSES))}"
            raise BadInput.field(
                "status", expected, unknown[0], "compute the table again with this version"
            )
        return cls(
            np.unique(table["depth"].to_numpy()), np.unique(table["width"].to_numpy()), table
        )

    @property
    def is_plane(self) -> bool:
        """Whether both axes have more than one value, as contours need."""
        return len(self.depths) > 1 and len(self.widths) > 1

    @property
    def depth_edges(self) -> np.ndarray:
        """(D + 1,), the sides of the cells along x."""
        return _edges(self.depths)

    @property
    def width_edges(self) -> np.ndarray:
        """(W + 1,), the sides of the cells along y."""
        return _edges(self.widths)

    def values(self, column: str) -> np.ndarray:
        """(W, D) float64: the column on the plane, NaN where the table has no such cell."""
        plane = np.full((len(self.widths), len(self.depths)), np.nan)
        rows = np.searchsorted(self.widths, self.table["width"].to_numpy())
        columns = np.searchsorted(self.depths, self.table["depth"].to_numpy())
        plane[rows, columns] = self.table[column].to_numpy(dtype=np.float64)
        return plane

    def mask(self, rows: pd.Series[bool]) -> np.ndarray:
        """(W, D) bool: where the table has a cell for which ``rows``, a boolean column, is true."""
        marked = CellGrid(self.depths, self.widths, self.table.assign(_mask=rows.astype(float)))
        return np.asarray(marked.values("_mask") == 1)

    def label_axes(self, axes: Axes) -> None:
        """Limits, ticks at the cells' own depths and widths, and what they count."""
        axes.set(xlabel="depth $L$ (hidden layers)", ylabel="width $w$ (neurons per hidden layer)")
        axes.set_xlim(self.depth_edges[0], self.depth_edges[-1])
        axes.set_ylim(self.width_edges[0], self.width_edges[-1])
        axes.set_xticks(_spaced(self.depths, self.depth_edges))
        axes.set_yticks(_spaced(self.widths, self.width_edges))

    def draw_parameter_contours(
        self, figure: Figure, axes: Axes, avoid: float | None = None
    ) -> ContourSet | None:
        """Labelled lines of equal parameter count, or None where the grid is no plane or P does not
        vary enough.

        Lines too short for their label are left out, and lines near ``avoid``, another line's P.
        """
        parameters = self.values("parameters")
        levels = round_levels(np.nanmin(parameters), np.nanmax(parameters))
        if avoid is not None:
            levels = [level for level in levels if abs(np.log(level / avoid)) > np.log(NEAR)]
        if not self.is_plane or not levels:
            return None
        # Lengths of lines and rotations of labels are known only once the axes have their size.
        figure.draw_without_rendering()
        lines = self._contours(axes, parameters, levels)
        extents = [
            path.get_extents(axes.transData) if len(path) else None for path in lines.get_paths()
        ]
        long = [
            box is not None and max(box.width, box.height) > SHORTEST * figure.dpi
            for box in extents
        ]
        lines.remove()
        if not any(long):
            return None
        lines = self._contours(
            axes, parameters, [level for level, kept in zip(levels, long, strict=True) if kept]
        )
        lines.set_path_effects(HALO)
        # Neighbouring lines run close together at small depths, so their labels stand at
        # alternating positions.
        parts = cycle((0.45, 0.65))
        positions = [
            _part_way(path, axes.transData, part)
            for path, part in zip(lines.get_paths(), parts, strict=False)
        ]
        form = {level: f"{10**level:,.0f}" for level in lines.levels}
        for text in axes.clabel(lines, fmt=form, fontsize=6, inline_spacing=2, manual=positions):
            text.set_path_effects(HALO)
            text.set_zorder(5)
        return lines

    def write_values(self, axes: Axes, values: np.ndarray, form: str) -> None:
        """The finite ``values`` in their cells: for grids that are no plane, whose room no contours
        take.
        """
        upright = len(self.depths) > MOST_LEVEL_VALUES
        for row, column in zip(*np.nonzero(np.isfinite(values)), strict=True):
            text = form.format(values[row, column])
            position = (self.depths[column], self.widths[row])
            axes.text(
                *position,
                text,
                ha="center",
                va="center",
                rotation=90 * upright,
                fontsize=7,
                path_effects=HALO,
            )

    def _contours(self, axes: Axes, parameters: np.ndarray, levels: list[float]) -> ContourSet:
        """Lines at ``levels``; interpolated in log P, which is nearly linear between neighbours, as
        P is not.
        """
        style: dict[str, Any] = {
            "colors": "black",
            "linewidths": CONTOUR_WIDTH,
            "linestyles": "solid",
        }
        return axes.contour(
            self.depths, self.widths, np.log10(parameters), levels=np.log10(levels), **style
        )


def _edges(centres: np.ndarray) -> np.ndarray:
    """(n + 1,): half-way between neighbours; the outer cells are as wide outwards as inwards, but
    stay above zero.
    """
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middles = (centres[:-1] + centres[1:]) / 2
    first = max(2 * centres[0] - middles[0], centres[0] / 2)
    return np.array([first, *middles, 2 * centres[-1] - middles[-1]])


def _part_way(path: Path, to_display: Transform, part: float) -> tuple[float, float]:
    """The point after ``part`` of the longest piece of a line as drawn; near 1/2 a label is far
    from the border.
    """
    pieces = [to_display.transform(piece) for piece in path.to_polygons(closed_only=False)]
    travelled = [np.cumsum([0.0, *np.hypot(*np.diff(piece, axis=0).T)]) for piece in pieces]
    longest = int(np.argmax([distance[-1] for distance in travelled]))
    piece, distance = pieces[longest], travelled[longest]
    position = [np.interp(part * distance[-1], distance, piece[:, axis]) for axis in (0, 1)]
    x, y = to_display.inverted().transform(position)
    return float(x), float(y)


def _spaced(centres: np.ndarray, edges: np.ndarray) -> list[float]:
    """The centres that can be labelled without touching, from the first on."""
    apart = LABEL_WIDTH * (edges[-1] - edges[0])
    chosen = [float(centres[0])]
    for centre in centres[1:]:
        if centre - chosen[-1] >= apart:
            chosen.append(float(centre))
    return chosen
