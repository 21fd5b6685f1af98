"""Any loss that torch can differentiate: the same stages serve it as serve the sine.

A loss is a function of the parameter vector in plain torch, such as a network with a model's
equations in its loss. Blocks are fixed, as for every other loss; what differs is who computes the
gradient. On the CPU torch's products may round differently in blocks of another size, so bits are
those of the fixed blocks; where memory forces a block to be halved they may differ in the last
place, as on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.config.sizes import TORCH_CHUNK
from eigenscape.networks import functional

LossFactory = Callable[[torch.Tensor], functional.Loss]
"""Given a tensor, the loss of one parameter vector (P,) with its data in that tensor's precision
and on its device."""


@dataclass(frozen=True)
class TorchLoss:
    """A loss by ``torch.func``.

    Attributes:
        beside: see `LossFactory`.
        terms: n, how many terms the loss sums.
        at_a_time: gives how many gradients are computed together on the CPU, at most.

    Example:
        >>> gradients, losses = np.empty((2, 3)), np.empty(2)
        >>> loss = TorchLoss(lambda like: lambda theta: (theta**2).sum() / 2)
        >>> loss.fill(np.ones((2, 3)), gradients, losses)
        >>> gradients[0], losses
        (array([1., 1., 1.]), array([1.5, 1.5]))
    """

    beside: LossFactory
    terms: int = 1
    at_a_time: Callable[[], int] = lambda: TORCH_CHUNK

    @property
    def losses_known(self) -> bool:
        """True: the value comes with the gradient."""
        return True

    def fill(self, parameters: np.ndarray, gradients: np.ndarray, losses: np.ndarray) -> None:
        """Gradients (B, P) and losses (B,) at parameter vectors (B, P), in place, on the CPU."""
        drawn = torch.from_numpy(parameters)
        parts = -(-len(drawn) // self.at_a_time())
        found = functional.gradients_and_losses(drawn, self.beside(drawn), -(-len(drawn) // parts))
        gradients[:], losses[:] = (tensor.detach().numpy() for tensor in found)

    def on_device(self, parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients (B, P) and losses (B,) in the precision and on the device of ``parameters``."""
        return functional.gradients_and_losses(parameters, self.beside(parameters))
