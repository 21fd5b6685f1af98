"""Training trajectories as InPCA places them, in two and three dimensions, with the geodesic from
ignorance to truth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from eigenscape.figures.intervals import require_columns
from eigenscape.figures.style import DOUBLE_COLUMN, PALETTE, paper_style

FAMILY_COLOURS = {"linear": "blue", "perceptron": "vermillion", "convolutional": "green"}
"""Of the families of networks, in every figure of trajectories."""

OPTIMISER_LINES: dict[str, Any] = {"sgd": "-", "momentum": "-.", "adam": ":"}
"""Of the optimisers."""


@paper_style()
def embedding_figure(
    points: pd.DataFrame,
    geodesic: np.ndarray,
    signs: np.ndarray,
    stress: np.ndarray,
    words: str = "",
    measured: str = "",
) -> Figure:
    """Trajectories in the first two directions, in the first and third, and in all three.

    Args:
        points: a row per checkpoint, in the order of training: family, optimiser, trajectory, x1,
            x2, x3.
        geodesic: (places, 3 or more), from ignorance to truth.
        signs: of the directions, -1 where imaginary.
        stress: explained stress chi_k.
        words: what was trained.
        measured: what few directions explain, with intervals.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> points = pd.DataFrame({"x1": [0.0, 1.0], "x2": [0.0, 1.0], "x3": [0.0, 0.5]})
        >>> points = points.assign(family="linear", optimiser="sgd", trajectory=0)
        >>> len(
        ...     embedding_figure(
        ...         points, np.zeros((2, 3)), np.ones(3), np.array([0.8, 0.9, 1.0])
        ...     ).axes
        ... )
        3
    """
    require_columns(points, ["family", "optimiser", "trajectory", "x1", "x2", "x3"])
    # One direction is set by convention: truth lies to the right.
    turn = np.where(geodesic[-1] < geodesic[0], -1.0, 1.0)[:3]
    turn[1:] = 1.0
    places = points[["x1", "x2", "x3"]].to_numpy() * turn
    line = geodesic[:, :3] * turn
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.3), layout="constrained")
    flat = [figure.add_subplot(1, 3, number) for number in (1, 2)]
    solid: Any = figure.add_subplot(1, 3, 3, projection="3d")
    for _, rows in points.groupby("trajectory", sort=False):
        own = places[rows.index.to_numpy()]
        first = rows.iloc[0]
        look: dict[str, Any] = {
            "color": PALETTE[FAMILY_COLOURS.get(first["family"], "purple")],
            "linestyle": OPTIMISER_LINES.get(first["optimiser"], "--"),
            "linewidth": 0.8,
            "alpha": 0.8,
        }
        for axes, second in zip(flat, (1, 2), strict=True):
            axes.plot(own[:, 0], own[:, second], **look)
            axes.plot(own[-1, 0], own[-1, second], ".", color=look["color"], markersize=3)
        solid.plot(*own.T, **look)
    for axes, second in zip(flat, (1, 2), strict=True):
        axes.plot(line[:, 0], line[:, second], color=PALETTE["black"], linewidth=1.6)
        for end, name in ((0, "ignorance"), (-1, "truth")):
            ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
            where: dict[str, Any] = {
                "textcoords": "offset points",
                "xytext": (0, -11),
                "ha": "left" if end == 0 else "right",
            }
            axes.annotate(name, (line[end, 0], line[end, second]), bbox=ground, **where)
            axes.plot(
                line[end, 0],
                line[end, second],
                "s" if end == 0 else "*",
                color=PALETTE["black"],
                markersize=4 if end == 0 else 7,
            )
        axes.set_xlabel(_axis(0, signs))
        axes.set_ylabel(_axis(second, signs))
        axes.margins(0.08, 0.14)
    solid.plot(*line.T, color=PALETTE["black"], linewidth=1.6)
    for letter, axes, k in zip("abc", [*flat, solid], (2, 3, 3), strict=True):
        text = f"({letter}) " + (
            "first and third"
            if letter == "b"
            else rf"$\chi_{k}$ = {stress[min(k, len(stress)) - 1]:.2f}"
        )
        axes.set_title(text, loc="left")
    for axis, name in ((solid.xaxis, "1"), (solid.yaxis, "2"), (solid.zaxis, "3")):
        axis.set_label_text(name)
        axis.labelpad = -10
        axis.set_major_locator(MaxNLocator(4))
    solid.tick_params(labelsize=5, pad=-3)
    solid.set_box_aspect(None, zoom=0.82)
    families, optimisers = dict.fromkeys(points["family"]), dict.fromkeys(points["optimiser"])
    handles = [
        Line2D([], [], color=PALETTE[FAMILY_COLOURS.get(name, "purple")], label=name)
        for name in families
    ]
    handles += [
        Line2D(
            [],
            [],
            color=PALETTE["black"],
            linewidth=0.8,
            linestyle=OPTIMISER_LINES.get(n, "--"),
            label=n,
        )
        for n in optimisers
    ]
    handles.append(Line2D([], [], color=PALETTE["black"], linewidth=1.6, label="geodesic"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.suptitle(
        "Training trajectories in the space of predictions, InPCA of all"
        f" together{words and '; ' + words}.{measured and chr(10) + measured}"
    )
    return figure


def _axis(direction: int, signs: np.ndarray) -> str:
    """Name of a direction; imaginary ones say so."""
    imaginary = direction < len(signs) and signs[direction] < 0
    return f"direction {direction + 1}" + (" (imaginary)" if imaginary else "")
