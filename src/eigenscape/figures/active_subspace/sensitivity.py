"""The condition number of one network under every input interval, number of points, prior,
activation and loss.

One panel for each activation; the numbers stand in the cells, so the figure is also the table. No
cell is left without a word: where the condition number is infinite or not resolved, the cell says
why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.errors import BadInput
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, PALE, paper_style
from eigenscape.interval import column_names

SETTING = ("activation", "prior", "interval", "points")

COLUMNS = (
    *(*SETTING, "loss", "depth", "width", "samples", "status", "log10_ladder"),
    *column_names("log10_cond_sym"),
)
"""The drawn columns of the table of the stage `sensitivity`."""

COLOURED, BELOW = "mse", "rmse"
"""The loss whose number gives the colour and stands above, and the one whose number stands below
it."""

WORDS = {
    SpectrumStatus.RANK_DEFICIENT.value: "rank deficient",
    SpectrumStatus.BELOW_FLOOR.value: "below floor",
}
"""The words that stand for a condition number that is not finite."""

HEAVY = "*"
"""After a condition number that a few samples carry."""

ROW_HEIGHT = 0.26
"""Inches: two lines of text."""

HEAD, BETWEEN = 1.6, 0.26
"""Inches for caption, names of columns and colour bar; and for the name of each panel."""

DARK = 0.434
"""Position on the colour map, from 0 to 1: white text below and black text above have a contrast of
at least 4.5 (WCAG 2)."""

GAP = 0.3
"""Columns left free between two intervals."""

FIX = "give the table of the stage sensitivity"


@dataclass(frozen=True)
class _Layout:
    """Where settings stand: columns are pairs of interval and points, rows are priors; both in the
    order of the table.
    """

    columns: list[tuple[str, int]]
    priors: list[str]
    scale: Normalize

    @property
    def positions(self) -> list[float]:
        """The centre of every column, with a gap where the interval changes."""
        changes = [
            before[0] != after[0]
            for before, after in zip(self.columns[:-1], self.columns[1:], strict=True)
        ]
        return [index + GAP * sum(changes[:index]) for index in range(len(self.columns))]


@paper_style()
def sensitivity_figure(table: pd.DataFrame) -> Figure:
    """A coloured cell for each setting: rows are priors, columns input intervals and numbers of
    points.

    Beside each row stands what mean-field theory predicts from prior and activation alone, (L-1)
    log10 chi_1, the decades between the first and the last hidden layer: above 0 early layers
    dominate, below 0 late ones.

    Args:
        table: a row per setting and loss, of one network, in the order in which settings are to be
            drawn. Settings that are not in the table stay white.

    Returns:
        A figure of one panel an activation, 183 mm wide.

    Raises:
        BadInput: the table is empty, lacks a column, has a setting twice, several networks, or an
            unknown status.

    Example:
        >>> row = {
        ...     "activation": "tanh",
        ...     "prior": "he_normal",
        ...     "interval": "[0, 1]",
        ...     "points": 20,
        ...     "loss": "mse",
        ...     "depth": 5,
        ... }
        >>> row |= {
        ...     "width": 20,
        ...     "samples": 300,
        ...     "status": "finite",
        ...     "log10_cond_sym": 2.26,
        ...     "log10_ladder": 0.9,
        ... }
        >>> row |= {"log10_cond_sym_low": 2.2, "log10_cond_sym_high": 2.3}
        >>> axes = sensitivity_figure(pd.DataFrame([row])).axes[0]
        >>> axes.get_title(loc="left"), [text.get_text() for text in axes.texts]
        ('(a) tanh', ['2.26'])
    """
    _check(table)
    activations, intervals = (
        list(dict.fromkeys(table["activation"])),
        list(dict.fromkeys(table["interval"])),
    )
    columns = sorted(
        dict.fromkeys(zip(table["interval"], table["points"], strict=True)),
        key=lambda column: intervals.index(column[0]),
    )
    coloured = table.loc[
        (table["loss"] == COLOURED) & np.isfinite(table["log10_cond_sym"]), "log10_cond_sym"
    ]
    scale = Normalize(coloured.min(), coloured.max()) if len(coloured) else Normalize(0, 1)
    layout = _Layout(columns, list(dict.fromkeys(table["prior"])), scale)

    height = HEAD + len(activations) * (len(layout.priors) * ROW_HEIGHT + BETWEEN)
    figure = Figure(figsize=(DOUBLE_COLUMN, height), layout="constrained")
    panels = figure.subplots(len(activations), 1, squeeze=False, sharex=True)[:, 0]
    for number, (axes, activation) in enumerate(zip(panels, activations, strict=True)):
        rows = table[table["activation"] == activation]
        for (_, prior, interval, points), losses in rows.groupby(list(SETTING), sort=False):
            position = (
                layout.positions[columns.index((interval, points))],
                layout.priors.index(prior),
            )
            _draw_cell(axes, position, losses.set_index("loss"), scale)
        _label_rows(axes, rows, layout)
        axes.set_title(f"({chr(ord('a') + number)}) {activation}", loc="left")
    _label_columns(panels[0], panels[-1], layout)
    if len(coloured):
        bar = figure.colorbar(
            ScalarMappable(scale, COLORMAP), ax=list(panels), location="bottom", aspect=60, pad=0.02
        )
        bar.set_label(
            r"projected condition number, $\log_{10}(\lambda_1/\lambda_P)$ (decades), of the mean"
            r" squared residual"
        )
    figure.suptitle(_caption(table))
    return figure


def _draw_cell(
    axes: Axes, position: tuple[float, int], losses: pd.DataFrame, scale: Normalize
) -> None:
    """The ground, and a number or a word for each loss."""
    values = {str(loss): float(value) for loss, value in losses["log10_cond_sym"].items()}
    statuses = {str(loss): str(status) for loss, status in losses["status"].items()}
    finite = math.isfinite(values.get(COLOURED, math.nan))
    ground = matplotlib.colormaps[COLORMAP](scale(values[COLOURED])) if finite else PALE
    axes.add_patch(
        Rectangle(
            (position[0] - 0.5, position[1] - 0.5),
            1,
            1,
            facecolor=ground,
            edgecolor="white",
            linewidth=0.4,
        )
    )
    ink = "white" if finite and scale(values[COLOURED]) < DARK else "black"
    words = {
        loss: (
            f"{value:.2f}{HEAVY if statuses[loss] == SpectrumStatus.HEAVY_TAILED.value else ''}"
            if math.isfinite(value)
            else WORDS[statuses[loss]]
        )
        for loss, value in values.items()
    }
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
    if len(words) == 2 and words[COLOURED] == words[BELOW] in WORDS.values():
        axes.text(
            *position, words[COLOURED].replace(" ", "\n"), fontsize=5, linespacing=0.95, **style
        )
        return
    sizes, shifts = (
        {COLOURED: 6.5, BELOW: 5.5},
        {COLOURED: -0.2, BELOW: 0.24} if len(words) == 2 else {COLOURED: 0.0, BELOW: 0.0},
    )
    for loss, word in words.items():
        axes.text(
            position[0],
            position[1] + shifts[loss],
            word,
            fontsize=4.5 if word in WORDS.values() else sizes[loss],
            **style,
        )


def _label_rows(axes: Axes, rows: pd.DataFrame, layout: _Layout) -> None:
    """Priors on the left, the mean-field prediction on the right; no frame and no ticks."""
    profile = rows.drop_duplicates("prior").set_index("prior")["log10_ladder"]
    axes.set_ylim(len(layout.priors) - 0.5, -0.5)
    axes.set_yticks(range(len(layout.priors)), [prior.replace("_", " ") for prior in layout.priors])
    right = axes.secondary_yaxis("right")
    right.set_yticks(
        range(len(layout.priors)),
        [_signed(profile.get(prior, math.nan)) for prior in layout.priors],
    )
    for each in (axes, right):
        each.tick_params(length=0)
        each.spines[:].set_visible(False)
    axes.set_title(r"$(L-1)\,\log_{10}\chi_1$", loc="right")


def _label_columns(top: Axes, bottom: Axes, layout: _Layout) -> None:
    """Numbers of points below the last panel, intervals below them."""
    positions, intervals = layout.positions, [interval for interval, _ in layout.columns]
    top.set_xlim(positions[0] - 0.5, positions[-1] + 0.5)
    bottom.set_xticks(positions, [f"{points}" for _, points in layout.columns])
    bottom.set_xlabel("data points $n$ on the input interval", labelpad=16)
    centres = {
        name: np.mean(
            [
                position
                for position, other in zip(positions, intervals, strict=True)
                if other == name
            ]
        )
        for name in intervals
    }
    names = bottom.secondary_xaxis("bottom")
    names.set_xticks(list(centres.values()), [_interval_words(name) for name in centres])
    names.tick_params(length=0, pad=13)
    names.spines[:].set_visible(False)


def _interval_words(name: str) -> str:
    r"""The interval as printed: with a minus sign and the Greek letter.

    Example:
        >>> _interval_words(
        ...     "[-pi, pi]"
        ... ) == "[\N{MINUS SIGN}\N{GREEK SMALL LETTER PI}, \N{GREEK SMALL LETTER PI}]"
        True
    """
    return name.replace("-", "\N{MINUS SIGN}").replace("pi", "\N{GREEK SMALL LETTER PI}")


def _signed(number: float) -> str:
    """Two decimals with a sign, 0 without; nothing where there is no number."""
    words = f"{number:+.2f}"
    return {"nan": "", "+nan": "", "+0.00": "0.00", "-0.00": "0.00"}.get(words, words).replace(
        "-", "\N{MINUS SIGN}"
    )


def _caption(table: pd.DataFrame) -> str:
    """Which network, what the two numbers are, and what they are worth."""
    first = table.iloc[0]
    half = (table["log10_cond_sym_high"] - table["log10_cond_sym_low"])[
        np.isfinite(table["log10_cond_sym"])
    ] / 2
    worth = (
        rf"; 95 % intervals $\pm${half.median():.2f} in the median, at most $\pm${half.max():.2f}"
        if len(half)
        else ""
    )
    heavy = (table["status"] == SpectrumStatus.HEAVY_TAILED.value).any()
    return (
        rf"$L$ = {first['depth']}, $w$ = {first['width']}, target $\sin 2\pi x$ on every interval,"
        rf" $N$ = {first['samples']:,}{worth}"
        "\nabove: mean squared residual; below, smaller: its root"
        + (f"; {HEAVY} carried by a few samples" if heavy else "")
    )


def _check(table: pd.DataFrame) -> None:
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise BadInput.field(
            "table", f"the column {missing[0]}", ", ".join(map(str, table.columns)), FIX
        )
    if table.empty:
        raise BadInput.field("table", "at least one setting", "no rows", FIX)
    if (twice := table[table.duplicated([*SETTING, "loss"])]).shape[0]:
        found = ", ".join(str(twice.iloc[0][name]) for name in (*SETTING, "loss"))
        raise BadInput.field(
            "table", "one row per setting and loss", f"{found} twice", "draw one network at a time"
        )
    if (networks := table[["depth", "width"]].drop_duplicates()).shape[0] > 1:
        raise BadInput.field(
            "table", "one network", f"{len(networks)}", "draw one network at a time"
        )
    if unknown := sorted(set(table["loss"]) - {COLOURED, BELOW}):
        raise BadInput.field("loss", f"{COLOURED} or {BELOW}", unknown[0], FIX)
    if unknown := sorted(
        set(table.loc[~np.isfinite(table["log10_cond_sym"]), "status"].astype(str)) - set(WORDS)
    ):
        raise BadInput.field(
            "status", f"one of {', '.join(WORDS)} where there is no number", unknown[0], FIX
        )
