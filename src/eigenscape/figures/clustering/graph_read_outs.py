"""What the graphs of layers know of the classes: modularity by layer, and an input's neighbourhood
beside its margin.
"""

from __future__ import annotations

import pandas as pd
import scipy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eigenscape.figures.intervals import over_replicas, require_columns
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALE, PALETTE, paper_style

STATES = (
    ("true", "end", "blue", "o", "trained"),
    ("shuffled", "end", "vermillion", "D", "trained on shuffled labels"),
    ("true", "start", "green", "s", "before training"),
)
"""Labels of the training, epoch, colour, marker and name of every line."""


@paper_style()
def graph_modularity_figure(layers: pd.DataFrame, words: str = "") -> Figure:
    """Q / Q_max of the graphs on the true labels by layer: before training, after it, after
    training on shuffled labels.

    Args:
        layers: a row per network, labels, replica, epoch and layer with modularity_relative,
            null_low and null_high; missing values where there was no graph.
        words: how the graphs are made, and over what.

    Returns:
        A figure with a panel per network, 183 mm wide: every replica a thin line, their mean a
        thick one, and the 95 % band of permuted labels.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> where = {"network": "a", "labels": "true", "replica": 0, "epoch": [0, 9], "layer": 1}
        >>> table = pd.DataFrame(
        ...     where | {"modularity_relative": [0.2, 0.5], "null_low": -0.1, "null_high": 0.1}
        ... )
        >>> len(graph_modularity_figure(table).axes)
        1
    """
    require_columns(
        layers,
        [
            "network",
            "labels",
            "replica",
            "epoch",
            "layer",
            "modularity_relative",
            "null_low",
            "null_high",
        ],
    )
    names = list(layers["network"].unique())
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.3), layout="constrained")
    # Four layers more than there are, so that a title fits above two.
    ratios = [4 + layers[layers["network"] == name]["layer"].max() for name in names]
    grid = figure.subplots(1, len(names), sharey=True, squeeze=False, width_ratios=ratios)[0]
    epochs = {"start": layers["epoch"].min(), "end": layers["epoch"].max()}
    for letter, axes, name in zip("abcdefghijklmnopqrstuvwxyz", grid, names, strict=False):
        own = layers[layers["network"] == name]
        band = own.groupby("layer")[["null_low", "null_high"]].mean()
        axes.fill_between(
            band.index,
            band["null_low"],
            band["null_high"],
            color=PALE,
            label="permuted labels, 95 %",
        )
        for labels, when, colour, marker, label in STATES:
            rows = own[(own["labels"] == labels) & (own["epoch"] == epochs[when])]
            for _, replica in rows.groupby("replica"):
                axes.plot(
                    replica["layer"],
                    replica["modularity_relative"],
                    color=PALETTE[colour],
                    linewidth=0.4,
                    alpha=0.6,
                )
            mean = rows.groupby("layer")["modularity_relative"].mean()
            if len(mean):
                axes.plot(
                    mean.index,
                    mean,
                    f"{marker}-",
                    color=PALETTE[colour],
                    markersize=3.5,
                    label=label,
                )
        axes.set_xlabel("layer")
        axes.set_xticks(sorted(own["layer"].unique()))
        axes.margins(x=0.15)
        trained = own[(own["labels"] == "true") & (own["epoch"] == epochs["end"])]
        axes.set_title(f"({letter}) {network_words(name)}\n{_rise_words(trained)}", loc="left")
    grid[0].set_ylabel(r"modularity on true labels, $Q / Q_\mathrm{max}$")
    handles, labels = max(
        (axes.get_legend_handles_labels() for axes in grid), key=lambda pair: len(pair[0])
    )
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.suptitle(
        f"Graphs of self-expression{words and ' (' + words + ')'}. Thin lines: replicas; thick"
        " ones: their mean.\nBelow each name: last layer minus first, trained; mean and range over"
        " replicas."
    )
    return figure


def _rise_words(trained: pd.DataFrame) -> str:
    """By how much Q / Q_max rises from the first layer to the last, over replicas."""
    by_layer = trained.pivot(index="replica", columns="layer", values="modularity_relative")
    if by_layer.shape[1] < 2:
        return "one layer"
    rise = over_replicas(by_layer.iloc[:, -1] - by_layer.iloc[:, 0], "+.2f")
    return rise.replace(" [", "\n[")


def network_words(name: str) -> str:
    """A short title of an architecture.

    Example:
        >>> network_words("perceptron-d02-w032"), network_words("convolutional-c08")
        ('2 x 32', '8 channels')
    """
    parts = name.split("-")
    if parts[0] == "perceptron":
        return f"{int(parts[1][1:])} x {int(parts[2][1:])}"
    return f"{int(parts[1][1:])} channels" if parts[0] == "convolutional" else name


@paper_style()
def neighbourhood_figure(inputs: pd.DataFrame) -> Figure:
    """The margin of the output against the purity of an input's neighbourhood in the last hidden
    layer.

    Args:
        inputs: a row per network, replica and input with purity in [0, 1] and margin.

    Returns:
        A figure with a panel per network, 183 mm wide; wrongly classified inputs are below the
        line.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> table = pd.DataFrame(
        ...     {
        ...         "network": "a",
        ...         "replica": 0,
        ...         "input": [0, 1],
        ...         "purity": [0.1, 0.9],
        ...         "margin": [-1.0, 2.0],
        ...     }
        ... )
        >>> len(neighbourhood_figure(table).axes)
        1
    """
    require_columns(inputs, ["network", "replica", "input", "purity", "margin"])
    names = list(inputs["network"].unique())
    figure = Figure(figsize=(DOUBLE_COLUMN, 2.8), layout="constrained")
    grid = figure.subplots(1, len(names), sharex=True, squeeze=False)[0]
    for letter, axes, name in zip("abcdefghijklmnopqrstuvwxyz", grid, names, strict=False):
        _purity_panel(axes, inputs[inputs["network"] == name])
        own = inputs[inputs["network"] == name]
        areas = [_area(rows) for _, rows in own.groupby("replica")]
        axes.set_title(
            f"({letter}) {network_words(name)}\n{(own['margin'] <= 0).sum()} wrong; AUC\n"
            f"{over_replicas(areas)}",
            loc="left",
        )
    figure.supxlabel("share of an input's affinity that leads to its own class", fontsize=8)
    grid[0].set_ylabel("margin: output of the true class\nminus the largest other")
    figure.suptitle(
        "Every held-out input of every replica: its neighbourhood in the graph of the last hidden"
        " layer, and its margin.\nOrange diamonds: wrongly classified; AUC: of finding them by the"
        " share, mean and range over replicas."
    )
    return figure


def _area(rows: pd.DataFrame) -> float:
    """The probability that a rightly classified input has the purer neighbourhood; NaN if all are
    right or wrong.
    """
    purity, wrong = rows["purity"].to_numpy(float), (rows["margin"] <= 0).to_numpy()
    if wrong.all() or not wrong.any():
        return float("nan")
    test = scipy.stats.mannwhitneyu(purity[~wrong], purity[wrong])
    return float(test.statistic / (wrong.sum() * (~wrong).sum()))


def _purity_panel(axes: Axes, rows: pd.DataFrame) -> None:
    right = (rows["margin"] > 0).to_numpy()
    purity, margin = rows["purity"].to_numpy(float), rows["margin"].to_numpy(float)
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.scatter(purity[right], margin[right], s=5, color=PALETTE["blue"], alpha=0.5, linewidths=0)
    axes.scatter(
        purity[~right],
        margin[~right],
        s=9,
        marker="D",
        color=PALETTE["orange"],
        edgecolors="black",
        linewidths=0.3,
    )
    axes.set_xlim(-0.05, 1.05)
    axes.yaxis.set_major_locator(MaxNLocator(5))
