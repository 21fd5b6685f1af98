"""The polytopes into which a network cuts the plane, one panel a layer, and the breakpoints of a
circle among them.
"""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import circle
from eigenscape.expressivity.networks import Layers
from eigenscape.expressivity.regions import regions
from eigenscape.figures.intervals import ACTIVATION_NAMES
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, PALETTE, paper_style

EDGES = ("black", "vermillion", "sky", "purple", "green", "orange")
"""Colours of boundaries, by the layer whose unit draws them."""

EDGE_WORDS = ("black", "red", "blue", "purple", "green", "orange")
"""The same in a reader's words."""


@paper_style()
def polytopes_figure(
    layers: Layers, box: tuple[float, float, float, float], radius: float
) -> Figure:
    """Cells of a box of the input plane after each hidden layer, shaded by the size of the linear
    map on them.

    Args:
        layers: a piecewise linear network with two inputs.
        box: x_low, x_high, y_low, y_high.
        radius: of the circle whose breakpoints are marked.

    Returns:
        A figure with a panel per hidden layer, 183 mm wide.

    Raises:
        BadInput: not a piecewise linear network of the plane.

    Example:
        >>> from eigenscape.expressivity.networks import random_layers
        >>> figure = polytopes_figure(
        ...     random_layers(2, 3, 2.0, 1.0, "relu", seed=0), (-1, 1, -1, 1), 0.5
        ... )
        >>> [axes.get_title(loc="left")[:11] for axes in figure.axes[:2]]
        ['(a) layer 1', '(b) layers ']
    """
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.9 if layers.depth > 2 else 4.6), layout="constrained")
    panels = list(np.atleast_1d(figure.subplots(1, layers.depth)))
    found = analyse(layers, circle(radius))
    around = circle(radius).points(400)
    cells = [regions(layers, box, last) for last in range(layers.depth + 1)]
    slopes = np.array([np.linalg.norm(cell.matrix) for cell in cells[-1]])
    lowest, highest = _limits(slopes)
    norm = LogNorm(lowest, highest)
    shading = None
    for last, axes in enumerate(panels, start=1):
        shading = PolyCollection(
            [cell.polygon for cell in cells[-1]],
            array=np.maximum(slopes, lowest),
            norm=norm,
            cmap=COLORMAP,
            edgecolors="none",
            alpha=0.55,
        )
        axes.add_collection(shading)
        for layer in range(last, 0, -1):
            colour = PALETTE[EDGES[(layer - 1) % len(EDGES)]]
            polygons = [cell.polygon for cell in cells[layer]]
            axes.add_collection(
                PolyCollection(
                    polygons,
                    facecolors="none",
                    edgecolors=colour,
                    linewidths=1.4 - 0.2 * min(layer, 4),
                )
            )
        axes.plot(*around.T, color="white", linewidth=1.6)
        axes.plot(*around.T, color="black", linewidth=0.7)
        for layer in range(1, last + 1):
            points = circle(radius).at(found.breakpoints[layer - 1])
            colour = PALETTE[EDGES[(layer - 1) % len(EDGES)]]
            axes.plot(
                *points.T,
                "o",
                color=colour,
                markeredgecolor="white",
                markeredgewidth=0.4,
                markersize=3.5,
            )
        name = "layer 1" if last == 1 else f"layers 1 to {last}"
        axes.set_title(
            f"({'abcdefghij'[(last - 1) % 10]}) {name}: {len(cells[last])} cells", loc="left"
        )
        axes.set_xlim(box[0], box[1])
        axes.set_ylim(box[2], box[3])
        axes.set_aspect("equal")
        axes.set_xlabel(f"$x_1$\n{int(found.transitions[:last].sum())} transitions on the circle")
    panels[0].set_ylabel("$x_2$")
    if shading is not None:
        figure.colorbar(
            shading,
            ax=panels,
            location="bottom",
            shrink=0.5,
            aspect=40,
            label=r"$|\nabla f|$ of the whole network",
        )
    name = ACTIVATION_NAMES.get(layers.activation, layers.activation)
    of_what = f"{name}, {layers.depth} hidden layers of {layers.weights[0].shape[1]} units"
    figure.suptitle(
        f"Cells, linear maps and breakpoints are exact: {of_what}. A boundary\n"
        f"has the colour of the layer whose unit draws it: {', '.join(EDGE_WORDS[: layers.depth])}."
    )
    return figure


def _limits(slopes: np.ndarray) -> tuple[float, float]:
    """Ends of a logarithmic scale: flat cells take the lowest colour."""
    positive = slopes[slopes > 1e-9 * max(slopes.max(), 1e-300)]
    if not len(positive):
        return 0.5, 2.0
    low, high = float(positive.min()), float(positive.max())
    return (low, high) if low < high else (low / 2, high * 2)
