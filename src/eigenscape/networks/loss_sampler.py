"""Gradients of any loss that torch can differentiate, at samples of the prior: the same stages
serve it as serve the sine.

A `GradientSampler` whose loss is a function of the parameter vector in plain torch, such as a
network with a model's equations in its loss. theta_n is drawn as for every other sampler, from
(key, n) alone; blocks are fixed; what differs is who computes the gradient. On the CPU torch's
products may round differently in blocks of another size, so bits are those of the fixed blocks;
where memory forces a block to be halved they may differ in the last place, as on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from eigenscape.architecture import Architecture
from eigenscape.networks import functional
from eigenscape.networks.activations import Activation
from eigenscape.networks.gradients import Device, GradientSampler, NonFinite
from eigenscape.networks.priors import Prior
from eigenscape.networks.problems import Problem

LossFactory = Callable[[torch.Tensor], functional.Loss]
"""Given a tensor, the loss of one parameter vector (P,) with its data in that tensor's precision
and on its device."""

CHUNK = 192
"""Gradients at a time on the CPU, at most: starting `vmap` costs some milliseconds whatever their
number, and a slot of a small cell (some 150 samples) is then done at once."""


class LossSampler(GradientSampler):
    """g_n = grad L(theta_n) by ``torch.func``.

    Args:
        architecture: where the parameters lie; their number is all that the gradients need.
        activation: of the hidden units, which decides the symmetry of C.
        prior: over parameter vectors.
        problem: training data; their number decides how far rounding reaches.
        loss: see `LossFactory`.
        key: random stream.
        precision: of draws and gradients.
        device: where gradients are computed; `Device.CPU` and `Device.TORCH` differ in who sums
            them.
        non_finite: what becomes of samples without a finite gradient.

    Example:
        >>> from eigenscape.networks.activations import TANH
        >>> from eigenscape.networks.priors import prior_named
        >>> data = Problem(np.zeros((1, 1)), np.zeros((1, 1)))
        >>> sampler = LossSampler(
        ...     Architecture(1, 2), TANH, prior_named("standard_normal"), data,
        ...     loss=lambda like: lambda theta: (theta**2).sum() / 2, key=0,
        ... )
        >>> bool(np.array_equal(sampler.block(0, 3)[0], sampler.parameters(0, 3)))
        True
    """

    def __init__(
        self,
        architecture: Architecture,
        activation: Activation,
        prior: Prior,
        problem: Problem,
        loss: LossFactory,
        key: int,
        precision: type[np.floating] = np.float64,
        device: Device = Device.CPU,
        non_finite: NonFinite = NonFinite.FAIL,
    ) -> None:
        super().__init__(
            architecture, activation, prior, problem, key, precision, device, non_finite
        )
        self._loss = loss

    def _fill(self, parameters: np.ndarray, gradients: np.ndarray, losses: np.ndarray) -> None:
        drawn = torch.from_numpy(parameters)
        found = functional.gradients_and_losses(
            drawn, self._loss(drawn), -(-len(drawn) // -(-len(drawn) // self._at_a_time()))
        )
        gradients[:], losses[:] = (tensor.detach().numpy() for tensor in found)

    def _at_a_time(self) -> int:
        """Gradients at a time, at most."""
        return CHUNK

    def _loss_beside(self, parameters: torch.Tensor) -> functional.Loss:
        return self._loss(parameters)
