"""Activations: derivatives against finite and complex steps, and the symmetry that each claims."""

import numpy as np
import pytest
from builders import EPSILON

from eigenscape.errors import BadInput
from eigenscape.networks.activations import (
    ACTIVATIONS,
    LINEAR,
    SIGMOID,
    TANH,
    Activation,
    activation_named,
)

POINTS = np.array([-30.0, -3.2, -0.7, -1e-3, 1e-3, 0.4, 2.5, 19.0])


@pytest.mark.parametrize(
    "activation", [LINEAR, TANH, SIGMOID], ids=lambda activation: activation.name
)
def test_derivative_of_analytic_activations_is_the_complex_step(activation: Activation) -> None:
    derivative = activation.function(POINTS + 1e-30j).imag / 1e-30

    # phi' from the output cancels where the unit saturates: absolute error of a few roundings of 1.
    np.testing.assert_allclose(
        activation.derivative_from_output(activation.function(POINTS)),
        derivative,
        rtol=1e-13,
        atol=4 * EPSILON,
    )


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_derivative_is_the_central_difference(activation: Activation) -> None:
    step = EPSILON ** (1 / 3)
    difference = (activation.function(POINTS + step) - activation.function(POINTS - step)) / (
        2 * step
    )

    # Truncation step^2 |phi'''|/6 and rounding eps |phi|/step, both about eps^(2/3); ReLU's linear
    # pieces are 30 high.
    allowed = 40 * EPSILON ** (2 / 3)
    np.testing.assert_allclose(
        activation.derivative_from_output(activation.function(POINTS)), difference, atol=allowed
    )


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_odd_says_whether_the_function_is_odd(activation: Activation) -> None:
    assert activation.odd == bool(
        np.allclose(activation.function(-POINTS), -activation.function(POINTS))
    )


def test_known_values() -> None:
    assert ACTIVATIONS["relu"].function(POINTS).tolist() == [0, 0, 0, 0, 1e-3, 0.4, 2.5, 19.0]
    np.testing.assert_allclose(
        SIGMOID.function(POINTS), 1 / (1 + np.exp(-POINTS)), rtol=1e-14, atol=EPSILON
    )
    assert SIGMOID.function(np.zeros(1))[0] == 0.5


def test_codes_and_names_tell_activations_apart() -> None:
    assert len({activation.code for activation in ACTIVATIONS.values()}) == len(ACTIVATIONS) == 4
    assert all(
        activation_named(name) is activation and activation.source
        for name, activation in ACTIVATIONS.items()
    )


def test_an_unknown_activation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BadInput, match=r"network\.activation: expected one of linear, tanh, .* found swish; "
    ):
        activation_named("swish")
