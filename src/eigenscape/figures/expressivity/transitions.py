"""Transitions against length: a curve of twice the length crosses the boundaries of the next
layer's units twice as often.

A pre-activation of layer d + 1 runs over a path of typical length sigma_w l_d / sqrt(k). For
hard-tanh, whose boundaries lie at the fixed pre-activations -1 and 1, transitions follow that
length (Raghu et al., arXiv 1606.05336). ReLU networks without biases are homogeneous: their length
scales with the weights, their transitions do not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape.active_subspace.association import Estimate, spearman
from eigenscape.errors import BadInput
from eigenscape.figures.intervals import ACTIVATION_NAMES, marks_for, require_columns, rows_where
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, paper_style


@paper_style()
def transitions_figure(lengths: pd.DataFrame) -> Figure:
    """Mean transitions of a unit in layer d + 1 against the mean length in layer d, over settings
    and layers.

    Args:
        lengths: a row per setting and layer: activation, width, sigma_w, sigma_b, layer, length,
            transitions.

    Returns:
        A figure of two panels, 183 mm wide.

    Raises:
        BadInput: the table is empty, lacks a column, or no layer has transitions.

    Example:
        >>> setting = {"activation": "relu", "width": 4, "sigma_w": 2.0, "sigma_b": 0.0}
        >>> rows = pd.DataFrame(
        ...     [
        ...         setting | {"layer": layer, "length": 3.0, "transitions": 4.0 * layer}
        ...         for layer in range(4)
        ...     ]
        ... )
        >>> len(transitions_figure(rows).axes)
        2
    """
    require_columns(
        lengths, ["activation", "width", "sigma_w", "sigma_b", "layer", "length", "transitions"]
    )
    keys = ["activation", "width", "sigma_w", "sigma_b"]
    above = lengths.assign(layer=lengths["layer"] - 1)[[*keys, "layer", "transitions"]]
    pairs = lengths.drop(columns="transitions").merge(above, on=[*keys, "layer"])
    pairs = pairs[(pairs["layer"] >= 1) & (pairs["transitions"] > 0) & (pairs["length"] > 0)]
    pairs["path"] = pairs["sigma_w"] * pairs["length"] / np.sqrt(pairs["width"])
    pairs["per_unit"] = pairs["transitions"] / pairs["width"]
    if pairs.empty:
        raise BadInput.field(
            "table",
            "a layer with transitions",
            "none",
            "draw networks with larger weights or biases",
        )
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.5), layout="constrained")
    panels = list(figure.subplots(1, 2, sharey=True))
    for letter, axes, (activation, name) in zip(
        "ab", panels, reversed(ACTIVATION_NAMES.items()), strict=True
    ):
        rows = rows_where(pairs, activation=activation)
        for colour, _, sigma_w in marks_for(sorted(rows["sigma_w"].unique())):
            for _, marker, width in marks_for(sorted(rows["width"].unique())):
                for filled, sigma_b in zip(
                    (True, False), sorted(rows["sigma_b"].unique()), strict=False
                ):
                    own = rows_where(rows, sigma_w=sigma_w, width=width, sigma_b=sigma_b)
                    axes.plot(
                        own["path"],
                        own["per_unit"],
                        marker,
                        markersize=3.5,
                        markeredgewidth=0.7,
                        color=colour,
                        markerfacecolor=colour if filled else "white",
                        label=rf"$\sigma_w$ = {sigma_w:.3g}, $k$ = {width}" if filled else None,
                    )
        axes.set_xscale("log")
        axes.set_yscale("log")
        if len(rows):
            _proportional(axes, rows)
            axes.legend(fontsize=6)
        axes.set_title(f"({letter}) {name}: {_rank_words(rows)}", loc="left")
        axes.set_xlabel(r"path of one pre-activation, $\sigma_w\, \ell_d\, /\, \sqrt{k}$")
    panels[0].set_ylabel("mean transitions of a unit in layer $d + 1$")
    figure.suptitle(
        "Lengths and transitions are exact in every network, and averaged. Filled: without biases,"
        " open: with. Line: proportional,\nthrough the median of the points."
        r" $\rho$: Spearman's rank correlation over settings and layers, resampled."
    )
    return figure


def _rank_words(rows: pd.DataFrame) -> str:
    r"""Spearman's correlation of transitions and path over settings and layers."""
    found: Estimate = spearman(
        rows["path"].to_numpy(dtype=np.float64), rows["per_unit"].to_numpy(dtype=np.float64)
    )
    return rf"$\rho$ = {found:.2f}" if np.isfinite(found.value) else "too few points to rank"


def _proportional(axes: Axes, rows: pd.DataFrame) -> None:
    ends = np.array([rows["path"].min(), rows["path"].max()])
    factor = float(np.exp(np.median(np.log(rows["per_unit"] / rows["path"]))))
    axes.plot(ends, factor * ends, color=GREY, linewidth=0.8, zorder=0)
