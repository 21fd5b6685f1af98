"""Self-expression in closed form: least-squares regression with and without a diagonal, and
low-rank forms.

All of them are filters of the spectrum X = U diag(s) V^T: C = V diag(f(s)) V^T with

    f = s^2 / (s^2 + lambda)       LSR (C.-Y. Lu et al., ECCV 2012)
    f = 1 for the r largest s      the shape-interaction matrix: min |C|_* with X = X C
    f = max(1 - 1 / (tau s^2), 0)  LRSC (R. Vidal, P. Favaro, Pattern Recognition Letters 43, 2014)
"""

from __future__ import annotations

import numpy as np

from eigenscape.clustering.gram import Columns
from eigenscape.errors import BadInput


def least_squares_without_diagonal(columns: Columns, penalty: float) -> np.ndarray:
    """Argmin |X - X C|_F^2 + lambda |C|_F^2 with C_jj = 0: C_ij = -M_ij / M_jj with M = (X^T X +
    lambda I)^{-1}, (N, N).

    The reason is that the j-th problem regresses x_j on the others, and regression coefficients are
    ratios of a precision matrix.

    Raises:
        BadInput: lambda is not positive.

    Example:
        >>> least_squares_without_diagonal(Columns.of(np.array([[1.0, 1.0]])), 1.0)
        array([[0. , 0.5],
               [0.5, 0. ]])
    """
    _positive("penalty", penalty)
    ones = np.ones(columns.count)
    inverse = columns.solve(ones, penalty * ones, np.eye(columns.count))
    coefficients = -inverse / np.diag(inverse)
    np.fill_diagonal(coefficients, 0.0)
    return coefficients + 0.0  # no negative zeros


def shape_interaction(columns: Columns, rank: int | None = None) -> np.ndarray:
    """Return V_r V_r^T (N, N) of the r leading right singular vectors; of all of them by default.

    Raises:
        BadInput: a rank below 1.

    Example:
        >>> shape_interaction(Columns.of(np.array([[1.0, 1.0]]))).round(12)
        array([[0.5, 0.5],
               [0.5, 0.5]])
    """
    if rank is not None and rank < 1:
        raise BadInput.field(
            "rank", "a whole number of at least 1, or null", repr(rank), "write rank: 10"
        )
    leading = columns.right[:, :rank]
    return np.asarray(leading @ leading.T)


def low_rank(columns: Columns, fidelity: float) -> np.ndarray:
    """Return argmin |C|_* + tau/2 |X - X C|_F^2 over symmetric C: V_1 (I - S_1^{-2} / tau) V_1^T on
    s > 1/sqrt(tau), (N, N).

    Raises:
        BadInput: tau is not positive.

    Example:
        >>> low_rank(Columns.of(np.diag([2.0, 0.1])), 1.0)
        array([[0.75, 0.  ],
               [0.  , 0.  ]])
    """
    _positive("fidelity", fidelity)
    return _filtered(
        columns, np.maximum(1 - 1 / (fidelity * np.square(columns.singular_values)), 0.0)
    )


def _filtered(columns: Columns, weights: np.ndarray) -> np.ndarray:
    return np.asarray((columns.right * weights) @ columns.right.T)


def _positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise BadInput.field(name, "a finite number above 0", repr(value), f"write {name}: 1.0")
