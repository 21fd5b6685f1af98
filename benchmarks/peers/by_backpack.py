"""BackPACK: `extend` the model and the loss, `with backpack(BatchGrad())`, as its documentation has
it.

BackPACK batches over data at one parameter vector; there is no batching over parameter vectors, so
there is a Python loop over them. `BatchGrad` gives the gradient of every data point; their sum over
the points is the gradient of the loss. What it is made for, statistics over data at one parameter
vector, is another job.
"""

from __future__ import annotations

import numpy as np
import torch
from backpack import backpack, extend
from backpack.extensions import BatchGrad
from peers.by_naive_loop import eigenvalues, second_moment
from peers.job import Job

__all__ = ["DISTRIBUTIONS", "eigenvalues", "gradients", "second_moment", "warm_up"]

DISTRIBUTIONS = ["backpack-for-pytorch", "torch"]


def warm_up(job: Job) -> None:
    """The first call is slower."""
    _gradients(job, 4)


def gradients(job: Job) -> torch.Tensor:
    """Loss gradients, (N, P), in eigenscape's order of the parameters."""
    return _gradients(job, job.samples)


def _gradients(job: Job, count: int) -> torch.Tensor:
    modules: list[torch.nn.Module] = []
    for layer in job.architecture.layers:
        modules += [
            torch.nn.Linear(layer.fan_in, layer.fan_out, dtype=torch.float64),
            torch.nn.Tanh(),
        ]
    model = extend(torch.nn.Sequential(*modules[:-1]))
    loss = extend(torch.nn.MSELoss())
    x, y = torch.from_numpy(job.inputs), torch.from_numpy(job.targets)
    found = np.empty((count, job.architecture.parameters))
    linear = [module for module in model if isinstance(module, torch.nn.Linear)]
    for number in range(count):
        theta = torch.from_numpy(job.parameters[number])
        with torch.no_grad():
            for module, layer in zip(linear, job.architecture.layers, strict=True):
                module.weight.copy_(theta[layer.weight].view(layer.fan_in, layer.fan_out).T)
                module.bias.copy_(theta[layer.bias])
        model.zero_grad()
        value = loss(model(x), y)
        with backpack(BatchGrad()):
            value.backward()
        row = torch.from_numpy(found[number])
        for module, layer in zip(linear, job.architecture.layers, strict=True):
            row[layer.weight].view(layer.fan_in, layer.fan_out).copy_(
                module.weight.grad_batch.sum(0).T
            )
            row[layer.bias].copy_(module.bias.grad_batch.sum(0))
    return torch.from_numpy(found)
