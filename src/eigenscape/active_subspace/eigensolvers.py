"""The best dense symmetric eigensolvers at hand, one function per question.

Measured on one core (AMD EPYC Zen 4, numpy 2.4.6 and scipy 1.17.1 with OpenBLAS, torch 2.13 with
MKL; ``benchmarks/eigensolvers.py`` prints it anew): values only, P = 800: numpy 0.03 s, torch 0.07 s;
P = 1,600: 0.23 s and 0.42 s; P = 3,200: 3.0 s and 2.0 s; P = 5,146: 11.6 s and 6.7 s. With vectors
LAPACK's divide and conquer (``evd``) is fastest and keeps them orthogonal to 9e-15 (``evr``: 5e-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.linalg

from eigenscape.errors import EigensolverFailure

if TYPE_CHECKING:
    import torch

TORCH_FROM = 2500
"""Values of matrices at least this large are computed by torch, whose MKL is the faster there."""


HOST = "host"
"""LAPACK on the processor; every other place is the name of a torch device, such as ``cuda``."""

LARGEST_ON_CUDA = 25_000
"""cuSOLVER's dense eigensolver, which torch uses, is reported to fail beyond."""


def eigenvalues(matrix: np.ndarray, place: str = HOST) -> np.ndarray:
    """All eigenvalues of a symmetric matrix, in descending order, by LAPACK's fastest driver.

    Args:
        matrix: (P, P), symmetric; the lower triangle is read. Not changed.
        place: where to solve, `HOST` or a torch device.

    Returns:
        (P,) float64, descending.

    Raises:
        EigensolverFailure: the solver reports no convergence, or the matrix is too large for the GPU's.

    Example:
        >>> eigenvalues(np.array([[2.0, 1.0], [1.0, 2.0]]))
        array([3., 1.])
    """
    try:
        if place != HOST or len(matrix) >= TORCH_FROM:
            import torch  # noqa: PLC0415 - a second of import that only large matrices repay

            values: np.ndarray = torch.linalg.eigvalsh(_on(matrix, "cpu" if place == HOST else place)).cpu().numpy()
            return values[::-1].copy()
        return np.linalg.eigvalsh(matrix)[::-1].copy()
    except (np.linalg.LinAlgError, RuntimeError) as error:
        raise EigensolverFailure(f"the eigensolver did not converge on a {len(matrix)} x {len(matrix)} matrix: {error}") from error


def eigenpairs(matrix: np.ndarray, place: str = HOST) -> tuple[np.ndarray, np.ndarray]:
    """All eigenvalues, descending, and eigenvectors, by divide and conquer.

    The sign of a vector is fixed: its component of largest magnitude is positive.

    Args:
        matrix: (P, P), symmetric. Not changed.
        place: where to solve, `HOST` or a torch device.

    Returns:
        values (P,) and vectors (P, P), column j belonging to value j.

    Raises:
        EigensolverFailure: the solver reports no convergence, or the matrix is too large for the GPU's.

    Example:
        >>> values, vectors = eigenpairs(np.diag([1.0, 4.0]))
        >>> values, vectors[:, 0]
        (array([4., 1.]), array([0., 1.]))
    """
    try:
        if place == HOST:
            values, vectors = scipy.linalg.eigh(np.array(matrix, order="F"), driver="evd", overwrite_a=True, check_finite=False)
        else:
            import torch  # noqa: PLC0415 - only this route needs it

            solved = torch.linalg.eigh(_on(matrix, place))
            values, vectors = solved.eigenvalues.cpu().numpy(), solved.eigenvectors.cpu().numpy()
    except (np.linalg.LinAlgError, RuntimeError) as error:
        raise EigensolverFailure(f"the eigensolver did not converge on a {len(matrix)} x {len(matrix)} matrix: {error}") from error
    values, vectors = values[::-1].copy(), vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(len(matrix))])
    return values, vectors


def _on(matrix: np.ndarray, place: str) -> torch.Tensor:
    """The matrix as a float64 tensor on a torch device."""
    import torch  # noqa: PLC0415 - only this route needs it

    if place.startswith("cuda") and len(matrix) > LARGEST_ON_CUDA:
        raise EigensolverFailure(f"matrix: expected at most {LARGEST_ON_CUDA:,} rows on a GPU, found {len(matrix):,}; solve it on the host")
    return torch.from_numpy(np.ascontiguousarray(matrix)).to(place)
