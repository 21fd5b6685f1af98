"""Second moments other than the active-subspace matrix, from the same engine, each under its own
name.

With l_i = |f(x_i) - y_i|^2 (averaged over outputs), L = (1/n) sum_i l_i, g_i = grad l_i, J_i = grad
f(x_i), r_i = f(x_i) - y_i, all at a parameter vector theta:

=================  =============================  ==================================================
name               matrix                         what it is, and is not
=================  =============================  ==================================================
full batch         E[grad L grad L^T]             C, the active-subspace matrix (Constantine, Dow,
                                                  Wang 2014, arXiv 1304.2070). Not a Hessian.
centred            C - E[grad L] E[grad L]^T      covariance of grad L under the prior. Not the
                                                  gradient noise of stochastic gradient descent,
                                                  which is at one theta.
per datum          E[(1/n) sum_i g_i g_i^T]       the empirical Fisher (Kunstner, Balles, Hennig
                                                  2019, arXiv 1905.12558) averaged over the prior; C
                                                  plus the covariance of g_i over the data. Not the
                                                  Fisher matrix: residuals are the data's, not the
                                                  model's.
Gauss-Newton       E[(1/n) sum_i J_i J_i^T]       G averaged over the prior (Schraudolph 2002,
                                                  Neural Computation 14); the Fisher matrix of
                                                  N(f, 1) (Martens 2020, arXiv 1412.1193). Knows no
                                                  target. Half the Hessian of L where all residuals
                                                  vanish.
NTK Gram           K_ij = J_i . J_j, (n, n)       neural tangent kernel at one theta (Jacot,
                                                  Gabriel, Hongler 2018, arXiv 1806.07572): the
                                                  non-zero spectrum of n G at that theta. Not
                                                  averaged.
local prior        C for theta ~ N(theta*,        C about a trained theta*. At a minimum
                   tau^2 I)                       C = tau^2 H^2 + O(tau^4), H the Hessian of L. Not
                                                  the posterior.
=================  =============================  ==================================================

grad L = (1/n) sum_i g_i and, with one output, g_i = 2 r_i J_i: so C = (4/n^2) E[J^T r r^T J] with J
(n, P). Condition numbers of different matrices of this table answer different questions, and are
not to be compared as if they were one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.triangle import Triangle, assemble, band_count
from eigenscape.config.sizes import NUMBERS_PER_BATCH
from eigenscape.errors import BadInput, NotFiniteGradient
from eigenscape.networks import kernel
from eigenscape.networks.gradients import GradientSampler, NonFinite
from eigenscape.networks.network_loss import NetworkLoss
from eigenscape.networks.priors import StandardDraw
from eigenscape.networks.problems import Problem
from eigenscape.networks.sampler import counted_block
from eigenscape.networks.sampling import fill_parameters

GROWTH, SHRINKAGE = 1.1, 0.5
"""Factors of the step of `descend` after a loss that decreased and one that did not (Vogl et al.,
Biological Cybernetics 59, 1988)."""


@dataclass(frozen=True)
class Moments:
    """Averages over rows, which are gradients of some kind.

    Attributes:
        second_moment: (P, P), symmetric to the last bit.
        gradient_mean: (P,).
        rows: number of averaged rows.
    """

    second_moment: np.ndarray
    gradient_mean: np.ndarray
    rows: int


@dataclass(frozen=True)
class Trained:
    """The end point of gradient descent.

    Attributes:
        parameters: (P,), theta*.
        loss: L(theta*).
        gradient_norm: |grad L(theta*)|; C tends to tau^2 H^2 only if this is far below tau |H|.
    """

    parameters: np.ndarray
    loss: float
    gradient_norm: float


def full_batch_moments(sampler: GradientSampler[NetworkLoss], samples: range) -> Moments:
    """Compute C and E[grad L] over some samples of the prior: N rows.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> full_batch_moments(sampler, range(8)).second_moment.shape
        (7, 7)
    """
    size = _samples_per_batch(sampler, 1)
    return _moments(
        (counted_block(sampler, first, count)[0] for first, count in _batches(samples, size)),
        sampler.architecture.parameters,
    )


def per_datum_gradients(
    sampler: GradientSampler[NetworkLoss], first: int, count: int
) -> np.ndarray:
    """Compute the gradients g_i of the loss of every data point, at samples ``first`` ... ``first +
    count - 1``.

    The computation runs on the CPU, in the sampler's precision: the kernel is called once for each
    data point.

    Returns:
        (count n, P), sample by sample: row s n + i is g_i at sample ``first + s``. Where the
        sampler excludes samples, those of which some g_i is not finite have no rows.

    Raises:
        NotFiniteGradient: a gradient has an infinity or NaN, and the sampler excludes none.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> rows = per_datum_gradients(sampler, 0, 3)
        >>> means = rows.reshape(3, 50, 7).mean(axis=1)
        >>> rows.shape, bool(np.allclose(means, sampler.block(0, 3)[0]))
        ((150, 7), True)
    """
    gradients, _ = _per_datum(sampler, first, count)
    return gradients.reshape(-1, sampler.architecture.parameters)


def _per_datum(
    sampler: GradientSampler[NetworkLoss], first: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same as (k, n, P), and the k parameter vectors of the samples that count."""
    inputs, targets = sampler.loss.problem.inputs, sampler.loss.problem.targets
    parameters = sampler.parameters(first, count)
    gradients = np.empty((count, len(inputs), sampler.architecture.parameters), parameters.dtype)
    for point in range(len(inputs)):
        gradients[:, point] = _gradients(
            sampler, parameters, Problem(inputs[point : point + 1], targets[point : point + 1])
        )[0]
    finite = np.isfinite(gradients).all(axis=(1, 2))
    if finite.all():
        return gradients, parameters
    if sampler.non_finite is NonFinite.FAIL:
        raise NotFiniteGradient(
            f"sample {first + int(np.argmin(finite))} of {sampler.architecture.label}: expected"
            " finite gradients of every point, found infinity or NaN; choose a prior with smaller"
            " weights"
        )
    return gradients[finite], parameters[finite]


def per_datum_moments(sampler: GradientSampler[NetworkLoss], samples: range) -> Moments:
    """Compute E[(1/n) sum_i g_i g_i^T] and its mean, which is E[grad L], over some samples: N n
    rows.
    """
    size = _samples_per_batch(sampler, sampler.loss.problem.points)
    rows = (per_datum_gradients(sampler, first, count) for first, count in _batches(samples, size))
    return _moments(rows, sampler.architecture.parameters)


def output_jacobians(sampler: GradientSampler[NetworkLoss], first: int, count: int) -> np.ndarray:
    """Compute the gradients J_i = grad f(x_i) of the output from the gradients of the loss of every
    data point.

    g_i = 2 r_i J_i, and the entry of J_i that belongs to the output's bias is 1: so that entry of
    g_i is 2 r_i, and dividing by it is exact but for one rounding. Where r_i = 0, or so small that
    g_i underflows, the target is moved.

    Returns:
        (count, n, P), without samples that are excluded.

    Raises:
        BadInput: there are several outputs. Then g_i is the sum of the gradients of all outputs,
            each times its own residual, and they cannot be separated.
        NotFiniteGradient: a gradient holds an infinity or NaN.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> jacobians = output_jacobians(sampler, 0, 3)
        >>> jacobians.shape, bool((jacobians[..., -1] == 1).all())
        ((3, 50, 7), True)
    """
    if sampler.loss.architecture.outputs != 1:
        raise BadInput.field(
            "outputs",
            "one, since gradients of several outputs cannot be separated in the gradient of their"
            " summed loss",
            str(sampler.loss.architecture.outputs),
            "take the second moment of per-datum gradients, or one network for each output",
        )
    problem = sampler.loss.problem
    gradients, parameters = _per_datum(sampler, first, count)
    vanishing = np.abs(gradients[..., -1]) < math.sqrt(np.finfo(gradients.dtype).tiny)
    for point in np.flatnonzero(vanishing.any(axis=0)):
        samples = np.flatnonzero(vanishing[:, point])
        target = problem.targets[point : point + 1]
        moved = Problem(problem.inputs[point : point + 1], target + 1.0 + np.abs(target))
        gradients[samples, point] = _gradients(sampler, parameters[samples], moved)[0]
    return np.asarray(gradients / gradients[..., -1:])


def gauss_newton(sampler: GradientSampler[NetworkLoss], samples: range) -> np.ndarray:
    """Compute E[(1/n) sum_i J_i J_i^T] over some samples, (P, P), symmetric to the last bit; N n
    rows.

    Raises:
        BadInput: several outputs.
        NotFiniteGradient: a gradient holds an infinity or NaN.

    Example:
        >>> from eigenscape.active_subspace.tangent_kernel import ntk_gram
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> trace = np.trace(gauss_newton(sampler, range(3, 4)))
        >>> bool(np.isclose(50 * trace, np.trace(ntk_gram(sampler, 3))))
        True
    """
    parameters = sampler.architecture.parameters
    size = _samples_per_batch(sampler, sampler.loss.problem.points)
    rows = (
        output_jacobians(sampler, first, count).reshape(-1, parameters)
        for first, count in _batches(samples, size)
    )
    return _moments(rows, parameters).second_moment


def centred(second_moment: np.ndarray, gradient_mean: np.ndarray) -> np.ndarray:
    """Return the covariance C - m m^T of rows with second moment C (P, P) and mean m (P,); the
    divisor is N, not N - 1.

    Raises:
        BadInput: shapes that do not fit.

    Example:
        >>> centred(np.array([[5.0, 2.0], [2.0, 1.0]]), np.array([2.0, 1.0]))
        array([[1., 0.],
               [0., 0.]])
    """
    if second_moment.shape != (len(gradient_mean),) * 2:
        expected = (
            f"shape {(len(second_moment),)} for a second moment of shape {second_moment.shape}"
        )
        raise BadInput.field(
            "gradient_mean", expected, str(gradient_mean.shape), "give both of the same rows"
        )
    return np.asarray(second_moment - np.outer(gradient_mean, gradient_mean))


def descend(
    sampler: GradientSampler[NetworkLoss], sample: int, steps: int, first_step: float = 1e-3
) -> Trained:
    """Train from one sample of the prior by full-batch gradient descent, in float64.

    theta <- theta - step grad L(theta). A step after which the loss is not smaller is undone and
    halved; after any other the step grows by a tenth, so no step size must be known beforehand.

    Args:
        sampler: the network, the problem, and the prior of the starting point.
        sample: number of the starting point.
        steps: number of gradients that are computed.
        first_step: the first step's size.

    Raises:
        NotFiniteGradient: the starting point's loss or gradient holds an infinity or NaN.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> start = float(sampler.block(0, 1)[1][0])
        >>> descend(sampler, 0, 100).loss < descend(sampler, 0, 10).loss < start
        True
    """
    theta = sampler.parameters(sample, 1).astype(np.float64)
    gradient, losses = _gradients(sampler, theta, sampler.loss.problem)
    if not (np.isfinite(losses).all() and np.isfinite(gradient).all()):
        raise NotFiniteGradient(
            f"sample {sample} of {sampler.architecture.label}: expected a finite gradient to"
            " descend along, found infinity or NaN; start from another sample, or choose a prior"
            " with smaller weights"
        )
    step = first_step
    for _ in range(steps):
        trial = theta - step * gradient
        trial_gradient, trial_losses = _gradients(sampler, trial, sampler.loss.problem)
        if trial_losses[0] < losses[0]:
            theta, gradient, losses, step = trial, trial_gradient, trial_losses, GROWTH * step
        else:
            step *= SHRINKAGE
    return Trained(theta[0], float(losses[0]), float(np.linalg.norm(gradient)))


def local_prior_moment(
    sampler: GradientSampler[NetworkLoss], centre: np.ndarray, spread: float, samples: int, key: int
) -> Moments:
    """Compute C and E[grad L] for theta ~ N(centre, spread^2 I), in float64: N rows.

    Args:
        sampler: the network and the problem; its prior is not used.
        centre: (P,), theta*, such as `descend` finds.
        spread: tau, the standard deviation of every parameter.
        samples: N.
        key: key of the random stream, from `seeding.stream_key`.

    Raises:
        BadInput: a centre of another network, or a spread that is not positive.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> local_prior_moment(sampler, descend(sampler, 0, 100).parameters, 0.01, 20, key=1).rows
        20
    """
    parameters = sampler.architecture.parameters
    if centre.shape != (parameters,):
        raise BadInput.field(
            "centre",
            f"shape {(parameters,)}",
            str(centre.shape),
            "give a parameter vector of the sampler's network",
        )
    if not 0 < spread < math.inf:
        raise BadInput.field(
            "spread",
            "a positive number",
            str(spread),
            "give the standard deviation about the centre, such as 0.01",
        )

    def block(first: int, count: int) -> np.ndarray:
        theta = np.empty((count, parameters))
        fill_parameters(theta, first, key, np.full(parameters, spread), StandardDraw.NORMAL)
        return _gradients(sampler, theta + centre, sampler.loss.problem)[0]

    return _moments(
        (block(*batch) for batch in _batches(range(samples), _samples_per_batch(sampler, 1))),
        parameters,
    )


def _gradients(
    sampler: GradientSampler[NetworkLoss], parameters: np.ndarray, problem: Problem
) -> tuple[np.ndarray, np.ndarray]:
    """Compute gradients (B, P) and losses (B,) of a problem at given parameter vectors (B, P), in
    new arrays.
    """
    gradients, losses = np.empty_like(parameters), np.empty(len(parameters), parameters.dtype)
    kernel.fill_gradients(
        parameters,
        gradients,
        losses,
        sampler.loss.architecture,
        sampler.loss.activation,
        problem,
    )
    return gradients, losses


def _moments(blocks: Iterable[np.ndarray], parameters: int) -> Moments:
    """Average over the rows of blocks (B, P), with sums in float64."""
    triangle, total, rows = Triangle(parameters), np.zeros(parameters), 0
    for block in blocks:
        if not len(block):
            continue
        wide = np.ascontiguousarray(block, np.float64)
        triangle.add_gram(wide)
        total += wide.sum(axis=0)
        rows += len(wide)
    if not rows:
        raise BadInput.field("samples", "at least one", "none", "give a range that is not empty")
    bands = {band: triangle.band(band) for band in range(band_count(parameters))}
    return Moments(assemble(parameters, bands, 1 / rows), total / rows, rows)


def _samples_per_batch(sampler: GradientSampler[NetworkLoss], rows_per_sample: int) -> int:
    return max(1, NUMBERS_PER_BATCH // (rows_per_sample * sampler.architecture.parameters))


def _batches(samples: range, size: int) -> Iterable[tuple[int, int]]:
    """Yield the first number and count of every batch."""
    return (
        (first, min(size, samples.stop - first))
        for first in range(samples.start, samples.stop, size)
    )
