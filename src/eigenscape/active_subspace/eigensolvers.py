"""The fastest accurate dense symmetric eigensolvers that are installed, one function per question.

Values: numpy's LAPACK for small matrices, which stay in the processor's cache; from
`TWO_STAGE_FROM` on the reduction in two stages (`two_stage`) where its optional package is
installed, else torch's MKL from `TORCH_FROM` on. With vectors: divide and conquer (`tridiagonal`),
which keeps them orthogonal to 1e-14 where LAPACK's ``evr`` leaves 5e-11. All are backward stable,
with errors of about eps lambda_1, and differ in their last bits: `solver_of` names the solver that
is used, and receipts record it. ``benchmarks/eigensolvers.py`` compares their speed
(docs/benchmarks.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from eigenscape.active_subspace import two_stage
from eigenscape.active_subspace.tridiagonal import eigenpairs_by_steps
from eigenscape.errors import EigensolverFailure

if TYPE_CHECKING:
    import torch

TWO_STAGE_FROM = 2000
"""Number of rows from which eigenvalues are computed in two stages: half of a smaller matrix fits
in a third-level cache of 16 MB."""

TORCH_FROM = 2500
"""Number of rows from which eigenvalues are computed by torch, whose MKL is then faster, if that
package is missing."""

HOST = "host"
"""The host's processor, with LAPACK; every other device is the name of a torch device, such as
``cuda``."""

LARGEST_ON_CUDA = 25_000
"""Number of rows beyond which cuSOLVER's dense eigensolver, which torch uses, is reported to
fail."""

_SAFE_EXPONENT = 400
"""Exponent of 2: squares of matrix entries between 2^-400 and 2^400 neither overflow nor vanish, so
that no scaling is needed."""

_VECTORS = 256
"""Number of vectors whose signs are set at once, so that only these are copied."""


def solver_of(parameters: int, *, vectors: bool, device: str = HOST) -> str:
    """Return the name of the solver that is used for a matrix of P rows, for receipts.

    Example:
        >>> solver_of(100, vectors=False)
        'dsyevd (numpy)'
    """
    if device != HOST:
        return f"torch on {device}"
    if vectors:
        return "dsytrd, dstedc, dlarfb (scipy)"
    if _in_two_stages(parameters):
        return f"dsytrd_sy2sb, dsytrd_sb2st ({two_stage.PACKAGE} {two_stage.version()})"
    return "dsyevd (torch)" if parameters >= TORCH_FROM else "dsyevd (numpy)"


def eigenvalues(matrix: np.ndarray, device: str = HOST, *, overwrite: bool = False) -> np.ndarray:
    """Compute all eigenvalues of a symmetric matrix, in descending order, by the fastest installed
    solver.

    Args:
        matrix: (P, P), symmetric; the lower triangle is read, in double precision.
        device: the device that solves, `HOST` or a torch device.
        overwrite: whether the matrix may be destroyed, which saves a copy if it is in Fortran
            order.

    Returns:
        (P,) float64, descending.

    Raises:
        EigensolverFailure: the solver reports no convergence, or the matrix is too large for the
            GPU's.

    Example:
        >>> eigenvalues(np.array([[2.0, 1.0], [1.0, 2.0]]))
        array([3., 1.])
    """
    matrix = np.asarray(matrix, np.float64)
    try:
        if device == HOST and _in_two_stages(len(matrix)):
            scaled, exponent = _scaled(matrix, overwrite)
            ascending: np.ndarray = np.ldexp(two_stage.eigenvalues_in_two_stages(scaled), exponent)
            return ascending[::-1].copy()
        if device != HOST or len(matrix) >= TORCH_FROM:
            import torch  # noqa: PLC0415 - a second of import that only large matrices repay

            values: np.ndarray = (
                torch.linalg.eigvalsh(_on(matrix, "cpu" if device == HOST else device))
                .cpu()
                .numpy()
            )
            return values[::-1].copy()
        return np.linalg.eigvalsh(matrix)[::-1].copy()
    except (np.linalg.LinAlgError, RuntimeError) as error:
        raise EigensolverFailure(
            f"the eigensolver did not converge on a {len(matrix)} x {len(matrix)} matrix: {error}"
        ) from error


def eigenpairs(
    matrix: np.ndarray, device: str = HOST, *, overwrite: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Compute all eigenvalues, descending, and eigenvectors, by divide and conquer.

    The sign of a vector is fixed: its component of largest magnitude is positive.

    Args:
        matrix: (P, P), symmetric; the lower triangle is read, in double precision.
        device: the device that solves, `HOST` or a torch device.
        overwrite: whether the matrix may be destroyed, which saves a copy if it is in Fortran
            order.

    Returns:
        values (P,) and vectors (P, P), column j belonging to value j.

    Raises:
        EigensolverFailure: the solver reports no convergence, or the matrix is too large for the
            GPU's.

    Example:
        >>> values, vectors = eigenpairs(np.diag([1.0, 4.0]))
        >>> values, vectors[:, 0]
        (array([4., 1.]), array([0., 1.]))
    """
    matrix = np.asarray(matrix, np.float64)
    try:
        if device == HOST:
            scaled, exponent = _scaled(matrix, overwrite)
            values, vectors = eigenpairs_by_steps(scaled)
            values = np.ldexp(values, exponent)
        else:
            import torch  # noqa: PLC0415 - only this route needs it

            solved = torch.linalg.eigh(_on(matrix, device))
            values, vectors = solved.eigenvalues.cpu().numpy(), solved.eigenvectors.cpu().numpy()
    except (np.linalg.LinAlgError, RuntimeError) as error:
        raise EigensolverFailure(
            f"the eigensolver did not converge on a {len(matrix)} x {len(matrix)} matrix: {error}"
        ) from error
    return values[::-1].copy(), _descending_with_signs(vectors)


def _in_two_stages(parameters: int) -> bool:
    """Whether values of a matrix of P rows are computed in two stages."""
    return parameters >= TWO_STAGE_FROM and two_stage.library() is not None


def _scaled(matrix: np.ndarray, overwrite: bool) -> tuple[np.ndarray, int]:
    """Return the matrix in Fortran order, divided by 2^e, to be destroyed; e is 0 unless LAPACK's
    drivers would scale such entries too.
    """
    largest = max(float(matrix.max()), -float(matrix.min()))
    exponent = math.frexp(largest)[1] if math.isfinite(largest) else 0
    if abs(exponent) <= _SAFE_EXPONENT:
        return np.array(matrix, order="F", copy=None if overwrite else True), 0
    return np.asfortranarray(np.ldexp(matrix, -exponent)), exponent


def _descending_with_signs(vectors: np.ndarray) -> np.ndarray:
    """Return the columns in reverse order, each with its component of largest magnitude made
    positive.
    """
    ascending = vectors.T
    descending = np.empty(ascending.shape)
    for first in range(0, len(ascending), _VECTORS):
        some = ascending[::-1][first : first + _VECTORS]
        largest = np.abs(some).argmax(axis=1)
        np.multiply(
            some,
            np.sign(some[np.arange(len(some)), largest])[:, None],
            out=descending[first : first + _VECTORS],
        )
    return descending.T


def _on(matrix: np.ndarray, device: str) -> torch.Tensor:
    """Copy the matrix to a torch device as a float64 tensor."""
    import torch  # noqa: PLC0415 - only this route needs it

    if device.startswith("cuda") and len(matrix) > LARGEST_ON_CUDA:
        raise EigensolverFailure(
            f"matrix: expected at most {LARGEST_ON_CUDA:,} rows on a GPU, found {len(matrix):,};"
            " solve it on the host"
        )
    return torch.from_numpy(matrix).to(device)
