"""How the gradient is shared between the layers, in all and per parameter.

A layer with many parameters has a large share for that reason alone, so the share s_l is shown next
to s_l / (P_l / P), which is 1 where a layer's parameters matter as much as the average parameter.
The first layer and the output layer differ from the hidden-to-hidden layers in fan-in or fan-out;
they do not belong to one profile and are coloured apart.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from eigenscape.active_subspace.importance import layer_shares
from eigenscape.architecture import Architecture, Layout
from eigenscape.figures.style import (
    DOUBLE_COLUMN,
    GREY,
    PALETTE,
    figure_of,
    paper_style,
    round_levels,
    tick_counts,
)

LOGARITHMIC_FROM = 30.0
"""Shares whose ratio exceeds this are drawn on a logarithmic axis: a linear bar of 1/30 is hardly
seen in print."""

MOST_NAMES = 36
"""Names of a user's layers that stand beside each other without touching; of more, every second or
third is written."""

NAMED = "layer of the user's module"
KINDS = {
    "first layer": PALETTE["blue"],
    "hidden to hidden": PALETTE["sky"],
    "output layer": PALETTE["orange"],
    NAMED: PALETTE["blue"],
}


@paper_style()
def layer_importance_figure(diagonal: np.ndarray, architecture: Architecture) -> Figure:
    """Each layer's share of tr C = E |grad L|^2, and the share divided by the layer's part of the
    parameters.

    A layer without gradient has no place on a logarithmic axis and is marked with a 0.

    Args:
        diagonal: (P,), diag C in the order of the parameters; finite and not negative.
        architecture: the network.

    Returns:
        A figure of two panels, 183 mm wide.

    Raises:
        BadInput: the diagonal is not that of this network's second moment, or is zero.

    Example:
        >>> figure = layer_importance_figure(np.ones(7), Architecture(depth=1, width=2))
        >>> [round(float(bar.get_height()), 4) for bar in figure.axes[0].patches]
        [0.5714, 0.4286]
    """
    named = bool(architecture.layers[0].name)
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.2 if named else 2.7), layout="constrained")
    share, importance = figure.subplots(1, 2)
    draw_layer_shares(share, diagonal, architecture)
    draw_layer_importance(importance, diagonal, architecture)
    share.set_title(
        f"(a) layers, $L$ = {architecture.depth}, $w$ = {architecture.width}", loc="left"
    )
    importance.set_title("(b) per parameter; 1 is the average parameter", loc="left")
    if not named:
        figure.legend(handles=kind_handles(architecture), loc="outside lower center", ncols=3)
    return figure


def draw_layer_shares(axes: Axes, diagonal: np.ndarray, architecture: Layout) -> None:
    """Each layer's share s_l of tr C as a bar, on axes that are given; `kind_handles` are the
    entries of a legend.

    Args:
        axes: to draw on.
        diagonal: (P,), diag C in the order of the parameters; finite and not negative.
        architecture: the network.

    Raises:
        BadInput: no axes, or the diagonal is not that of this network's second moment, or is zero.

    Example:
        >>> axes = Figure().subplots()
        >>> draw_layer_shares(axes, np.ones(7), Architecture(depth=1, width=2))
        >>> [round(float(bar.get_height()), 4) for bar in axes.patches]
        [0.5714, 0.4286]
    """
    figure_of(axes)
    shares = layer_shares(diagonal, architecture)
    axes.bar(
        np.arange(1, len(shares) + 1),
        shares,
        color=[KINDS[kind] for kind in _kinds(architecture)],
        width=0.8,
    )
    axes.set_ylabel(r"share of $\mathrm{tr}\,C$, $s_l$")
    _scale(axes, shares, bars=True)
    _number_layers(axes, shares, architecture)


def draw_layer_importance(axes: Axes, diagonal: np.ndarray, architecture: Layout) -> None:
    """Each layer's share per parameter s_l / (P_l / P), on axes that are given; 1 is the average
    parameter.

    Args:
        axes: to draw on.
        diagonal: (P,), diag C in the order of the parameters; finite and not negative.
        architecture: the network.

    Raises:
        BadInput: no axes, or the diagonal is not that of this network's second moment, or is zero.

    Example:
        >>> axes = Figure().subplots()
        >>> draw_layer_importance(axes, np.ones(7), Architecture(depth=1, width=2))
        >>> axes.collections[0].get_offsets()[:, 1].tolist()
        [1.0, 1.0]
    """
    figure_of(axes)
    parts = np.array([layer.parameters for layer in architecture.layers]) / architecture.parameters
    per_parameter = layer_shares(diagonal, architecture) / parts
    colours = [KINDS[kind] for kind in _kinds(architecture)]
    axes.axhline(1, color=GREY, linestyle="--", linewidth=0.8, zorder=0)
    axes.scatter(
        np.arange(1, len(parts) + 1),
        per_parameter,
        c=colours,
        edgecolors="black",
        linewidths=0.4,
        s=22,
        zorder=2,
    )
    axes.set_ylabel(r"share per parameter, $s_l/(P_l/P)$")
    _scale(axes, per_parameter, bars=False)
    _number_layers(axes, per_parameter, architecture)


def kind_handles(architecture: Layout) -> list[Patch]:
    """What the colours mean, for ``axes.legend(handles=...)``."""
    return [Patch(color=KINDS[kind], label=kind) for kind in dict.fromkeys(_kinds(architecture))]


def _kinds(architecture: Layout) -> list[str]:
    count = len(architecture.layers)
    if architecture.layers[0].name:
        return [NAMED] * count
    return ["first layer", *["hidden to hidden"] * (count - 2), "output layer"][:count]


def _number_layers(axes: Axes, heights: np.ndarray, architecture: Layout) -> None:
    """Layers along x, counted from 1 or by names; one without gradient is marked with a 0, having
    no place on a logarithm.
    """
    axes.set_xlim(0.3, len(heights) + 0.7)
    names = [layer.name for layer in architecture.layers if layer.name]
    if names:
        step = -(-len(names) // MOST_NAMES)
        axes.set_xticks(
            range(1, len(names) + 1, step),
            names[::step],
            rotation=45,
            ha="right",
            rotation_mode="anchor",
            fontsize=6.5,
        )
    else:
        axes.set_xlabel("layer $l$ (weights and bias)")
        tick_counts(axes.xaxis, len(heights), most=8)
    for layer in np.flatnonzero(heights == 0) + 1:
        at_axis = axes.get_xaxis_transform()
        axes.annotate(
            "0",
            (layer, 0),
            xycoords=at_axis,
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
        )


def _scale(axes: Axes, heights: np.ndarray, bars: bool) -> None:
    """Markers on a logarithmic axis; bars from zero, or on a logarithmic one where they differ too
    much.
    """
    positive = heights[heights > 0]
    low, high = positive.min(), positive.max()
    if bars and high <= LOGARITHMIC_FROM * low:
        axes.set_ylim(0, 1.08 * high)
        return
    axes.set_yscale("log")
    # Bars start below their smallest, so that it is a bar; the line at 1 is always in view, with
    # room on both sides.
    low, high = (low / 2, high) if bars else (min(low, 0.5), max(high, 2.0))
    margin = (high / low) ** 0.06
    low, high = low if bars else low / margin, high * margin
    axes.set_ylim(low, high)
    if high < 100 * low:
        # Fewer than two whole decades: powers of ten alone would leave the axis nearly without
        # numbers.
        ticks = round_levels(low, high)
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
