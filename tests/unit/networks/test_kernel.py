"""The compiled gradient against automatic differentiation, finite and complex steps, and exact
identities.
"""

import itertools

import numpy as np
import pytest
import torch
from builders import EPSILON, draws

from eigenscape.architecture import Architecture
from eigenscape.networks.activations import ACTIVATIONS, LINEAR, RELU, SIGMOID, TANH, Activation
from eigenscape.networks.functional import gradients_and_losses, mean_squared_residual
from eigenscape.networks.kernel import fill_gradients
from eigenscape.networks.problems import Problem, sine_regression

SHAPES = [
    *[Architecture(depth, width) for depth in (1, 2, 3, 5, 30) for width in (1, 4, 7)],
    Architecture(2, 33),
    Architecture(2, 130),
    Architecture(1, 5, inputs=2, outputs=3),
    Architecture(3, 6, inputs=2, outputs=3),
    Architecture(2, 9, inputs=5, outputs=1),
]

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
every_shape = pytest.mark.parametrize(
    "architecture", SHAPES, ids=lambda a: f"{a.label}-{a.inputs}to{a.outputs}"
)


def data(architecture: Architecture, points: int = 11) -> Problem:
    """Inputs and targets without any symmetry."""
    generator = np.random.default_rng(4)
    return Problem(
        generator.uniform(-1, 1, (points, architecture.inputs)),
        generator.standard_normal((points, architecture.outputs)),
    )


def balanced(architecture: Architecture, count: int) -> np.ndarray:
    """Parameters whose signals neither grow nor vanish with depth, so that rounding is not
    amplified either.
    """
    scales = np.empty(architecture.parameters)
    for layer in architecture.layers:
        scales[layer.weight], scales[layer.bias] = layer.fan_in**-0.5, 0.1
    return draws(count, architecture.parameters) * scales


def by_kernel(
    theta: np.ndarray,
    architecture: Architecture,
    activation: Activation,
    problem: Problem,
    dtype: type[np.floating] = np.float64,
) -> tuple[np.ndarray, np.ndarray]:
    parameters = np.ascontiguousarray(theta, dtype)
    gradients, losses = np.full_like(parameters, np.nan), np.full(len(parameters), np.nan, dtype)
    fill_gradients(parameters, gradients, losses, architecture, activation, problem)
    return gradients, losses


def by_torch(
    theta: np.ndarray, architecture: Architecture, activation: Activation, problem: Problem
) -> tuple[np.ndarray, np.ndarray]:
    loss = mean_squared_residual(
        torch.from_numpy(problem.inputs),
        torch.from_numpy(problem.targets),
        architecture,
        activation,
    )
    gradients, losses = gradients_and_losses(torch.from_numpy(theta), loss)
    return gradients.numpy(), losses.numpy()


def numpy_loss(
    theta: np.ndarray, architecture: Architecture, activation: Activation, problem: Problem
) -> complex:
    """The loss by matrices, analytic in theta where the activation is."""
    h = problem.inputs
    for layer in architecture.layers:
        z = h @ theta[layer.weight].reshape(layer.fan_in, layer.fan_out) + theta[layer.bias]
        h = z if layer.whole.stop == architecture.parameters else activation.function(z)
    return ((h - problem.targets) ** 2).mean()


def row_errors(gradients: np.ndarray, reference: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Relative to the row's norm, or to the residuals' (sqrt L) where the sum over points cancels
    to less.
    """
    return np.linalg.norm(gradients - reference, axis=1) / np.maximum(
        np.linalg.norm(reference, axis=1), np.sqrt(losses)
    )


def directional_derivative(
    theta: np.ndarray,
    direction: np.ndarray,
    architecture: Architecture,
    activation: Activation,
    problem: Problem,
) -> tuple[np.ndarray, np.ndarray]:
    """Network output and its derivative along a direction, J v, by forward differentiation with
    matrices.
    """
    h, dh = problem.inputs, np.zeros_like(problem.inputs)
    for layer in architecture.layers:
        weight, dweight = (
            t[layer.weight].reshape(layer.fan_in, layer.fan_out) for t in (theta, direction)
        )
        z, dz = h @ weight + theta[layer.bias], dh @ weight + h @ dweight + direction[layer.bias]
        if layer.whole.stop == architecture.parameters:
            return z, dz
        h = activation.function(z)
        dh = dz * activation.derivative_from_output(h)
    raise AssertionError("a network has an output layer")


@every_activation
@every_shape
def test_gradients_and_losses_are_those_of_automatic_differentiation(
    architecture: Architecture, activation: Activation
) -> None:
    theta, problem = balanced(architecture, 7), data(architecture)

    gradients, losses = by_kernel(theta, architecture, activation, problem)
    reference, reference_losses = by_torch(theta, architecture, activation, problem)

    # Two passes of 31 layers at most, each a sum of up to 33 terms of order one: below 450 eps =
    # 1e-13.
    assert row_errors(gradients, reference, reference_losses).max() < 1e-13
    np.testing.assert_allclose(losses, reference_losses, rtol=1e-13)


@every_activation
@every_shape
def test_single_precision_gradients_are_as_many_roundings_away(
    architecture: Architecture, activation: Activation
) -> None:
    theta, problem = balanced(architecture, 7).astype(np.float32), data(architecture)

    gradients, losses = by_kernel(theta, architecture, activation, problem, np.float32)
    reference, reference_losses = by_torch(
        theta.astype(np.float64), architecture, activation, problem
    )

    # 450 eps as above, with the eps of float32; ReLU units at their kink may switch, which the same
    # bound covers here.
    allowed = 450 * float(np.finfo(np.float32).eps)
    assert gradients.dtype == losses.dtype == np.float32
    assert row_errors(gradients, reference, reference_losses).max() < allowed
    np.testing.assert_allclose(losses, reference_losses, rtol=allowed)


@every_activation
@pytest.mark.parametrize(
    "architecture", [Architecture(1, 3), Architecture(3, 5, inputs=2, outputs=3)]
)
def test_gradients_are_central_differences(
    architecture: Architecture, activation: Activation
) -> None:
    theta, problem = balanced(architecture, 1), data(architecture)
    step = EPSILON ** (1 / 3)
    steps = step * np.eye(architecture.parameters)
    differences = [
        (
            numpy_loss(theta[0] + e, architecture, activation, problem)
            - numpy_loss(theta[0] - e, architecture, activation, problem)
        )
        / (2 * step)
        for e in steps
    ]

    gradients, losses = by_kernel(theta, architecture, activation, problem)

    # Truncation step^2 L'''/6 and rounding eps L/step are both eps^(2/3) = 4e-11 times numbers of
    # order ten.
    np.testing.assert_allclose(gradients[0], differences, atol=50 * EPSILON ** (2 / 3))
    assert losses[0] == pytest.approx(
        numpy_loss(theta[0], architecture, activation, problem), rel=1e-14
    )


@pytest.mark.parametrize(
    "activation", [TANH, LINEAR, SIGMOID], ids=lambda activation: activation.name
)
@pytest.mark.parametrize(
    "architecture", [Architecture(1, 3), Architecture(4, 5, inputs=2, outputs=3)]
)
def test_gradients_are_complex_steps(architecture: Architecture, activation: Activation) -> None:
    theta, problem = balanced(architecture, 1), data(architecture)
    steps = 1e-30j * np.eye(architecture.parameters)
    derivatives = [
        numpy_loss(theta[0] + e, architecture, activation, problem).imag / 1e-30 for e in steps
    ]

    gradients, _ = by_kernel(theta, architecture, activation, problem)

    # A complex step has no truncation error and no cancellation: only the roundings of both sides
    # remain.
    assert np.linalg.norm(gradients[0] - derivatives) < 1e-14 * np.sqrt(
        len(derivatives)
    ) * np.linalg.norm(derivatives)


@every_activation
@pytest.mark.parametrize(
    "architecture", [Architecture(2, 5), Architecture(3, 4, inputs=2, outputs=3)]
)
def test_gradient_is_the_adjoint_of_the_derivative_of_the_network(
    architecture: Architecture, activation: Activation
) -> None:
    theta, problem = balanced(architecture, 1), data(architecture)
    direction = draws(1, architecture.parameters, key=8)[0]
    output, forward = directional_derivative(theta[0], direction, architecture, activation, problem)
    cotangent = 2 * (output - problem.targets) / output.size

    gradients, _ = by_kernel(theta, architecture, activation, problem)

    # <J v, u> = <v, J^T u>, J v by forward differentiation; both are sums of P products of order
    # one.
    assert gradients[0] @ direction == pytest.approx(
        np.sum(forward * cotangent), rel=1e-12, abs=1e-13
    )


@every_activation
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_row_does_not_depend_on_the_batch_it_came_in(
    activation: Activation, dtype: type[np.floating]
) -> None:
    architecture = Architecture(3, 7)
    theta, problem = balanced(architecture, 40), sine_regression(points=13)
    whole, losses = by_kernel(theta, architecture, activation, problem, dtype)

    for rows in (slice(39, 40), slice(3, 8), slice(0, 17)):
        part, part_losses = by_kernel(theta[rows], architecture, activation, problem, dtype)
        assert np.array_equal(part, whole[rows])
        assert np.array_equal(part_losses, losses[rows])


@pytest.mark.parametrize("architecture", [Architecture(1, 6), Architecture(4, 5)])
def test_bias_gradients_vanish_where_network_and_data_are_odd(architecture: Architecture) -> None:
    theta, problem = balanced(architecture, 20), sine_regression(points=50)
    for layer in architecture.layers:
        theta[:, layer.bias] = 0

    gradients, _ = by_kernel(theta, architecture, TANH, problem)

    for layer in architecture.layers:
        largest = np.abs(gradients[:, layer.weight]).max(axis=1)
        dust = np.abs(gradients[:, layer.bias]).max(axis=1)
        # A sum of n terms that cancel pairwise, each as large as those of a weight gradient: n eps
        # of the largest.
        assert np.all(dust <= problem.points * EPSILON * largest)
        assert np.all(largest > 0)


def test_bias_gradients_do_not_vanish_where_the_activation_is_not_odd() -> None:
    architecture = Architecture(2, 5)
    theta = balanced(architecture, 3)

    gradients, _ = by_kernel(theta, architecture, SIGMOID, sine_regression(points=50))

    assert all(np.abs(gradients[:, layer.bias]).max() > 1e-3 for layer in architecture.layers)


@pytest.mark.parametrize("activation", [RELU, LINEAR], ids=lambda activation: activation.name)
def test_units_without_bias_conserve_weight_times_gradient(activation: Activation) -> None:
    architecture = Architecture(4, 6, inputs=2, outputs=3)
    theta, problem = balanced(architecture, 10), data(architecture)
    for layer in architecture.layers:
        theta[:, layer.bias] = 0

    gradients, _ = by_kernel(theta, architecture, activation, problem)

    flow = [
        (theta[:, layer.weight] * gradients[:, layer.weight]).reshape(
            -1, layer.fan_in, layer.fan_out
        )
        for layer in architecture.layers
    ]
    for below, above in itertools.pairwise(flow):
        # phi is homogeneous of degree one: what flows into a unit flows out of it. Sums of a few
        # rounded products.
        np.testing.assert_allclose(below.sum(axis=1), above.sum(axis=2), rtol=1e-12, atol=1e-13)
    assert np.abs(flow[0]).max() > 1e-3


@pytest.mark.parametrize("sign", [1, -1])
def test_saturated_units_pass_no_gradient_and_no_nan(sign: int) -> None:
    architecture = Architecture(2, 4)
    theta = sign * 1e8 * np.ones((1, architecture.parameters))

    for activation in (TANH, SIGMOID):
        gradients, losses = by_kernel(theta, architecture, activation, data(architecture))
        first_layer = architecture.layers[0].whole
        assert np.isfinite(losses).all()
        assert np.all(gradients[:, first_layer] == 0)


@pytest.mark.parametrize("activation", [TANH, SIGMOID], ids=lambda activation: activation.name)
def test_units_are_accurate_over_their_whole_range(activation: Activation) -> None:
    # One unit, zero target, output weight 1: the gradient of the output bias is 2 phi(z), that of
    # the hidden bias 2 phi phi'.
    pre_activations = np.concatenate([-np.logspace(-8, 1.5, 60), np.logspace(-8, 1.5, 60)])
    theta = np.zeros((120, 4))
    theta[:, 1], theta[:, 2] = pre_activations, 1.0
    gradients, _ = by_kernel(
        theta, Architecture(1, 1), activation, Problem(np.zeros((1, 1)), np.zeros((1, 1)))
    )

    z = np.longdouble(pre_activations)
    exact = np.tanh(z) if activation is TANH else 1 / (1 + np.exp(-z))
    slope = 1 - exact**2 if activation is TANH else exact * (1 - exact)
    # Documented as a few ulp.
    np.testing.assert_allclose(gradients[:, 3], np.float64(2 * exact), rtol=4 * EPSILON)
    np.testing.assert_allclose(
        gradients[:, 1], np.float64(2 * exact * slope), rtol=1e-14, atol=8 * EPSILON
    )


def test_infinities_and_nan_are_not_hidden() -> None:
    architecture = Architecture(2, 3)
    theta = balanced(architecture, 3)
    theta[1, 0], theta[2, -1] = np.inf, np.nan

    gradients, _ = by_kernel(theta, architecture, LINEAR, data(architecture))

    assert np.isfinite(gradients).all(axis=1).tolist() == [True, False, False]
