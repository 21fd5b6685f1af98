"""The best dense symmetric eigensolvers at hand, one function per question.

Measured on one core (AMD EPYC Zen 4, numpy 2.4.6 and scipy 1.17.1 with OpenBLAS, torch 2.13 with
MKL; ``benchmarks/eigensolvers.py`` prints it anew): values only, P = 800: numpy 0.03 s, torch 0.07 s;
P = 1,600: 0.23 s and 0.42 s; P = 3,200: 3.0 s and 2.0 s; P = 5,146: 11.6 s and 6.7 s. With vectors
LAPACK's divide and conquer (``evd``) is fastest and keeps them orthogonal to 9e-15 (``evr``: 5e-11).
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from eigenscape.errors import EigensolverFailure

TORCH_FROM = 2500
"""Values of matrices at least this large are computed by torch, whose MKL is the faster there."""


def eigenvalues(matrix: np.ndarray) -> np.ndarray:
    """All eigenvalues of a symmetric matrix, in descending order, by LAPACK's fastest driver.

    Args:
        matrix: (P, P), symmetric; the lower triangle is read. Not changed.

    Returns:
        (P,) float64, descending.

    Raises:
        EigensolverFailure: LAPACK reports no convergence.

    Example:
        >>> eigenvalues(np.array([[2.0, 1.0], [1.0, 2.0]]))
        array([3., 1.])
    """
    try:
        if len(matrix) >= TORCH_FROM:
            import torch  # noqa: PLC0415 - a second of import that only large matrices repay

            values: np.ndarray = torch.linalg.eigvalsh(torch.from_numpy(np.ascontiguousarray(matrix))).numpy()
            return values[::-1].copy()
        return np.linalg.eigvalsh(matrix)[::-1].copy()
    except (np.linalg.LinAlgError, RuntimeError) as error:
        raise EigensolverFailure(f"the eigensolver did not converge on a {len(matrix)} x {len(matrix)} matrix: {error}") from error


def eigenpairs(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All eigenvalues, descending, and eigenvectors, by divide and conquer.

    The sign of a vector is fixed: its component of largest magnitude is positive.

    Args:
        matrix: (P, P), symmetric. Not changed.

    Returns:
        values (P,) and vectors (P, P), column j belonging to value j.

    Raises:
        EigensolverFailure: LAPACK reports no convergence.

    Example:
        >>> values, vectors = eigenpairs(np.diag([1.0, 4.0]))
        >>> values, vectors[:, 0]
        (array([4., 1.]), array([0., 1.]))
    """
    try:
        values, vectors = scipy.linalg.eigh(np.array(matrix, order="F"), driver="evd", overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError as error:
        raise EigensolverFailure(f"the eigensolver did not converge on a {len(matrix)} x {len(matrix)} matrix: {error}") from error
    values, vectors = values[::-1].copy(), vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(len(matrix))])
    return values, vectors
