"""Exact derivatives of the output's length against central differences and homogeneity."""

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import Curve, circle, ellipse, line, polyline
from eigenscape.expressivity.matched import perturbed_variation, turned
from eigenscape.expressivity.networks import Layers, random_layers
from eigenscape.expressivity.sensitivity import length_gradient, length_sensitivity

CURVES = [
    circle(1.3, (0.4, -0.2)),
    ellipse((2, 1), (0, 1), (0.3, 0.3)),
    line((-2, 1), (2, 0.5)),
    polyline([(0, 0), (1, 2), (-3, 1)], closed=True),
]


@pytest.mark.parametrize("activation", ["relu", "hard_tanh"])
@pytest.mark.parametrize("curve", CURVES, ids=["circle", "ellipse", "line", "polyline"])
def test_derivatives_are_those_of_central_differences(activation: str, curve: Curve) -> None:
    layers, step = random_layers(3, 7, 2.0, 0.4, activation, seed=3), 1e-6
    found = length_gradient(layers, curve)
    assert found.length == pytest.approx(analyse(layers, curve).output_variation, rel=1e-14)
    for layer, gradient in enumerate(found.weights):
        direction = np.random.default_rng(layer).standard_normal(gradient.shape)
        ends = [
            analyse(
                layers.with_weight(layer, layers.weights[layer] + sign * step * direction), curve
            ).output_variation
            for sign in (1, -1)
        ]
        # truncation h^2 V''' and rounding eps V / h are both below 1e-8 for V of order 10
        assert (gradient * direction).sum() == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), abs=2e-6, rel=1e-6
        )


@pytest.mark.parametrize("seed", range(5))
def test_radial_sensitivities_are_equal_in_every_layer_of_a_homogeneous_network(seed: int) -> None:
    """Euler: V is homogeneous of degree 1 in every matrix of a bias-free ReLU network."""
    found = length_gradient(random_layers(4, 9, 1.5, 0.0, "relu", seed=seed), circle(2.0))
    assert found.radial == pytest.approx(np.ones(5), rel=1e-11)


def test_tangential_sensitivity_is_the_gradient_without_its_radial_part() -> None:
    layers = random_layers(2, 6, 2.0, 0.3, "hard_tanh", seed=1)
    found = length_gradient(layers, circle(1.0))
    norms = [np.linalg.norm(weight) for weight in layers.weights]
    whole = [
        norm * np.linalg.norm(gradient) / found.length
        for norm, gradient in zip(norms, found.weights, strict=True)
    ]
    # Pythagoras
    np.testing.assert_allclose(np.hypot(found.radial, found.tangential), whole, rtol=1e-12)
    assert length_sensitivity(layers, circle(1.0)) == pytest.approx(found.tangential)


def test_a_turn_is_a_rotation_and_a_small_one_acts_as_the_gradient_says() -> None:
    layers = random_layers(3, 8, 2.0, 0.0, "relu", seed=5)
    found = length_gradient(layers, circle(1.0))
    for layer, weight in enumerate(layers.weights):
        angle = 1e-6
        moved = turned(weight, angle, np.random.default_rng(layer))
        assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(weight), rel=1e-12)
        change = (
            analyse(layers.with_weight(layer, moved), circle(1.0)).output_variation - found.length
        )
        # the second-order term is angle^2 V'' = 1e-12 times some hundred
        assert change == pytest.approx(
            float((found.weights[layer] * (moved - weight)).sum()), abs=1e-9
        )


def test_no_turn_changes_nothing_and_larger_ones_are_resolved() -> None:
    change = perturbed_variation(
        random_layers(2, 8, 2.0, 0.0, "relu", seed=0), circle(1.0), np.array([0.0, 0.3]), seed=0
    )
    assert change[:, 0].max() < 1e-12
    assert change[:, 1].min() > 1e-4


def test_a_turn_that_silences_the_output_is_a_change_of_one() -> None:
    """One unit sees the circle, the other never does: the read-out turned by a right angle listens
    to the silent one.
    """
    readout = np.array([[1.0], [0.0]])
    layers = Layers(
        (np.array([[2.0, 0.0], [0.0, 0.1]]), readout), (np.array([-1.5, -9.0]), np.zeros(1)), "relu"
    )
    # (2 x_1 - 3/2)+ rises to 0.1 and falls again
    assert analyse(layers, circle(0.8)).output_variation == pytest.approx(2 * 0.1)
    changes = perturbed_variation(layers, circle(0.8), np.array([np.pi / 2]), seed=0)
    assert changes[1, 0] == pytest.approx(1.0)


def test_a_single_weight_has_nowhere_to_turn() -> None:
    weight = np.array([[2.0]])
    assert turned(weight, 0.3, np.random.default_rng(0)).tolist() == [[2.0]]


def test_several_outputs_and_smooth_units_are_refused() -> None:
    with pytest.raises(BadInput, match="one output"):
        length_sensitivity(random_layers(1, 3, 1.0, 0.0, "relu", seed=0, outputs=2), circle(1.0))
    with pytest.raises(BadInput, match="found tanh"):
        length_sensitivity(random_layers(1, 3, 1.0, 0.0, "tanh", seed=0), circle(1.0))
