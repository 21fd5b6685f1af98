"""The slope of the layer profile against its mean-field prediction, as the prior goes through
criticality.

sigma_w, the scale of the weights, decides chi_1. Below criticality gradients shrink towards the
input and later layers matter more (beta > 0), above it earlier ones do (beta < 0); the sign changes
at chi_1 = 1. Deep and wide networks at one data point lie on the identity line; a loss averaged
over many points flattens the layer profile in the chaotic phase.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape.errors import BadInput
from eigenscape.figures.style import GREY, PALETTE, paper_style

COLUMNS = ("sigma_w", "chi_1", "slope", "low", "high")

TICK_DISTANCE = 0.09
"""Labels of the upper axis are at least this fraction of its length apart."""

_COLOURS = ("blue", "vermillion", "green", "orange", "purple", "sky")
_MARKERS = "osD^vP"


@paper_style()
def layer_profile_sweep_figure(table: pd.DataFrame, title: str = "") -> Figure:
    """Slope beta with its interval against -log10 chi_1, the identity line, and the sign change at
    chi_1 = 1.

    Args:
        table: a row per prior with sigma_w, chi_1 (dimensionless), slope, low and high (beta and
            its interval, decades per layer); where it also has a column series (such as the number
            of data points), each value is drawn apart.
        title: what was swept, such as activation, depth and width.

    Returns:
        A figure of one panel, 127 mm wide.

    Raises:
        BadInput: the table is empty, lacks a column, has a chi_1 that is not positive, an end that
            is not finite, or more series than there are markers.

    Example:
        >>> rows = pd.DataFrame({"sigma_w": [0.5, 2.0], "chi_1": [0.5, 2.0], "slope": [0.3, -0.3]})
        >>> rows = rows.assign(low=rows.slope - 0.01, high=rows.slope + 0.01)
        >>> figure = layer_profile_sweep_figure(rows)
        >>> [round(float(x), 3) for x in figure.axes[0].lines[-1].get_xdata()]
        [0.301, -0.301]
    """
    _check(table)
    figure = Figure(figsize=(5.0, 4.2), layout="constrained")
    axes = figure.subplots()
    predicted = -np.log10(table["chi_1"].to_numpy(dtype=np.float64))
    reach = 1.12 * max(
        np.abs(predicted).max(),
        np.abs(table[["slope", "low", "high"]].to_numpy(dtype=np.float64)).max(),
        1e-3,
    )
    axes.plot(
        [-reach, reach],
        [-reach, reach],
        color=GREY,
        linestyle="--",
        linewidth=0.8,
        label="mean field, $\\beta = -\\log_{10}\\chi_1$",
    )
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=0)
    series = (
        table["series"] if "series" in table.columns else pd.Series(r"$\beta$", index=table.index)
    )
    names = list(dict.fromkeys(series))
    for name, colour, marker in zip(names, _COLOURS, _MARKERS, strict=False):
        rows = table[series == name]
        slopes = rows["slope"].to_numpy(dtype=np.float64)
        ends = np.abs(rows[["low", "high"]].to_numpy(dtype=np.float64).T - slopes)
        axes.errorbar(
            -np.log10(rows["chi_1"].to_numpy(dtype=np.float64)),
            slopes,
            yerr=ends,
            fmt=marker,
            markersize=3.5,
            markeredgecolor="black",
            markeredgewidth=0.4,
            color=PALETTE[colour],
            ecolor="black",
            elinewidth=0.7,
            capsize=1.5,
            label=str(name),
        )
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    _mark_phases(axes)
    _mark_scales(axes, table)
    axes.set_xlabel(r"$-\log_{10}\chi_1$ (decades per layer)")
    axes.set_ylabel(r"slope $\beta$ of $\log_{10}$ mean $C_{ii}$ (decades per layer)")
    axes.set_title(title, loc="left")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def sign_words(table: pd.DataFrame) -> str:
    r"""How often the measured slope has the predicted sign, and how often its interval has none.

    Example:
        >>> rows = pd.DataFrame({"chi_1": [0.5, 2.0, 4.0], "slope": [0.3, -0.3, -0.1]})
        >>> rows = rows.assign(low=rows["slope"] - 0.2, high=rows["slope"] + 0.2)
        >>> print(sign_words(rows))
        $\beta$ has the predicted sign at 2 of 3 scales, the other at 0
    """
    predicted = -np.sign(np.log10(table["chi_1"].to_numpy(dtype=np.float64)))
    low, high = (table[name].to_numpy(dtype=np.float64) for name in ("low", "high"))
    measured = np.sign(low) * (np.sign(low) == np.sign(high))
    agree, differ = (int((measured * predicted == sign).sum()) for sign in (1, -1))
    return (
        rf"$\beta$ has the predicted sign at {agree} of {len(table)} scales, the other at {differ}"
    )


def _mark_phases(axes: Axes) -> None:
    """Which quadrant means what, away from the identity line."""
    for text, position, sides in (
        ("$\\chi_1 > 1$, $\\beta < 0$:\nearlier layers have more", (0.02, 0.47), ("left", "top")),
        (
            "$\\chi_1 < 1$, $\\beta > 0$:\nlater layers have more",
            (0.98, 0.53),
            ("right", "bottom"),
        ),
    ):
        axes.text(
            *position,
            text,
            transform=axes.transAxes,
            ha=sides[0],
            va=sides[1],
            fontsize=7,
            color=GREY,
        )


def _mark_scales(axes: Axes, table: pd.DataFrame) -> None:
    """sigma_w on the upper axis, where there is room for its labels."""
    low, high = axes.get_xlim()
    ticks: list[float] = []
    labels: list[str] = []
    for chi_1, scale in sorted(
        set(zip(table["chi_1"].astype(float), table["sigma_w"].astype(float), strict=True))
    ):
        position = float(-np.log10(chi_1))
        if all(abs(position - tick) >= TICK_DISTANCE * (high - low) for tick in ticks):
            ticks.append(position)
            labels.append(f"{scale:.3g}")
    upper = axes.secondary_xaxis("top")
    upper.set_xticks(ticks, labels)
    upper.set_xlabel(r"scale of the weights, $\sigma_w$")


def _check(table: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing or len(table) == 0:
        found = f"{len(table)} rows without {', '.join(missing)}" if missing else "no rows"
        raise BadInput.field(
            "table", f"rows with {', '.join(COLUMNS)}", found, "give a row per prior of the sweep"
        )
    numbers = table[list(COLUMNS)].to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all() or not (table["chi_1"] > 0).all():
        fix = "leave out priors without a slope"
        raise BadInput.field("table", "finite numbers and positive chi_1", "others", fix)
    if "series" in table.columns and table["series"].nunique() > len(_MARKERS):
        raise BadInput.field(
            "series",
            f"at most {len(_MARKERS)} of them",
            str(table["series"].nunique()),
            "draw more in a second figure",
        )
