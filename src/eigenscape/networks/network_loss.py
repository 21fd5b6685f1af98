"""The mean squared residual of a fully connected network, by the compiled kernel or by torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.networks.activations import Activation
from eigenscape.networks.draws import draws_of
from eigenscape.networks.gradients import GradientSampler, NonFinite
from eigenscape.networks.priors import Prior
from eigenscape.networks.problems import Problem
from eigenscape.networks.sampler import Device
from eigenscape.networks.symmetry import symmetry_of

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NetworkLoss:
    """L(theta) = (1/n) sum_i |f(x_i; theta) - y_i|^2.

    Attributes:
        architecture: of the network f.
        activation: of its hidden units.
        problem: inputs x and targets y.
    """

    architecture: Architecture
    activation: Activation
    problem: Problem

    @property
    def terms(self) -> int:
        """n, the number of data points."""
        return self.problem.points

    @property
    def losses_known(self) -> bool:
        """True: the value comes with the gradient."""
        return True

    def fill(self, parameters: np.ndarray, gradients: np.ndarray, losses: np.ndarray) -> None:
        """Gradients (B, P) and losses (B,) at parameter vectors (B, P), in place, on the CPU."""
        from eigenscape.networks import kernel  # noqa: PLC0415 - compiled code

        kernel.fill_gradients(
            parameters, gradients, losses, self.architecture, self.activation, self.problem
        )

    def on_device(self, parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients and losses by ``torch.func``, in the precision and on the device of
        ``parameters``.
        """
        import torch  # noqa: PLC0415 - the CPU route does not need it

        from eigenscape.networks import functional  # noqa: PLC0415 - torch

        x, y = (
            torch.as_tensor(array, dtype=parameters.dtype, device=parameters.device)
            for array in (self.problem.inputs, self.problem.targets)
        )
        loss = functional.mean_squared_residual(x, y, self.architecture, self.activation)
        return functional.gradients_and_losses(parameters, loss)


def fully_connected(
    architecture: Architecture,
    activation: Activation,
    prior: Prior,
    problem: Problem,
    key: int,
    *,
    precision: type[np.floating] = np.float64,
    device: Device = Device.CPU,
    non_finite: NonFinite = NonFinite.FAIL,
) -> GradientSampler[NetworkLoss]:
    """Gradients of a fully connected network's loss at samples of a prior by layer.

    Args:
        architecture: the network.
        activation: of the hidden units.
        prior: over parameter vectors.
        problem: data of the loss.
        key: random stream, from `seeding.prior_key`.
        precision: of draws and gradients.
        device: where gradients are computed.
        non_finite: what becomes of samples without a finite gradient.

    Example:
        >>> from eigenscape.networks.activations import TANH
        >>> from eigenscape.networks.priors import prior_named
        >>> from eigenscape.networks.problems import sine_regression
        >>> prior = prior_named("standard_normal")
        >>> sampler = fully_connected(Architecture(1, 2), TANH, prior, sine_regression(), key=0)
        >>> sampler.block(0, 4)[0].shape, str(sampler.symmetry)
        ((4, 7), 'permutations_and_signs')
    """
    return GradientSampler(
        architecture,
        draws_of(prior, architecture, key),
        NetworkLoss(architecture, activation, problem),
        symmetry=symmetry_of(activation, prior),
        precision=precision,
        device=device,
        non_finite=non_finite,
    )
