"""curvlinops: C as an `EFLinearOperator`, and its ten largest eigenvalues by SciPy's `eigsh`, as
its documentation has it.

The empirical Fisher is over data at one parameter vector. It becomes C by a change of roles: the
datum is a parameter vector theta_n, the model has the parameters delta = 0, its output for the
datum is sqrt(L(theta_n + delta)), and the loss is the square of the output (`MSELoss` against 0),
whose gradient by delta is grad L(theta_n). C is never formed: a product C v costs a pass over all
samples, so all eigenvalues are out of reach. Other routes compute all P of them.
"""

from __future__ import annotations

import numpy as np
import torch
from curvlinops import EFLinearOperator
from peers.job import Job
from scipy.sparse.linalg import eigsh

from eigenscape.networks.functional import mean_squared_residual

DISTRIBUTIONS = ["curvlinops-for-pytorch", "torch", "scipy"]
LARGEST = 10
BATCH = 250
"""Parameter vectors at once: the operator sums over mini-batches."""


class RootLoss(torch.nn.Module):
    """sqrt(L(theta + delta)) for a batch of theta (B, P), as (B, 1)."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.delta = torch.nn.Parameter(
            torch.zeros(job.architecture.parameters, dtype=torch.float64)
        )
        x, y = torch.from_numpy(job.inputs), torch.from_numpy(job.targets)
        self._loss = mean_squared_residual(x, y, job.architecture, job.sampler.loss.activation)

    def forward(self, theta: torch.Tensor) -> torch.Tensor:
        """The output of every datum."""
        return torch.func.vmap(self._loss)(theta + self.delta).sqrt()[:, None]


def warm_up(job: Job) -> None:
    """One product."""
    _operator(job, 32) @ torch.ones(job.architecture.parameters, dtype=torch.float64)


def largest_eigenvalues(job: Job) -> np.ndarray:
    """The ten largest eigenvalues of C, straight from the parameter vectors."""
    operator = _operator(job, job.samples).to_scipy()
    return eigsh(
        operator, k=LARGEST, which="LM", return_eigenvectors=False, v0=np.ones(operator.shape[0])
    )[::-1].copy()


def _operator(job: Job, count: int) -> EFLinearOperator:
    model = RootLoss(job)
    parameters = torch.from_numpy(job.parameters[:count])
    data = [
        (part, torch.zeros(len(part), 1, dtype=torch.float64)) for part in parameters.split(BATCH)
    ]
    return EFLinearOperator(
        model, torch.nn.MSELoss(), [model.delta], data, check_deterministic=False
    )
