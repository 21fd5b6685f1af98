"""A study's results as plotly figures: the map over the grid, a cell's spectrum, its eigenvectors
over the layers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from eigenscape.explorer.figures_network import Figure, array, axis, layout
from eigenscape.explorer.results import OpenCell, OpenStudy
from eigenscape.figures.style import COLORMAP, GREY, PALE, PALETTE


def empty_figure(sentence: str = "") -> Figure:
    """Return a figure that explains why there is nothing to draw."""
    anchor = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    hidden = {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    return {"data": [], "layout": layout(**hidden, annotations=[{"text": sentence, **anchor}])}


def grid_values(table: pd.DataFrame, number: str) -> pd.DataFrame:
    """Return a column over the grid: one row per width, one column per depth, NaN where a network
    has no number.

    Example:
        >>> grid_values(
        ...     pd.DataFrame({"depth": [1, 2], "width": [5, 5], "parameters": [16, 46]}),
        ...     "parameters",
        ... ).to_numpy()
        array([[16, 46]])
    """
    return table.pivot_table(
        index="width", columns="depth", values=number, aggfunc="first", dropna=False
    )


def map_figure(study: OpenStudy, number: str, chosen: str) -> Figure:
    """Draw one number of the table over depth and width; a click on a cell opens it."""
    values = grid_values(study.table, number)
    folders = {
        (cell.architecture.depth, cell.architecture.width): cell.folder
        for cell in study.study.computed_cells()
    }
    depths, widths = (
        [int(depth) for depth in values.columns],
        [int(width) for width in values.index],
    )
    numbers = values.to_numpy(float)
    # A number that spans decades would otherwise show its largest value and nothing else.
    finite = numbers[np.isfinite(numbers)]
    logarithmic = len(finite) > 0 and finite.min() > 0 and finite.max() > 1e3 * finite.min()
    with np.errstate(invalid="ignore", divide="ignore"):
        colours = np.where(
            np.isfinite(numbers), np.log10(numbers) if logarithmic else numbers, np.nan
        )
    names = [[folders.get((depth, width), "") for depth in depths] for width in widths]
    texts = [
        [f"{value:.5g}" if np.isfinite(value) else "no number" for value in row] for row in numbers
    ]
    heat = {
        "type": "heatmap",
        "x": [str(depth) for depth in depths],
        "y": [str(width) for width in widths],
        "z": array(colours),
        "customdata": names,
        "text": texts,
        "colorscale": COLORMAP.capitalize(),
        "hoverongaps": True,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {
            "thickness": 12,
            "outlinewidth": 0,
            "title": {"text": f"log10 {number}" if logarithmic else number, "side": "right"},
        },
        "hovertemplate": f"depth %{{x}}, width %{{y}}<br>{number} = %{{text}}<extra></extra>",
    }
    marks = []
    selected = next((key for key, folder in folders.items() if folder == chosen), None)
    if selected is not None:
        x, y = depths.index(selected[0]), widths.index(selected[1])
        square = {"type": "rect", "x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
        marks = [
            {**square, "line": {"color": "white", "width": 4}},
            {**square, "line": {"color": PALETTE["vermillion"], "width": 2}},
        ]
    axes = {
        "xaxis": axis("hidden layers L", type="category", showgrid=False),
        "yaxis": axis("width w", type="category", showgrid=False),
    }
    return {"data": [heat], "layout": {**layout(**axes, shapes=marks), "plot_bgcolor": PALE}}


def spectrum_figure(found: OpenCell) -> Figure:
    """Draw the eigenvalues of C in descending order on a logarithmic axis."""
    values = found.spectrum.eigenvalues
    index = np.arange(1, len(values) + 1)
    # single precision ends at 1e-38, spectra do not
    line = {
        "type": "scatter",
        "mode": "lines+markers" if len(values) <= 200 else "lines",
        "x": array(index),
        "y": (np.where(values > 0, values, np.nan).tolist()),
        "line": {"color": PALETTE["blue"], "width": 2},
        "marker": {"size": 5},
        "hovertemplate": "λ(%{x}) = %{y:.4g}<extra></extra>",
    }
    axes = {
        "xaxis": axis("index"),
        "yaxis": axis("eigenvalue of C", type="log", exponentformat="power", nticks=7),
    }
    width = found.cell.architecture.width
    shoulder = {
        "type": "line",
        "x0": width,
        "x1": width,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": GREY, "dash": "dot"},
    }
    return {"data": [line], "layout": layout(**axes, shapes=[shoulder])}


def vectors_figure(found: OpenCell) -> Figure:
    """Draw the mass of every eigenvector on every layer, the sum over the layer's parameters of
    W_ij^2.
    """
    if found.masses is None:
        return empty_figure("Eigenvectors are kept for the headline network only.")
    layers, columns = found.masses.shape
    size = len(found.spectrum.eigenvalues)
    heat = {
        "type": "heatmap",
        "x": array(np.linspace(1, size, columns)),
        "y": [f"layer {layer}" for layer in range(1, layers + 1)],
        "z": array(found.masses),
        "zmin": 0,
        "zmax": 1,
        "colorscale": COLORMAP.capitalize(),
        "colorbar": {
            "thickness": 12,
            "outlinewidth": 0,
            "title": {"text": "mass", "side": "right"},
        },
        "hovertemplate": "eigenvector %{x:.0f}, %{y}: %{z:.3f}<extra></extra>",
    }
    axes = {
        "xaxis": axis("eigenvector, by descending eigenvalue", showgrid=False),
        "yaxis": axis("", autorange="reversed", showgrid=False),
    }
    return {"data": [heat], "layout": layout(**axes, margin={"l": 65, "r": 15, "t": 10, "b": 45})}
