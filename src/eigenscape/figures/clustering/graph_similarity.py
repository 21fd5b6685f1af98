"""Similarity of graphs: to a layer's final state, between layers, and of what each similarity can
see.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from eigenscape.figures.clustering.graph_read_outs import network_words
from eigenscape.figures.intervals import marks_for, over_replicas, require_columns
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, GREY, PALE, paper_style

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@paper_style()
def graph_convergence_figure(convergence: pd.DataFrame) -> Figure:
    """CKA of every layer's graph with its final state over epochs, and below it the same for
    activations.

    Args:
        convergence: a row per network, replica, epoch and layer with cka (may be missing) and
            linear_cka.

    Returns:
        A figure of two rows with a panel per network, 183 mm wide; lines are means over replicas,
        bands their range.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> where = {"network": "a", "replica": 0, "epoch": [0, 9], "layer": 1}
        >>> len(
        ...     graph_convergence_figure(
        ...         pd.DataFrame(where | {"cka": [0.5, 1.0], "linear_cka": [0.8, 1.0]})
        ...     ).axes
        ... )
        2
    """
    require_columns(convergence, ["network", "replica", "epoch", "layer", "cka", "linear_cka"])
    names, epochs = list(convergence["network"].unique()), sorted(convergence["epoch"].unique())
    before = epochs[-2] if len(epochs) > 1 else epochs[-1]
    deepest = int(convergence["layer"].max())
    colours = colormaps[COLORMAP](np.linspace(0, 0.9, deepest))
    figure = Figure(figsize=(DOUBLE_COLUMN, 4.0), layout="constrained")
    grid = figure.subplots(2, len(names), sharex=True, sharey=True, squeeze=False)
    measures = (
        ("cka", "graphs: CKA with\nthe final graph"),
        ("linear_cka", "activations: linear CKA\nwith the final ones"),
    )
    handles = {}
    for row, (column, label) in enumerate(measures):
        for panel, name in enumerate(names):
            axes = grid[row, panel]
            own = convergence[convergence["network"] == name]
            for layer in sorted(own["layer"].unique()):
                values = (
                    own[own["layer"] == layer]
                    .assign(value=own[column].astype(float))
                    .groupby("epoch")["value"]
                )
                mean, colour = values.mean(), colours[layer - 1]
                axes.fill_between(
                    mean.index, values.min(), values.max(), color=colour, alpha=0.2, linewidth=0
                )
                (line,) = axes.plot(
                    mean.index, mean, "o-", color=colour, markersize=3, label=f"layer {layer}"
                )
                handles[layer] = line
            axes.axhline(0.9, color=GREY, linewidth=0.6, linestyle=":", zorder=0)
            axes.set_title(
                f"({LETTERS[(row * len(names) + panel) % 26]})"
                f" {network_words(name)}\n{_ends_words(own[own['epoch'] == before], column)}",
                loc="left",
            )
            if row == 1:
                axes.set_xlabel("epoch")
        grid[row, 0].set_ylabel(label)
    grid[0, 0].set_xscale("symlog", linthresh=1)
    grid[0, 0].set_xlim(-0.2, 1.5 * epochs[-1])
    grid[0, 0].set_xticks(epochs, [str(epoch) for epoch in epochs])
    grid[0, 0].xaxis.set_minor_locator(NullLocator())
    figure.legend(
        list(handles.values()),
        [f"layer {layer}" for layer in handles],
        loc="outside lower center",
        ncols=min(len(handles), 8),
    )
    figure.suptitle(
        "Means over replicas, bands: their range. The last epoch is the final state itself.\n"
        "Dotted: 0.9, from which a layer counts as arrived.\n"
        f"Below each name: the first layer and the last at epoch {before}, mean and range."
    )
    return figure


def _ends_words(rows: pd.DataFrame, column: str) -> str:
    """The similarity of the first layer and of the last, over replicas."""
    ends = dict.fromkeys([rows["layer"].min(), rows["layer"].max()])
    return "\n".join(over_replicas(rows[rows["layer"] == layer][column]) for layer in ends)


@paper_style()
def layer_similarity_figure(similarity: pd.DataFrame, blocks: pd.DataFrame) -> Figure:
    """Layer by layer CKA of graphs: before training, after it, and after training on shuffled
    labels.

    Args:
        similarity: a row per network, labels, replica, epoch, layer and other layer with cka (may
            be missing).
        blocks: a row per network, labels, replica and epoch with blocks (edges as text), score and
            banded, which may be missing.

    Returns:
        A figure with a matrix per network of at least three layers and state; titles tell the
        block score, its range over replicas and that of neighbourhood alone; white lines are the
        commonest blocks.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> pairs = [
        ...     {"layer": a, "other": b, "cka": 1.0 if a == b else 0.5}
        ...     for a in (1, 2, 3)
        ...     for b in (1, 2, 3)
        ... ]
        >>> where = {"network": "a", "labels": "true", "replica": 0, "epoch": 9}
        >>> table = pd.DataFrame([where | pair for pair in pairs])
        >>> found = {"blocks": "0 2 3", "score": 0.1, "banded": 0.05}
        >>> len(layer_similarity_figure(table, pd.DataFrame([where | found])).axes)
        2
    """
    require_columns(similarity, ["network", "labels", "replica", "epoch", "layer", "other", "cka"])
    require_columns(
        blocks,
        ["network", "labels", "replica", "epoch", "blocks", "score", "banded"],
    )
    layers = similarity.groupby("network", sort=False)["layer"].max()
    names = [str(name) for name in layers[layers > 2].index] or [str(name) for name in layers.index]
    first, last = similarity["epoch"].min(), similarity["epoch"].max()
    states = [
        ("true", first, "before training"),
        ("true", last, "trained"),
        ("shuffled", last, "shuffled labels"),
    ]
    shown = [
        state
        for state in states
        if ((similarity["labels"] == state[0]) & (similarity["epoch"] == state[1])).any()
    ]
    shown = shown if first < last else shown[:1]
    figure = Figure(
        figsize=(min(DOUBLE_COLUMN, max(4.4, 1.6 + 1.5 * len(names))), 0.8 + 1.9 * len(shown)),
        layout="constrained",
    )
    grid = figure.subplots(len(shown), len(names), squeeze=False)
    low = min(0.0, float(similarity["cka"].astype(float).min()))
    for row, (labels, epoch, words) in enumerate(shown):
        for column, (axes, name) in enumerate(zip(grid[row], names, strict=True)):
            own = similarity[
                (similarity["network"] == name)
                & (similarity["labels"] == labels)
                & (similarity["epoch"] == epoch)
            ]
            matrix = own.assign(cka=own["cka"].astype(float)).pivot_table(
                index="layer", columns="other", values="cka", dropna=False
            )
            count = len(matrix)
            ends = (0.5, count + 0.5)
            image = axes.imshow(
                matrix.to_numpy(), vmin=low, vmax=1, extent=(*ends, *ends), origin="lower"
            )
            axes.set_xticks(range(1, count + 1), None if row == len(shown) - 1 else [""] * count)
            axes.set_yticks(range(1, count + 1))
            found = blocks[
                (blocks["network"] == name)
                & (blocks["labels"] == labels)
                & (blocks["epoch"] == epoch)
            ]
            _outline(axes, found["blocks"])
            axes.set_title(
                f"({LETTERS[(row * len(names) + column) % 26]})"
                f" {network_words(name)}\n{_score_words(found)}",
                loc="left",
            )
            if row == len(shown) - 1:
                axes.set_xlabel("layer")
        grid[row, 0].set_ylabel(f"{words}\nlayer")
    figure.colorbar(image, ax=grid, label="CKA of graphs, mean over replicas", shrink=0.7)
    replicas = blocks["replica"].nunique()
    figure.suptitle(
        "Score: mean CKA within contiguous blocks of layers minus across;\nnear: that of its means"
        " by distance, where neighbours are just alike.\nWhite: the commonest blocks. Means and"
        f" ranges of {replicas} {'replica' if replicas == 1 else 'replicas'}."
    )
    return figure


def _score_words(found: pd.DataFrame) -> str:
    """Scores of the replicas, with that of neighbourhood alone; or why there are none."""
    scores, banded = (found[name].to_numpy(float) for name in ("score", "banded"))
    if not len(found) or not np.isfinite(scores).all():
        return "no blocks"
    near = f"near {banded.mean():.2f}" if np.isfinite(banded).all() else "near: none"
    return f"{over_replicas(scores)}\n{near}"


def _outline(axes: Axes, partitions: pd.Series) -> None:
    """White squares around the blocks that most replicas have."""
    known = partitions[partitions != ""].dropna()
    if known.empty:
        return
    edges = [int(edge) for edge in str(known.mode().iloc[0]).split()]
    for start, end in pairwise(edges):
        axes.add_patch(
            Rectangle(
                (start + 0.5, start + 0.5),
                end - start,
                end - start,
                fill=False,
                edgecolor="white",
                linewidth=1.2,
            )
        )


@paper_style()
def similarity_sensitivity_figure(sensitivity: pd.DataFrame) -> Figure:
    """How far each similarity falls when singular directions of a layer are taken out.

    Args:
        sensitivity: a row per network, layer and band of directions (first .. last), with energy,
            graph_cka (may be missing), linear_cka and columns least_squares_cka_<lambda>.

    Returns:
        A figure with panels for the last hidden layers of up to four networks, 183 mm wide.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> row = {
        ...     "network": "a",
        ...     "layer": 1,
        ...     "first": 1,
        ...     "last": 1,
        ...     "energy": 0.5,
        ...     "graph_cka": 0.9,
        ...     "linear_cka": 0.7,
        ... }
        >>> len(
        ...     similarity_sensitivity_figure(
        ...         pd.DataFrame([row | {"least_squares_cka_0.01": 0.8}])
        ...     ).axes
        ... )
        1
    """
    require_columns(
        sensitivity, ["network", "layer", "first", "last", "energy", "graph_cka", "linear_cka"]
    )
    names = list(sensitivity["network"].unique())[-4:]
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.4), layout="constrained")
    grid = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    columns = {"graph_cka": "graphs of self-expression", "linear_cka": "linear CKA of activations"}
    filters = [name for name in sensitivity.columns if name.startswith("least_squares_cka_")]
    columns |= {
        name: rf"CKA of LSR, $\lambda / s_1^2$ = {name.removeprefix('least_squares_cka_')}"
        for name in filters
    }
    for letter, axes, name in zip("abcd", grid, names, strict=False):
        own = sensitivity[sensitivity["network"] == name]
        own = own[own["layer"] == own["layer"].max()].sort_values("first")
        centres = np.sqrt(own["first"] * own["last"])
        axes.fill_between(centres, 1 - own["energy"], 1, color=PALE, label="energy removed")
        for colour, marker, (column, label) in marks_for(columns.items()):
            style = "-" if column in ("graph_cka", "linear_cka") else "--"
            axes.plot(
                centres,
                own[column].astype(float),
                f"{marker}{style}",
                color=colour,
                markersize=3,
                linewidth=1,
                label=label,
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks([1, 2, 4, 8, 16, 32, 64], ["1", "2", "4", "8", "16", "32", "64"])
        axes.set_xlim(0.85, float(own["last"].max()) * 1.15)
        axes.set_xlabel("removed direction")
        axes.set_title(
            f"({letter}) {network_words(name)}, layer {own['layer'].max()}\n"
            f"{_loss_words(own, columns)}",
            loc="left",
        )
    grid[0].set_ylabel("similarity with the full layer")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle(
        "Last hidden layer of one trained replica without singular directions 1, 2, 3-4, 5-8, ..."
        " (points at their centres).\nBelow each name: what falls most without direction 1, and"
        " without the last band."
    )
    return figure


def _loss_words(own: pd.DataFrame, columns: dict[str, str]) -> str:
    """Which similarity falls most without the first band of directions, and without the last."""
    bands = own.iloc[[0, -1]][list(columns)].astype(float)
    names = {"graph_cka": "graphs", "linear_cka": "linear CKA"}
    found = []
    for _, band in bands.iterrows():
        if band.notna().any():
            lowest = str(band.idxmin())
            name = names.get(lowest, rf"LSR {lowest.removeprefix('least_squares_cka_')}")
            found.append(f"{name} {band[lowest]:.2f}")
    return "\n".join(found)
