"""The InPCA embedding of training trajectories as a three-dimensional figure that can be
rotated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eigenscape.explorer.figures_network import Figure, axis, layout
from eigenscape.explorer.numbers_network import Table, number_text
from eigenscape.figures.sloppiness.embedding import FAMILY_COLOURS
from eigenscape.figures.style import PALETTE

OPTIMISER_DASHES = {"sgd": "solid", "momentum": "dashdot", "adam": "dot"}
"""Dash styles of the optimisers; every other optimiser is dashed."""


def embedding_view(points: pd.DataFrame, geodesic: np.ndarray, eigenvalues: np.ndarray) -> Figure:
    """Draw every trajectory and the geodesic from ignorance to truth, in the first three
    directions.

    A click on the legend hides or shows a family under an optimiser; hovering over a checkpoint
    shows its network.

    Args:
        points: a row per checkpoint, in the order of training: network, family, optimiser, replica,
            trajectory, step, progress, accuracy, x1, x2, x3.
        geodesic: (points, 3 or more).
        eigenvalues: signed; directions of negative ones are imaginary.

    Example:
        >>> rows = {
        ...     "network": ["a", "a"],
        ...     "family": ["linear"] * 2,
        ...     "optimiser": ["sgd"] * 2,
        ...     "replica": [0, 0],
        ...     "trajectory": [0, 0],
        ... }
        >>> rows |= {
        ...     "step": [0, 9],
        ...     "progress": [0.0, 0.5],
        ...     "accuracy": [0.1, 0.9],
        ...     "x1": [0, 1],
        ...     "x2": [0, 1],
        ...     "x3": [0, 1],
        ... }
        >>> [
        ...     line["name"]
        ...     for line in embedding_view(
        ...         pd.DataFrame(rows), np.zeros((2, 3)), np.array([1.0, -0.5, 0.1])
        ...     )["data"]
        ... ]
        ['linear, sgd', 'geodesic']
    """
    lines = []
    for (family, optimiser), rows in points.groupby(["family", "optimiser"], sort=False):
        # One line for all of a kind, broken between trajectories: a few of them are quick to turn,
        # hundreds are not.
        parts = [
            one
            for _, trajectory_rows in rows.groupby("trajectory", sort=False)
            for one in (trajectory_rows, trajectory_rows.iloc[:1].assign(x1=np.nan))
        ]
        joined = pd.concat(parts)
        lines.append(
            {
                "type": "scatter3d",
                "mode": "lines",
                "name": f"{family}, {optimiser}",
                **_coordinates(joined[["x1", "x2", "x3"]].to_numpy(float)),
                "line": {
                    "color": PALETTE[FAMILY_COLOURS.get(str(family), "purple")],
                    "dash": OPTIMISER_DASHES.get(str(optimiser), "dash"),
                    "width": 3,
                },
                "text": [
                    f"{row.network}, {row.optimiser}, replica {row.replica}<br>step {row.step:,},"
                    f" progress {row.progress:.2f}, accuracy {row.accuracy:.2f}"
                    for row in joined.itertuples()
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    path = {
        "type": "scatter3d",
        "mode": "lines",
        "name": "geodesic",
        "line": {"color": "#222222", "width": 6},
    }
    lines.append(
        {
            **path,
            **_coordinates(geodesic[:, :3]),
            "hovertemplate": "from ignorance to truth<extra></extra>",
        }
    )
    axes = {
        name: axis(direction_name(index, eigenvalues))
        for index, name in enumerate(("xaxis", "yaxis", "zaxis"))
    }
    margin = {"l": 0, "r": 0, "t": 0, "b": 0}
    return {
        "data": lines,
        "layout": layout(
            scene=axes, margin=margin, showlegend=True, legend={"orientation": "h", "y": 0}
        ),
    }


def direction_name(index: int, eigenvalues: np.ndarray) -> str:
    """Return the name of an axis, counted from 0.

    Example:
        >>> direction_name(1, np.array([1.0, -0.5]))
        '2 (imaginary)'
    """
    return f"{index + 1} (imaginary)" if eigenvalues[index] < 0 else str(index + 1)


def ends_table(points: pd.DataFrame) -> Table:
    """Return the end points of every network's trajectories as a table, the text alternative of the
    figure.
    """
    last = points.groupby("trajectory", sort=False).tail(1)
    rows = [
        (
            f"{network}, {optimiser}",
            str(len(group_rows)),
            *[
                number_text(float(group_rows[name].mean()))
                for name in ("progress", "accuracy", "x1", "x2", "x3")
            ],
        )
        for (network, optimiser), group_rows in last.groupby(["network", "optimiser"], sort=False)
    ]
    header = (
        "network",
        "trajectories",
        "progress",
        "accuracy",
        "direction 1",
        "direction 2",
        "direction 3",
    )
    return Table("Ends of the trajectories, means over replicas", header, rows)


def _coordinates(rows: np.ndarray) -> dict[str, list[float | None]]:
    """Return coordinates in which None breaks a line."""
    return {
        name: [float(value) if np.isfinite(value) else None for value in column]
        for name, column in zip("xyz", rows.T, strict=True)
    }
