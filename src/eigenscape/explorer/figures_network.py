"""A snapshot as plotly figures, and as updates of figures that are already on the page.

Figures are plain dictionaries: plotly's own checks of every number would take longer than the
numbers. While a slider moves only the data of traces are sent, so the camera, the zoom and the
legend stay; `uirevision` keeps them even when a whole figure is sent, because the number of layers
has changed. The browser hands changes to plotly.js itself (assets/drawing.js): a `dash.Patch` would
have Dash render the page again, which takes longer than drawing.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Collection
from typing import Any

import numpy as np

from eigenscape.explorer.snapshot import HALF_SIDE, NO_MEAN_FIELD, Polytopes, Snapshot
from eigenscape.figures.style import COLORMAP, GREY, PALETTE

BINS = 8
"""Number of colours of polytopes: eight steps of viridis can be distinguished, and eight traces
hold any number of cells."""

VIRIDIS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
"""Eight even steps of viridis."""

FONT = {"family": "DejaVu Sans, Verdana, sans-serif", "size": 12, "color": "#222222"}

Figure = dict[str, Any]


def array(values: np.ndarray, kind: type[np.number[Any]] = np.float32) -> dict[str, str]:
    """Encode numbers such that plotly.js reads them without parsing, in single precision, which is
    enough for a screen.

    Example:
        >>> array(np.zeros((2, 1)))
        {'dtype': 'f4', 'bdata': 'AAAAAAAAAAA=', 'shape': '2, 1'}
    """
    packed = np.ascontiguousarray(values, kind)
    return {
        "dtype": packed.dtype.str[1:],
        "bdata": base64.b64encode(packed.tobytes()).decode(),
        "shape": ", ".join(map(str, packed.shape)),
    }


def layout(**more: Any) -> dict[str, Any]:
    """Return the layout that all figures share."""
    return {
        "font": FONT,
        "margin": {"l": 55, "r": 15, "t": 10, "b": 45},
        "uirevision": "stay",
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "hoverlabel": {"font": FONT},
        "showlegend": False,
        **more,
    }


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return one axis in the style of the printed figures."""
    grid = {
        "showline": True,
        "linecolor": "#222222",
        "ticks": "outside",
        "ticklen": 4,
        "gridcolor": "#ececec",
        "zeroline": False,
    }
    return {"title": {"text": title, "standoff": 6}, **grid, **more}


def surface_figure(snapshot: Snapshot) -> Figure:
    """Draw the output over the square, with the lifted curve (x, f(x)) on it."""
    data = surface_data(snapshot)
    x, y = np.meshgrid(snapshot.axis, snapshot.axis)
    corners = triangles(len(snapshot.axis))
    # Triangles, not plotly's surface: that one interpolates its grid fourfold and draws it twice,
    # which takes a browser without a GPU several times as long. A ReLU network is made of triangles
    # anyway.
    surface = {
        "type": "mesh3d",
        "x": array(x.ravel()),
        "y": array(y.ravel()),
        **{name: array(corners[:, anchor], np.int32) for anchor, name in enumerate("ijk")},
        "colorscale": COLORMAP.capitalize(),
        "showscale": False,  # the height says the same
        "lighting": {"ambient": 0.75, "diffuse": 0.5, "specular": 0.05},
        "hovertemplate": "x = (%{x:.2f}, %{y:.2f})<br>f = %{z:.4g}<extra></extra>",
        **data[0],
    }
    line = {
        "type": "scatter3d",
        "mode": "lines",
        "line": {"color": PALETTE["vermillion"], "width": 7},
        "hovertemplate": "x = (%{x:.2f}, %{y:.2f})<br>f = %{z:.4g}<extra>curve</extra>",
        **data[1],
    }
    square = {"range": [-HALF_SIDE, HALF_SIDE], "autorange": False}
    scene = {
        "xaxis": {"title": {"text": "x₁"}, **square},
        "yaxis": {"title": {"text": "x₂"}, **square},
        "zaxis": {"title": {"text": "f(x)"}},
        "aspectmode": "cube",
        "uirevision": "stay",
        "camera": {"eye": {"x": 1.6, "y": -1.7, "z": 1.0}},
    }
    return {
        "data": [surface, line],
        "layout": layout(scene=scene, margin={"l": 0, "r": 0, "t": 0, "b": 0}),
    }


def surface_data(snapshot: Snapshot) -> list[Figure]:
    """Return the data of `surface_figure` that depend on the weights."""
    # Slightly above the surface, which would otherwise hide half of the line.
    lift = 0.004 * float(np.ptp(snapshot.surface))
    x, y = snapshot.points.T
    z = array(snapshot.surface.ravel())
    colours = {"cmin": float(snapshot.surface.min()), "cmax": float(snapshot.surface.max())}
    return [
        {"z": z, "intensity": z, **colours},
        {"x": array(x), "y": array(y), "z": array(snapshot.outputs + lift)},
    ]


def triangles(side: int) -> np.ndarray:
    """Return the corners (2 (side - 1)^2, 3) of two triangles in every square of a grid, counted
    row by row.

    Example:
        >>> triangles(2)
        array([[0, 1, 2],
               [1, 3, 2]])
    """
    first = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    return np.stack(
        [first, first + 1, first + side, first + 1, first + side + 1, first + side], axis=1
    ).reshape(-1, 3)


def polytopes_figure(snapshot: Snapshot) -> Figure:
    """Draw the square cut into polytopes, coloured by the size of the linear map on each, and the
    curve.
    """
    data = polytopes_data(snapshot)
    cells = [
        {
            "type": "scatter",
            "mode": "lines",
            "fill": "toself",
            "fillcolor": colour,
            "line": {"color": "white", "width": 0.8},
            "hoverinfo": "skip",
            **part,
        }
        for colour, part in zip(VIRIDIS, data[:BINS], strict=True)
    ]
    curve = {
        "type": "scatter",
        "mode": "lines",
        "line": {"color": PALETTE["vermillion"], "width": 3},
        "hoverinfo": "skip",
        **data[BINS],
    }
    breaks = {
        "type": "scatter",
        "mode": "markers",
        "marker": {"color": "white", "size": 5, "line": {"color": "black", "width": 1.2}},
        "hovertemplate": "transition at (%{x:.3f}, %{y:.3f})<extra></extra>",
        **data[BINS + 1],
    }
    square = {"range": [-HALF_SIDE, HALF_SIDE], "constrain": "domain"}
    axes = {"xaxis": axis("x₁", **square), "yaxis": axis("x₂", scaleanchor="x", **square)}
    return {
        "data": [*cells, curve, breaks],
        "layout": layout(**axes, annotations=polytopes_notes(snapshot)),
    }


def polytopes_data(snapshot: Snapshot) -> list[Figure]:
    """Return the data of `polytopes_figure` that depend on the weights."""
    parts = []
    bins = slope_bins(snapshot.polytopes)
    for number in range(BINS):
        corners = [
            np.vstack([cell.polygon, cell.polygon[:1], [[np.nan, np.nan]]])
            for cell, its_bin in zip(snapshot.polytopes.cells, bins, strict=True)
            if its_bin == number
        ]
        x, y = np.vstack(corners).T if corners else np.empty((2, 0))
        parts.append({"x": array(x), "y": array(y)})
    breaks = (
        np.concatenate([snapshot.curve.at(t) for t in snapshot.analysis.breakpoints])
        if snapshot.analysis.breakpoints
        else np.empty((0, 2))
    )
    for points in (snapshot.points, breaks):
        parts.append({"x": array(points[:, 0]), "y": array(points[:, 1])})
    return parts


def polytopes_notes(snapshot: Snapshot) -> list[Figure]:
    """Return a note if there are no cells, or fewer layers than requested."""
    if not snapshot.polytopes.note:
        return []
    anchor = {
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 1.0,
        "yanchor": "top",
        "showarrow": False,
    }
    # as wide as the figure on a small screen
    text = "<br>".join(textwrap.wrap(snapshot.polytopes.note, 40))
    return [{"text": text, "bgcolor": "rgba(255,255,255,0.9)", **anchor}]


def slope_bins(snapshot: Polytopes) -> np.ndarray:
    """Return the colour of each cell: even steps from 0 to the steepest.

    Example:
        >>> slope_bins(Polytopes([], 0, ""))
        array([], dtype=int64)
    """
    slopes = snapshot.slopes
    steepest = slopes.max(initial=0.0)
    bins: np.ndarray = np.minimum((slopes / (steepest or 1.0) * BINS).astype(int), BINS - 1)
    return bins


def images_figure(snapshot: Snapshot) -> Figure:
    """Draw the image of the curve in each hidden layer, side by side."""
    depth = len(snapshot.images)
    columns = min(depth, 5)
    rows = -(-depth // columns)
    figure = layout(margin={"l": 30, "r": 10, "t": 24, "b": 22}, annotations=images_notes(snapshot))
    traces = []
    for number, part in enumerate(images_data(snapshot)):
        row, column = divmod(number, columns)
        name = "" if number == 0 else str(number + 1)
        across, up = _share(column, columns, 0.06), _share(rows - 1 - row, rows, 0.22)
        figure[f"xaxis{name}"] = axis("", domain=across, anchor=f"y{name}", nticks=4)
        figure[f"yaxis{name}"] = axis(
            "", domain=up, anchor=f"x{name}", scaleanchor=f"x{name}", nticks=4
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "line": {"color": PALETTE["blue"], "width": 2},
                "hoverinfo": "skip",
                "xaxis": f"x{name}",
                "yaxis": f"y{name}",
                **part,
            }
        )
    return {"data": traces, "layout": figure}


def images_data(snapshot: Snapshot) -> list[Figure]:
    """Return the data of `images_figure` that depend on the weights."""
    return [
        {"x": array(image.points[:, 0]), "y": array(image.points[:, 1])}
        for image in snapshot.images
    ]


def images_notes(snapshot: Snapshot) -> list[Figure]:
    """Return a title over each image: the layer, its length, and the share of the variance that the
    plane shows.
    """
    depth = len(snapshot.images)
    columns = min(depth, 5)
    rows = -(-depth // columns)
    notes = []
    for number, image in enumerate(snapshot.images):
        row, column = divmod(number, columns)
        share = "" if image.share > 0.9995 else f", {image.share:.0%}"
        across, up = _share(column, columns, 0.06), _share(rows - 1 - row, rows, 0.22)
        notes.append(
            {
                "text": f"layer {number + 1}{share}",
                "x": sum(across) / 2,
                "y": up[1],
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {**FONT, "size": 11},
            }
        )
    return notes


def _share(index: int, count: int, gap: float) -> list[float]:
    """Return the part of the unit interval of one of several neighbours."""
    side = (1 - gap * (count - 1)) / count
    return [index * (side + gap), index * (side + gap) + side]


def lengths_figure(snapshot: Snapshot) -> Figure:
    """Draw the latent length against depth on a logarithmic axis, with the mean-field line of
    sqrt(chi_1) per layer.
    """
    data = lengths_data(snapshot)
    measured = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "this network",
        "line": {"color": PALETTE["blue"], "width": 2},
        "marker": {"size": 8},
        "hovertemplate": "layer %{x}: %{y:.5g}<extra></extra>",
        **data[0],
    }
    theory = {
        "type": "scatter",
        "mode": "lines",
        "name": "√χ₁ per layer",
        "line": {"color": GREY, "width": 2, "dash": "dash"},
        "hoverinfo": "skip",
        **data[1],
    }
    legend = {
        "x": 0.02,
        "y": 0.98,
        "xanchor": "left",
        "yanchor": "top",
        "bgcolor": "rgba(255,255,255,0.8)",
    }
    axes = {
        "xaxis": axis(
            "layer (0: the curve itself)", dtick=1, range=[-0.3, snapshot.layers.depth + 0.3]
        ),
        "yaxis": axis("latent length", type="log", exponentformat="power", nticks=6),
    }
    return {
        "data": [measured, theory],
        "layout": layout(
            **axes, showlegend=True, legend=legend, annotations=lengths_notes(snapshot)
        ),
    }


def lengths_data(snapshot: Snapshot) -> list[Figure]:
    """Return the data of `lengths_figure` that depend on the weights: the theory starts from the
    first layer's length.
    """
    lengths = snapshot.analysis.latent_lengths
    layer = np.arange(len(lengths))
    line = (
        np.full(len(lengths) - 1, np.nan)
        if snapshot.root_chi is None
        else lengths[1] * snapshot.root_chi ** (layer[1:] - 1.0)
    )
    return [
        {"x": array(layer), "y": array(_positive(lengths))},
        {"x": array(layer[1:]), "y": array(_positive(line))},
    ]


def lengths_notes(snapshot: Snapshot) -> list[Figure]:
    """Return a note if there is no theory for comparison."""
    if snapshot.root_chi is not None:
        return []
    anchor = {
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.02,
        "yanchor": "bottom",
        "showarrow": False,
    }
    return [{"text": NO_MEAN_FIELD, "font": {**FONT, "size": 11}, **anchor}]


def _positive(values: np.ndarray) -> np.ndarray:
    """Replace lengths of 0, which a logarithmic axis cannot show, by gaps."""
    return np.where(values > 0, values, np.nan)


def sensitivity_figure(snapshot: Snapshot) -> Figure:
    """Draw the tangential sensitivity of the output's total variation to each weight matrix."""
    bars = {
        "type": "bar",
        "marker": {"color": PALETTE["green"]},
        "hovertemplate": "W%{x}: %{y:.4g}<extra></extra>",
        **sensitivity_data(snapshot)[0],
    }
    axes = {
        "xaxis": axis("weight matrix (the last is the read-out)", dtick=1),
        "yaxis": axis("relative sensitivity", rangemode="tozero"),
    }
    return {
        "data": [bars],
        "layout": layout(**axes, bargap=0.4, annotations=sensitivity_notes(snapshot)),
    }


def sensitivity_data(snapshot: Snapshot) -> list[Figure]:
    """Return the data of `sensitivity_figure` that depend on the weights."""
    values = np.empty(0) if snapshot.sensitivity is None else snapshot.sensitivity
    return [{"x": array(np.arange(1, len(values) + 1)), "y": array(values)}]


def sensitivity_notes(snapshot: Snapshot) -> list[Figure]:
    """Return a note if units are smooth, for which there is no exact derivative."""
    if snapshot.sensitivity is not None:
        return []
    anchor = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    return [
        {
            "text": f"exact for piecewise linear units only, not {snapshot.layers.activation}",
            **anchor,
        }
    ]


FIGURES: dict[str, tuple[Any, Any, Any]] = {
    "surface": (surface_figure, surface_data, None),
    "polytopes": (polytopes_figure, polytopes_data, polytopes_notes),
    "images": (images_figure, images_data, images_notes),
    "lengths": (lengths_figure, lengths_data, lengths_notes),
    "sensitivity": (sensitivity_figure, sensitivity_data, sensitivity_notes),
}
"""The functions of each figure: whole figure, data that depend on the weights, notes that depend on
them."""


def whole_figures(snapshot: Snapshot, names: Collection[str] = tuple(FIGURES)) -> dict[str, Figure]:
    """Return whole figures of a snapshot by name."""
    return {name: make(snapshot) for name, (make, _, _) in FIGURES.items() if name in names}


def figure_updates(
    snapshot: Snapshot, names: Collection[str] = tuple(FIGURES)
) -> dict[str, Figure]:
    """Return the updates of figures that show another network of the same depth: data of the
    traces, and notes if there are any.
    """
    result = {}
    for name, (_, data, notes) in FIGURES.items():
        if name in names:
            result[name] = {
                "traces": data(snapshot),
                **({} if notes is None else {"annotations": notes(snapshot)}),
            }
    return result
