"""A spectrum and a condition number with everything needed to report them: status, bracket,
interval, P/N and the value of noise.

The routes are those of the workflow: `spectrum_of` with the rounding variance of the gradients,
`bracket` with the same random stream.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.active_subspace.bracket import Bracket, bracket, first_parts
from eigenscape.active_subspace.condition import condition_numbers
from eigenscape.active_subspace.estimate import SecondMoment
from eigenscape.active_subspace.sampling_noise import log10_condition_null
from eigenscape.active_subspace.spectrum import (
    Spectrum,
    SpectrumStatus,
    spectrum_of,
    spectrum_of_rounded,
)
from eigenscape.architecture import Layout
from eigenscape.errors import BadInput, whole_number
from eigenscape.interval import Interval
from eigenscape.seeding import stream_key

REPLICATES = 200
"""Number of bootstrap resamples, also the workflow's default: a few hundred for percentile
intervals (Efron and Tibshirani 1993)."""

ROUNDING = 1e-12
"""Largest difference between a symmetric matrix and its transpose, relative to the largest entry:
thousands of roundings of a product."""

NEGATIVE = 1e-6
"""Largest negative eigenvalue that rounding may cause, relative to the trace, in single precision
too, where a product has an error of some 1e-7."""

LEAST_REPLICATES = 20
"""Smallest number of resamples: with fewer, the quantiles at 2.5 % are the extremes. The
configuration has the same limit."""


@dataclass(frozen=True, eq=False)
class ConditionEstimate:
    """log10(lambda_1 / lambda_P) of a second moment, with its uncertainty.

    The sample value is biased up and fluctuates. The bracket covers both, the interval covers the
    fluctuation alone, and the null is the value that isotropic noise would give at this P/N.

    Attributes:
        log10_condition: the value of the sample, in decades; infinite where directions are null or
            not resolved.
        status: the reliability of the smallest eigenvalue.
        bracket: the bracket, with the split-half value, the values from half and a quarter of the
            samples, and the extrapolation.
        log10_null: the value of isotropic noise (Marchenko and Pastur 1967); infinite for N <= P.
        samples: N.
        spectrum: the spectrum from which it is computed.
        architecture: the layout of the parameters.
    """

    log10_condition: float
    status: SpectrumStatus
    bracket: Bracket
    log10_null: float
    samples: int
    spectrum: Spectrum
    architecture: Layout

    @property
    def low(self) -> float:
        """Lower end of the bracket; NaN if half of the samples have no full rank."""
        return self.bracket.low

    @property
    def high(self) -> float:
        """Upper end of the bracket."""
        return self.bracket.high

    @property
    def interval(self) -> tuple[float, float]:
        """95 % bootstrap interval of the sample value; it covers the fluctuation alone, not the
        bias.
        """
        return self.bracket.interval.low, self.bracket.interval.high

    @property
    def parameters_per_sample(self) -> float:
        """P/N."""
        return len(self.spectrum.eigenvalues) / self.samples

    def family(self) -> dict[str, float]:
        """Every member of `condition.FAMILY` by name, such as ``stable_rank`` and
        ``entropy_rank``.
        """
        return condition_numbers(self.spectrum, self.architecture)

    def __repr__(self) -> str:
        value = (
            f"{self.log10_condition:.2f} decades"
            if math.isfinite(self.log10_condition)
            else str(self.log10_condition)
        )
        if not math.isfinite(self.log10_condition):
            ends = "no bracket of a number that is not finite"
        elif math.isnan(self.low):
            ends = "no bracket: half of the samples do not span the parameters"
        else:
            ends = (
                f"bracket {self.low:.2f} to {self.high:.2f}, interval {self.interval[0]:.2f} to"
                f" {self.interval[1]:.2f}"
            )
        noise = f"{self.log10_null:.2f}" if math.isfinite(self.log10_null) else "infinitely many"
        return (
            f"ConditionEstimate: log10(lambda_1/lambda_P) = {value},"
            f" {str(self.status).replace('_', ' ')}\n{ends}\nP/N ="
            f" {self.parameters_per_sample:.3g}; sampling noise alone would give {noise} decades"
        )


def spectrum(
    moment: SecondMoment | np.ndarray, *, vectors: bool = False, samples: int | None = None
) -> Spectrum:
    """Compute the eigenvalues of C in descending order with their status, C = W Lambda W^T, by the
    route that resolves them.

    Args:
        moment: the result of `second_moment`, or a symmetric positive semi-definite matrix (P, P);
            eigenvalues of a float32 matrix are judged by the rounding of float32.
        vectors: also compute the eigenvectors, (P, P) in columns.
        samples: N, if a bare matrix is an average over N gradients, so that its rank is at most N;
            a `SecondMoment` knows it.

    Raises:
        BadInput: a matrix that is not square, finite, symmetric and positive semi-definite, or N
            below 1.
        EigensolverFailure: a solver fails.

    Example:
        >>> found = spectrum(np.diag([9.0, 1.0]))
        >>> found.eigenvalues, found.log10_condition
        (array([9., 1.]), 0.954...)
    """
    if isinstance(moment, SecondMoment):
        if samples is not None and samples != moment.samples:
            raise BadInput.field(
                "samples",
                f"{moment.samples}, those of the second moment",
                str(samples),
                "leave it out",
            )
        counted = moment.samples if moment.weights is None else np.count_nonzero(moment.weights)
        return spectrum_of(moment.matrix, vectors=vectors, samples=int(counted), dust=moment.dust)
    if samples is not None and samples < 1:
        raise BadInput.field(
            "samples", "a whole number of at least 1", str(samples), "leave it out where C is exact"
        )
    matrix, given = _symmetric(moment), np.asarray(moment).dtype
    if given.kind == "f" and given.itemsize < matrix.itemsize:
        rounding = float(np.finfo(given).eps)
        return spectrum_of_rounded(matrix, rounding, vectors=vectors, samples=samples)
    return spectrum_of(matrix, vectors=vectors, samples=samples)


def condition_number(
    moment: SecondMoment, *, replicates: int = REPLICATES, seed: int = 0
) -> ConditionEstimate:
    """Compute log10(lambda_1 / lambda_P) with its status, bracket, bootstrap interval, P/N and
    null.

    The gradients are computed twice more: for C of the first half, and for the variances across
    halves. For a network of a study, the study's seed and its replicates these are the numbers of
    the study's table.

    Args:
        moment: the result of `second_moment`.
        replicates: bootstrap resamples behind the interval.
        seed: the seed of their random stream.

    Raises:
        BadInput: a bare matrix, which has no samples and so no interval; a weighted one, whose
            halves are no smaller samples of the same; or fewer than 20 replicates.
        EigensolverFailure: a solver fails.

    Example:
        >>> from eigenscape.active_subspace.estimate import second_moment
        >>> from eigenscape.networks.samplers import function_sampler
        >>> scales = np.array([10.0, 3.0, 1.0])
        >>> found = condition_number(
        ...     second_moment(function_sampler(lambda x: scales * x, 3), samples=4_000)
        ... )
        >>> found.low < 2.0 < found.high
        True
        >>> found
        ConditionEstimate: log10(lambda_1/lambda_P) = ... decades, finite
        bracket ... to ..., interval ... to ...
        P/N = 0.00075; sampling noise alone would give 0.05 decades
    """
    if not isinstance(moment, SecondMoment):
        fix = (
            "pass the result of second_moment; for a bare matrix use"
            " spectrum(matrix).log10_condition"
        )
        raise BadInput.field(
            "moment", "a SecondMoment, whose samples give the interval", type(moment).__name__, fix
        )
    if moment.weights is not None:
        fix = "use spectrum(moment).log10_condition, and bootstrap_subspaces for its ranges"
        raise BadInput.field("moment", "samples that count alike", "weights", fix)
    replicates = whole_number("replicates", replicates, LEAST_REPLICATES, f"write {REPLICATES}")
    solved = spectrum(moment)
    value, size, samples = solved.log10_condition, moment.parameters, moment.samples
    if size == 1:
        # one eigenvalue, whatever the samples are
        exact = Bracket(value, value, 0.0, Interval(value, value, value), value, value, value)
        return ConditionEstimate(
            value,
            solved.status,
            exact,
            log10_condition_null(size, samples),
            samples,
            solved,
            moment.architecture,
        )
    key = stream_key(seed, "bracket bootstrap", *moment.architecture.sizes)
    quarter, half = first_parts(moment.sampler, samples)
    ends = bracket(
        moment.sampler,
        samples,
        moment.matrix,
        half,
        value,
        first_quarter=quarter,
        replicates=replicates,
        key=key,
        excluded=moment.excluded,
    )
    return ConditionEstimate(
        value,
        solved.status,
        ends,
        log10_condition_null(size, samples),
        samples,
        solved,
        moment.architecture,
    )


def _symmetric(matrix: Any) -> np.ndarray:
    """Check a bare matrix; one that only rounding made asymmetric is averaged with its transpose.

    Raises:
        BadInput: the matrix is not of real numbers, square, finite, symmetric and positive
            semi-definite.
    """
    array = np.asarray(matrix)
    if array.dtype.kind not in "fiu":
        raise BadInput.field(
            "moment", "real numbers", str(array.dtype), "give C = (1/N) G^T G of real gradients"
        )
    array = array.astype(np.float64, copy=False)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.size == 0:
        fix = "gradients (N, P) go through second_moment first"
        raise BadInput.field("moment", "a square matrix (P, P)", f"shape {array.shape}", fix)
    if not np.isfinite(array).all():
        raise BadInput.field(
            "moment",
            "finite entries",
            "infinity or NaN",
            "look for the sample whose gradient is not finite",
        )
    if np.abs(array - array.T).max() > ROUNDING * np.abs(array).max():
        raise BadInput.field(
            "moment",
            "a symmetric matrix",
            "an asymmetric one",
            "give C = (1/N) G^T G, not its eigenvectors or G",
        )
    array = array if np.array_equal(array, array.T) else (array + array.T) / 2
    trace = float(np.trace(array))
    try:
        (
            np.linalg.cholesky(array + NEGATIVE * np.abs(trace) * np.eye(len(array)))
            if array.any()
            else None
        )
    except np.linalg.LinAlgError:
        fix = (
            "a Hessian or a difference of second moments has no such spectrum: use"
            " numpy.linalg.eigvalsh"
        )
        raise BadInput.field(
            "moment", "a positive semi-definite matrix", "negative eigenvalues", fix
        ) from None
    return array
