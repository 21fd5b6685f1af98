"""`torch.func`, as PyTorch's tutorial on per-sample gradients has it: `vmap(grad(loss))`, in
chunks.

A chunk of 32 was the fastest on the CPU at P = 5,146; without chunks the memory of all samples is
needed at once.
"""

from __future__ import annotations

import torch
from peers.by_naive_loop import eigenvalues, second_moment
from peers.job import Job

from eigenscape.networks.functional import mean_squared_residual

__all__ = ["DISTRIBUTIONS", "eigenvalues", "gradients", "second_moment", "warm_up"]

DISTRIBUTIONS = ["torch"]
CHUNK = 32


def warm_up(job: Job) -> None:
    """The first call is slower."""
    _gradients(job, CHUNK)


def gradients(job: Job) -> torch.Tensor:
    """Loss gradients, (N, P)."""
    return _gradients(job, job.samples)


def _gradients(job: Job, count: int) -> torch.Tensor:
    loss = mean_squared_residual(
        torch.from_numpy(job.inputs),
        torch.from_numpy(job.targets),
        job.architecture,
        job.sampler.loss.activation,
    )
    return torch.func.vmap(torch.func.grad(loss), chunk_size=CHUNK)(
        torch.from_numpy(job.parameters[:count])
    )
