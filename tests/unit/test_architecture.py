"""Parameter counts and places, against the closed form and against a network written with
matrices.
"""

import numpy as np
import pytest
import torch

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.activations import TANH
from eigenscape.networks.functional import network_output


@pytest.mark.parametrize("depth", [1, 2, 5, 30])
@pytest.mark.parametrize("width", [1, 5, 35, 50])
def test_parameter_count_is_the_closed_form(depth: int, width: int) -> None:
    assert Architecture(depth, width).parameters == (depth - 1) * width**2 + (depth + 2) * width + 1


@pytest.mark.parametrize(
    ("depth", "width", "parameters"), [(5, 35, 5146), (1, 5, 16), (30, 50, 74_101)]
)
def test_parameter_count_of_known_networks(depth: int, width: int, parameters: int) -> None:
    assert Architecture(depth, width).parameters == parameters


def test_layers_of_the_published_network_end_where_its_figure_shows_them() -> None:
    ends = [layer.whole.stop for layer in Architecture(5, 35).layers]

    assert ends == [70, 1330, 2590, 3850, 5110, 5146]


def test_weights_come_before_biases_layer_by_layer() -> None:
    weights_and_biases = [
        (layer.weight, layer.bias) for layer in Architecture(2, 3, inputs=2, outputs=4).layers
    ]

    assert weights_and_biases == [
        (slice(0, 6), slice(6, 9)),
        (slice(9, 18), slice(18, 21)),
        (slice(21, 33), slice(33, 37)),
    ]


@pytest.mark.parametrize(
    "architecture",
    [Architecture(1, 1), Architecture(3, 4), Architecture(2, 5, inputs=3, outputs=2)],
)
def test_layers_cover_every_parameter_once(architecture: Architecture) -> None:
    hits = np.zeros(architecture.parameters, dtype=int)
    for layer in architecture.layers:
        hits[layer.weight] += 1
        hits[layer.bias] += 1
        assert layer.parameters == layer.whole.stop - layer.whole.start

    assert np.all(hits == 1)
    assert sum(layer.parameters for layer in architecture.layers) == architecture.parameters


@pytest.mark.parametrize(
    "architecture",
    [Architecture(1, 1), Architecture(3, 4), Architecture(2, 5, inputs=3, outputs=2)],
)
def test_matrices_survive_the_round_trip_through_the_vector(architecture: Architecture) -> None:
    generator = np.random.default_rng(0)
    matrices = [
        (generator.standard_normal((fan_in, fan_out)), generator.standard_normal(fan_out))
        for fan_in, fan_out in zip(architecture.sizes[:-1], architecture.sizes[1:], strict=True)
    ]
    theta = np.concatenate([part.ravel() for pair in matrices for part in pair])

    assert theta.size == architecture.parameters
    for layer, (weight, bias) in zip(architecture.layers, matrices, strict=True):
        assert np.array_equal(theta[layer.weight].reshape(layer.fan_in, layer.fan_out), weight)
        assert np.array_equal(theta[layer.bias], bias)

    x = generator.standard_normal((6, architecture.inputs))
    h = x
    for weight, bias in matrices[:-1]:
        h = np.tanh(h @ weight + bias)
    by_matrices = h @ matrices[-1][0] + matrices[-1][1]
    output = network_output(
        torch.from_numpy(theta), torch.from_numpy(x), architecture, TANH
    ).numpy()
    # Sums of at most 5 terms of order one, through at most four layers: a few dozen roundings.
    np.testing.assert_allclose(output, by_matrices, atol=1e-14)


@pytest.mark.parametrize("size", ["depth", "width", "inputs", "outputs"])
@pytest.mark.parametrize("wrong", [0, -3])
def test_a_size_below_one_is_refused_by_name(size: str, wrong: int) -> None:
    sizes = {"depth": 2, "width": 2, size: wrong}

    with pytest.raises(
        BadInput, match=rf"^{size}: expected a whole number of at least 1, found {wrong}; "
    ):
        Architecture(**sizes)


def test_labels_sort_like_the_networks() -> None:
    architectures = [
        Architecture(depth, width) for depth in (1, 9, 10, 30) for width in (5, 50, 100)
    ]
    labels = [architecture.label for architecture in architectures]

    assert labels == sorted(labels)
    assert Architecture(5, 35).label == "d05-w035"
