"""What a sampler is to those who reduce gradients: sample number in, gradient out.

Two classes are samplers: `gradients.GradientSampler`, which draws parameter vectors and
differentiates a loss at them, and `functions.GivenGradients`, an array. Whoever reduces gradients
asks for this protocol, so a third one needs to inherit from nobody.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from eigenscape.architecture import Layout
from eigenscape.errors import NotFiniteGradient
from eigenscape.networks.symmetry import Symmetry

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

    @property
    def of_torch(self) -> torch.device:
        """The device that torch knows; of no use for `CPU`, whose route does not need torch."""
        import torch  # noqa: PLC0415 - the CPU route does not need it

        return torch.device("cuda" if self is Device.CUDA else "cpu")


@runtime_checkable
class Sampler(Protocol):
    """Gradients g_n = grad L(theta_n) by their number n, whoever computes them."""

    @property
    def architecture(self) -> Layout:
        """The positions of the parameters: of a network, or of a function without layers."""
        ...

    @property
    def precision(self) -> np.dtype[np.floating]:
        """The precision of draws and gradients."""
        ...

    @property
    def device(self) -> Device:
        """Where gradients are computed."""
        ...

    @property
    def relative_noise(self) -> float:
        """The relative rounding error of a gradient."""
        ...

    @property
    def symmetry(self) -> Symmetry | None:
        """What leaves the loss and the prior as they are; None where nothing is known of it."""
        ...

    @property
    def losses_known(self) -> bool:
        """Whether `block` tells losses, and not zeros in their place."""
        ...

    def block(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (count, P) and losses (count,), NaN where a sample is excluded, of samples
        ``first`` ... on the host.
        """
        ...

    def block_on_device(self, first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients and losses where they are computed, as torch tensors."""
        ...


class PriorSampler(Sampler, Protocol):
    """A sampler that draws the parameter vectors itself, and tells them."""

    def parameters(self, first: int, count: int) -> np.ndarray:
        """Parameter vectors ``first`` ... ``first + count - 1``, (count, P)."""
        ...


def counted_block(sampler: Sampler, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gradients (k, P) and losses (k,) of those of a block's samples that are not excluded."""
    gradients, losses = sampler.block(first, count)
    counts = ~np.isnan(losses)
    return (gradients, losses) if counts.all() else (gradients[counts], losses[counts])


def none_counts(sampler: Sampler) -> NotFiniteGradient:
    """The error where every sample is excluded."""
    return NotFiniteGradient(
        f"{sampler.architecture.label}: no sample has a finite gradient; choose a prior with"
        " smaller weights or float64"
    )
