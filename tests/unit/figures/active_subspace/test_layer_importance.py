"""Bars are shares, markers are shares per parameter, on axes that fit their range."""

import numpy as np
import pytest

from eigenscape.active_subspace.importance import layer_shares
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.layer_importance import layer_importance_figure

NETWORK = Architecture(depth=3, width=6)


def geometric_layers(architecture: Architecture, ratio: float) -> np.ndarray:
    """diag C whose entries fall by ``ratio`` from layer to layer."""
    return np.concatenate(
        [
            np.full(layer.parameters, ratio**-level)
            for level, layer in enumerate(architecture.layers)
        ]
    )


def heights(figure) -> tuple[np.ndarray, np.ndarray]:
    share, importance = figure.axes
    return (
        np.array([bar.get_height() for bar in share.patches]),
        np.asarray(importance.collections[0].get_offsets())[:, 1],
    )


def test_bars_are_shares_and_markers_are_shares_per_parameter() -> None:
    diagonal = geometric_layers(NETWORK, 3.0)

    bars, markers = heights(layer_importance_figure(diagonal, NETWORK))

    np.testing.assert_allclose(bars, layer_shares(diagonal, NETWORK))
    # Every parameter of a layer has the same C_ii here, so the importance is C_ii over its mean.
    np.testing.assert_allclose(markers, 3.0 ** -np.arange(4) / diagonal.mean())


@pytest.mark.parametrize(("ratio", "scale"), [(1.0, "linear"), (1.5, "linear"), (20.0, "log")])
def test_bars_are_logarithmic_where_they_span_decades(ratio: float, scale: str) -> None:
    network = Architecture(depth=5, width=6)

    share, importance = layer_importance_figure(
        geometric_layers(network, ratio)[::-1].copy(), network
    ).axes

    assert share.get_yscale() == scale
    assert importance.get_yscale() == "log"
    for axes in (share, importance):
        low, high = axes.get_ylim()
        assert len([tick for tick in axes.get_yticks() if low <= tick <= high]) >= 2
    assert importance.get_ylim()[0] < 1 < importance.get_ylim()[1]


def test_first_hidden_and_output_layers_are_told_apart(legend) -> None:
    assert legend(layer_importance_figure(geometric_layers(NETWORK, 2.0), NETWORK)) == [
        "first layer",
        "hidden to hidden",
        "output layer",
    ]
    shallow = Architecture(depth=1, width=6)
    assert legend(layer_importance_figure(geometric_layers(shallow, 2.0), shallow)) == [
        "first layer",
        "output layer",
    ]


def test_a_layer_without_gradient_is_marked() -> None:
    diagonal = geometric_layers(NETWORK, 2.0)
    diagonal[NETWORK.layers[1].whole] = 0.0

    for axes in layer_importance_figure(diagonal, NETWORK).axes:
        assert [(text.get_text(), text.xy[0]) for text in axes.texts] == [("0", 2)]


@pytest.mark.parametrize("network", [Architecture(1, 1), Architecture(5, 35), Architecture(30, 5)])
@pytest.mark.parametrize("ratio", [1.0, 2.3])
def test_labels_do_not_overlap(network: Architecture, ratio: float, overlaps) -> None:
    assert overlaps(layer_importance_figure(geometric_layers(network, ratio), network)) == []


def test_a_network_without_gradient_is_refused() -> None:
    with pytest.raises(BadInput, match="diagonal: expected a positive trace"):
        layer_importance_figure(np.zeros(NETWORK.parameters), NETWORK)
