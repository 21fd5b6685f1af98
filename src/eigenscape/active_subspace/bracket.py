"""The accuracy of a condition number from finitely many samples: a bracket, and an extrapolation in
P/N.

The sample value is biased up: the largest eigenvalue is a maximum over directions, so on average it
lies above lambda_1 (Jensen: the largest eigenvalue is convex in C), and the smallest below
lambda_P. The split-half value is biased down: with unit vectors v_1, v_P from one half of the
samples, the variances v^T C' v on the *other* half are unbiased for v^T C v, and a Rayleigh
quotient of C lies between lambda_P and lambda_1. So, on average, split half <= truth <= sample. The
bracket is these two values moved outwards by 1.96 standard errors of the log variances across
halves, the size of their fluctuation.

Sample values at N/2 and N (and N/4, where P/N stays at or below 1/2) are extrapolated linearly in
P/N to 0. The result is a guide and not a correction: it removes most of the bias for graded C,
where the smallest eigenvalues shrink by about 1 - P/N, and some 60 % of it for isotropic C. Bracket
and extrapolation are this project's proposal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack, solve_triangular
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from eigenscape.active_subspace.bootstrap import bootstrap_weights, unbroken_interval
from eigenscape.active_subspace.resampling import full_bootstrap_spectrum
from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.spectrum import GRADED_BELOW
from eigenscape.config.sizes import BLOCK
from eigenscape.interval import Interval
from eigenscape.networks.sampler import Sampler

LARGEST_RATIO = 0.5
"""Largest P/N of sample values in the extrapolation: near 1 the smallest eigenvalue tends to 0."""

STANDARD_ERRORS = 1.96
"""Number of standard errors: by fluctuation alone, each end misses the truth in at most 2.5 % of
the cases."""

OUTER = 8
"""Number of eigenvectors at either end within whose span the sample value is resampled."""

LANCZOS_TOLERANCE = 1e-6
"""Relative tolerance of the extreme vectors: any unit vector gives a bracket, a better one only a
tighter one."""


@dataclass(frozen=True)
class Bracket:
    """Bounds on the population's log10 condition number, estimated from the same samples.

    Attributes:
        sample: the value from all N samples, biased up.
        split_half: the value across halves, biased down; NaN where a half has no full rank.
        standard_error: standard error of the split-half value, from the spread of (g . v)^2 over
            samples.
        interval: the sample value with its 95 % bootstrap interval, within the span of the
            outermost eigenvectors (`resampling`): fluctuation alone, blind to the bias; NaN where a
            resample has no full rank to working precision.
        at_half: sample value from the first N/2 samples; infinite where they have no full rank.
        at_quarter: sample value from the first N/4 samples; infinite where they have no full rank
            or were not given.
        extrapolated: sample value extrapolated to P/N = 0; NaN where fewer than two sample sizes
            are usable.
    """

    sample: float
    split_half: float
    standard_error: float
    interval: Interval[float]
    at_half: float
    at_quarter: float
    extrapolated: float

    @property
    def low(self) -> float:
        """Lower end, never below 0, the least value of any condition number; NaN where a half has
        no full rank.
        """
        low = self.split_half - STANDARD_ERRORS * self.standard_error
        return low if math.isnan(low) else max(low, 0.0)

    @property
    def high(self) -> float:
        """Upper end."""
        return self.sample + STANDARD_ERRORS * self.standard_error

    @property
    def width(self) -> float:
        """Decades between the two ends; infinite if one end is missing."""
        width = self.high - self.low
        return width if math.isfinite(width) else math.inf


def unknown_bracket(sample_value: float) -> Bracket:
    """Return the bracket of a cell whose halves have no full rank, or were not computed: there is
    no lower bound.

    Example:
        >>> unknown_bracket(3.0).width
        inf
    """
    unknown = Interval(sample_value, math.nan, math.nan)
    return Bracket(sample_value, math.nan, math.nan, unknown, math.inf, math.inf, math.nan)


def bracket(
    sampler: Sampler,
    samples: int,
    second_moment: np.ndarray,
    first_half: np.ndarray,
    sample_value: float,
    *,
    first_quarter: np.ndarray | None = None,
    replicates: int,
    key: int,
    excluded: int = 0,
) -> Bracket:
    """Compute the bracket of a cell.

    Args:
        sampler: the sampler of the cell; its gradients are computed once more, for the variances
            across halves.
        samples: N.
        second_moment: C of all samples, (P, P), as an average over the samples that are not
            excluded.
        first_half: C of samples 0 ... N//2 - 1, as an average in which excluded samples have a
            gradient of 0.
        sample_value: log10 condition number of ``second_moment``.
        first_quarter: C of samples 0 ... N//4 - 1, where there are at least P of them.
        replicates: bootstrap resamples behind the interval.
        key: the key of their random stream.
        excluded: number of excluded samples among the N.

    Returns:
        The bracket; its cost is a pass over the gradients and three Cholesky factors.
    """
    half, size = samples // 2, len(second_moment)
    if not math.isfinite(sample_value) or half < size:
        return unknown_bracket(sample_value)
    second_half = ((samples - excluded) * second_moment - half * first_half) / (samples - half)
    first, second, full = (
        extreme_pairs(matrix, count)
        for matrix, count in ((first_half, 1), (second_half, 1), (second_moment, OUTER))
    )
    if first is None or second is None or full is None:
        return unknown_bracket(sample_value)

    along = coordinates(sampler, samples, np.hstack([first[1], second[1], full[1]]))
    across = np.concatenate([along[:half, 2:4], along[half:, 0:2]]) ** 2
    means = across.mean(axis=0)
    relative_errors = across.std(axis=0, ddof=1) / means / math.sqrt(samples)
    at_half = math.log10(first[0][0] / first[0][-1])
    quarter = None if first_quarter is None or samples // 4 < size else extreme_pairs(first_quarter)
    at_quarter = math.inf if quarter is None else math.log10(quarter[0][0] / quarter[0][-1])
    return Bracket(
        sample=sample_value,
        split_half=math.log10(means[0] / means[1]),
        standard_error=float(np.hypot(*relative_errors)) / math.log(10),
        interval=_fluctuation(along[:, 4:], sample_value, replicates, key),
        at_half=at_half,
        at_quarter=at_quarter,
        extrapolated=extrapolated(
            {samples // 4: at_quarter, half: at_half, samples: sample_value}, size
        ),
    )


def _fluctuation(
    outer: np.ndarray, sample_value: float, replicates: int, key: int
) -> Interval[float]:
    """Return the sample value with its bootstrap interval, from coordinates along the outermost
    eigenvectors.
    """
    resampled = full_bootstrap_spectrum(outer, bootstrap_weights(len(outer), replicates, key))
    values = np.log10(resampled.replicates[:, 0] / resampled.replicates[:, -1])
    about = unbroken_interval(0.0, values - np.median(values))
    return Interval(sample_value, sample_value + about.low, sample_value + about.high)


def first_parts(sampler: Sampler, samples: int) -> tuple[np.ndarray | None, np.ndarray]:
    """Compute C of the first N // 4 and N // 2 samples, the arguments of `bracket`.

    Matrices of fewer than P samples are of no use and are not computed: the quarter is then None,
    and the half has the shape (0, 0).

    Example:
        >>> from eigenscape.networks.functions import GivenGradients
        >>> quarter, half = first_parts(GivenGradients(np.eye(4)[:, :2]), 4)
        >>> quarter is None, half
        (True, array([[0.5, 0. ],
               [0. , 0.5]]))
    """
    quarter, half, size = samples // 4, samples // 2, sampler.architecture.parameters
    if half < size:
        return None, np.empty((0, 0))
    partial = sum_of_samples(sampler, range(quarter))
    first_quarter = partial.triangle.matrix(1.0 / quarter) if quarter >= size else None
    return first_quarter, partial.add(
        sum_of_samples(sampler, range(quarter, half))
    ).triangle.matrix(1.0 / half)


def extreme_pairs(matrix: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray] | None:
    """Compute the ``count`` largest and smallest eigenvalues, descending, with unit vectors, by
    Lanczos on C and its inverse.

    The result is None where C is not positive definite to working precision, since the smallest are
    then unknown.

    Returns:
        Values (2 count,) and vectors (P, 2 count); all P of them where P is not larger than 2
        count.

    Example:
        >>> values, vectors = extreme_pairs(np.diag([2.0, 8.0, 1.0, 4.0, 3.0, 5.0]))
        >>> values.round(6), np.abs(vectors).round(6).argmax(axis=0)
        (array([8., 1.]), array([1, 2]))
    """
    size = len(matrix)
    order = np.argsort(-np.diagonal(matrix), kind="stable")
    # symmetric, so this is the copy in LAPACK's order
    sorted_matrix = matrix[np.ix_(order, order)].T
    factor, failed = lapack.dpotrf(sorted_matrix, lower=1, clean=1)
    if failed:
        return None
    if size <= 4 * count:
        values, vectors = np.linalg.eigh(matrix)
        if values[0] <= GRADED_BELOW * values[-1]:
            left, singular_values, _ = np.linalg.svd(factor)
            values, vectors[order] = singular_values[::-1] ** 2, left[:, ::-1]
        outer = [*range(size)] if size <= 2 * count else [*range(count), *range(size - count, size)]
        return values[::-1][outer], vectors[:, ::-1][:, outer]

    def solve(right: np.ndarray) -> np.ndarray:
        middle = solve_triangular(factor, right, lower=True, check_finite=False)
        return np.asarray(
            solve_triangular(factor, middle, lower=True, trans="T", check_finite=False)
        )

    start = np.ones(size)
    inverse = LinearOperator((size, size), matvec=solve, dtype=np.float64)
    try:
        largest, top = eigsh(sorted_matrix, k=count, v0=start, tol=LANCZOS_TOLERANCE)
        reciprocal, bottom = eigsh(inverse, k=count, v0=start, tol=LANCZOS_TOLERANCE)
    except ArpackError:
        return None
    vectors = np.empty((size, 2 * count))
    vectors[order] = np.hstack([top[:, ::-1], bottom])
    return np.concatenate([largest[::-1], 1.0 / reciprocal]), vectors


def coordinates(sampler: Sampler, samples: int, directions: np.ndarray) -> np.ndarray:
    """Return the coordinates of the first N gradients along directions V (P, m): G V, (N, m)."""
    along = np.empty((samples, directions.shape[1]))
    for first in range(0, samples, BLOCK):
        gradients, _ = sampler.block(first, min(BLOCK, samples - first))
        along[first : first + len(gradients)] = gradients @ directions
    return along


def extrapolated(values: dict[int, float], parameters: int) -> float:
    """Extrapolate sample values at several N to P/N = 0, linearly in P/N by least squares.

    The result is NaN where fewer than two of them have P/N <= 1/2. The correction never increases a
    value.

    Example:
        >>> round(extrapolated({n: 3.0 + 0.7 * 100 / n for n in (200, 400, 800)}, 100), 12)
        3.0
    """
    usable = {
        n: value
        for n, value in values.items()
        if parameters / n <= LARGEST_RATIO and math.isfinite(value)
    }
    if len(usable) < 2:
        return math.nan
    ratios = np.array([parameters / n for n in usable])
    slope, at_zero = np.polyfit(ratios, np.array(list(usable.values())), 1)
    return float(at_zero) if slope > 0 else min(usable.values())
