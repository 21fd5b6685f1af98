"""Draws and gradients of one cell together: sample number in, gradient out."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.errors import NotFiniteGradient
from eigenscape.networks import kernel, sampling
from eigenscape.networks.activations import Activation, activation_named
from eigenscape.networks.priors import Prior, prior_named
from eigenscape.networks.problems import Problem, problem_of
from eigenscape.seeding import prior_key
from eigenscape.study import Study

if TYPE_CHECKING:
    import torch


class Device(StrEnum):
    """Where gradients and their second moment are computed."""

    CPU = "cpu"
    """The compiled kernel, one parameter vector at a time in cache."""
    TORCH = "torch"
    """`torch.func` on the CPU: the route of the GPU, for comparison."""
    CUDA = "cuda"
    """`torch.func` on this rank's GPU; parameters are drawn on the host and copied."""


class GradientSampler:
    """Gradients of the loss at samples of the prior.

    g_n = grad L(theta_n), with theta_n a function of the key and of n alone. Buffers are reused: the
    arrays that `block` returns hold until its next call.

    Args:
        architecture: the network.
        activation: of the hidden units.
        prior: over parameter vectors.
        problem: data of the loss.
        key: random stream, from `seeding.prior_key`.
        precision: of draws and gradients.
        device: where gradients are computed.
    """

    def __init__(
        self,
        architecture: Architecture,
        activation: Activation,
        prior: Prior,
        problem: Problem,
        key: int,
        precision: type[np.floating] = np.float64,
        device: Device = Device.CPU,
    ) -> None:
        self.architecture, self.activation, self.problem = architecture, activation, problem
        self.prior, self._key, self._scales = prior, key, prior.scales(architecture)
        self._precision = np.dtype(precision)
        self.device = device
        self._parameters = self._gradients = np.empty((0, architecture.parameters), precision)
        self._losses = np.empty(0, precision)

    @classmethod
    def of_study(cls, study: Study, architecture: Architecture, device: Device = Device.CPU) -> GradientSampler:
        """The sampler of one network of a study."""
        return cls(
            architecture,
            activation_named(study.network.activation),
            prior_named(study.prior.kind),
            problem_of(study.problem),
            prior_key(study.sampling.seed, architecture),
            np.float32 if study.sampling.precision == "float32" else np.float64,
            device,
        )

    @property
    def relative_noise(self) -> float:
        """The relative rounding error n eps of a gradient, a sum over n points of terms that may cancel."""
        return self.problem.points * float(np.finfo(self._precision).eps)

    def parameters(self, first: int, count: int) -> np.ndarray:
        """Parameter vectors ``first`` ... ``first + count - 1``, (count, P)."""
        if len(self._parameters) < count:
            self._parameters = np.empty((count, self.architecture.parameters), self._precision)
        drawn = self._parameters[:count]
        sampling.fill_parameters(drawn, first, self._key, self._scales, self.prior.draw)
        return drawn

    def block(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (count, P) and losses (count,) of samples ``first`` ... on the host.

        Raises:
            NotFiniteGradient: naming the first sample whose gradient holds an infinity or NaN.
        """
        if self.device is not Device.CPU:
            on_device = self.block_on_device(first, count)
            return on_device[0].cpu().numpy(), on_device[1].cpu().numpy()
        parameters = self.parameters(first, count)
        if len(self._gradients) < count:
            self._gradients, self._losses = np.empty_like(self._parameters), np.empty(count, self._precision)
        gradients, losses = self._gradients[:count], self._losses[:count]
        kernel.fill_gradients(parameters, gradients, losses, self.architecture, self.activation, self.problem)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(gradients.sum(axis=1))
        if not finite.all():
            self._check_each(gradients, first)
        return gradients, losses

    def block_on_device(self, first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The same on the device, as torch tensors."""
        import torch  # noqa: PLC0415 - the CPU route does not need it

        from eigenscape.networks import functional  # noqa: PLC0415

        place = torch.device("cuda" if self.device is Device.CUDA else "cpu")
        parameters = torch.from_numpy(self.parameters(first, count)).to(place)
        x, y = (torch.as_tensor(a, dtype=parameters.dtype, device=place) for a in (self.problem.inputs, self.problem.targets))
        loss = functional.mean_squared_residual(x, y, self.architecture, self.activation)
        gradients, losses = functional.gradients_and_losses(parameters, loss)
        if not bool(torch.isfinite(gradients).all()):
            self._check_each(gradients.cpu().numpy(), first)
        return gradients, losses

    def _check_each(self, gradients: np.ndarray, first: int) -> None:
        """A row whose sum overflows may still be finite: look at each entry before complaining."""
        bad = np.flatnonzero(~np.isfinite(gradients).all(axis=1))
        if len(bad):
            raise NotFiniteGradient(
                f"sample {first + int(bad[0])} of {self.architecture.label}: expected a finite gradient, found infinity or NaN in "
                f"{self._precision}; choose a prior with smaller weights, or sampling: {{precision: float64}}"
            )
