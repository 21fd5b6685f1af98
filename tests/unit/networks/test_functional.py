"""The definition in torch against the same network built of torch's own modules."""

import numpy as np
import pytest
import torch
from builders import draws

from eigenscape.architecture import Architecture
from eigenscape.networks.activations import ACTIVATIONS, TANH, Activation
from eigenscape.networks.functional import (
    gradients_and_losses,
    mean_squared_residual,
    network_output,
)

MODULES = {
    "linear": torch.nn.Identity,
    "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU,
    "sigmoid": torch.nn.Sigmoid,
}


def modules(
    theta: np.ndarray, architecture: Architecture, activation: Activation
) -> torch.nn.Sequential:
    """torch.nn.Linear stores (out, in), so every weight is transposed."""
    parts: list[torch.nn.Module] = []
    for layer in architecture.layers:
        linear = torch.nn.Linear(layer.fan_in, layer.fan_out, dtype=torch.float64)
        linear.weight.data = torch.from_numpy(
            theta[layer.weight].reshape(layer.fan_in, layer.fan_out).T.copy()
        )
        linear.bias.data = torch.from_numpy(theta[layer.bias].copy())
        parts += [linear, MODULES[activation.name]()]
    return torch.nn.Sequential(*parts[:-1])


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize(
    "architecture", [Architecture(1, 3), Architecture(3, 4, inputs=2, outputs=3)]
)
def test_output_loss_and_gradient_are_those_of_torch_modules(
    architecture: Architecture, activation: Activation
) -> None:
    theta = draws(1, architecture.parameters)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(9, architecture.inputs, dtype=torch.float64, generator=generator)
    y = torch.randn(9, architecture.outputs, dtype=torch.float64, generator=generator)
    network = modules(theta[0], architecture, activation)
    loss = torch.nn.functional.mse_loss(network(x), y)
    loss.backward()
    expected = torch.cat(
        [
            part
            for layer in network
            if hasattr(layer, "weight")
            for part in (layer.weight.grad.T.ravel(), layer.bias.grad)
        ]
    )

    gradients, losses = gradients_and_losses(
        torch.from_numpy(theta), mean_squared_residual(x, y, architecture, activation)
    )

    # The same sums in another order: a few dozen roundings.
    torch.testing.assert_close(
        network_output(torch.from_numpy(theta[0]), x, architecture, activation),
        network(x).detach(),
        rtol=1e-13,
        atol=1e-13,
    )
    torch.testing.assert_close(losses[0], loss.detach(), rtol=1e-13, atol=0)
    torch.testing.assert_close(gradients[0], expected, rtol=1e-12, atol=1e-13)


def test_complex_parameters_are_allowed_where_the_activation_is_analytic() -> None:
    architecture = Architecture(2, 3)
    theta = draws(1, architecture.parameters)[0]
    x, y = (
        torch.linspace(-1, 1, 5, dtype=torch.float64)[:, None],
        torch.ones(5, 1, dtype=torch.float64),
    )
    loss = mean_squared_residual(x.to(torch.complex128), y.to(torch.complex128), architecture, TANH)
    step = np.zeros(architecture.parameters, complex)
    step[4] = 1e-30j

    gradient = torch.func.grad(mean_squared_residual(x, y, architecture, TANH))(
        torch.from_numpy(theta)
    )

    assert float(loss(torch.from_numpy(theta + step)).imag / 1e-30) == pytest.approx(
        float(gradient[4]), rel=1e-13
    )
