"""Sufficient summary plots: whether the loss depends on a parameter vector through one or two
directions only.

The loss at the samples of the prior against their active variables w_j^T theta. A curve, or a
colour that changes in stripes, means that the active subspace summarises the loss (R. D. Cook,
Regression Graphics, 1998; P. G. Constantine, Active Subspaces, SIAM 2015). A cloud means that two
directions do not.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, PALETTE, paper_style

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
    opacity = float(np.clip(OPAQUE_UP_TO / len(heights), 0.15, 1.0))

    figure = Figure(figsize=(DOUBLE_COLUMN, 3.0), layout="constrained")
    line, plane = figure.subplots(1, 2)
    # Dots as an image: ten thousand of them as vectors make a page that no viewer scrolls through.
    line.scatter(
        first, heights, s=3, color=PALETTE["blue"], alpha=opacity, linewidths=0, rasterized=True
    )
    line.set_yscale("log")
    line.set_ylabel(r"loss $L(\theta)$")
    logs = np.log10(heights)
    low, high = np.percentile(logs, LIMITS)
    dots = plane.scatter(
        first,
        second,
        c=logs,
        s=4,
        cmap=COLORMAP,
        vmin=low,
        vmax=high,
        linewidths=0,
        rasterized=True,
    )
    plane.set_ylabel(r"$w_2^{\mathsf{T}}\theta$")
    beyond = {
        (False, False): "neither",
        (True, False): "min",
        (False, True): "max",
        (True, True): "both",
    }
    extend = beyond[bool(logs.min() < low), bool(logs.max() > high)]
    figure.colorbar(dots, ax=plane, label=r"$\log_{10}$ loss", extend=extend, pad=0.02)
    for axes in (line, plane):
        axes.set_xlabel(r"$w_1^{\mathsf{T}}\theta$")
    left_out = f", {zeros:,} with zero loss left out" if zeros else ""
    what = (
        f"$L$ = {architecture.depth}, $w$ = {architecture.width}, $N$ = {len(losses):,}{left_out}"
    )
    line.set_title(f"(a) one direction; {what}", loc="left")
    plane.set_title("(b) two directions, same samples", loc="left")
    return figure


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
