"""Sufficient summary plots: whether the loss depends on a parameter vector through one or two
directions only.

The loss at the samples of the prior against their active variables w_j^T theta. A curve, or a
colour that changes in stripes, means that the active subspace summarises the loss (R. D. Cook,
Regression Graphics, 1998; P. G. Constantine, Active Subspaces, SIAM 2015). A cloud means that two
directions do not.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from eigenscape.active_subspace.layer_statistics import ActiveVariables
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, PALETTE, figure_of, paper_style

OPAQUE_UP_TO = 2_000
"""Samples; with more of them each dot is more transparent, so that a cloud still shows where it is
dense."""

LIMITS = (0.5, 99.5)
"""Percentiles of the loss between which colours are spread: a few extreme losses must not take all
of them."""


@paper_style()
def sufficient_summary_figure(
    coordinates: np.ndarray, losses: np.ndarray, architecture: Architecture
) -> Figure:
    """Loss against w_1^T theta, and over the plane (w_1^T theta, w_2^T theta) in colour, for the
    same samples.

    Samples of zero loss have no logarithm: they are left out and counted in the title.

    Args:
        coordinates: (N, 2), w_1^T theta_n and w_2^T theta_n, from
            `layer_statistics.active_variables`.
        losses: (N,), L(theta_n), finite and not negative.
        architecture: the network.

    Returns:
        A figure of two panels, 183 mm wide.

    Raises:
        BadInput: shapes that do not belong together, a loss that is negative or not finite, or none
            positive.

    Example:
        >>> figure = sufficient_summary_figure(np.eye(2), np.array([1.0, 10.0]), Architecture(1, 2))
        >>> figure.axes[0].get_yscale()
        'log'
    """
    _check(coordinates, losses)
    positive = losses > 0
    first, second, heights = coordinates[positive, 0], coordinates[positive, 1], losses[positive]
    zeros = len(losses) - len(heights)

    figure = Figure(figsize=(DOUBLE_COLUMN, 3.0), layout="constrained")
    line, plane = figure.subplots(1, 2)
    _line(line, first, heights)
    line.set_yscale("log")
    line.set_ylabel(r"loss $L(\theta)$")
    _colour_bar(_plane(plane, first, second, np.log10(heights)), plane, r"$\log_{10}$ loss")
    plane.set_ylabel(r"$w_2^{\mathsf{T}}\theta$")
    for axes in (line, plane):
        axes.set_xlabel(r"$w_1^{\mathsf{T}}\theta$")
    left_out = f", {zeros:,} with zero loss left out" if zeros else ""
    what = (
        f"$L$ = {architecture.depth}, $w$ = {architecture.width}, $N$ = {len(losses):,}{left_out}"
    )
    line.set_title(f"(a) one direction; {what}", loc="left")
    plane.set_title("(b) two directions, same samples", loc="left")
    return figure


def draw_sufficient_summary(
    axes: Axes,
    variables: ActiveVariables,
    *,
    scale: Literal["linear", "log"] = "linear",
    label: str = "$f$",
) -> None:
    """Values against w_1^T x, or in colour over the plane (w_1^T x, w_2^T x), on given axes.

    Args:
        axes: to draw on; a colour bar takes its room from them.
        variables: of one or two directions, from `active_variables`.
        scale: of the values; ``log`` leaves out those that are not positive.
        label: of the values.

    Raises:
        BadInput: no axes, no samples, more than two directions, values that are not finite, an
            unknown scale, or none to draw.

    Example:
        >>> variables = ActiveVariables(np.array([[-1.0], [0.0], [1.0]]), np.array([2.0, 1.0, 0.0]))
        >>> axes = Figure().subplots()
        >>> draw_sufficient_summary(axes, variables)
        >>> axes.get_yscale(), len(axes.collections[0].get_offsets())
        ('linear', 3)
    """
    figure_of(axes)
    coordinates, values = variables.coordinates, variables.losses
    if scale not in ("linear", "log"):
        raise BadInput.field("scale", "linear or log", str(scale), "write scale='linear'")
    if values.ndim != 1 or coordinates.shape not in ((len(values), 1), (len(values), 2)):
        found = f"shapes {coordinates.shape} and {values.shape}"
        fix = "give active_variables one or two eigenvectors"
        raise BadInput.field("variables", "those of one or two directions", found, fix)
    shown = values > 0 if scale == "log" else np.ones(len(values), dtype=bool)
    if not shown.any() or not (np.isfinite(values).all() and np.isfinite(coordinates).all()):
        found = f"{np.isfinite(values).sum()} finite, {shown.sum()} to draw"
        raise BadInput.field(
            "variables", "finite values", found, "leave the others out, and say so"
        )
    coordinates, values = coordinates[shown], values[shown]
    axes.set_xlabel(r"$w_1^{\mathsf{T}}x$")
    if coordinates.shape[1] == 1:
        _line(axes, coordinates[:, 0], values)
        axes.set(yscale=scale, ylabel=label)
        return
    logarithmic = scale == "log"
    heights = np.log10(values) if logarithmic else values
    dots = _plane(axes, coordinates[:, 0], coordinates[:, 1], heights)
    _colour_bar(dots, axes, rf"$\log_{{10}}$ {label}" if logarithmic else label)
    axes.set_ylabel(r"$w_2^{\mathsf{T}}x$")


def _line(axes: Axes, first: np.ndarray, heights: np.ndarray) -> None:
    """Heights (N,) against the first active variable, as an image: ten thousand dots as vectors
    make a page that no viewer scrolls through.
    """
    opacity = float(np.clip(OPAQUE_UP_TO / len(heights), 0.15, 1.0))
    axes.scatter(
        first, heights, s=3, color=PALETTE["blue"], alpha=opacity, linewidths=0, rasterized=True
    )


def _plane(
    axes: Axes, first: np.ndarray, second: np.ndarray, heights: np.ndarray
) -> PathCollection:
    """Heights (N,) in colour over two active variables."""
    low, high = np.percentile(heights, LIMITS)
    return axes.scatter(
        first,
        second,
        c=heights,
        s=4,
        cmap=COLORMAP,
        vmin=low,
        vmax=high,
        linewidths=0,
        rasterized=True,
    )


def _colour_bar(dots: PathCollection, axes: Axes, label: str) -> None:
    """What the colours mean, with an arrow at each end that heights lie beyond."""
    heights, (low, high) = np.asarray(dots.get_array()), dots.get_clim()
    beyond = {
        (False, False): "neither",
        (True, False): "min",
        (False, True): "max",
        (True, True): "both",
    }
    extend = beyond[bool(heights.min() < low), bool(heights.max() > high)]
    figure_of(axes).colorbar(dots, ax=axes, label=label, extend=extend, pad=0.02)


def _check(coordinates: np.ndarray, losses: np.ndarray) -> None:
    if losses.ndim != 1 or len(losses) == 0 or coordinates.shape != (len(losses), 2):
        found = f"{coordinates.shape} and {losses.shape}"
        raise BadInput.field(
            "coordinates, losses", "shapes (N, 2) and (N,)", found, "give both at the same samples"
        )
    if not (
        np.isfinite(losses).all()
        and np.isfinite(coordinates).all()
        and (losses >= 0).all()
        and (losses > 0).any()
    ):
        found = f"losses from {losses.min()} to {losses.max()}"
        raise BadInput.field(
            "losses",
            "finite losses of at least 0, some positive",
            found,
            "give those of `active_variables`",
        )
