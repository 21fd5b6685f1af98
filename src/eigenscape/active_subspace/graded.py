"""The graded route: factors that keep the grading of C, and what their small singular values are
worth.

Where C = D A D with D diagonal and A of unit diagonal, Cholesky's factor R keeps the grading: the
squared singular values of R have a relative error of about P eps / lambda_min(A), whatever the
condition of D (Demmel and Veselic, Jacobi's method is more accurate than QR, SIAM J. Matrix Anal.
Appl. 13, 1992, theorem 2.3). So a factor is trusted by lambda_min(A), the square of the smallest
singular value of R scaled to unit rows. A condition number in the 1-norm, which LAPACK estimates,
is no substitute: it exceeds that in the 2-norm by up to a factor of P, and its square by P^2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
from scipy.linalg import lapack, solve_triangular
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

TRUSTED_ERROR = 0.1
"""Largest trusted relative error: an eigenvalue with a larger bound is reported as below the floor,
not as a number."""

_EPSILON = float(np.finfo(np.float64).eps)

_SMALL = 64
"""Number of rows up to which all singular values cost no more than the solves of Lanczos'
method."""

_LANCZOS_TOLERANCE = 1e-2
"""Relative tolerance of the smallest singular value, squared: far finer than a bound of the error
needs."""


def graded_factor(second_moment: np.ndarray, dust: np.ndarray) -> tuple[np.ndarray, bool]:
    """Compute a factor R with C = R R^T that keeps the grading, and whether its small singular
    values can be trusted.

    Pivoted Cholesky takes the largest remaining variance first. A pivot that has lost all but P eps
    of its parameter's own variance, or all but its dust (P,), is a combination of earlier
    parameters: a null direction, whose column is dropped.

    Example:
        >>> factor, trusted = graded_factor(np.diag([1e-30, 4.0]), np.zeros(2))
        >>> factor.diagonal(), trusted
        (array([2.e+00, 1.e-15]), True)
    """
    size = len(second_moment)
    if size == 0:
        return np.zeros((0, 0)), True
    lower, pivots, rank, _ = lapack.dpstrf(second_moment, tol=0.0, lower=1)
    lower = np.tril(lower)[:, :rank]
    own_variance = np.diagonal(second_moment)[pivots - 1]
    independent = np.flatnonzero(
        ~lost_pivots(np.diagonal(lower), own_variance[:rank], size, dust[pivots - 1][:rank])
    )
    factor = lower[:, independent]
    leading = lower[np.ix_(independent, independent)] / np.sqrt(own_variance[independent])[:, None]
    return factor, trusts_factor(size, smallest_singular_value(leading, lower=True))


def graded_eigenvalues(second_moment: np.ndarray) -> np.ndarray:
    """Compute the eigenvalues (P,), descending, by the factor; NaN where they are null, or where
    the factor cannot be trusted.

    Example:
        >>> graded_eigenvalues(np.diag([1e-30, 4.0, 0.0]))
        array([4.e+00, 1.e-30,    nan])
    """
    factor, trusted = graded_factor(second_moment, np.zeros(len(second_moment)))
    values = np.full(len(second_moment), np.nan)
    if trusted and factor.size:
        values[: factor.shape[1]] = scipy.linalg.svdvals(factor, check_finite=False) ** 2
    return values


def lost_pivots(
    pivots: np.ndarray, own_variances: np.ndarray, size: int, dust: np.ndarray | float
) -> np.ndarray:
    """Return which parameters are combinations of earlier ones: their Cholesky pivot is at most
    ``size`` eps of their own variance, or at most dust.
    """
    return pivots**2 <= np.maximum(size * _EPSILON * own_variances, dust)


def trusts_factor(size: int, smallest: float) -> bool:
    """Whether a Cholesky factor of C has `TRUSTED_ERROR`: P eps <= 0.1 lambda_min(A), given P and
    the smallest singular value of the factor scaled to unit rows, whose square is lambda_min(A).

    Example:
        >>> trusts_factor(3_000, 1e-5), trusts_factor(3_000, 1e-6)
        (True, False)
    """
    return size * _EPSILON <= TRUSTED_ERROR * smallest**2


def trusts_rows(size: int, smallest: float) -> bool:
    """Whether a triangle of gradients, whose columns have an error of P eps each, has
    `TRUSTED_ERROR`, given its smallest singular value after scaling to unit columns.

    Example:
        >>> trusts_rows(3_000, 1e-11), trusts_rows(3_000, 1e-12)
        (True, False)
    """
    return size * _EPSILON <= TRUSTED_ERROR * smallest


def smallest_singular_value(triangle: np.ndarray, *, lower: bool) -> float:
    """Compute sigma_min of a triangle T (m, m) with nonzero diagonal; infinite for m = 0.

    Example:
        >>> round(smallest_singular_value(np.array([[1.0, 0.0], [1.0, 1.0]]), lower=True), 6)
        0.618034
    """
    if not len(triangle):
        return float("inf")
    if len(triangle) <= _SMALL:
        return float(scipy.linalg.svdvals(triangle, check_finite=False)[-1])

    def solve(right: np.ndarray) -> np.ndarray:
        middle = solve_triangular(triangle, right, lower=lower, check_finite=False)
        return np.asarray(
            solve_triangular(triangle, middle, lower=lower, trans="T", check_finite=False)
        )

    return smallest_by_solves(solve, len(triangle))


def smallest_by_solves(solve: Callable[[np.ndarray], np.ndarray], size: int) -> float:
    """Compute sigma_min of a triangle T (m, m) by Lanczos' method on the inverse of T T^T, in some
    twenty applications of it; 0 where that does not converge, so that nothing is trusted.

    Args:
        solve: from x (m,) to T^-T T^-1 x.
        size: m.
    """
    if size == 1:
        return float(1 / np.sqrt(solve(np.ones(1))[0]))
    # A start without structure: one that is orthogonal to the vector sought would miss it.
    start = np.random.default_rng(0).standard_normal(size)
    inverse = LinearOperator((size, size), matvec=solve, dtype=np.float64)
    try:
        largest = eigsh(inverse, k=1, v0=start, tol=_LANCZOS_TOLERANCE, return_eigenvectors=False)
    except ArpackError:
        return 0.0
    return float(1 / np.sqrt(largest[0]))
