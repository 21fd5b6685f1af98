"""What a first script does: a Python loop over parameter vectors, autograd, one matrix product,
`torch.linalg.eigvalsh`.
"""

from __future__ import annotations

import numpy as np
import torch
from peers.job import Job

from eigenscape.networks.functional import mean_squared_residual

DISTRIBUTIONS = ["torch"]


def warm_up(job: Job) -> None:
    """The first call of autograd is slower."""
    _gradients(job, 4)


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
    found = []
    for row in job.parameters[:count]:
        theta = torch.from_numpy(row).requires_grad_()
        loss(theta).backward()
        found.append(theta.grad)
    return torch.stack(found)


def second_moment(found: torch.Tensor) -> torch.Tensor:
    """C by one product."""
    return found.T @ found / len(found)


def eigenvalues(moment: torch.Tensor, _found: torch.Tensor) -> np.ndarray:
    """All; a script that calls `eigh` and drops the vectors pays three to five times as much."""
    return torch.linalg.eigvalsh(moment).numpy()[::-1].copy()
