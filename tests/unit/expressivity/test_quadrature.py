"""Lengths by quadrature: agreement with closed forms, with polygons, and an error estimate that holds."""

import numpy as np
import pytest
from scipy.special import ellipe

from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import circle, line
from eigenscape.expressivity.networks import Layers, random_layers
from eigenscape.expressivity.quadrature import integrate


def test_an_ellipse_by_quadrature_is_the_elliptic_integral() -> None:
    readout = Layers((np.diag([3.0, 0.5]),), (np.zeros(2),), "tanh")
    found = integrate(readout, circle(1.0))
    expected = 12 * ellipe(1 - (0.5 / 3) ** 2)
    assert abs(found.output - expected) <= max(found.error, 1e-12)
    assert found.error < 1e-7


def test_a_monotone_output_varies_by_the_difference_of_its_ends() -> None:
    """One tanh unit along a line: |f(1) - f(0)|, without any kink."""
    unit = Layers((np.array([[1.0], [2.0]]), np.array([[3.0]])), (np.array([0.2]), np.zeros(1)), "tanh")
    found = analyse(unit, line((-1, -1), (1, 1)))
    expected = 3 * (np.tanh(3.2) - np.tanh(-2.8))
    assert abs(found.output_variation - expected) <= max(found.error_estimate, 1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_deep_tanh_networks_agree_with_polygons_within_their_error(seed: int) -> None:
    layers = random_layers(4, 10, 2.0, 0.3, "tanh", seed=seed)
    found = analyse(layers, circle(1.0))
    states = layers.forward(circle(1.0).points(400_001))
    polygons = [np.linalg.norm(np.diff(state, axis=0), axis=1).sum() for state in states]
    # segments of 1.6e-5: the relative error of a polygon is h^2 curvature^2 / 24, 1e-6 even for curvatures of 300
    assert polygons == pytest.approx([*found.latent_lengths[1:], found.output_variation], rel=1e-6)
    assert 0 < found.error_estimate < 1e-6


def test_nearly_linear_tanh_is_the_linear_network() -> None:
    """tanh(e z)/e -> z with a relative error of (e z)^2/3."""
    linear = random_layers(2, 5, 1.0, 0.0, "linear", seed=1)
    small = Layers((1e-5 * linear.weights[0], *linear.weights[1:]), linear.biases, "tanh")
    assert analyse(small, circle(1.0)).output_variation == pytest.approx(1e-5 * analyse(linear, circle(1.0)).output_variation, rel=1e-8)
