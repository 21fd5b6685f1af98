"""Partial sums of the second moment: the gradients of some samples, reduced.

``C = (1/N) sum_n g_n g_n^T`` is uncentred (Constantine, Dow, Wang 2014, arXiv 1304.2070). A partial
sum holds the triangle of ``sum g g^T`` together with ``sum g`` and ``sum L`` over the same samples.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import ThreadpoolController

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.tree import Node
from eigenscape.active_subspace.triangle import DeviceTriangle, Triangle
from eigenscape.config.sizes import BLOCK, SLOTS
from eigenscape.errors import BadInput
from eigenscape.networks.sampler import Device, Sampler

if TYPE_CHECKING:
    import torch


@dataclass
class PartialSum:
    """Sums over some samples of a cell.

    Attributes:
        triangle: the triangle of sum g g^T; all of it, or the bands that one rank owns.
        first_moments: (P + 1,): sum g, then sum L.
        excluded: (1,), number of samples that are excluded, since their gradient is not finite.
    """

    triangle: Triangle
    first_moments: np.ndarray
    excluded: np.ndarray

    @classmethod
    def zero(cls, parameters: int, bands: Sequence[int] | None = None) -> PartialSum:
        """Return the sum over no samples."""
        return cls(Triangle(parameters, bands), np.zeros(parameters + 1), np.zeros(1))

    def add(self, other: PartialSum) -> PartialSum:
        """Add another partial sum to this one, in place; returns self."""
        self.triangle.add(other.triangle)
        self.first_moments += other.first_moments
        self.excluded += other.excluded
        return self

    def arrays(self) -> list[np.ndarray]:
        """Return all arrays of this sum, contiguous and sharing its memory."""
        return [array for band in self.triangle.bands for array in self.band_arrays(band)]

    def band_arrays(self, band: int) -> list[np.ndarray]:
        """Return the arrays of one band, as C-contiguous views: the strips; with band 0 also the
        first moments and the count.
        """
        strips = [strip.T for strip in self.triangle.band(band)]
        return [*strips, self.first_moments, self.excluded] if band == 0 else strips


class Accumulator:
    """A running sum over consecutive blocks of samples, on the device that computes the gradients
    (host or GPU).

    The bits depend on the gradients and on the order of the blocks alone: on the host every product
    is one ``dgemm`` on one thread. Use it within `one_blas_thread`.

    Args:
        sampler: the sampler of the network.
        bands: the bands of the second moment that are summed; all by default.
        start: the sum to continue; it is taken over, not copied.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> sums = Accumulator(sampler)
        >>> sums.add_block(0, 8)
        >>> gradients, _ = sampler.block(0, 8)
        >>> bool(np.allclose(sums.partial().first_moments[:-1], gradients.sum(axis=0)))
        True
    """

    def __init__(
        self,
        sampler: Sampler,
        bands: Sequence[int] | None = None,
        start: PartialSum | None = None,
    ) -> None:
        parameters = sampler.architecture.parameters
        self._sampler = sampler
        self._sums = PartialSum.zero(parameters, bands) if start is None else start
        self._on_device: DeviceTriangle | None = None
        if sampler.device is not Device.CPU:
            self._on_device = DeviceTriangle(parameters, sampler.device.of_torch, bands)
            self._on_device.load(self._sums.triangle)

    def add_block(self, first: int, count: int) -> None:
        """Add the gradients of samples ``first`` ... ``first + count - 1``."""
        if self._on_device is None:
            self.add_gradients(*self._sampler.block(first, count))
            return
        self.add_device_gradients(*self._sampler.block_on_device(first, count))

    def add_gradients(self, gradients: np.ndarray, losses: np.ndarray) -> None:
        """Add a block of gradients (B, P) and losses (B,), NaN where a sample is excluded, from any
        rank.
        """
        if self._on_device is None:
            self._sums.triangle.add_gram(np.ascontiguousarray(gradients, np.float64))
        else:
            import torch  # noqa: PLC0415 - only this route needs it

            self.add_device_gradients(
                torch.from_numpy(gradients).to(self._sampler.device.of_torch),
                torch.from_numpy(losses),
            )
            return
        counted = ~np.isnan(losses)
        self._sums.first_moments[:-1] += gradients.sum(axis=0, dtype=np.float64)
        self._sums.first_moments[-1] += np.where(counted, losses, 0).sum(dtype=np.float64)
        self._sums.excluded += len(losses) - counted.sum()

    def add_device_gradients(self, gradients: torch.Tensor, losses: torch.Tensor) -> None:
        """Add a block of gradients as torch tensors on the device that computes them, without a
        copy of the gradients.
        """
        if self._on_device is None:
            raise BadInput.field(
                "device", "torch or cuda", "cpu", "give add_gradients arrays on the host"
            )
        self._on_device.add_gram(gradients)
        counted = ~losses.isnan()
        self._sums.first_moments[:-1] += gradients.double().sum(dim=0).cpu().numpy()
        self._sums.first_moments[-1] += float(losses[counted].double().sum())
        self._sums.excluded += len(losses) - int(counted.sum())

    def partial(self) -> PartialSum:
        """The sum so far, on the host; shared with this accumulator."""
        if self._on_device is not None:
            self._sums.triangle = self._on_device.to_host()
        return self._sums


def blocks_of(samples: range) -> Iterator[tuple[int, int]]:
    """Yield (first, count) of the blocks of up to 256 samples, from the first sample on.

    Example:
        >>> list(blocks_of(range(100, 400)))
        [(100, 256), (356, 44)]
    """
    for first in range(samples.start, samples.stop, BLOCK):
        yield first, min(BLOCK, samples.stop - first)


def sum_of_samples(sampler: Sampler, samples: range) -> PartialSum:
    """Compute the partial sum over ``samples``, in blocks of 256 from the first on, on one BLAS
    thread.

    The bits depend only on the sampler and the range. Products are accumulated in float64 whatever
    the precision of the gradients.
    """
    with one_blas_thread():
        sums = Accumulator(sampler)
        for first, count in blocks_of(samples):
            sums.add_block(first, count)
        return sums.partial()


def sum_of_slot(sampler: Sampler, slot: int, samples: int) -> PartialSum:
    """Compute a leaf of the summation tree: the partial sum over one slot of N samples."""
    return sum_of_samples(sampler, tree.slot_samples(slot, SLOTS, samples))


def sum_over_tree(sampler: Sampler, samples: int) -> PartialSum:
    """The sum over N samples in one process, slot by slot over the fixed tree: the bits of any
    number of ranks.
    """
    nodes: dict[Node, PartialSum] = {}
    for slot in range(SLOTS):
        tree.insert(
            nodes, Node(slot, 1), sum_of_slot(sampler, slot, samples), PartialSum.add, SLOTS
        )
    return nodes[Node(0, SLOTS)]


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread where bits matter: OpenBLAS splits products by its threads, and
    rounds accordingly.
    """
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited


@functools.cache
def _libraries() -> ThreadpoolController:
    """Return the numerical libraries of this process; the lookup takes milliseconds and is done
    once.

    Libraries that are loaded later are not limited: SciPy's BLAS, which triangles and the gradient
    kernel use, must be loaded before.
    """
    import scipy.linalg.cython_blas  # noqa: F401, PLC0415

    return ThreadpoolController()
