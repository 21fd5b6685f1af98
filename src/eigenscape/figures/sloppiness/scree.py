"""Eigenvalues of InPCA with imaginary directions marked, and what the leading directions
explain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from eigenscape.figures.intervals import marks_for, require_columns, rows_where
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALETTE, paper_style
from eigenscape.interval import Interval, column_names
from eigenscape.sloppiness.stress import PUBLISHED_CHI_2

NAMES = {"all": "all", "all, linear spacing": "all, checkpoints linear in steps"}
"""Of sets whose name in the table is short."""


@paper_style()
def scree_figure(eigenvalues: pd.DataFrame, spectra: pd.DataFrame, words: str = "") -> Figure:
    """Scree plots of all trajectories and of every family, with the fitted slope; and explained
    stress by directions.

    Args:
        eigenvalues: a row per set and direction: eigenvalue, signed, and chi.
        spectra: a row per set: slope with its interval and r_squared of its leading eigenvalues,
            and verdict.
        words: what was trained.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> values = pd.DataFrame(
        ...     {
        ...         "set": ["all"] * 3,
        ...         "direction": [1, 2, 3],
        ...         "eigenvalue": [1.0, -0.1, 0.01],
        ...         "chi": [0.9, 0.99, 1.0],
        ...     }
        ... )
        >>> facts = dict.fromkeys(column_names("slope"), [2.3])
        >>> facts |= {"set": ["all"], "r_squared": [1.0], "verdict": ["hyper-ribbon"]}
        >>> len(scree_figure(values, pd.DataFrame(facts)).axes)
        2
    """
    require_columns(eigenvalues, ["set", "direction", "eigenvalue", "chi"])
    require_columns(spectra, ["set", *column_names("slope"), "r_squared", "verdict"])
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    shown = [
        name
        for name in dict.fromkeys(eigenvalues["set"])
        if name == "all" or name.startswith("family ")
    ]
    for colour, marker, name in marks_for(shown):
        rows = rows_where(eigenvalues, set=name)
        size = rows["eigenvalue"].abs() / rows["eigenvalue"].abs().iloc[0]
        imaginary = rows["eigenvalue"] < 0
        facts = rows_where(spectra, set=name).iloc[0]
        label = (
            f"{name.removeprefix('family ')}: {facts['slope']:.2f} per direction, $R^2$ ="
            f" {facts['r_squared']:.2f}"
        )
        left.plot(rows["direction"], size, color=colour, linewidth=0.6, zorder=1)
        left.plot(
            rows["direction"][~imaginary],
            size[~imaginary],
            marker,
            color=colour,
            markersize=3,
            label=label,
        )
        left.plot(
            rows["direction"][imaginary],
            size[imaginary],
            marker,
            color=colour,
            markersize=4,
            markerfacecolor="white",
        )
        right.plot(
            rows["direction"],
            rows["chi"],
            f"{marker}-",
            color=colour,
            markersize=2.5,
            linewidth=0.8,
        )
    left.set_yscale("log")
    left.set_ylabel(r"$|e_a| / |e_1|$")
    left.set_title("(a) eigenvalues, imaginary directions open", loc="left")
    left.legend(loc="upper right", fontsize=6)
    right.set_xscale("log")
    right.set_ylabel(r"explained stress $\chi_k$")
    right.set_title("(b) what the first $k$ directions explain", loc="left")
    for axes, name in ((left, "direction $a$"), (right, "directions $k$")):
        axes.set_xlabel(name)
    every = rows_where(spectra, set="all").iloc[0]
    figure.suptitle(
        f"InPCA of all trajectories and of each family{words and '; ' + words}.\nSlopes of ln|e|"
        " over the leading twenty directions; all trajectories:"
        f" {Interval.of_columns(every, 'slope'):.2f}, {every['verdict']}."
    )
    return figure


def beside_published(spectra: pd.DataFrame) -> str:
    r"""What two and three directions explain of all trajectories, beside the published number.

    Example:
        >>> ends = {name: [0.9] for k in (2, 3) for name in column_names(f"chi_{k}")}
        >>> print(beside_published(pd.DataFrame({"set": ["all"], **ends})))
        All trajectories: $\chi_2$ = 0.90 [0.90, 0.90], $\chi_3$ = 0.90 [0.90, 0.90]; published
        for CIFAR-10: $\chi_2$ about 0.71
    """
    every = rows_where(spectra, set="all").iloc[0]
    numbers = [rf"$\chi_{k}$ = {Interval.of_columns(every, f'chi_{k}'):.2f}" for k in (2, 3)]
    return (
        f"All trajectories: {', '.join(numbers)}; published for CIFAR-10:"
        rf" $\chi_2$ about {PUBLISHED_CHI_2}"
    )


@paper_style()
def explained_stress_figure(
    spectra: pd.DataFrame, crossed: pd.DataFrame, words: str = ""
) -> Figure:
    """Explained stress of two and three directions, by set, with intervals; and of one family in
    the axes of another.

    Args:
        spectra: a row per set: chi_2 and chi_3 with _low and _high.
        crossed: a row per family, axes and directions: stress, own_stress; may be empty.
        words: what was trained.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> ends = {name: [0.8] for k in (2, 3) for name in column_names(f"chi_{k}")}
        >>> len(
        ...     explained_stress_figure(pd.DataFrame({"set": ["all"], **ends}), pd.DataFrame()).axes
        ... )
        2
    """
    require_columns(spectra, ["set", *column_names("chi_2"), *column_names("chi_3")])
    figure = Figure(
        figsize=(DOUBLE_COLUMN, 0.9 + max(2.6, 0.21 * len(spectra))), layout="constrained"
    )
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    rows = np.arange(len(spectra))[::-1]
    for colour, marker, k in (("blue", "o", 2), ("vermillion", "s", 3)):
        value, low, high = (
            spectra[name].to_numpy(dtype=float) for name in column_names(f"chi_{k}")
        )
        low, high = (np.where(np.isfinite(ends), ends, value) for ends in (low, high))
        # An interval that had a shift taken out may end on the wrong side of the estimate by
        # rounding.
        bars = np.maximum([value - low, high - value], 0.0)
        offset = 0.12 if k == 2 else -0.12
        left.errorbar(
            value,
            rows + offset,
            xerr=bars,
            fmt=marker,
            color=PALETTE[colour],
            markersize=3,
            label=rf"$\chi_{k}$",
        )
    left.set_yticks(
        rows, [NAMES.get(name, name.replace("family ", "family: ")) for name in spectra["set"]]
    )
    left.set_xlabel("explained stress")
    left.xaxis.set_major_locator(MaxNLocator(5))
    left.set_title("(a) each set in its own directions", loc="left")
    left.legend(loc="lower left")
    chosen = (
        crossed[crossed["axes"].eq("linear") | crossed["axes"].eq("nonlinear")]
        if len(crossed)
        else crossed
    )
    pairs = [] if chosen.empty else list(chosen.groupby(["family", "axes"], sort=False))
    for colour, marker, ((family, axes_of), own) in marks_for(pairs):
        look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 3.0}
        right.plot(own["directions"], own["stress"], label=f"{family} in axes of {axes_of}", **look)
        right.plot(
            own["directions"], own["own_stress"], linestyle=":", markerfacecolor="white", **look
        )
    if pairs:
        handles = [
            *right.get_legend_handles_labels()[0],
            Line2D([], [], color=GREY, linestyle=":", label="in axes of their own"),
        ]
        right.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.35, -0.16),
            ncols=2,
            fontsize=6,
            columnspacing=1.0,
            handlelength=1.6,
        )
        right.set_xticks(sorted(chosen["directions"].unique()))
    else:
        right.text(0.5, 0.5, "one family only", ha="center", transform=right.transAxes)
    right.set_xlabel("directions")
    right.set_ylabel("explained stress")
    right.set_title("(b) one family in the axes of another", loc="left")
    figure.suptitle(
        f"Bars: 95 % bootstrap over trajectories{words and '; ' + words}.\n"
        f"{beside_published(spectra)}"
    )
    return figure
