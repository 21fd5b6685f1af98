"""What the linear theory of trajectories says beside the phase maps: slopes, kernel machines, the
noise of SGD.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from eigenscape.figures.intervals import marks_for, require_columns, rows_where
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALETTE, paper_style
from eigenscape.interval import column_names
from eigenscape.sloppiness import regimes

DRAWN_DECAYS = 4
"""Of the c of the phase map, from the smallest to the largest whose fit lies within converged
components."""

ASYMPTOTIC = 100.0
"""Reach kappa from which slopes are compared with their leading asymptotics in ln(kappa)."""

SHOWN = 30
"""Directions of a scree plot."""

KERNEL_NAMES = {
    "linear": "linear",
    "rbf": "Gaussian",
    "random_features": "random ReLU features",
    "ntk": "tangent kernel",
}


@paper_style()
def trajectory_slopes_figure(slopes: pd.DataFrame, fewest: int = 5) -> Figure:
    """Fall of the leading eigenvalues per direction, and chi_2, of clouds of one start, against
    kappa; theory beside.

    Args:
        slopes: a row per steps, decay and spacing of checkpoints: reach, converged, checkpoints,
            slope, slope_low, slope_high, chi_2.
        fewest: settings with fewer converged components have no slope to show.

    Returns:
        A figure of three panels, 183 mm wide.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> row = {
        ...     "decay": 0.1,
        ...     "reach": [50.0, 500.0],
        ...     "converged": [39.0, 62.0],
        ...     "checkpoints": "linear",
        ...     "chi_2": 0.9,
        ... }
        >>> row |= {"slope": [1.9, 1.3], "slope_low": [1.8, 1.2], "slope_high": [2.0, 1.4]}
        >>> len(trajectory_slopes_figure(pd.DataFrame(row)).axes)
        3
    """
    require_columns(
        slopes,
        ["decay", "reach", "converged", "checkpoints", *column_names("slope"), "chi_2"],
    )
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.1), layout="constrained")
    panels = list(figure.subplots(1, 3))
    shown = slopes[(slopes["converged"] >= fewest) & (slopes["reach"] > 1)]
    every = np.sort(shown["decay"].unique())
    decays = (
        every[
            np.unique(
                np.linspace(0, len(every) - 1, min(DRAWN_DECAYS, len(every))).round().astype(int)
            )
        ]
        if len(every)
        else every
    )
    reach = (
        np.geomspace(max(shown["reach"].min(), 1.0), shown["reach"].max(), 80)
        if len(shown)
        else np.geomspace(1, 10, 2)
    )
    for letter, axes, spacing in zip("ab", panels, ("linear", "logarithmic"), strict=False):
        axes.plot(reach, regimes.truth_slope(reach), color=GREY, linestyle="--", zorder=0)
        for colour, marker, decay in marks_for(decays):
            rows = rows_where(shown, decay=decay, checkpoints=spacing).sort_values("reach")
            slope, low, high = (rows[name] for name in column_names("slope"))
            bars = [slope - low, high - slope]
            axes.errorbar(
                rows["reach"],
                rows["slope"],
                yerr=bars,
                fmt=marker,
                color=colour,
                markersize=3.5,
                elinewidth=0.7,
            )
        axes.set_title(f"({letter}) {spacing} checkpoints", loc="left")
        axes.set_ylabel("fall of $\\ln e_a$ per direction")
    panels[1].sharey(panels[0])
    panels[1].set_ylabel("")
    panels[2].plot(reach, regimes.truth_stress(reach, 2), color=GREY, linestyle="--", zorder=0)
    for colour, marker, decay in marks_for(decays):
        for spacing in ("linear", "logarithmic"):
            rows = rows_where(shown, decay=decay, checkpoints=spacing)
            face = colour if spacing == "linear" else "white"
            panels[2].plot(
                rows["reach"],
                rows["chi_2"],
                marker,
                color=colour,
                markerfacecolor=face,
                markersize=3.5,
            )
    panels[2].set_title("(c) two directions", loc="left")
    panels[2].set_ylabel("explained stress $\\chi_2$")
    for axes in panels:
        axes.set_xscale("log")
        axes.set_xlabel(r"$\kappa = \alpha\lambda_1 T$")
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markersize=3.5,
            linestyle="none",
            label=f"$c$ = {decay:g}",
        )
        for colour, marker, decay in marks_for(decays)
    ]
    handles.append(
        Line2D(
            [],
            [],
            color=GREY,
            linestyle="--",
            label=r"theory: $\pi^2/\ln 4\kappa$;  $1-e^{-2\pi^2/\ln 4\kappa}$",
        )
    )
    handles.append(
        Line2D(
            [],
            [],
            color="black",
            marker="o",
            markerfacecolor="white",
            markersize=3.5,
            linestyle="none",
            label="logarithmic",
        )
    )
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.suptitle(slope_words(shown))
    return figure


def slope_words(slopes: pd.DataFrame) -> str:
    r"""How far slopes lie from theory, by spacing of checkpoints.

    Example:
        >>> rows = {"reach": [200.0, 900.0], "slope": [1.5, 1.3], "checkpoints": "linear"}
        >>> print(slope_words(pd.DataFrame(rows)))
        Slopes over theory at $\kappa$ of 100 and more: 1.02 to 1.08 with linear checkpoints
    """
    asked = slopes[slopes["reach"] >= ASYMPTOTIC]
    if asked.empty:
        return rf"No setting with $\kappa$ of {ASYMPTOTIC:g} and more"
    ratios = asked["slope"] / regimes.truth_slope(asked["reach"].to_numpy(dtype=np.float64))
    words = ", ".join(
        f"{ratio.min():.2f} to {ratio.max():.2f} with {name} checkpoints"
        for name, ratio in ratios.groupby(asked["checkpoints"], sort=False)
    )
    return rf"Slopes over theory at $\kappa$ of {ASYMPTOTIC:g} and more: {words}"


@paper_style()
def kernel_trajectories_figure(spectra: pd.DataFrame, verdicts: str = "") -> Figure:
    """Scree plots of clouds of kernel machines, at training points and at others; a column per
    kernel.

    Args:
        spectra: a row per kernel, steps, start, points and index: eigenvalue, and theory, the slope
            it expects.
        verdicts: what the spectra were judged to be.

    Returns:
        A figure of two rows of panels, 183 mm wide.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> row = {
        ...     "kernel": "rbf",
        ...     "steps": 10,
        ...     "theory": 2.7,
        ...     "start": 0.1,
        ...     "points": "train",
        ...     "index": [1, 2],
        ...     "eigenvalue": [1.0, 0.1],
        ... }
        >>> len(kernel_trajectories_figure(pd.DataFrame(row)).axes)
        2
    """
    require_columns(
        spectra, ["kernel", "steps", "theory", "start", "points", "index", "eigenvalue"]
    )
    kernels = list(spectra["kernel"].unique())
    starts, every = np.sort(spectra["start"].unique()), np.sort(spectra["steps"].unique())
    lines: dict[Any, Any] = (
        dict(zip(every, ("--", "-", ":", "-.") * len(every), strict=False))
        if len(every) > 1
        else {every[0]: "-"}
    )
    figure = Figure(figsize=(DOUBLE_COLUMN, 4.0), layout="constrained")
    panels = figure.subplots(2, len(kernels), sharex=True, sharey=True, squeeze=False)
    for row, points, words in zip(
        panels, ("train", "test"), ("training digits", "other digits"), strict=True
    ):
        for axes, kernel in zip(row, kernels, strict=True):
            own = rows_where(spectra[spectra["index"] <= SHOWN], kernel=kernel, points=points)
            for colour, _, start in marks_for(starts):
                for steps in every:
                    rows = rows_where(own, start=start, steps=steps).sort_values("index")
                    if len(rows):
                        scaled = rows["eigenvalue"] / rows["eigenvalue"].iloc[0]
                        axes.plot(
                            rows["index"],
                            scaled,
                            color=colour,
                            linestyle=lines[steps],
                            linewidth=1.0,
                        )
            axes.set_yscale("log")
            if points == "train":
                axes.set_title(KERNEL_NAMES.get(kernel, kernel), loc="left")
        row[0].set_ylabel(f"{words}: $e_a/e_1$")
    panels[0, 0].set_ylim(1e-9, 2)
    index = np.arange(1, SHOWN + 1)
    for axes, kernel in zip(panels[0], kernels, strict=True):
        for slope in spectra["theory"][spectra["kernel"] == kernel].dropna().unique():
            axes.plot(index, np.exp(-slope * (index - 1)), color=GREY, linewidth=0.8, zorder=0)
    for axes in panels[-1]:
        axes.set_xlabel("direction $a$")
    handles = [
        Line2D([], [], color=colour, label=rf"$\sigma_w$ = {start:g}")
        for colour, _, start in marks_for(starts)
    ]
    handles += [
        Line2D([], [], color="black", linestyle=lines[steps], label=f"$T$ = {steps:,}")
        for steps in every
    ]
    handles.append(Line2D([], [], color=GREY, linewidth=0.8, label=r"slope $\pi^2/\ln 4\kappa$"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    if verdicts:
        figure.suptitle(verdicts)
    return figure


@paper_style()
def sgd_trajectories_figure(variants: pd.DataFrame, spectra: pd.DataFrame) -> Figure:
    """Spectra of clouds of SGD by the exact recursion, simulated ones beside, and what two
    directions explain.

    Args:
        variants: a row per variant: variant, chi_2, chi_3, simulated_chi_2, simulated_chi_3.
        spectra: a row per variant and index: eigenvalue, simulated.

    Returns:
        A figure of two panels, 183 mm wide.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> row = {
        ...     "variant": ["batch 1"],
        ...     "chi_2": [0.3],
        ...     "chi_3": [0.4],
        ...     "simulated_chi_2": [0.3],
        ...     "simulated_chi_3": [0.4],
        ... }
        >>> lines = {
        ...     "variant": "batch 1",
        ...     "index": [1, 2],
        ...     "eigenvalue": [1.0, 0.1],
        ...     "simulated": [1.0, 0.1],
        ... }
        >>> len(sgd_trajectories_figure(pd.DataFrame(row), pd.DataFrame(lines)).axes)
        2
    """
    require_columns(variants, ["variant", "chi_2", "chi_3", "simulated_chi_2", "simulated_chi_3"])
    require_columns(spectra, ["variant", "index", "eigenvalue", "simulated"])
    names = list(variants["variant"])
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    for colour, marker, name in marks_for(names):
        rows = rows_where(spectra[spectra["index"] <= SHOWN], variant=name).sort_values("index")
        left.plot(rows["index"], rows["eigenvalue"], color=colour, linewidth=1.0)
        left.plot(
            rows["index"][::3],
            rows["simulated"][::3],
            marker,
            color=colour,
            markersize=3,
            markerfacecolor="white",
        )
    left.set_yscale("log")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set_xlabel("direction $a$")
    left.set_ylabel("eigenvalue $e_a$ of the cloud")
    left.set_title("(a) lines: exact recursion; markers: simulated", loc="left")
    _draw_stress(right, variants, names)
    ordered = variants.sort_values("chi_3")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    figure.suptitle(
        rf"Three directions explain {low['chi_3']:.2f} ({low['variant']}) to {high['chi_3']:.2f}"
        rf" ({high['variant']}); simulated {low['simulated_chi_3']:.2f} and"
        rf" {high['simulated_chi_3']:.2f}"
    )
    return figure


def _draw_stress(axes: Axes, variants: pd.DataFrame, names: list[str]) -> None:
    heights = np.arange(len(names))[::-1]
    for colour, marker, height in marks_for(heights):
        axes.plot(-0.04, height, marker, color=colour, markersize=4, clip_on=False)
    for colour, k in (("black", 2), ("purple", 3)):
        axes.plot(
            variants[f"chi_{k}"],
            heights,
            "|",
            color=PALETTE[colour],
            markersize=11,
            markeredgewidth=1.4,
            label=rf"$\chi_{k}$, exact",
        )
        simulated = variants[f"simulated_chi_{k}"]
        axes.plot(
            simulated,
            heights,
            "o",
            color=PALETTE[colour],
            markerfacecolor="white",
            markersize=3,
            label=rf"$\chi_{k}$, simulated",
        )
    axes.set_yticks(heights, names)
    axes.tick_params(axis="y", pad=13, length=0)
    axes.set_xlim(0, 1.03)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlabel("explained stress")
    axes.set_title("(b) two and three directions", loc="left")
    axes.legend(loc="lower left")
