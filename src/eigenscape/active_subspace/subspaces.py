"""How far the eigenvalues and the leading subspaces of C would move with other samples.

A replicate draws N gradients with replacement, solves for its own eigenvalues and eigenvectors, and
is compared with the sample (Constantine and Gleich, Computing active subspaces with Monte Carlo,
2015, arXiv 1408.0545). A subspace that many samples would give anew is worth a plot or a response
surface; one that they would not is noise, whatever its eigenvalue.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.conditioning import LEAST_REPLICATES, REPLICATES
from eigenscape.active_subspace.estimate import SecondMoment
from eigenscape.active_subspace.resampling import FULL_BOOTSTRAP_LIMIT, SubspaceErrors
from eigenscape.active_subspace.second_moment import blocks_of
from eigenscape.active_subspace.tails import effective_samples
from eigenscape.errors import BadInput, whole_number
from eigenscape.interval import Interval
from eigenscape.networks.quadrature import QuadratureSampler
from eigenscape.seeding import generator

EVERY_DIMENSION_UP_TO = 10
"""Directions up to which every dimension is looked at; of m more, those up to m / ln m, as Luo and
Li (2016) do: of larger subspaces the replicates say nothing."""


@dataclass(frozen=True, eq=False)
class SubspaceBootstrap:
    """The spectrum of C and its leading subspaces, with what R replicates of the sample make of
    them.

    Attributes:
        eigenvalues: (m,), of the sample, descending, and the least and the largest of the
            replicates as ends; m is P, or 200 where P is larger. Where P/N is not small, ends may
            leave the value out, since replicates lie further apart than the sample does.
        effective_samples: (m,), the effective number ``(sum_n a_n)^2 / sum_n a_n^2`` of the
            contributions ``a_n = w_n (u_i . g_n)^2`` of the samples to lambda_i (Kish, Survey
            Sampling, 1965): N/3 for normal gradients, few where the tail carries the eigenvalue.
            Where it is small, replicates have not seen the tail, and ranges are too short.
        trace: tr C of the sample.
        errors: least, mean and largest ``|W1 W1^T - W1* W1*^T|_2`` over the replicates, for the
            dimensions n = 1 ... K: the sine of the largest angle between the n leading
            eigenvectors of the sample and those of a replicate. 0 is no rotation, 1 a right angle.
        variability: (K,), the mean over the replicates of ``1 - |det(W1^T W1*)|``, as Luo and Li
            (2016) measure the same.
        replicates: (R, m), eigenvalues of the replicates, descending.
        traces: (R,), their tr C.
        samples: N.
        parameters: P.
    """

    eigenvalues: Interval[np.ndarray]
    effective_samples: np.ndarray
    trace: float
    errors: SubspaceErrors
    variability: np.ndarray
    replicates: np.ndarray
    traces: np.ndarray
    samples: int
    parameters: int

    @property
    def dimensions(self) -> np.ndarray:
        """The dimensions n = 1 ... K of the subspaces that are compared."""
        return self.errors.dimensions

    def __repr__(self) -> str:
        rows = [
            f"SubspaceBootstrap: P = {self.parameters:,}, N = {self.samples:,},"
            f" {len(self.replicates):,} replicates",
            "   n  eigenvalue  [least, largest]        effective N"
            "  subspace error  [least, largest]",
        ]
        for index, dimension in enumerate(self.dimensions[:5]):
            value, low, high = self.eigenvalues.at(index)
            errors = self.errors
            rows.append(
                f"{dimension:4d}  {value:10.4g}  [{low:.4g}, {high:.4g}]".ljust(44)
                + f"{self.effective_samples[index]:9,.0f}{errors.mean[index]:16.3g}"
                + f"  [{errors.minimum[index]:.3g}, {errors.maximum[index]:.3g}]"
            )
        if len(self.dimensions) > 5:
            rows.append(f" ...  up to n = {self.dimensions[-1]}")
        return "\n".join(rows)


def bootstrap_subspaces(
    moment: SecondMoment, *, replicates: int = REPLICATES, seed: int = 0
) -> SubspaceBootstrap:
    """Compute the ranges of the eigenvalues of C, and the errors of its leading subspaces, by the
    bootstrap.

    Replicate r has ``C* = sum_n c_n w_n g_n g_n^T / sum_n c_n w_n`` with multinomial counts c and
    the weights w of the second moment. The error of a subspace is ``|W1 W1^T - W1* W1*^T|_2``, W1
    the n leading eigenvectors of C and W1* those of C* (Constantine and Gleich 2015, arXiv
    1408.0545; ranges are from the least to the largest replicate, as in their software).

    Ranges describe the fluctuation, not the bias: where P/N is not small, replicates, which hold
    only 63 % of the gradients, lie further apart than the sample does. Where gradients have heavy
    tails, the effective number of samples beside each eigenvalue is small, and the range is too
    short. Beyond P = 200 replicates are taken inside the span of the 200 leading eigenvectors, and
    rotations out of it are not seen.

    Args:
        moment: the result of `second_moment`; its gradients are computed once more.
        replicates: R, at least 20.
        seed: of their random stream.

    Raises:
        BadInput: a bare matrix, which has no samples; the nodes of a rule, which are none; one
            parameter, which has no subspaces; C = 0; or fewer than 20 replicates.

    Example:
        >>> from eigenscape.active_subspace.estimate import second_moment
        >>> from eigenscape.networks.samplers import function_sampler
        >>> scales = np.array([10.0, 3.0, 3.0])
        >>> sampler = function_sampler(lambda x: scales * x, 3)
        >>> found = bootstrap_subspaces(second_moment(sampler, samples=4_000))
        >>> bool(found.errors.maximum[0] < 0.02), bool(found.errors.maximum[1] > 0.5)
        (True, True)
        >>> bool((found.eigenvalues.low < found.eigenvalues.value).all())
        True
    """
    replicates = whole_number("replicates", replicates, LEAST_REPLICATES, f"write {REPLICATES}")
    _check(moment)
    values, vectors = np.linalg.eigh(moment.matrix)
    size = min(moment.parameters, FULL_BOOTSTRAP_LIMIT)
    # C is positive semi-definite; what is below 0 is rounding.
    values, directions = np.maximum(values[::-1][:size], 0.0), vectors[:, ::-1][:, :size]
    along, squares, weights = _coordinates(moment, directions)
    count = size - 1 if size <= EVERY_DIMENSION_UP_TO else int(size / math.log(size))
    eigenvalues, traces = np.empty((replicates, size)), np.empty(replicates)
    errors, variability = np.empty((replicates, count)), np.empty((replicates, count))
    sizes = moment.architecture.sizes
    drawn = _replicate_weights(weights, replicates, seed, *sizes)
    for replicate, counted in enumerate(drawn):
        traces[replicate] = counted @ squares
        found, overlap = np.linalg.eigh((along * counted[:, None]).T @ along)
        # In the sample's own basis a replicate's eigenvectors are the overlaps of both.
        eigenvalues[replicate], overlap = np.maximum(found[::-1], 0.0), overlap[:, ::-1]
        for index in range(count):
            leading = overlap[: index + 1]
            errors[replicate, index] = np.linalg.norm(leading[:, index + 1 :], ord=2)
            variability[replicate, index] = 1 - abs(np.linalg.det(leading[:, : index + 1]))
    return SubspaceBootstrap(
        eigenvalues=Interval(values, eigenvalues.min(axis=0), eigenvalues.max(axis=0)),
        effective_samples=effective_samples(weights[:, None] * along**2),
        trace=float(np.trace(moment.matrix)),
        errors=SubspaceErrors(
            np.arange(1, count + 1), errors.min(axis=0), errors.mean(axis=0), errors.max(axis=0)
        ),
        variability=variability.mean(axis=0),
        replicates=eigenvalues,
        traces=traces,
        samples=moment.samples,
        parameters=moment.parameters,
    )


def _coordinates(
    moment: SecondMoment, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates G V (N, m) of the samples, their |g|^2 (N,), and their weights (N,), 0 where a
    sample is left out.
    """
    along = np.empty((moment.samples, directions.shape[1]))
    squares, counted = np.empty(moment.samples), np.empty(moment.samples, dtype=bool)
    for first, count in blocks_of(range(moment.samples)):
        gradients, losses = moment.sampler.block(first, count)
        rows = slice(first, first + count)
        along[rows] = gradients @ directions
        squares[rows] = np.einsum("ni,ni->n", gradients, gradients, dtype=np.float64)
        counted[rows] = ~np.isnan(losses)
    weights = counted / counted.sum() if moment.weights is None else moment.weights
    return along, squares, weights


def _replicate_weights(
    weights: np.ndarray, replicates: int, seed: int, *labels: object
) -> Iterator[np.ndarray]:
    """Yield the weights (N,) of each replicate, of sum 1: those of the samples times how often each
    of them is drawn. Samples of weight 0 are not drawn.
    """
    random = generator(seed, "subspace bootstrap", *labels)
    carrying = weights > 0
    count = int(carrying.sum())
    for _ in range(replicates):
        drawn = np.zeros(len(weights))
        drawn[carrying] = random.multinomial(count, np.full(count, 1 / count)) * weights[carrying]
        yield drawn / drawn.sum()


def _check(moment: SecondMoment) -> None:
    """Refuse what has no samples or no subspaces.

    Raises:
        BadInput: see `bootstrap_subspaces`.
    """
    if not isinstance(moment, SecondMoment):
        fix = "pass the result of second_moment"
        raise BadInput.field(
            "moment", "a SecondMoment, whose samples are drawn anew", type(moment).__name__, fix
        )
    if isinstance(moment.sampler, QuadratureSampler):
        fix = "compare two numbers of points, or draw samples by function_sampler"
        raise BadInput.field("moment", "random samples", "the nodes of a quadrature rule", fix)
    if moment.parameters < 2 or not np.trace(moment.matrix) > 0:
        found = f"P = {moment.parameters}, tr C = {np.trace(moment.matrix):.4g}"
        raise BadInput.field(
            "moment", "two parameters or more and a positive trace", found, "nothing to divide"
        )
