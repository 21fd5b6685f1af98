"""The definition of network, loss and gradient in plain torch.

Written for `torch.func`: a function of one parameter vector, without in-place operations, so that
`vmap` and `grad` apply, on any device and also (for analytic activations) in complex arithmetic.
It is the route for GPUs, and the reference against which the compiled kernel is tested.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from eigenscape.architecture import Architecture
from eigenscape.networks.activations import Activation
from eigenscape.networks.problems import Problem

_FUNCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "linear": lambda z: z,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
}

Loss = Callable[[torch.Tensor], torch.Tensor]


def network_output(
    theta: torch.Tensor, x: torch.Tensor, architecture: Architecture, activation: Activation
) -> torch.Tensor:
    """f(x; theta), shape (n, outputs), for theta (P,) and x (n, inputs).

    Example:
        >>> from eigenscape.networks.activations import RELU
        >>> theta, x = torch.tensor([1.0, -1.0, 2.0, 0.5]), torch.tensor([[3.0]])
        >>> network_output(theta, x, Architecture(1, 1), RELU)
        tensor([[4.5000]])
    """
    phi, h = _FUNCTIONS[activation.name], x
    layers = architecture.layers
    for layer in layers:
        z = h @ theta[layer.weight].reshape(layer.fan_in, layer.fan_out) + theta[layer.bias]
        h = z if layer is layers[-1] else phi(z)
    return h


def mean_squared_residual(
    x: torch.Tensor, y: torch.Tensor, architecture: Architecture, activation: Activation
) -> Loss:
    """The loss as a function of theta alone: (1/n) sum_i |f(x_i; theta) - y_i|^2, a scalar.

    Example:
        >>> from eigenscape.networks.activations import LINEAR
        >>> x, y = torch.ones(1, 1), torch.zeros(1, 1)
        >>> loss = mean_squared_residual(x, y, Architecture(1, 1), LINEAR)
        >>> torch.func.grad(loss)(torch.tensor([2.0, 0.0, 3.0, 1.0]))
        tensor([42., 42., 28., 14.])
    """

    def loss(theta: torch.Tensor) -> torch.Tensor:
        residual = network_output(theta, x, architecture, activation) - y
        return (residual * residual).mean()

    return loss


def make_cross_entropy(
    problem: Problem, architecture: Architecture, activation: Activation
) -> Callable[[torch.Tensor], Loss]:
    """Given a tensor, the loss -(1/n) sum_i log softmax(f(x_i; theta))_{y_i} in its precision and
    on its device; targets are indicators.

    Example:
        >>> import numpy as np
        >>> from eigenscape.networks.activations import LINEAR
        >>> data = Problem(np.zeros((1, 1)), np.array([[1.0, 0.0]]))
        >>> beside = make_cross_entropy(data, Architecture(1, 1, outputs=2), LINEAR)
        >>> beside(torch.zeros(1))(torch.zeros(6))
        tensor(0.6931)
    """

    def beside(like: torch.Tensor) -> Loss:
        x, indicators = (
            torch.as_tensor(array, dtype=like.dtype, device=like.device)
            for array in (problem.inputs, problem.targets)
        )

        def loss(theta: torch.Tensor) -> torch.Tensor:
            scores = network_output(theta, x, architecture, activation)
            return -(indicators * torch.log_softmax(scores, dim=1)).sum() / len(x)

        return loss

    return beside


def gradients_and_losses(
    parameters: torch.Tensor, loss: Loss, chunk: int = 32
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients (B, P) and losses (B,) at the rows of ``parameters`` (B, P), ``chunk`` of them at a
    time.

    A chunk of 32 was the fastest on the CPU at P = 5,146; results do not depend on B beyond it.
    """
    gradients, losses = torch.func.vmap(torch.func.grad_and_value(loss), chunk_size=chunk)(
        parameters
    )
    return gradients, losses
