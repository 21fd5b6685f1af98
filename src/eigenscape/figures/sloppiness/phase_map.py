"""Phase maps: how much of a cloud of trajectories k directions explain, and what its spectrum is
called, over the three controls of a linear model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import Normal, Stroke

from eigenscape.figures.grid import HALO
from eigenscape.figures.intervals import require_columns
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, GREY, PALE, PALETTE, paper_style
from eigenscape.sloppiness import regimes
from eigenscape.sloppiness.ribbon import RibbonVerdict

BOUNDARIES: dict[str, tuple[str, Any, str]] = {
    "truth": ("white", "--", "truth above the floor of the starts, $k_* = k$"),
    "data": ("white", ":", "no more than $k$ directions move, $i_c = k$"),
    "stress": ("white", "-", "$\\chi_k$ = {level:g} by sums of squares"),
    "exact": ("black", "-", "$\\chi_k$ = {level:g} exactly"),
}
"""Colour, line and name. White lines have a dark rim, so that they show on every colour."""

VERDICTS = {
    RibbonVerdict.RIBBON: PALETTE["blue"],
    RibbonVerdict.LOW_DIMENSIONAL: PALETTE["sky"],
    RibbonVerdict.THICK: PALE,
    RibbonVerdict.TOO_FEW: GREY,
}
"""Colours of the verdicts, darker the more of a ribbon; the last hardly occurs."""

_RIM = [Stroke(linewidth=2.2, foreground="#404040"), Normal()]

MOST_PANELS = 5
"""Numbers of steps side by side; of more, five are drawn, from the first to the last."""


@paper_style()
def phase_map_figure(table: pd.DataFrame, simulated: pd.DataFrame, level: float) -> Figure:
    """chi_2, chi_3 and the verdict on the spectrum over ratio and decay, a panel per number of
    steps, with the boundaries of theory and simulated points.

    Args:
        table: a row per steps, decay and ratio: reach, chi_2, chi_3, verdict.
        simulated: rows of simulated points: steps, decay, ratio, chi_2, chi_3.
        level: of chi_k, whose boundary is drawn.

    Returns:
        A figure of three rows of panels, 183 mm wide.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> rows = [(10, c, r, 5.0, 0.5, 0.8) for c in (0.1, 1.0) for r in (0.1, 10.0)]
        >>> rows = pd.DataFrame(
        ...     rows, columns=["steps", "decay", "ratio", "reach", "chi_2", "chi_3"]
        ... ).assign(verdict="hyper-ribbon")
        >>> figure = phase_map_figure(rows, rows.head(1), 0.6)
        >>> len(figure.axes), figure.get_suptitle()
        (4, '4 settings: 4 hyper-ribbon')
    """
    require_columns(table, ["steps", "decay", "ratio", "reach", "chi_2", "chi_3", "verdict"])
    every = np.unique(table["steps"])
    chosen = every[
        np.unique(np.linspace(0, len(every) - 1, min(MOST_PANELS, len(every))).round().astype(int))
    ]
    figure = Figure(figsize=(DOUBLE_COLUMN, 6.6), layout="constrained")
    panels = figure.subplots(3, len(chosen), sharex=True, sharey=True, squeeze=False)
    mesh = None
    for k, row in zip((2, 3), panels[:2], strict=True):
        for steps, axes in zip(chosen, row, strict=True):
            own = table[table["steps"] == steps]
            mesh = _draw_map(axes, own, k)
            _draw_boundaries(axes, own, k, level)
            points = simulated[simulated["steps"] == steps]
            style = {
                "c": points[f"chi_{k}"],
                "cmap": COLORMAP,
                "vmin": 0,
                "vmax": 1,
                "edgecolors": "black",
            }
            axes.scatter(points["ratio"], points["decay"], s=26, linewidths=1.0, zorder=5, **style)
            if k == 2:
                axes.set_title(f"$T$ = {steps:,}", loc="left")
        row[0].set_ylabel(f"decay $c$,  colour: $\\chi_{k}$")
    for steps, axes in zip(chosen, panels[2], strict=True):
        _draw_verdicts(axes, table[table["steps"] == steps])
    panels[2][0].set_ylabel("decay $c$,  colour: verdict")
    panels[-1][len(chosen) // 2].set_xlabel(
        r"target scale / initial weight scale, $\sigma_*/\sigma_w$"
    )
    if mesh is not None:
        figure.colorbar(
            mesh, ax=panels[:2], label=r"explained stress $\chi_k$", pad=0.01, shrink=0.8
        )
    handles: list[Artist] = [
        Line2D(
            [],
            [],
            color=colour,
            linestyle=line,
            path_effects=HALO if colour == "black" else _RIM,
            label=words.format(level=level),
        )
        for colour, line, words in BOUNDARIES.values()
    ]
    handles.append(
        Line2D(
            [],
            [],
            marker="o",
            linestyle="none",
            color="white",
            markeredgecolor="black",
            label="simulated",
        )
    )
    found = table["verdict"].value_counts()
    handles += [
        Patch(facecolor=colour, edgecolor=GREY, linewidth=0.4, label=verdict.value)
        for verdict, colour in VERDICTS.items()
        if verdict.value in found
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.suptitle(f"{len(table):,} settings: {verdict_counts(table)}")
    return figure


def _grid(table: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values = table.pivot(index="decay", columns="ratio", values=column)
    return values.columns.to_numpy(float), values.index.to_numpy(float), values.to_numpy(float)


def verdict_counts(table: pd.DataFrame) -> str:
    """How many rows have each verdict, in the order of `VERDICTS`; those that occur.

    Example:
        >>> names = ["thick, more than three directions needed", "hyper-ribbon", "hyper-ribbon"]
        >>> verdict_counts(pd.DataFrame({"verdict": names}))
        '2 hyper-ribbon; 1 thick, more than three directions needed'
    """
    found = table["verdict"].value_counts()
    return "; ".join(f"{found[one.value]} {one.value}" for one in VERDICTS if one.value in found)


def _draw_verdicts(axes: Axes, own: pd.DataFrame) -> None:
    codes = {verdict.value: code for code, verdict in enumerate(VERDICTS)}
    ratios, decays, values = _grid(own.assign(verdict=own["verdict"].map(codes)), "verdict")
    colours = ListedColormap(list(VERDICTS.values()))
    axes.pcolormesh(
        ratios,
        decays,
        values,
        cmap=colours,
        vmin=-0.5,
        vmax=len(VERDICTS) - 0.5,
        shading="nearest",
        rasterized=True,
    )


def _draw_map(axes: Axes, own: pd.DataFrame, k: int) -> QuadMesh:
    ratios, decays, values = _grid(own, f"chi_{k}")
    mesh = axes.pcolormesh(
        ratios, decays, values, cmap=COLORMAP, vmin=0, vmax=1, shading="nearest", rasterized=True
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    return mesh


def _draw_boundaries(axes: Axes, own: pd.DataFrame, k: int, level: float) -> None:
    ratios, decays, values = _grid(own, f"chi_{k}")
    limits = axes.get_xlim(), axes.get_ylim()
    reach = float(own["reach"].iloc[0])
    fine = np.geomspace(*limits[1], 60)
    lines = {"truth": regimes.truth_boundary(reach, fine, k)}
    if reach > 0.25:
        lines["stress"] = regimes.stress_boundary(reach, fine, k, level)
    for name, ratio in lines.items():
        colour, line, _ = BOUNDARIES[name]
        shown = np.where(np.isfinite(ratio), ratio, np.nan)
        axes.plot(
            shown, fine, color=colour, linestyle=line, linewidth=1.1, path_effects=_RIM, zorder=4
        )
    colour, line, _ = BOUNDARIES["data"]
    axes.axhline(
        float(regimes.data_boundary(reach, k)),
        color=colour,
        linestyle=line,
        linewidth=1.3,
        path_effects=_RIM,
        zorder=4,
    )
    if values.min() < level < values.max() and min(values.shape) > 1:
        axes.contour(
            ratios, decays, values, levels=[level], colors="black", linewidths=1.0, zorder=3
        )
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])
