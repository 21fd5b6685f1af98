"""Partial sums of the second moment: the gradients of some samples, reduced.

``C = (1/N) sum_n g_n g_n^T`` is uncentred (Constantine, Dow, Wang 2014, arXiv 1304.2070). A partial sum
holds the triangle of ``sum g g^T`` together with ``sum g`` and ``sum L`` over the same samples.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.triangle import DeviceTriangle, Triangle
from eigenscape.networks.gradients import Device, GradientSampler
from eigenscape.study import BLOCK, SLOTS


@dataclass
class PartialSum:
    """Sums over some samples of a cell.

    Attributes:
        triangle: of sum g g^T.
        first_moments: (P + 1,): sum g, then sum L.
    """

    triangle: Triangle
    first_moments: np.ndarray

    @classmethod
    def zero(cls, parameters: int) -> PartialSum:
        """The sum over no samples."""
        return cls(Triangle(parameters), np.zeros(parameters + 1))

    def add(self, other: PartialSum) -> PartialSum:
        """Add another partial sum to this one, in place; returns self."""
        self.triangle.add(other.triangle)
        self.first_moments += other.first_moments
        return self

    def arrays(self) -> list[np.ndarray]:
        """Everything that a shard must hold, as contiguous arrays that share memory with this sum."""
        return [strip.T for strip in self.triangle.strips] + [self.first_moments]


def sum_of_samples(sampler: GradientSampler, samples: range) -> PartialSum:
    """The partial sum over ``samples``, in blocks of 256 from the first on, on one BLAS thread.

    The bits depend on the sampler and the range alone. Products are accumulated in float64 whatever
    the precision of the gradients.
    """
    parameters = sampler.architecture.parameters
    on_device = None if sampler.device is Device.CPU else _device_triangle(sampler, parameters)
    partial = PartialSum.zero(parameters)
    with _libraries().limit(limits=1, user_api="blas"):
        _accumulate(sampler, samples, partial, on_device)
    if on_device is not None:
        partial.triangle = on_device.to_host()
    return partial


@functools.cache
def _libraries() -> ThreadpoolController:
    """The numerical libraries of this process; looked up once, since that takes milliseconds."""
    return ThreadpoolController()


def _accumulate(sampler: GradientSampler, samples: range, partial: PartialSum, on_device: DeviceTriangle | None) -> None:
    for first in range(samples.start, samples.stop, BLOCK):
        count = min(BLOCK, samples.stop - first)
        if on_device is None:
            gradients, losses = sampler.block(first, count)
            partial.triangle.add_gram(np.ascontiguousarray(gradients, np.float64))
        else:
            device_gradients, device_losses = sampler.block_on_device(first, count)
            on_device.add_gram(device_gradients)
            gradients, losses = device_gradients.cpu().numpy(), device_losses.cpu().numpy()
        partial.first_moments[:-1] += gradients.sum(axis=0, dtype=np.float64)
        partial.first_moments[-1] += losses.sum(dtype=np.float64)


def _device_triangle(sampler: GradientSampler, parameters: int) -> DeviceTriangle:
    import torch  # noqa: PLC0415 - the CPU route does not need it

    return DeviceTriangle(parameters, torch.device("cuda" if sampler.device is Device.CUDA else "cpu"))


def sum_of_slot(sampler: GradientSampler, slot: int, samples: int) -> PartialSum:
    """The leaf of the summation tree: the partial sum over one slot of N samples."""
    return sum_of_samples(sampler, tree.slot_samples(slot, SLOTS, samples))
