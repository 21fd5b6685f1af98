"""eigenscape as its stages run: the compiled kernel, strips of the triangle, values only."""

from __future__ import annotations

import numpy as np
from peers.job import Job

from eigenscape.active_subspace.eigensolvers import eigensolver_of_host
from eigenscape.active_subspace.few_samples import spectrum_of_rows
from eigenscape.active_subspace.second_moment import one_blas_thread
from eigenscape.active_subspace.triangle import Triangle
from eigenscape.config.sizes import BLOCK
from eigenscape.networks import kernel

DISTRIBUTIONS = ["numba", "scipy", "torch"]


def warm_up(job: Job) -> None:
    """Load the compiled kernel, and torch, which large eigensolves take."""
    import torch  # noqa: F401

    job.sampler.block(0, 1)


def gradients(job: Job) -> np.ndarray:
    """Loss gradients, (N, P), one parameter vector at a time in cache."""
    found, losses = np.empty_like(job.parameters), np.empty(job.samples)
    for first in range(0, job.samples, BLOCK):
        rows = slice(first, first + BLOCK)
        kernel.fill_gradients(
            job.parameters[rows],
            found[rows],
            losses[rows],
            job.architecture,
            job.sampler.loss.activation,
            job.sampler.loss.problem,
        )
    return found


def second_moment(found: np.ndarray) -> np.ndarray:
    """C in blocks of 256 samples, as the stage takes it."""
    with one_blas_thread():
        triangle = Triangle(found.shape[1])
        for first in range(0, len(found), BLOCK):
            triangle.add_gram(found[first : first + BLOCK])
        return triangle.matrix(1.0 / len(found))


def eigenvalues(moment: np.ndarray, found: np.ndarray) -> np.ndarray:
    """All, by the route and the driver that eigenscape picks: from the gradients where they are
    fewer than the parameters.
    """
    samples, parameters = found.shape
    if samples >= parameters:
        return eigensolver_of_host(parameters, vectors=False).solve(moment)[0]
    rows = np.empty(found.shape, order="F")
    np.divide(found, np.sqrt(samples), out=rows)
    return spectrum_of_rows(
        rows, np.diagonal(moment), np.arange(parameters), samples, 0.0, vectors=False
    ).eigenvalues
