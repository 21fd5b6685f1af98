"""The bootstrap of second moments: how much a spectrum would change with other samples.

A replicate draws N gradients with replacement from the sample of N, ``C* = (1/N) sum_n m_n g_n
g_n^T`` with multinomial counts m. Solving the whole eigenvalue problem for C* (the full bootstrap)
fails when P/N is not small: a replicate holds only 1 - 1/e = 63 % distinct gradients, so P/N = 0.25
becomes 0.40 and lambda_P* falls far below lambda_P (N. El Karoui and E. Purdom, Can we trust the
bootstrap in high-dimensions?, J. Mach. Learn. Res. 19, 2018, arXiv 1608.00696; The non-parametric
bootstrap and spectral analysis in moderate and high-dimension, AISTATS 2019).

So a large C is resampled inside the span of its outermost eigenvectors (Rayleigh and Ritz): the
first-order change of an eigenvalue is exact, rotations within the leading and within the trailing
group are included, rotations into the middle are not. Where eigenvalues lie close, replicates still
push the outermost ones further out. That shift is reported and removed from the intervals: they
describe how much an eigenvalue *fluctuates* about its own expectation, and not its bias, which
`sampling_noise` describes. At P/N = 0.25, over 40 independent samples of three tanh networks (P =
251 to 385), 37 to 40 intervals of 95 % contained the expectation of the sample's
log10(lambda_1/lambda_P).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.bootstrap import percentile_interval
from eigenscape.active_subspace.graded import graded_eigenvalues
from eigenscape.active_subspace.spectrum import GRADED_BELOW
from eigenscape.errors import BadInput
from eigenscape.interval import LEVEL, Interval

OUTER = 32
"""Number of leading and of trailing eigenvectors in the span. At depth 5, width 35, P/N = 0.5 the
interval of log10(lambda_1/lambda_P) is 0.22 decades wide with 32, 0.24 with 70 (twice the width)
and 0.26 with 128 and 256: use 2 w where it matters."""

FULL_BOOTSTRAP_LIMIT = 200
"""Largest P of the full bootstrap, which solves a P x P problem per replicate; up to this P that
takes milliseconds."""

RETAINED_ENERGY = 0.99
"""Fraction of tr C that an active subspace retains by default, as in ATHENA (Romor, Tezzele, Rozza,
2021)."""


@dataclass(frozen=True)
class BootstrapSpectrum:
    """Eigenvalues of C with their fluctuation, for m directions in descending order.

    Attributes:
        eigenvalues: (m,), of the sample itself, with their intervals; the first is lambda_1, the
            last lambda_P.
        log10_condition: log10(lambda_1 / lambda_P) in decades.
        log10_shift: (m,), median of log10(replicate / estimate), which is removed from the
            intervals.
        replicates: (R, m), descending; NaN where indistinguishable from rounding error.
    """

    eigenvalues: Interval[np.ndarray]
    log10_condition: Interval[float]
    log10_shift: np.ndarray
    replicates: np.ndarray


@dataclass(frozen=True)
class SubspaceErrors:
    """Rotations of the n leading eigenvectors in replicates, for k numbers n: 0 is none, 1 a right
    angle.

    ``dimensions`` holds the numbers n; ``minimum``, ``mean`` and ``maximum`` over the replicates
    are (k,) too.
    """

    dimensions: np.ndarray
    minimum: np.ndarray
    mean: np.ndarray
    maximum: np.ndarray


@dataclass(frozen=True)
class ActiveDimension:
    """The number of active directions by three criteria.

    Attributes:
        absolute_gap: n with the largest lambda_n - lambda_{n+1} (paulcon/active_subspaces).
        log_gap: n with the largest lambda_n / lambda_{n+1} among the positive eigenvalues (this
            project's variant).
        retained_energy: least n with lambda_1 + ... + lambda_n at least the requested part of tr C.
    """

    absolute_gap: int
    log_gap: int
    retained_energy: int


def outermost(eigenvectors: np.ndarray, count: int = OUTER) -> np.ndarray:
    """Select the ``count`` leading and the ``count`` trailing columns; all columns if there are no
    more.

    Args:
        eigenvectors: (P, P), columns in descending order of the eigenvalues.
        count: number of columns at each end, at least 1.

    Returns:
        (P, min(2 count, P)).

    Example:
        >>> outermost(np.eye(5), 1).argmax(axis=0)
        array([0, 4])
    """
    columns = eigenvectors.shape[1]
    if count < 1:
        raise BadInput.field("count", "a whole number of at least 1", str(count), "write 32")
    return (
        eigenvectors
        if columns <= 2 * count
        else np.hstack([eigenvectors[:, :count], eigenvectors[:, -count:]])
    )


def gradient_coordinates(
    gradients: np.ndarray | Iterable[np.ndarray], directions: np.ndarray
) -> np.ndarray:
    """Return Y = G V, the gradients in an orthonormal system of directions, in one pass of P m N
    operations.

    Args:
        gradients: (N, P), or blocks (B, P) of its rows, such as `layer_statistics.gradient_blocks`.
        directions: V, (P, m), orthonormal columns.

    Returns:
        (N, m) float64.

    Raises:
        BadInput: the gradients do not have P columns, or there are none.

    Example:
        >>> gradient_coordinates([np.ones((2, 3)), np.zeros((1, 3))], np.eye(3)[:, :1]).ravel()
        array([1., 1., 0.])
    """
    blocks = [gradients] if isinstance(gradients, np.ndarray) else gradients
    coordinates = []
    for block in blocks:
        if block.ndim != 2 or block.shape[1] != len(directions):
            expected = f"{len(directions)} columns, one for each row of the directions"
            raise BadInput.field(
                "gradients",
                expected,
                f"shape {block.shape}",
                "give gradients and directions of one network",
            )
        coordinates.append(np.asarray(block, dtype=np.float64) @ directions)
    if not coordinates:
        raise BadInput.field(
            "gradients", "at least one block", "none", "give the gradients of at least one sample"
        )
    return np.concatenate(coordinates)


def full_bootstrap_spectrum(
    gradients: np.ndarray, weights: np.ndarray, level: float = LEVEL
) -> BootstrapSpectrum:
    """The bootstrap of all eigenvalues: of a small network, to be trusted where P/N is small, or of
    coordinates in the span of some eigenvectors.

    Interval ends are ``estimate * quantile / median`` of the replicates, see the head of this
    module. A replicate whose spectrum is longer than `eigh` resolves is solved by the graded route,
    as spectra are (`graded`); what neither tells from rounding error becomes NaN.

    Args:
        gradients: (N, P), P at most 200; or their `gradient_coordinates`, of which the same holds,
            along directions that keep the grading of C where they are to resolve it
            (`bracket.extreme_pairs`; vectors of `eigh` do not beyond fifteen decades).
        weights: (R, N), from `bootstrap_weights`.
        level: nominal coverage.

    Raises:
        BadInput: P is too large, or shapes do not belong together.

    Example:
        >>> from eigenscape.active_subspace.bootstrap import bootstrap_weights
        >>> full_bootstrap_spectrum(np.eye(2), bootstrap_weights(2, 50, key=1)).eigenvalues.value
        array([0.5, 0.5])
    """
    parameters = gradients.shape[1]
    if parameters > FULL_BOOTSTRAP_LIMIT:
        expected, fix = (
            f"at most {FULL_BOOTSTRAP_LIMIT} parameters",
            "give their coordinates along the outermost eigenvectors",
        )
        raise BadInput.field("gradients", expected, str(parameters), fix)
    gradients = np.asarray(gradients, dtype=np.float64)
    _check_weights(weights, gradients)
    estimates = _eigenvalues(_weighted_gram(gradients, np.ones(len(gradients)))[None])[0]
    replicates = _eigenvalues(np.stack([_weighted_gram(gradients, counts) for counts in weights]))
    logs, log_estimates = np.log10(replicates), np.log10(estimates)
    shift = _median(logs) - log_estimates
    about = percentile_interval(log_estimates, logs - shift, level)
    conditions, condition = logs[:, 0] - logs[:, -1], float(log_estimates[0] - log_estimates[-1])
    return BootstrapSpectrum(
        Interval(estimates, 10**about.low, 10**about.high),
        percentile_interval(condition, conditions - _median(conditions) + condition, level),
        shift,
        replicates,
    )


def subspace_errors(
    coordinates: np.ndarray, dimensions: Sequence[int], weights: np.ndarray
) -> SubspaceErrors:
    """Compute ``|W1^T W2*|_2`` for the n leading eigenvectors W1 of the sample and the others W2*
    of each replicate.

    This is the sine of the largest angle between the leading subspaces of sample and replicate
    (Constantine and Gleich 2015, arXiv 1408.0545; minimum, mean and maximum as in
    paulcon/active_subspaces). Rotations out of the span of the coordinates are not included: give
    more directions than the largest n, for small P all of them.

    Args:
        coordinates: (N, m), from `gradient_coordinates`, or the gradients themselves.
        dimensions: numbers n, each from 1 to m - 1.
        weights: (R, N), from `bootstrap_weights`.

    Raises:
        BadInput: a dimension out of range, or shapes that do not belong together.

    Example:
        >>> from eigenscape.active_subspace.bootstrap import bootstrap_weights
        >>> line = np.outer(np.arange(1.0, 9.0), [3.0, 4.0])
        >>> bool(subspace_errors(line, [1], bootstrap_weights(8, 20, key=1)).maximum[0] < 1e-14)
        True
    """
    size = coordinates.shape[1]
    for dimension in dimensions:
        if not 1 <= dimension < size:
            raise BadInput.field(
                "dimensions",
                f"numbers from 1 to {size - 1}",
                str(dimension),
                "give fewer, or more directions",
            )
    _check_weights(weights, coordinates)
    basis = np.linalg.eigh(_weighted_gram(coordinates, np.ones(len(coordinates))))[1][:, ::-1]
    errors = np.empty((len(weights), len(dimensions)))
    for replicate, counts in enumerate(weights):
        overlap = basis.T @ np.linalg.eigh(_weighted_gram(coordinates, counts))[1][:, ::-1]
        for position, dimension in enumerate(dimensions):
            errors[replicate, position] = np.linalg.norm(overlap[:dimension, dimension:], ord=2)
    return SubspaceErrors(
        np.array(dimensions), errors.min(axis=0), errors.mean(axis=0), errors.max(axis=0)
    )


def active_dimension(eigenvalues: np.ndarray, energy: float = RETAINED_ENERGY) -> ActiveDimension:
    """Determine the number of active directions by the largest gap, by the largest ratio, and by
    retained energy.

    Args:
        eigenvalues: (P,), descending, at least two and the first positive.
        energy: part of tr C to retain, above 0 and at most 1.

    Raises:
        BadInput: fewer than two eigenvalues, not descending, none positive, or an energy out of
            range.

    Example:
        >>> active_dimension(np.array([9.0, 5.0, 1e-1, 1e-4, 0.0]))
        ActiveDimension(absolute_gap=2, log_gap=3, retained_energy=2)
    """
    values = np.asarray(eigenvalues, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not values[0] > 0 or not np.all(np.diff(values) <= 0):
        found = f"{values.shape} from {values.max(initial=0.0)}"
        raise BadInput.field(
            "eigenvalues",
            "two or more, descending, the first positive",
            found,
            "give those of a second moment",
        )
    if not 0 < energy <= 1:
        raise BadInput.field("energy", "a part above 0 and at most 1", str(energy), "write 0.99")
    positive = np.log10(values[values > 0])
    log_gap = int(np.argmax(-np.diff(positive))) + 1 if len(positive) > 1 else 1
    # Against its own last entry: the cumulated sum reaches that exactly, whatever the rounding of
    # the total.
    cumulated = np.cumsum(values)
    retained = int(np.argmax(cumulated >= energy * cumulated[-1])) + 1
    return ActiveDimension(int(np.argmax(-np.diff(values))) + 1, log_gap, retained)


def _weighted_gram(coordinates: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return (1/N) Y^T diag(m) Y, symmetric up to rounding; the solvers read one triangle."""
    gram: np.ndarray = (coordinates * counts[:, None]).T @ coordinates / len(coordinates)
    return gram


def _eigenvalues(grams: np.ndarray) -> np.ndarray:
    """Return the eigenvalues (R, m), descending, of R matrices (R, m, m), by `eigh` or, where that
    does not resolve all of them, by the graded route; NaN where neither does.
    """
    values = np.linalg.eigvalsh(grams)[:, ::-1]
    resolved = (values > GRADED_BELOW * values[:, :1]) & (values > 0)
    found = np.where(resolved, values, np.nan)
    for replicate in np.flatnonzero(~resolved.all(axis=1)):
        graded = graded_eigenvalues(grams[replicate])
        found[replicate] = np.where(np.isnan(graded), found[replicate], graded)
    return found


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median over the replicates, without NaN; NaN if there is nothing else."""
    counted = np.where(np.isnan(values).all(axis=0), 0.0, values)
    return np.where(np.isnan(values).all(axis=0), np.nan, np.nanmedian(counted, axis=0))


def _check_weights(weights: np.ndarray, coordinates: np.ndarray) -> None:
    if weights.ndim != 2 or weights.shape[1] != len(coordinates) or len(weights) == 0:
        expected = f"(replicates, {len(coordinates)}), a count for each sample"
        raise BadInput.field(
            "weights",
            expected,
            f"shape {weights.shape}",
            "use bootstrap_weights with the same number of samples",
        )
