"""Networks as lists of arrays: what is accepted, what is refused, and which numbers a draw gets."""

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.expressivity.curves import circle, ellipse, line, polyline
from eigenscape.expressivity.networks import Layers, random_layers


def test_variances_are_those_asked_for() -> None:
    layers = random_layers(2, 400, 1.5, 0.3, "relu", seed=0)
    # 160,000 draws: the standard deviation is known to 0.2 %
    assert layers.weights[1].std() * 20 == pytest.approx(1.5, rel=0.01)
    assert np.concatenate(layers.biases).std() == pytest.approx(0.3, rel=0.1)


def test_a_sweep_of_deviations_moves_one_and_the_same_network() -> None:
    one, other = (
        random_layers(2, 5, 1.0, 1.0, "relu", seed=7),
        random_layers(2, 5, 3.0, 0.5, "relu", seed=7),
    )
    np.testing.assert_allclose(other.weights[1], 3 * one.weights[1])
    np.testing.assert_allclose(other.biases[0], 0.5 * one.biases[0])
    assert not np.array_equal(
        one.weights[0], random_layers(2, 5, 1.0, 1.0, "relu", seed=8).weights[0]
    )


@pytest.mark.parametrize(
    ("weights", "biases", "activation", "message"),
    [
        (
            (np.ones((2, 3)), np.ones((4, 1))),
            (np.zeros(3), np.zeros(1)),
            "relu",
            r"weights\[1\]: expected a matrix \(3, k\)",
        ),
        (
            (np.ones((2, 3)),),
            (np.zeros(2),),
            "relu",
            r"weights\[0\]: expected a matrix \(2, k\) and a bias",
        ),
        (
            (np.full((2, 1), np.nan),),
            (np.zeros(1),),
            "relu",
            r"weights\[0\]: expected finite numbers",
        ),
        ((), (), "relu", "weights: expected one bias vector per matrix"),
        (
            (np.ones((2, 1)),),
            (np.zeros(1),),
            "swish",
            "activation: expected one of .*hard_tanh, found 'swish'",
        ),
    ],
)
def test_what_is_no_network_is_refused(
    weights: tuple, biases: tuple, activation: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        Layers(weights, biases, activation)


@pytest.mark.parametrize(
    "call",
    [lambda: random_layers(1, 0, 1, 0, "relu", 0), lambda: random_layers(1, 2, -1, 0, "relu", 0)],
)
def test_impossible_draws_are_refused(call) -> None:
    with pytest.raises(BadInput):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: circle(0.0), "radius: expected a positive finite number"),
        (lambda: circle(1.0, (0.0, 0.0, 0.0)), "three vectors of one length"),
        (lambda: ellipse((1, np.inf), (0, 1)), "cosine: expected a vector of finite numbers"),
        (lambda: polyline([(0, 0)]), "vertices: expected at least two points"),
        (lambda: line((0, 0), 3), "second: expected a vector"),
    ],
)
def test_what_is_no_curve_is_refused(call, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        call()


def test_velocities_are_derivatives_of_points() -> None:
    for curve in (circle(2.0, (1, 0)), polyline([(0, 0), (1, 2), (3, 1)])):
        t = np.linspace(0.05, 1.8, 7)
        difference = (curve.at(t + 1e-6) - curve.at(t - 1e-6)) / 2e-6
        np.testing.assert_allclose(curve.velocity(t), difference, atol=1e-8)
