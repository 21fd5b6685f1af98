"""The spectrum of a second moment, with its accuracy.

`eigh(C)` has an absolute error of about eps lambda_1: it resolves 15 decades and nothing below.
Second moments of deep, narrow networks span more. But such a C is *graded*: ``C = D A D`` with D
diagonal and A well conditioned, and Cholesky keeps the grading. So where the spectrum spans many
decades, the parameters are sorted by descending ``diag C``, C is factored as ``R R^T`` by pivoted
Cholesky of A, and the eigenvalues are the squared singular values of R. The relative error is then
about ``P eps / lambda_min(A)`` for *every* eigenvalue, which decides whether they are trusted
(`graded`; checked in the tests against arithmetic of many digits).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import scipy.linalg

from eigenscape.active_subspace.eigensolvers import Eigensolver, eigensolver_of_host
from eigenscape.active_subspace.graded import TRUSTED_ERROR, graded_factor
from eigenscape.architecture import Layout
from eigenscape.errors import EigensolverFailure

GRADED_BELOW = 1e-10
"""Ratio of the smallest to the largest eigenvalue below which the graded route is taken: there the
absolute error of `eigh`, about eps = 2e-16 of the largest, would exceed one part in 10^5."""

NEAR_ONE = 0.8
"""P/N beyond which isotropic noise alone spans more than 2.5 decades, and a number is marked as
undersampled."""

_TILE = 256
"""Number of rows and columns of a square that is compared with its mirror image: half a megabyte
each."""

_EPSILON = float(np.finfo(np.float64).eps)


class SpectrumStatus(StrEnum):
    """The reliability of a spectrum: of its smallest eigenvalue, and of the means behind it."""

    FINITE = "finite"
    UNDERSAMPLED = "undersampled"
    HEAVY_TAILED = "heavy_tailed"
    RANK_DEFICIENT = "rank_deficient"
    BELOW_FLOOR = "below_floor"

    @property
    def meaning(self) -> str:
        """The meaning in one sentence for tables and legends."""
        return {
            SpectrumStatus.FINITE: "every eigenvalue is resolved",
            SpectrumStatus.UNDERSAMPLED: (
                "P/N is so near 1 that the smallest eigenvalues are sampling noise: draw more"
                " samples"
            ),
            SpectrumStatus.HEAVY_TAILED: (
                "a few samples carry most of a squared gradient: the projected number and its"
                " interval may be too low; draw more samples"
            ),
            SpectrumStatus.RANK_DEFICIENT: (
                "some directions carry no gradient (fewer samples than parameters, or exact null"
                " directions)"
            ),
            SpectrumStatus.BELOW_FLOOR: (
                "the smallest eigenvalues lie below what the arithmetic resolves"
            ),
        }[self]


class Route(StrEnum):
    """The method by which the eigenvalues were computed."""

    EIGH = "eigh"
    GRADED = "graded"
    GRADIENTS = "gradients"
    """Computed from fewer gradients than parameters, without C (`few_samples`)."""


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of C in descending order, and their reliability.

    Attributes:
        eigenvalues: (P,), descending; exact null directions are 0.
        eigenvectors: (P, P), column j belongs to eigenvalue j, largest component positive; or None.
        diagonal: (P,), diag C in the order of the parameters.
        rank: number of directions that carry gradient.
        floor: eigenvalues below this are indistinguishable from rounding error: P eps lambda_1 on
            the `eigh` route; on the graded route, whose errors are relative, the variance left by
            the rounding of the gradients.
        status: the reliability of the smallest eigenvalue.
        route: how the eigenvalues were computed.
        resolved: whether the smallest of the first ``rank`` eigenvalues is distinguishable from
            rounding error; False wherever the status is `BELOW_FLOOR`, and possibly in spectra with
            null directions too, which have a status of their own.
    """

    eigenvalues: np.ndarray
    eigenvectors: np.ndarray | None
    diagonal: np.ndarray
    rank: int
    floor: float
    status: SpectrumStatus
    route: Route
    resolved: bool = True

    @property
    def log10_condition(self) -> float:
        """log10(lambda_1 / lambda_P); infinite if the spectrum has null directions or is not
        resolved.

        Example:
            >>> spectrum_of(np.diag([100.0, 1.0])).log10_condition
            2.0
        """
        if self.status not in (SpectrumStatus.FINITE, SpectrumStatus.UNDERSAMPLED):
            return float("inf")
        return float(np.log10(self.eigenvalues[0]) - np.log10(self.eigenvalues[-1]))

    def __repr__(self) -> str:
        size, last = len(self.eigenvalues), max(self.rank, 1) - 1
        smallest = f" to {self.eigenvalues[last]:.4g}" if last > 0 else ""
        summary = f"{size:,} eigenvalues, {self.eigenvalues[0]:.4g}{smallest}"
        null = f", then {size - self.rank:,} null" if self.rank < size else ""
        condition = (
            f"{self.log10_condition:.2f} decades"
            if np.isfinite(self.log10_condition)
            else str(self.log10_condition)
        )
        vectors = "no eigenvectors" if self.eigenvectors is None else "with eigenvectors"
        return (
            f"Spectrum: {summary}{null}, {str(self.status).replace('_', ' ')}\n"
            f"log10(lambda_1/lambda_P) = {condition}, by {self.route}, {vectors}"
        )

    def log10_gap(self, index: int) -> float:
        """Return log10(lambda_index / lambda_{index+1}), counted from 1: the height of the step
        after ``index``.

        The result is NaN if the spectrum has no step there (it ends, or the eigenvalues are null).
        """
        if not 1 <= index < self.rank:
            return float("nan")
        return float(np.log10(self.eigenvalues[index - 1]) - np.log10(self.eigenvalues[index]))


def spectrum_of(
    second_moment: np.ndarray,
    *,
    vectors: bool = False,
    samples: int | None = None,
    dust: np.ndarray | float = 0.0,
) -> Spectrum:
    """The spectrum of a second moment by the route that resolves it, on the processor.

    Args:
        second_moment: C, (P, P), symmetric, positive semi-definite up to rounding. Not changed.
        vectors: also compute the eigenvectors (they always come from `eigh`: within a graded or
            degenerate group single vectors have no meaning).
        samples: N, when C is an average over N gradients: its rank is at most N.
        dust: (P,) or one number. A parameter whose ``diag C`` is at most this is taken as null: its
            gradient vanishes identically and what is left is rounding.

    Raises:
        EigensolverFailure: C is not square, not finite, not symmetric, or a solver fails.

    Example:
        >>> round(spectrum_of(np.diag([1.0, 1e-30, 4.0])).log10_condition, 4)
        30.6021
        >>> spectrum_of(np.ones((2, 2))).status
        <SpectrumStatus.RANK_DEFICIENT: 'rank_deficient'>
    """
    solver = eigensolver_of_host(len(second_moment), vectors=vectors)
    return spectrum_by(solver, second_moment, samples=samples, dust=dust)


def spectrum_by(
    solver: Eigensolver,
    second_moment: np.ndarray,
    *,
    samples: int | None = None,
    dust: np.ndarray | float = 0.0,
) -> Spectrum:
    """Compute a spectrum with a given solver instead of the processor's own; the graded route stays
    the processor's.

    Example:
        >>> from eigenscape.active_subspace.eigensolvers import eigensolver_of_torch
        >>> spectrum_by(eigensolver_of_torch("cpu", vectors=False), np.diag([4.0, 1.0])).eigenvalues
        array([4., 1.])
    """
    _check(second_moment)
    second_moment = np.asarray(second_moment, np.float64)
    diagonal = np.diagonal(second_moment).copy()
    order = np.argsort(-diagonal, kind="stable")
    values, basis = _by_eigh(solver, second_moment, order)
    if resolves_all(values, diagonal, dust, samples):
        return spectrum_by_eigh(values, basis, diagonal, samples)
    carrying = np.flatnonzero(diagonal > dust)
    factor, trusted = graded_factor(
        second_moment[np.ix_(carrying, carrying)], np.broadcast_to(dust, diagonal.shape)[carrying]
    )
    return spectrum_by_factor(
        scipy.linalg.svdvals(factor, check_finite=False), trusted, basis, diagonal, samples, dust
    )


def resolves_all(
    values: np.ndarray, diagonal: np.ndarray, dust: np.ndarray | float, samples: int | None
) -> bool:
    """Whether eigenvalues of `eigh` (P,), descending, are accurate enough: full rank is possible,
    and none is so small that its error matters.

    Example:
        >>> resolves_all(np.array([1.0, 1e-12]), np.ones(2), 0.0, None)
        False
    """
    full_rank_possible = bool(np.all(diagonal > dust)) and (
        samples is None or samples >= len(diagonal)
    )
    return full_rank_possible and bool(values[-1] > GRADED_BELOW * values[0])


def spectrum_by_eigh(
    values: np.ndarray, basis: np.ndarray | None, diagonal: np.ndarray, samples: int | None
) -> Spectrum:
    """Return the spectrum if `resolves_all` holds for the eigenvalues."""
    size = len(diagonal)
    return Spectrum(
        values,
        basis,
        diagonal,
        size,
        eigh_floor(values),
        _where_resolved(size, samples),
        Route.EIGH,
    )


def spectrum_by_factor(
    singular_values: np.ndarray,
    trusted: bool,
    basis: np.ndarray | None,
    diagonal: np.ndarray,
    samples: int | None,
    dust: np.ndarray | float,
) -> Spectrum:
    """Return the spectrum, given the singular values (rank,), descending, of a factor R with C = R
    R^T that keeps the grading.

    Args:
        singular_values: the singular values of R, whose columns are the directions that carry
            gradient.
        trusted: whether the small ones have a relative error below `TRUSTED_ERROR`.
        basis: eigenvectors, or None.
        diagonal: diag C, (P,).
        samples: N, if C is an average over N gradients.
        dust: see `spectrum_of`.
    """
    size = len(diagonal)
    rank = len(singular_values) if samples is None else min(len(singular_values), samples)
    values = np.zeros(size)
    values[:rank] = singular_values[:rank] ** 2
    resolved = _where_resolved(size, samples) if trusted else SpectrumStatus.BELOW_FLOOR
    status = SpectrumStatus.RANK_DEFICIENT if rank < size else resolved
    return Spectrum(
        values, basis, diagonal, rank, float(np.max(dust)), status, Route.GRADED, trusted
    )


def spectrum_of_rounded(
    second_moment: np.ndarray, epsilon: float, *, vectors: bool = False, samples: int | None = None
) -> Spectrum:
    """The spectrum of a second moment whose entries were rounded to a relative error ``epsilon``
    before it came here, such as one in float32: eigenvalues below ``P epsilon lambda_1`` are that
    rounding, and are set to 0.

    Example:
        >>> rounded = np.float32([[1, 1 / 3], [1 / 3, 1 / 9]]).astype(np.float64)
        >>> spectrum_of_rounded(rounded, 2.0**-23).status
        <SpectrumStatus.BELOW_FLOOR: 'below_floor'>
    """
    solver = eigensolver_of_host(len(second_moment), vectors=vectors)
    diagonal = np.diagonal(second_moment).copy()
    values, basis = _by_eigh(solver, second_moment, np.argsort(-diagonal, kind="stable"))
    floor = eigh_floor(values, epsilon)
    possible = samples is None or samples >= len(diagonal)
    if possible and TRUSTED_ERROR * values[-1] > floor:
        return replace(spectrum_by_eigh(values, basis, diagonal, samples), floor=floor)
    return spectrum_without_factor(values, basis, diagonal, samples, 0.0, epsilon)


def spectrum_without_factor(
    values: np.ndarray,
    basis: np.ndarray | None,
    diagonal: np.ndarray,
    samples: int | None,
    dust: np.ndarray | float,
    epsilon: float = _EPSILON,
) -> Spectrum:
    """Return the spectrum from `eigh` alone, (P,) descending, if no factor keeps the grading:
    values up to the floor are set to 0.

    Null directions are then known only by N and by the dust; others are indistinguishable from
    rounding error, and the status is `BELOW_FLOOR`.

    Example:
        >>> spectrum_without_factor(np.array([2.0, 1e-17]), None, np.ones(2), None, 0.0).status
        <SpectrumStatus.BELOW_FLOOR: 'below_floor'>
    """
    size, floor = len(diagonal), eigh_floor(values, epsilon)
    possible = min(int(np.count_nonzero(diagonal > dust)), size if samples is None else samples)
    rank = min(possible, int(np.count_nonzero(values > floor)))
    status = SpectrumStatus.RANK_DEFICIENT if possible < size else SpectrumStatus.BELOW_FLOOR
    resolved = rank == possible and (rank == 0 or bool(TRUSTED_ERROR * values[rank - 1] > floor))
    return Spectrum(
        np.where(np.arange(size) < rank, values, 0.0),
        basis,
        diagonal,
        rank,
        floor,
        status,
        Route.EIGH,
        resolved,
    )


def eigh_floor(values: np.ndarray, epsilon: float = _EPSILON) -> float:
    """Return P eps lambda_1, below which eigenvalues (P,), descending, of `eigh` are
    indistinguishable from rounding error.
    """
    return len(values) * epsilon * float(values[0])


def _where_resolved(size: int, samples: int | None) -> SpectrumStatus:
    return (
        SpectrumStatus.UNDERSAMPLED
        if samples is not None and size > NEAR_ONE * samples
        else SpectrumStatus.FINITE
    )


def rounding_variance(
    diagonal: np.ndarray, architecture: Layout, relative_noise: float
) -> np.ndarray:
    """Return, per parameter, the variance that rounding alone may leave where a gradient vanishes
    identically.

    A bias gradient that is zero by symmetry is computed as a sum that cancels, of terms as large as
    those of its layer's weights; so the dust is (n eps)^2 times the layer's largest ``diag C``.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> rounding_variance(np.array([4.0, 1e-30, 1.0, 1.0]), Architecture(1, 1), 1e-14)
        array([4.e-28, 4.e-28, 1.e-28, 1.e-28])
    """
    variances = np.empty(len(diagonal))
    for layer in architecture.layers:
        variances[layer.whole] = relative_noise**2 * diagonal[layer.whole].max()
    return variances


def _by_eigh(
    solver: Eigensolver, second_moment: np.ndarray, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Compute the eigenvalues of C sorted by its diagonal: the order alone gains decades of
    accuracy on graded matrices.
    """
    # A symmetric matrix is its own transpose, here in Fortran order, which LAPACK wants and would
    # copy it to.
    sorted_moment = _reordered(second_moment, order).T
    values, sorted_basis = solver.solve(sorted_moment, overwrite=True)
    if sorted_basis is None:
        return values, None
    basis = np.empty_like(sorted_basis)
    basis.T[:, order] = sorted_basis.T  # vector by vector, as they lie in memory
    return values, basis


def _reordered(matrix: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return ``matrix[np.ix_(order, order)]`` row by row, each of which fits in cache: four times
    as fast for large matrices.
    """
    reordered = np.empty_like(matrix, order="C")
    for index, row in enumerate(order):
        # clip: straight into place, and no index is out of range
        np.take(matrix[row], order, out=reordered[index], mode="clip")
    return reordered


def _is_symmetric(matrix: np.ndarray) -> bool:
    """Whether a matrix equals its transpose, compared square by square, two of which fit in
    cache.
    """
    starts = range(0, len(matrix), _TILE)
    squares = (
        (slice(row, row + _TILE), slice(column, column + _TILE))
        for row in starts
        for column in starts
        if column >= row
    )
    return all(
        np.array_equal(matrix[rows, columns], matrix[columns, rows].T) for rows, columns in squares
    )


def _check(second_moment: np.ndarray) -> None:
    """Refuse a matrix without a spectrum, for which LAPACK would return meaningless numbers."""
    if second_moment.ndim != 2 or second_moment.shape[0] != second_moment.shape[1]:
        raise EigensolverFailure(
            f"second moment: expected a square matrix, found shape {second_moment.shape}"
        )
    if not np.isfinite(second_moment).all():
        raise EigensolverFailure(
            "second moment: expected finite entries, found infinities or NaN; compute it again"
        )
    if not _is_symmetric(second_moment):
        raise EigensolverFailure(
            "second moment: expected a symmetric matrix, found an asymmetric one; compute it again"
        )
