"""The second moment of a function, a network or an array of gradients, in one call on one process.

The workflow reduces the same blocks over the same tree on many ranks, resumes where it was stopped
and stores C on disk. This module does the same in one call, with the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eigenscape.active_subspace.second_moment import blocks_of, one_blas_thread, sum_over_tree
from eigenscape.active_subspace.spectrum import rounding_variance
from eigenscape.active_subspace.triangle import Triangle
from eigenscape.architecture import Layout
from eigenscape.errors import BadInput, NotFiniteGradient, whole_number
from eigenscape.networks.functions import GivenGradients
from eigenscape.networks.quadrature import QuadratureSampler
from eigenscape.networks.sampler import Sampler, none_counts


@dataclass(frozen=True, eq=False)
class SecondMoment:
    """C = (1/N) sum_n g_n g_n^T, uncentred, with the samples from which it was estimated.

    ``np.asarray(moment)`` is the matrix.

    Attributes:
        matrix: C, (P, P), symmetric to the last bit, in squared units of the gradient.
        gradient_mean: (P,), (1/N) sum_n g_n.
        mean_loss: (1/N) sum_n L(theta_n); NaN if losses are unknown.
        samples: N, the number of requested gradients.
        excluded: number of gradients that are left out, since they are not finite; the averages are
            over the others.
        sampler: the source of the gradients, which are not stored.
        weights: (N,), the weight w_n of every sample in all three averages, of sum 1, 0 where a
            sample is left out; None where all count alike.
    """

    matrix: np.ndarray
    gradient_mean: np.ndarray
    mean_loss: float
    samples: int
    excluded: int
    sampler: Sampler
    weights: np.ndarray | None = None

    @property
    def architecture(self) -> Layout:
        """The layout of the parameters."""
        return self.sampler.architecture

    @property
    def parameters(self) -> int:
        """P, the number of parameters."""
        return len(self.matrix)

    @property
    def diagonal(self) -> np.ndarray:
        """Diag C, (P,): the mean squared derivative by each parameter."""
        return np.diagonal(self.matrix).copy()

    @property
    def dust(self) -> np.ndarray:
        """The variance (P,) that rounding alone may leave where a gradient vanishes identically."""
        return rounding_variance(self.diagonal, self.architecture, self.sampler.relative_noise)

    @property
    def effective_samples(self) -> float:
        """Kish's effective number of samples, ``1 / sum_n w_n^2``.

        So many samples of equal weight have the variance of these (Kish, Survey Sampling, 1965). It
        has no meaning for the nodes of a rule.
        """
        if self.weights is None:
            return float(self.samples - self.excluded)
        return float(1.0 / (self.weights @ self.weights))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.matrix, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        left_out = f", {self.excluded} left out" if self.excluded else ""
        if isinstance(self.sampler, QuadratureSampler):
            left_out += ", the nodes of a rule"
        elif self.weights is not None:
            left_out += f" of effective number {self.effective_samples:,.0f}"
        return (
            f"SecondMoment: P = {self.parameters:,} parameters, N = {self.samples:,}"
            f" samples{left_out}, P/N = {self.parameters / self.samples:.3g}\ntr C = E|grad|^2 ="
            f" {np.trace(self.matrix):.4g}"
        )


def second_moment(
    source: Sampler | np.ndarray,
    samples: int | None = None,
    *,
    architecture: Layout | None = None,
    weights: ArrayLike | None = None,
    points: int | None = None,
) -> SecondMoment:
    """Compute C = (1/N) sum_n g_n g_n^T of sampled gradients, or of an array of them; with weights
    ``C = sum_n w_n g_n g_n^T / sum_n w_n``.

    C is uncentred (Constantine, Dow, Wang, SIAM J. Sci. Comput. 36, 2014, arXiv 1304.2070). For a
    sampler of a study's network and its N, these are the bits that the workflow stores. Memory
    holds three P x P matrices.

    Weights are those of a quadrature rule, which a `quadrature_sampler` brings, or of importance
    sampling: gradients at points of a density q stand for those of a density p with ``w_n =
    p(x_n)/q(x_n)``, of which a common factor need not be known. Since it is divided out, the
    estimate has a bias of order 1/N. `SecondMoment.effective_samples` says how many samples of
    equal weight they are worth.

    Args:
        source: a sampler (`network_sampler`, `function_sampler`, `loss_sampler`,
            `quadrature_sampler`), or gradients (N, P), one row per sample.
        samples: N, the number of a sampler's gradients; all rows of an array, and all nodes of a
            rule, by default.
        architecture: the architecture of the network whose gradients an array holds, if it has
            layers.
        weights: (N,), not negative and not all 0; all alike by default.
        points: n, how many terms each gradient of an array sums, such as the data of the loss;
            directions that vanish but for a rounding of n eps are then null. 1 by default; a
            sampler knows its own.

    Raises:
        BadInput: no samples, an array that is not finite or not (N, P), weights that are negative,
            not finite or not (N,), or a part of a rule.
        NotFiniteGradient: a sampled gradient is not finite.

    Example:
        >>> from eigenscape.networks.samplers import function_sampler
        >>> second_moment(np.array([[3.0, 0.0], [0.0, 1.0]])).matrix
        array([[4.5, 0. ],
               [0. , 0.5]])
        >>> second_moment(function_sampler(lambda x: x, 5), samples=2_000)
        SecondMoment: P = 5 parameters, N = 2,000 samples, P/N = 0.0025
        tr C = E|grad|^2 = 4.9...
        >>> second_moment(np.array([[3.0, 0.0], [0.0, 1.0]]), weights=[1, 3]).diagonal
        array([2.25, 0.75])
    """
    sampler, count = source_of(source, samples, architecture, points)
    if isinstance(sampler, QuadratureSampler) or weights is not None:
        return _weighted(sampler, count, _checked_weights(sampler, count, weights))
    sums = sum_over_tree(sampler, count)
    excluded = int(sums.excluded[0])
    counted = count - excluded
    if counted == 0:
        raise none_counts(sampler)
    return SecondMoment(
        matrix=sums.triangle.matrix(1.0 / counted),
        gradient_mean=sums.first_moments[:-1] / counted,
        mean_loss=float(sums.first_moments[-1]) / counted if sampler.losses_known else math.nan,
        samples=count,
        excluded=excluded,
        sampler=sampler,
    )


def _weighted(sampler: Sampler, count: int, weights: np.ndarray) -> SecondMoment:
    """The second moment with weights (N,), block by block from the first sample on."""
    size = sampler.architecture.parameters
    triangle, mean, loss, weights = Triangle(size), np.zeros(size), 0.0, weights.copy()
    excluded = 0
    with one_blas_thread():
        for first, number in blocks_of(range(count)):
            gradients, losses = sampler.block(first, number)
            here = weights[first : first + number]
            left_out = np.isnan(losses)
            excluded += int(left_out.sum())
            here[left_out] = 0.0
            rows = np.sqrt(here)[:, None] * gradients
            triangle.add_gram(np.ascontiguousarray(rows, np.float64))
            mean += here @ gradients
            loss += float(here @ np.where(left_out, 0.0, losses))
    total = float(weights.sum())
    if total == 0:
        raise NotFiniteGradient(
            f"{sampler.architecture.label}: no sample of positive weight has a finite gradient;"
            " choose a prior with smaller weights"
        )
    return SecondMoment(
        matrix=triangle.matrix(1.0 / total),
        gradient_mean=mean / total,
        mean_loss=loss / total if sampler.losses_known else math.nan,
        samples=count,
        excluded=excluded,
        sampler=sampler,
        weights=weights / total,
    )


def _checked_weights(sampler: Sampler, count: int, weights: ArrayLike | None) -> np.ndarray:
    """The weights (N,) of a rule, or those that are given.

    Raises:
        BadInput: a rule with other weights or samples than its own, or weights that are no weights.
    """
    if isinstance(sampler, QuadratureSampler):
        if weights is not None:
            raise BadInput.field("weights", "those of the rule", "others", "leave them out")
        if count != sampler.count:
            expected = f"all {sampler.count} nodes of the rule"
            raise BadInput.field("samples", expected, str(count), "leave samples out")
        return sampler.weights
    found = np.asarray(weights)
    if found.shape != (count,) or found.dtype.kind not in "fiu":
        expected = f"real numbers of shape ({count},), one for each sample"
        fix = "give p(x)/q(x) of each sample as a flat array"
        raise BadInput.field("weights", expected, f"{found.dtype} of shape {found.shape}", fix)
    if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
        expected, numbers = "finite weights of at least 0, some positive", np.ravel(found)
        text = f"numbers from {numbers.min()} to {numbers.max()}"
        raise BadInput.field("weights", expected, text, "leave out rules of negative weights")
    # A common factor need not be known; without it sums of weights neither overflow nor vanish.
    return found.astype(np.float64) / float(found.max())


def source_of(
    source: Sampler | np.ndarray,
    samples: int | None,
    architecture: Layout | None,
    points: int | None = None,
) -> tuple[Sampler, int]:
    """Return a sampler and N, given a sampler and N or an array.

    Raises:
        BadInput: there are no samples or too few, or an architecture or points are given with a
            sampler, which has its own.
    """
    if isinstance(source, Sampler):
        if points is not None:
            raise BadInput.field("points", "those of the sampler", str(points), "leave it out")
        if architecture is not None and architecture != source.architecture:
            raise BadInput.field(
                "architecture", "that of the sampler", architecture.label, "leave it out"
            )
        sampler = source
    elif isinstance(source, str | SecondMoment) or callable(source):
        fix = "make one with function_sampler(gradient, P) or loss_sampler(loss, P)"
        raise BadInput.field(
            "source", "a sampler or an array of gradients", type(source).__name__, fix
        )
    else:
        sampler = GivenGradients(source, architecture, 1 if points is None else points)
    if isinstance(sampler, GivenGradients | QuadratureSampler) and samples is None:
        samples = sampler.count
    if samples is None:
        expected, fix = (
            "how many gradients to draw",
            f"write samples={4 * sampler.architecture.parameters}, four for each parameter",
        )
        raise BadInput.field("samples", expected, "nothing", fix)
    samples = whole_number("samples", samples, 1, "draw some four for each parameter")
    if isinstance(sampler, GivenGradients) and samples > sampler.count:
        raise BadInput.field(
            "samples",
            f"at most {sampler.count}, the rows of the array",
            str(samples),
            "ask for fewer",
        )
    return sampler, samples
