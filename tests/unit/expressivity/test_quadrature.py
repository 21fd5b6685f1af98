"""Lengths by quadrature: agreement with closed forms, with polygons, and an error estimate that
holds.
"""

import numpy as np
import pytest
from scipy.special import ellipe

from eigenscape.errors import BadInput
from eigenscape.expressivity import quadrature
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
    unit = Layers(
        (np.array([[1.0], [2.0]]), np.array([[3.0]])), (np.array([0.2]), np.zeros(1)), "tanh"
    )
    found = analyse(unit, line((-1, -1), (1, 1)))
    expected = 3 * (np.tanh(3.2) - np.tanh(-2.8))
    assert abs(found.output_variation - expected) <= max(found.error_estimate, 1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_deep_tanh_networks_agree_with_polygons_within_their_error(seed: int) -> None:
    layers = random_layers(4, 10, 2.0, 0.3, "tanh", seed=seed)
    found = analyse(layers, circle(1.0))
    states = layers.forward(circle(1.0).points(400_001))
    polygons = [np.linalg.norm(np.diff(state, axis=0), axis=1).sum() for state in states]
    # segments of 1.6e-5: the relative error of a polygon is h^2 curvature^2 / 24, 1e-6 even for
    # curvatures of 300
    assert polygons == pytest.approx([*found.latent_lengths[1:], found.output_variation], rel=1e-6)
    assert 0 < found.error_estimate < 1e-6


def test_nearly_linear_tanh_is_the_linear_network() -> None:
    """tanh(e z)/e -> z with a relative error of (e z)^2/3."""
    linear = random_layers(2, 5, 1.0, 0.0, "linear", seed=1)
    small = Layers((1e-5 * linear.weights[0], *linear.weights[1:]), linear.biases, "tanh")
    assert analyse(small, circle(1.0)).output_variation == pytest.approx(
        1e-5 * analyse(linear, circle(1.0)).output_variation, rel=1e-8
    )


@pytest.mark.parametrize("center", [0.123, -0.777, 0.0])
def test_a_spike_between_the_first_nodes_is_not_stepped_over(center: float) -> None:
    """tanh(a(x - c + d)) - tanh(a(x - c - d)) rises from 0 to 2 tanh(ad) and falls again; 2d is a
    fraction of the first nodes' distance.
    """
    steepness, half = 1e5, 1e-4
    weights = (np.array([[steepness, steepness]]), np.array([[1.0], [-1.0]]))
    spike = Layers(
        weights, (steepness * np.array([half - center, -half - center]), np.zeros(1)), "tanh"
    )
    found = analyse(spike, line((-1.0,), (1.0,)))
    # pre-activations of 1e5 are rounded at 1e-11
    assert found.output_variation == pytest.approx(4 * np.tanh(steepness * half), abs=1e-9)
    assert found.error_estimate < 1e-7


@pytest.mark.parametrize("sigma_w", [0.5, 1.5, 4.0, 10.0])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_the_error_estimate_holds_for_flat_and_steep_units(
    sigma_w: float, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against other nodes, 30 times as many to begin with, and a hundredth of the tolerance."""
    for seed in range(2):
        layers, curve = random_layers(2, 6, sigma_w, 0.3, activation, seed), circle(4.0)
        found = integrate(layers, curve)
        with monkeypatch.context() as finer:
            finer.setattr(quadrature, "FIRST_INTERVALS", 487)
            truth = integrate(layers, curve, 1e-10)
        differences = [
            *(found.latent - truth.latent),
            found.output - truth.output,
            found.lifted - truth.lifted,
        ]
        assert np.abs(differences).max() <= found.error
        assert found.error <= 1e-7 * max(*found.latent, found.lifted)


def test_a_curve_that_is_folded_too_often_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quadrature, "MOST_UNIT_VALUES", 10**5)
    with pytest.raises(BadInput, match="lower sigma_w, the depth or the width"):
        analyse(random_layers(6, 16, 10.0, 0.0, "tanh", seed=0), circle(4.0))
