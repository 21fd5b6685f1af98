"""What the weight alpha of a model's equations changes: condition number, layers, leading subspace,
training. A column per case.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape.figures.intervals import COLOURS, MARKERS, draw_means, require_columns, rows_where
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALETTE, paper_style, round_levels
from eigenscape.interval import column_names

NAMES = {
    "deconvolution-mcdnn": "deconvolution, mcDNN",
    "deconvolution-tnet": "deconvolution, TNet",
    "deconvolution-taen": "deconvolution, TAEN",
    "heat-mcdnn": "heat, mcDNN",
    "heat-tnet": "heat, TNet",
    "heat-taen": "heat, TAEN",
    "burgers-mctangent": "Burgers, mcTangent",
}
"""Names in titles; other cases are called as in the table."""

_CONDITION = [
    *column_names("log10_cond"),
    *column_names("log10_cond_range"),
]


def _panels(
    table: pd.DataFrame, rows: int, height: float, own_scale: int | None = None
) -> tuple[Figure, np.ndarray, list[tuple[str, pd.DataFrame]]]:
    """A figure with a column of panels per case; x counts the weights, which are 0 and decades; a
    grey band is at the reference.

    Rows share their scale, but for the row ``own_scale``.
    """
    cases = [
        (str(name), own.sort_values("alpha")) for name, own in table.groupby("case", sort=False)
    ]
    figure = Figure(figsize=(DOUBLE_COLUMN, height), layout="constrained")
    panels = figure.subplots(rows, len(cases), sharex="col", squeeze=False)
    for row in set(range(rows)) - {own_scale}:
        for axes in panels[row, 1:]:
            axes.sharey(panels[row, 0])
            axes.tick_params(labelleft=False)
    for column, (name, own) in enumerate(cases):
        panels[0, column].set_title(
            f"({'abcdefgh'[column % 8]}) {NAMES.get(name, name)}".replace(", ", ",\n"), loc="left"
        )
        alphas = sorted(own["alpha"].unique())
        reference = alphas.index(own["reference"].iloc[0])
        for axes in panels[:, column]:
            axes.axvspan(
                reference - 0.3, reference + 0.3, color=GREY, alpha=0.15, linewidth=0, zorder=0
            )
        panels[-1, column].set_xticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
        panels[-1, column].set_xlabel(r"model's weight $\alpha$")
    return figure, panels, cases


def _style(number: int) -> dict[str, str]:
    return {"fmt": MARKERS[number], "color": PALETTE[COLOURS[number]]}


@paper_style()
def model_condition_figure(table: pd.DataFrame, layers: pd.DataFrame) -> Figure:
    """Condition numbers, their change from that at the reference (grey band), and the layers'
    shares of tr C, against alpha.

    Args:
        table: a row per case and alpha: raw number with its bracket, projected number with its
            interval and its paired change, sampling noise's number.
        layers: a row per case, alpha and layer: share, low, high.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> numbers = {
        ...     "log10_cond": 6.0,
        ...     "log10_cond_low": 5.5,
        ...     "log10_cond_high": 6.1,
        ...     "log10_cond_range": 5.9,
        ... }
        >>> numbers |= {
        ...     "log10_cond_range_low": 5.8,
        ...     "log10_cond_range_high": 6.0,
        ...     "log10_cond_null": 0.6,
        ... }
        >>> numbers |= {"change": 0.1, "change_low": 0.0, "change_high": 0.2}
        >>> table = pd.DataFrame(
        ...     [
        ...         {"case": "heat-tnet", "alpha": alpha, "reference": 0.0} | numbers
        ...         for alpha in (0.0, 1.0)
        ...     ]
        ... )
        >>> share = {"layer": 1, "share": 1.0, "low": 0.9, "high": 1.0}
        >>> layers = pd.DataFrame(
        ...     [{"case": "heat-tnet", "alpha": alpha} | share for alpha in (0.0, 1.0)]
        ... )
        >>> len(model_condition_figure(table, layers).axes)
        3
    """
    require_columns(
        table,
        [
            "case",
            "alpha",
            "reference",
            "log10_cond_null",
            *column_names("change"),
            *_CONDITION,
        ],
    )
    require_columns(layers, ["case", "alpha", "layer", "share", "low", "high"])
    figure, panels, cases = _panels(table, 3, 5.8, own_scale=1)
    for column, (name, own) in enumerate(cases):
        top, middle, bottom, positions = *panels[:, column], np.arange(len(own))
        finite = _finite(own, _CONDITION)
        draw_means(
            top,
            positions - 0.06,
            finite,
            "log10_cond",
            label="sample, with its bracket",
            **_style(0),
        )
        draw_means(
            top,
            positions + 0.06,
            finite,
            "log10_cond_range",
            label="projected onto symmetries, without null directions, 95 %",
            **_style(1),
        )
        top.plot(
            positions,
            own["log10_cond_null"],
            color=GREY,
            linestyle="--",
            linewidth=0.9,
            label="sampling noise alone, isotropic",
        )
        middle.axhline(0, color=GREY, linewidth=0.5, zorder=0)
        draw_means(middle, positions, own, "change", **_style(1))
        every = rows_where(layers, case=name)
        last = every["layer"].max()
        for number, layer in enumerate(sorted(every["layer"].unique())):
            rows = rows_where(every, layer=layer).sort_values("alpha")
            words = f"layer {layer}" + (" (output)" if layer == last else "")
            draw_means(
                bottom,
                np.arange(len(rows)),
                rows.rename(columns={"low": "share_low", "high": "share_high"}),
                "share",
                label=words,
                fmt=MARKERS[number % len(MARKERS)],
                color=PALETTE[COLOURS[(number + 2) % len(COLOURS)]],
                linestyle="-",
            )
        bottom.set_ylim(0, 1)
    panels[0, 0].set_ylim(bottom=0)
    panels[0, 0].set_ylabel(r"$\log_{10}\kappa(C)$, decades")
    panels[1, 0].set_ylabel("change in decades\n(projected)")
    panels[2, 0].set_ylabel("share of tr $C$")
    handles = [axes.get_legend_handles_labels() for axes in (panels[0, 0], panels[2, 0])]
    figure.legend(
        *(first + second for first, second in zip(*handles, strict=True)),
        loc="outside lower center",
        ncols=3,
    )
    return figure


@paper_style()
def model_subspace_figure(table: pd.DataFrame) -> Figure:
    """How far the leading subspace turns from that at the reference: of the sample above, of the
    projected C below.

    Args:
        table: a row per case and alpha: overlap, overlap_halves, subspace, parameters, angle with
            angle_low and angle_high.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> numbers = {"overlap": 0.8, "overlap_halves": 0.9, "subspace": 6, "parameters": 200}
        >>> numbers |= {"angle": 10.0, "angle_low": 9.0, "angle_high": 11.0}
        >>> table = pd.DataFrame(
        ...     [
        ...         {"case": "heat-tnet", "alpha": alpha, "reference": 0.0} | numbers
        ...         for alpha in (0.0, 1.0)
        ...     ]
        ... )
        >>> len(model_subspace_figure(table).axes)
        2
    """
    columns = [
        "overlap",
        "overlap_halves",
        "subspace",
        "parameters",
        *column_names("angle"),
    ]
    require_columns(table, ["case", "alpha", "reference", *columns])
    figure, panels, cases = _panels(table, 2, 4.0)
    for column, (_, own) in enumerate(cases):
        top, bottom, positions = panels[0, column], panels[1, column], np.arange(len(own))
        top.plot(
            positions,
            own["overlap"],
            marker="o",
            markersize=3,
            color=PALETTE["blue"],
            label="with the reference (grey band), same samples",
        )
        halves = {
            "color": GREY,
            "linestyle": "--",
            "marker": "s",
            "markersize": 2.5,
            "linewidth": 0.9,
        }
        top.plot(positions, own["overlap_halves"], label="between halves of the samples", **halves)
        top.plot(
            positions,
            own["subspace"] / own["parameters"],
            color=GREY,
            linestyle=":",
            linewidth=0.9,
            label="random subspaces, $k/P$",
        )
        draw_means(bottom, positions, own, "angle", **_style(1))
        bottom.set_ylim(-4, 94)
        bottom.set_yticks([0, 30, 60, 90])
        top.set_ylim(-0.04, 1.04)
    panels[0, 0].set_ylabel("mean $\\cos^2$ of the $k = w$\nprincipal angles")
    panels[1, 0].set_ylabel("angle of the projected\nleading direction, degrees")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@paper_style()
def model_training_figure(table: pd.DataFrame, words: str) -> Figure:
    """The excess of the loss after a fixed number of steps above, the error on data not seen below,
    against alpha.

    Args:
        table: a row per case and alpha: log10_excess and error with their quartiles.
        words: how networks were trained.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> numbers = {"log10_excess": -1.0, "log10_excess_low": -1.1, "log10_excess_high": -0.9}
        >>> numbers |= {"error": 0.3, "error_low": 0.2, "error_high": 0.4}
        >>> table = pd.DataFrame(
        ...     [
        ...         {"case": "heat-tnet", "alpha": alpha, "reference": 0.0} | numbers
        ...         for alpha in (0.0, 1.0)
        ...     ]
        ... )
        >>> len(model_training_figure(table, "200 steps").axes)
        2
    """
    columns = [*column_names("log10_excess"), *column_names("error")]
    require_columns(table, ["case", "alpha", "reference", *columns])
    figure, panels, cases = _panels(table, 2, 4.0)
    for column, (_, own) in enumerate(cases):
        positions = np.arange(len(own))
        _draw_quartiles(panels[0, column], positions, own, "log10_excess", 4)
        _draw_quartiles(panels[1, column], positions, own, "error", 2)
        panels[1, column].axhline(1, color=GREY, linestyle=":", linewidth=0.9)
    panels[1, 0].set_yscale("log")
    levels = round_levels(*panels[1, 0].get_ylim())
    panels[1, 0].set_yticks(levels, [f"{level:g}" for level in levels])
    panels[1, 0].minorticks_off()
    panels[0, 0].set_ylabel("$\\log_{10}$ of the excess loss\nafter training over before")
    panels[1, 0].set_ylabel("squared error on data not\nseen; 1: no network")
    figure.suptitle(
        f"{words}; median and quartiles over replicas. Excess: above the least loss found."
    )
    return figure


def _draw_quartiles(
    axes: Axes, positions: np.ndarray, rows: pd.DataFrame, name: str, number: int
) -> None:
    draw_means(axes, positions, _finite(rows, column_names(name)), name, **_style(number))


def _finite(rows: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The rows with NaN, of which nothing is drawn, for infinities in some columns."""
    return rows.assign(**{name: rows[name].where(np.isfinite(rows[name])) for name in columns})
