"""Labellings of a sweep, against a fine grid of angles and where they can be counted by hand."""

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.expressivity.dichotomies import count_dichotomies
from eigenscape.expressivity.networks import Layers, random_layers


def by_grid(layers: Layers, inputs: np.ndarray, layer: int, other: np.ndarray, count: int) -> int:
    """Labellings at equispaced angles: never more than there are."""
    found = set()
    weight = layers.weights[layer - 1]
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        swept = layers.with_weight(layer - 1, np.cos(angle) * weight + np.sin(angle) * other)
        found.add(tuple(swept.forward(inputs)[-1][:, 0] > 0))
    return len(found)


@pytest.mark.parametrize("inputs", [1, 4, 9])
def test_a_linear_sweep_of_generic_inputs_meets_2s_labellings(inputs: int) -> None:
    """(w cos t + w' sin t).x changes sign twice a turn for every x, at different t: 2 s labels in
    turn.
    """
    x = np.random.default_rng(1).standard_normal((inputs, 3))
    network = random_layers(1, 1, 1.0, 0.0, "linear", seed=0, inputs=3)
    other = np.random.default_rng(2).standard_normal((3, 1))
    assert count_dichotomies(network, x, 1, other) == 2 * inputs


@pytest.mark.parametrize(
    ("activation", "layer"), [("hard_tanh", 1), ("hard_tanh", 2), ("relu", 1), ("relu", 3)]
)
def test_every_labelling_of_a_grid_is_counted_and_a_fine_grid_meets_nearly_all(
    activation: str, layer: int
) -> None:
    network = random_layers(3, 6, 2.0, 0.1, activation, seed=4, inputs=6)
    draw = np.random.default_rng(0)
    inputs, other = draw.standard_normal((5, 6)), draw.standard_normal((6, 6))
    exact = count_dichotomies(network, inputs, layer, other)
    grid = by_grid(network, inputs, layer, other, 6000)
    assert by_grid(network, inputs, layer, other, 60) <= grid <= exact <= 2**5
    # some thirty sign changes: two that no grid point parts are rare
    assert grid >= exact - 2


def test_layers_that_are_not_there_are_refused() -> None:
    network = random_layers(2, 3, 1.0, 0.0, "relu", seed=0)
    with pytest.raises(BadInput, match="layer: expected a hidden layer, 1 to 2, found 3"):
        count_dichotomies(network, np.ones((2, 2)), 3, np.ones((3, 3)))
    with pytest.raises(BadInput, match="other: expected"):
        count_dichotomies(network, np.ones((2, 2)), 1, np.ones((3, 3)))
