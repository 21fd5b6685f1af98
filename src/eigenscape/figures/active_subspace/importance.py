"""The same network under several priors, side by side: which layers matter under each of them.

Shares of the layers with their intervals above; below, the share per parameter on a logarithmic
axis with the mean-field layer profile: along the layers from hidden to hidden the mean squared
gradient of a parameter is predicted to change by the factor 1/chi_1 a layer (Schoenholz et al.
2017, arXiv 1611.01232). The prediction is for wide networks far from the input and for one data
point. The gradient of a loss averaged over data points has a flatter layer profile where chi_1 > 1,
since gradients at different inputs decorrelate there; near the input it is flatter where chi_1 < 1,
since activations still shrink from layer to layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from eigenscape.active_subspace.layer_shares import LayerProfileSlope, LayerShares
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.layer_importance import KINDS
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALETTE, paper_style, tick_counts
from eigenscape.interval import LEVEL

PANELS = 3
"""Priors that fit side by side with readable axes."""

NO_PROFILE = "too few layers from hidden to hidden, no layer profile"


@dataclass(frozen=True)
class PriorImportance:
    """What is drawn of one prior.

    Attributes:
        prior: its name, as readers know it.
        shares: of the layers, with intervals.
        chi_1: of the prior at this width, from `networks.mean_field`.
        slope: of the layer profile; None where there are too few layers from hidden to hidden.
    """

    prior: str
    shares: LayerShares
    chi_1: float
    slope: LayerProfileSlope | None = None


@paper_style()
def importance_figure(priors: Sequence[PriorImportance], architecture: Architecture) -> Figure:
    """Layer shares, and shares per parameter with the mean-field layer profile, a column for each
    prior.

    The line is anchored at the geometric mean of the hidden-to-hidden layers: its slope is
    predicted, its height is not. First and output layer do not belong to that profile.

    Args:
        priors: one to three, all of this network.
        architecture: the network.

    Returns:
        A figure of two rows, 183 mm wide; the axes of a row are shared.

    Raises:
        BadInput: no prior or more than three, shares of another network, or a chi_1 that is not
            positive.

    Example:
        >>> from eigenscape.active_subspace.layer_shares import layer_share_intervals
        >>> network = Architecture(depth=1, width=2)
        >>> shares = layer_share_intervals(
        ...     np.array([[3.0, 1.0]] * 2), network, np.ones((4, 2), dtype=int)
        ... )
        >>> figure = importance_figure(
        ...     [PriorImportance("standard normal", shares, chi_1=2.0)], network
        ... )
        >>> [float(bar.get_height()) for bar in figure.axes[0].patches]
        [0.75, 0.25]
    """
    _check(priors, architecture)
    number = np.arange(1, architecture.depth + 2)
    kinds = ["first layer", *["hidden to hidden"] * (architecture.depth - 1), "output layer"]
    colours = [KINDS[kind] for kind in kinds]

    figure = Figure(figsize=(DOUBLE_COLUMN, 5.0), layout="constrained")
    rows = figure.subplots(2, len(priors), sharex=True, sharey="row", squeeze=False)
    for column, prior in enumerate(priors):
        share, importance = rows[:, column]
        interval, parts = prior.shares.shares, prior.shares.parameter_parts
        shares = interval.value
        share.bar(number, shares, color=colours, width=0.8)
        share.vlines(number, interval.low, interval.high, color="black", linewidth=0.8)
        for ends in (interval.low, interval.high):
            share.scatter(number, ends, marker="_", s=14, color="black", linewidths=0.8)
        share.set_title(
            f"({'abc'[column]}) {prior.prior}, $\\chi_1$ = {prior.chi_1:#.3g}", loc="left"
        )

        shown = shares > 0
        importance.axhline(1, color=GREY, linestyle=":", linewidth=0.8, zorder=0)
        importance.vlines(
            number[shown],
            (interval.low / parts)[shown],
            (interval.high / parts)[shown],
            color="black",
            linewidth=0.8,
        )
        heights, positions, fills = (
            (shares / parts)[shown],
            number[shown],
            [colours[layer - 1] for layer in number[shown]],
        )
        importance.scatter(
            positions, heights, c=fills, edgecolors="black", linewidths=0.4, s=22, zorder=3
        )
        _draw_mean_field(importance, prior, architecture)
        importance.set_xlabel("layer $l$ (weights and bias)")
        for axes in (share, importance):
            axes.set_xlim(0.3, len(number) + 0.7)
            tick_counts(axes.xaxis, len(number), most=8)
    rows[0, 0].set_ylim(bottom=0)
    rows[0, 0].set_ylabel(r"share of $\mathrm{tr}\,C$, $s_l$")
    rows[1, 0].set_ylabel(r"share per parameter, $s_l/(P_l/P)$")
    rows[1, 0].set_yscale("log")
    rows[1, 0].margins(y=0.12)
    figure.suptitle("\n".join(measured_words(prior) for prior in priors))
    figure.legend(
        handles=_handles(kinds),
        loc="outside lower center",
        ncols=3,
    )
    return figure


def _draw_mean_field(axes: Axes, prior: PriorImportance, architecture: Architecture) -> None:
    """The predicted profile over the layers 2 ... L, and measured and predicted slope in words
    above the panel.
    """
    heights = (prior.shares.shares.value / prior.shares.parameter_parts)[1:-1]
    if prior.slope is None or len(heights) < 2 or not np.all(heights > 0):
        axes.set_title("no layer profile", loc="left")
        return
    layers = np.arange(2, architecture.depth + 1)
    logs = np.log10(heights).mean() - np.log10(prior.chi_1) * (layers - layers.mean())
    axes.plot(layers, 10**logs, color=PALETTE["vermillion"], zorder=1)
    slope, low, high = prior.slope.slope
    half = max(high - slope, slope - low)
    measured = rf"$\beta$ = {_signed(slope, 3)} $\pm$ {half:.3f}"
    axes.set_title(
        f"{measured}\n"
        + rf"mean field: $-\log_{{10}}\chi_1$ = {_signed(-np.log10(prior.chi_1), 3)}",
        loc="left",
    )


def measured_words(prior: PriorImportance) -> str:
    r"""Which hidden layers have more gradient under a prior, by the interval of the slope.

    Example:
        >>> from eigenscape.active_subspace.layer_shares import LayerProfileSlope
        >>> from eigenscape.interval import Interval
        >>> layers = np.arange(2, 4)
        >>> slope = LayerProfileSlope(layers, np.zeros(2), Interval(-0.25, -0.3, -0.2))
        >>> shares = LayerShares(Interval(np.ones(4), np.ones(4), np.ones(4)), np.ones(4))
        >>> print(measured_words(PriorImportance("glorot uniform", shares, 1.0, slope)))
        glorot uniform: earlier hidden layers have more, $\beta$ = -0.250 [-0.300, -0.200]
    """
    if prior.slope is None:
        return f"{prior.prior}: {NO_PROFILE}"
    slope = prior.slope.slope
    which = {-1: "earlier hidden layers have more", 1: "later hidden layers have more"}
    words = which.get(slope.side_of(0.0), "neither earlier nor later layers are shown to have more")
    return rf"{prior.prior}: {words}, $\beta$ = {slope:.3f}"


def _signed(number: float, digits: int) -> str:
    return f"${number:+.{digits}f}$"


def _handles(kinds: list[str]) -> list[Patch | Line2D]:
    patches: list[Patch | Line2D] = [
        Patch(color=KINDS[kind], label=kind) for kind in dict.fromkeys(kinds)
    ]
    interval = Line2D(
        [], [], color="black", linewidth=0.8, marker="|", label=f"{LEVEL:.0%} bootstrap interval"
    )
    field = Line2D(
        [],
        [],
        color=PALETTE["vermillion"],
        label=r"mean field far from the input: $\chi_1^{-1}$ a layer",
    )
    average = Line2D([], [], color=GREY, linestyle=":", linewidth=0.8, label="average parameter")
    return [*patches, interval, field, average]


def _check(priors: Sequence[PriorImportance], architecture: Architecture) -> None:
    if not 1 <= len(priors) <= PANELS:
        raise BadInput.field(
            "priors", f"one to {PANELS}", str(len(priors)), "draw more of them in a second figure"
        )
    for prior in priors:
        if prior.shares.shares.value.shape != (architecture.depth + 1,):
            expected = (
                f"{architecture.depth + 1} shares, one for each layer of {architecture.label}"
            )
            raise BadInput.field(
                prior.prior,
                expected,
                f"shape {prior.shares.shares.value.shape}",
                "give the network they are of",
            )
        if not 0 < prior.chi_1 < np.inf:
            raise BadInput.field(
                "chi_1", "a positive number", str(prior.chi_1), "take it from networks.mean_field"
            )
