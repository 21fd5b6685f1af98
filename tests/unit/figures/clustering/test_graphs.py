"""Figures of graphs: points at their numbers, one panel a network, no text over another."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eigenscape.errors import BadInput
from eigenscape.figures.clustering.graph_read_outs import (
    graph_modularity_figure,
    neighbourhood_figure,
)
from eigenscape.figures.clustering.graph_similarity import (
    graph_convergence_figure,
    layer_similarity_figure,
    similarity_sensitivity_figure,
)

Overlaps = Callable[[Figure], list[tuple[str, str]]]
NETWORKS = {
    "perceptron-d02-w032": 2,
    "perceptron-d02-w128": 2,
    "perceptron-d05-w032": 5,
    "perceptron-d05-w128": 5,
    "convolutional-c08": 3,
}
EPOCHS = [0, 1, 4, 20]


def rows(pairs: bool = False) -> pd.DataFrame:
    """A row for every network, kind of labels, replica, epoch and layer (and other layer)."""
    found = []
    for network, layers in NETWORKS.items():
        for labels in ("true", "shuffled"):
            for replica in range(3):
                for epoch in EPOCHS if labels == "true" else EPOCHS[-1:]:
                    for layer in range(1, layers + 1):
                        where = {
                            "network": network,
                            "labels": labels,
                            "replica": replica,
                            "epoch": epoch,
                            "layer": layer,
                        }
                        found += (
                            [where | {"other": other} for other in range(1, layers + 1)]
                            if pairs
                            else [where]
                        )
    return pd.DataFrame(found)


def modularities() -> pd.DataFrame:
    """0.1 per layer, growing with the epoch, and replicas 0.03 apart."""
    table = rows()
    values = (
        0.1 * table["layer"]
        + 0.02 * table["epoch"] * (table["labels"] == "true")
        + 0.03 * table["replica"]
    )
    return table.assign(modularity_relative=values, null_low=-0.05, null_high=0.05)


def test_modularity_lines_are_means_of_replicas(overlaps: Overlaps) -> None:
    figure = graph_modularity_figure(modularities(), "12 held-out inputs of each class, digits")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[-1] == "(e) 8 channels\n+0.20\n[+0.20, +0.20]"  # 0.1 a layer
    lines = {line.get_label(): line for line in figure.axes[2].lines}
    np.testing.assert_allclose(lines["trained"].get_ydata(), 0.1 * np.arange(1, 6) + 0.4 + 0.03)
    np.testing.assert_allclose(lines["before training"].get_ydata(), 0.1 * np.arange(1, 6) + 0.03)
    assert len(figure.axes[2].lines) == 3 * (3 + 1)
    assert overlaps(figure) == []


def test_convergence_shows_graphs_above_activations_and_gaps_where_there_is_no_graph(
    overlaps: Overlaps,
) -> None:
    table = rows()
    table = table[table["labels"] == "true"].assign(
        linear_cka=0.97, cka=lambda own: 1 - (20 - own["epoch"]) / 40
    )
    # no graph after one epoch
    table["cka"] = table["cka"].astype(object).where(table["epoch"] != 1)
    figure = graph_convergence_figure(table)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [0.5, np.nan, 0.6, 1.0])
    np.testing.assert_allclose(figure.axes[5].lines[0].get_ydata(), 0.97)
    assert overlaps(figure) == []


def test_similarities_are_matrices_of_networks_with_three_layers(overlaps: Overlaps) -> None:
    table = rows(pairs=True)
    table = table.assign(cka=1 - 0.2 * (table["layer"] - table["other"]).abs())
    blocks = (
        rows()
        .query("layer == 1")
        .assign(blocks="0 2 5", banded=0.2)
        .assign(score=lambda own: 0.24 + 0.01 * own["replica"])
    )
    few = blocks["network"] == "convolutional-c08"
    blocks.loc[few, "blocks"] = "0 2 3"
    blocks.loc[blocks["labels"] == "shuffled", "score"] = None
    figure = layer_similarity_figure(table, blocks)
    matrices = [axes.images[0].get_array() for axes in figure.axes[:9]]
    np.testing.assert_allclose(matrices[0], 1 - 0.2 * np.abs(np.subtract.outer(range(5), range(5))))
    assert figure.axes[0].get_title(loc="left") == "(a) 5 x 32\n0.25 [0.24, 0.26]\nnear 0.20"
    assert figure.axes[8].get_title(loc="left") == "(i) 8 channels\nno blocks"
    assert [patch.get_bbox().bounds for patch in figure.axes[0].patches] == [
        (0.5, 0.5, 2, 2),
        (2.5, 2.5, 3, 3),
    ]
    assert overlaps(figure) == []


def test_wrong_inputs_are_counted(overlaps: Overlaps) -> None:
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "network": name,
                    "replica": 0,
                    "input": range(40),
                    "purity": np.arange(40) / 40,
                    "margin": np.arange(40) - 3.5,
                }
            )
            for name in NETWORKS
        ]
    )
    figure = neighbourhood_figure(table)
    assert figure.axes[0].get_title(loc="left") == "(a) 2 x 32\n4 wrong; AUC\n1.00"
    right, wrong = figure.axes[0].collections
    assert (len(right.get_offsets()), len(wrong.get_offsets())) == (36, 4)
    assert overlaps(figure) == []


def test_sensitivity_is_of_the_last_layer(overlaps: Overlaps) -> None:
    table = pd.DataFrame(
        [
            {
                "network": name,
                "layer": layer,
                "first": first,
                "last": last,
                "energy": 0.5 / last,
                "graph_cka": 0.8,
                "linear_cka": 1 - 0.1 * layer,
            }
            for name in NETWORKS
            for layer in (1, 2)
            for first, last in ((1, 1), (2, 2), (3, 4), (5, 8), (9, 16))
        ]
    ).assign(
        **{
            "least_squares_cka_0.0001": 0.9,
            "least_squares_cka_0.01": 0.95,
            "least_squares_cka_1": 0.99,
        }
    )
    figure = similarity_sensitivity_figure(table)
    assert len(figure.axes) == 4
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    np.testing.assert_allclose(lines["linear CKA of activations"].get_ydata(), 0.8)
    np.testing.assert_allclose(
        lines["graphs of self-expression"].get_xdata(), [1, 2, 12**0.5, 40**0.5, 12]
    )
    assert overlaps(figure) == []


def test_empty_tables_are_refused() -> None:
    for draw in (
        graph_modularity_figure,
        neighbourhood_figure,
        graph_convergence_figure,
        similarity_sensitivity_figure,
    ):
        with pytest.raises(BadInput, match="table"):
            draw(pd.DataFrame())
