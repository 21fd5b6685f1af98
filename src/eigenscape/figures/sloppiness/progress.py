"""Progress from ignorance to truth while networks train, and how far trajectories are apart at
equal progress.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from eigenscape.figures.intervals import marks_for, require_columns, rows_where
from eigenscape.figures.sloppiness.embedding import FAMILY_COLOURS, OPTIMISER_LINES
from eigenscape.figures.style import DOUBLE_COLUMN, PALETTE, paper_style

KINDS = {
    "seed": "seed",
    "optimiser": "seed and optimiser",
    "architecture": "seed and architecture",
    "family": "seed and family",
}
"""What pairs of trajectories differ in."""


@paper_style()
def progress_figure(
    points: pd.DataFrame, trajectories: pd.DataFrame, equal: pd.DataFrame, words: str = ""
) -> Figure:
    """Progress over steps; length of the trajectories against their progress; distances at equal
    progress.

    Args:
        points: a row per checkpoint: network, family, optimiser, step, progress.
        trajectories: a row per trajectory: family, optimiser, progress, length.
        equal: a row per progress and kind of pair: progress, differ_in, distance; may be empty.
        words: what was trained.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> points = pd.DataFrame(
        ...     {
        ...         "network": ["a"],
        ...         "family": ["linear"],
        ...         "optimiser": ["sgd"],
        ...         "step": [0],
        ...         "progress": [0.1],
        ...     }
        ... )
        >>> ends = pd.DataFrame(
        ...     {"family": ["linear"], "optimiser": ["sgd"], "progress": [0.9], "length": [2.0]}
        ... )
        >>> len(progress_figure(points, ends, pd.DataFrame()).axes)
        3
    """
    require_columns(points, ["network", "family", "optimiser", "step", "progress"])
    require_columns(trajectories, ["family", "optimiser", "progress", "length"])
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.1), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for (_, family, optimiser), rows in points.groupby(
        ["network", "family", "optimiser"], sort=False
    ):
        mean = rows.groupby("step")["progress"].mean()
        look = OPTIMISER_LINES.get(str(optimiser), "--")
        left.plot(
            mean.index,
            mean,
            color=PALETTE[FAMILY_COLOURS.get(str(family), "purple")],
            linestyle=look,
            linewidth=0.9,
        )
    left.set_xscale("symlog", linthresh=1)
    left.set_xlabel("steps")
    left.set_ylabel("progress, mean over seeds")
    left.set_title("(a) from ignorance (0) to truth (1)", loc="left")
    filled = {"sgd": None, "momentum": "0.8", "adam": "white"}
    for (family, optimiser), rows in trajectories.groupby(["family", "optimiser"], sort=False):
        colour = PALETTE[FAMILY_COLOURS.get(str(family), "purple")]
        face = filled.get(str(optimiser)) or colour
        middle.plot(
            rows["progress"],
            rows["length"],
            "o",
            color=colour,
            markersize=3.5,
            markerfacecolor=face,
            markeredgewidth=0.8,
        )
    middle.set_xlabel("final progress")
    middle.set_ylabel(r"Riemann length $2\sum\sqrt{d_B}$")
    middle.set_title("(b) length of trajectories", loc="left")
    if len(equal):
        for colour, marker, kind in marks_for(KINDS):
            rows = rows_where(equal, differ_in=kind)
            right.plot(
                rows["progress"],
                rows["distance"],
                f"{marker}-",
                color=colour,
                markersize=3,
                label=KINDS[kind],
            )
        right.legend(fontsize=6, title="pairs differ in", title_fontsize=6)
    right.set_xlabel("progress of both")
    right.set_ylabel(r"mean distance $d_B$")
    right.set_title("(c) at equal progress", loc="left")
    families, optimisers = dict.fromkeys(points["family"]), dict.fromkeys(points["optimiser"])
    handles = [
        Line2D([], [], color=PALETTE[FAMILY_COLOURS.get(name, "purple")], label=name)
        for name in families
    ]
    for name in optimisers:
        face = filled.get(name) or PALETTE["black"]
        marks: dict[str, Any] = {
            "color": PALETTE["black"],
            "marker": "o",
            "markersize": 3.5,
            "markerfacecolor": face,
            "linewidth": 0.9,
        }
        handles.append(
            Line2D([], [], linestyle=OPTIMISER_LINES.get(name, "--"), label=name, **marks)
        )
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.suptitle(
        f"Progress along the geodesic from ignorance to truth{words and '; ' + words}.\n"
        f"{_measured_words(trajectories, equal)}"
    )
    return figure


def _measured_words(trajectories: pd.DataFrame, equal: pd.DataFrame) -> str:
    """How far trajectories get, and how far apart pairs are that differ in the most and in the
    least.
    """
    final = trajectories["progress"]
    words = f"They end at {final.median():.2f} [{final.min():.2f}, {final.max():.2f}]"
    means = equal.groupby("differ_in")["distance"].mean() if len(equal) else pd.Series(dtype=float)
    known = [kind for kind in KINDS if kind in means]
    apart = ", ".join(f"{KINDS[kind]} {means[kind]:.3f}" for kind in known)
    differ = f"; mean distance at equal progress of pairs that differ in\n{apart}"
    return words + (differ if known else ".")
