"""The fastest accurate dense symmetric eigensolvers at hand, each an object that knows its name.

Values: numpy's LAPACK for small matrices, which stay in the processor's cache; from
`TWO_STAGE_FROM` on the reduction in two stages (`two_stage`) where its optional package is
installed, else torch's MKL from `TORCH_FROM` on. With vectors: divide and conquer (`tridiagonal`),
which keeps them orthogonal to 1e-14 where LAPACK's ``evr`` leaves 5e-11. All are backward stable,
with errors of about eps lambda_1, and differ in their last bits: each has its name, which
receipts tell. Measured beside each other by ``benchmarks/eigensolvers.py``
(docs/benchmarks.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from eigenscape.active_subspace import two_stage
from eigenscape.active_subspace.tridiagonal import eigenpairs_by_steps
from eigenscape.config.sizes import TWO_STAGE_FROM
from eigenscape.errors import EigensolverFailure

if TYPE_CHECKING:
    import torch

TORCH_FROM = 2500
"""Number of rows from which eigenvalues are computed by torch, whose MKL is then faster, if that
package is missing."""

LARGEST_ON_CUDA = 25_000
"""Number of rows beyond which cuSOLVER's dense eigensolver, which torch uses, is reported to
fail."""

_SAFE_EXPONENT = 400
"""Exponent of 2: squares of matrix entries between 2^-400 and 2^400 neither overflow nor vanish, so
that no scaling is needed."""

_VECTORS = 256
"""Number of vectors whose signs are set at once, so that only these are copied."""


Values = tuple[np.ndarray, None]


class Solve(Protocol):
    """What `Eigensolver.solve` is."""

    def __call__(
        self, matrix: np.ndarray, *, overwrite: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Eigenvalues, and eigenvectors or None."""


@dataclass(frozen=True)
class Eigensolver:
    """One way to solve dense symmetric matrices.

    Attributes:
        name: which routines of which library; the last bits are theirs, and receipts tell.
        solve: gives all eigenvalues (P,), descending, and the eigenvectors (P, P), column j
            belonging to value j, largest component positive, or None where it solves for values
            alone. Of the matrix (P, P) the lower triangle is read, in double precision; with
            ``overwrite`` it may be destroyed, which spares a copy of one in Fortran order.
            `EigensolverFailure` where it does not converge, or the matrix is too large for it.
    """

    name: str
    solve: Solve


def eigensolver_of_host(parameters: int, *, vectors: bool) -> Eigensolver:
    """The fastest solver at hand for a matrix of P rows, on the processor.

    Example:
        >>> solver = eigensolver_of_host(2, vectors=False)
        >>> solver.name, solver.solve(np.array([[2.0, 1.0], [1.0, 2.0]]))
        ('dsyevd (numpy)', (array([3., 1.]), None))
    """
    if vectors:
        return Eigensolver("dsytrd, dstedc, dlarfb (scipy)", eigenpairs)
    if parameters >= TWO_STAGE_FROM and two_stage.library() is not None:
        name = f"dsytrd_sy2sb, dsytrd_sb2st ({two_stage.PACKAGE} {two_stage.version()})"
        return Eigensolver(name, _values_in_two_stages)
    if parameters >= TORCH_FROM:
        return Eigensolver("dsyevd (torch)", partial(_values_by_torch, "cpu"))
    return Eigensolver("dsyevd (numpy)", _values_by_numpy)


def eigensolver_of_torch(device: str, *, vectors: bool) -> Eigensolver:
    """Torch's solver on one of its devices, such as ``cuda``.

    Example:
        >>> eigensolver_of_torch("cuda", vectors=True).name
        'torch on cuda'
    """
    return Eigensolver(
        f"torch on {device}", partial(_pairs_by_torch if vectors else _values_by_torch, device)
    )


def eigenpairs(matrix: np.ndarray, *, overwrite: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """All eigenvalues, descending, and eigenvectors, by LAPACK's divide and conquer.

    See `Eigensolver.solve`.

    Example:
        >>> values, vectors = eigenpairs(np.diag([1.0, 4.0]))
        >>> values, vectors[:, 0]
        (array([4., 1.]), array([0., 1.]))
    """
    matrix = np.asarray(matrix, np.float64)
    with _named_failure(len(matrix)):
        scaled, exponent = _scaled(matrix, overwrite)
        values, vectors = eigenpairs_by_steps(scaled)
        return np.ldexp(values, exponent)[::-1].copy(), _descending_with_signs(vectors)


def _values_in_two_stages(matrix: np.ndarray, *, overwrite: bool = False) -> Values:
    matrix = np.asarray(matrix, np.float64)
    with _named_failure(len(matrix)):
        scaled, exponent = _scaled(matrix, overwrite)
        ascending: np.ndarray = np.ldexp(two_stage.eigenvalues_in_two_stages(scaled), exponent)
        return ascending[::-1].copy(), None


def _values_by_numpy(matrix: np.ndarray, *, overwrite: bool = False) -> Values:
    matrix = np.asarray(matrix, np.float64)
    with _named_failure(len(matrix)):
        return np.linalg.eigvalsh(matrix)[::-1].copy(), None


def _values_by_torch(device: str, matrix: np.ndarray, *, overwrite: bool = False) -> Values:
    import torch  # noqa: PLC0415 - a second of import that only large matrices repay

    with _named_failure(len(matrix)):
        values: np.ndarray = torch.linalg.eigvalsh(_on(matrix, device)).cpu().numpy()
        return values[::-1].copy(), None


def _pairs_by_torch(
    device: str, matrix: np.ndarray, *, overwrite: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    import torch  # noqa: PLC0415 - only this route needs it

    with _named_failure(len(matrix)):
        solved = torch.linalg.eigh(_on(matrix, device))
        values, vectors = solved.eigenvalues.cpu().numpy(), solved.eigenvectors.cpu().numpy()
        return values[::-1].copy(), _descending_with_signs(vectors)


@contextmanager
def _named_failure(size: int) -> Iterator[None]:
    try:
        yield
    except (np.linalg.LinAlgError, RuntimeError) as error:
        raise EigensolverFailure(
            f"the eigensolver did not converge on a {size} x {size} matrix: {error}"
        ) from error


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
    """The matrix as a float64 tensor on a torch device."""
    import torch  # noqa: PLC0415 - only this route needs it

    if device.startswith("cuda") and len(matrix) > LARGEST_ON_CUDA:
        raise EigensolverFailure(
            f"matrix: expected at most {LARGEST_ON_CUDA:,} rows on a GPU, found {len(matrix):,};"
            " solve it on the host"
        )
    return torch.from_numpy(np.asarray(matrix, np.float64)).to(device)
