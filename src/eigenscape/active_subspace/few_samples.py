"""The spectrum of C from its gradients where they are fewer than the parameters: C itself is
neither read nor diagonalised.

With G (N, P) the gradients, C = R^T R for R = G / sqrt N, so the eigenvalues of C are the squared
singular values of R, padded by P - N zeros: those of the Gram matrix G G^T / N, without squaring G,
which would cost half of the digits. R is first reduced by a QR factorisation with column pivoting,
``R Pi = Q T``: T^T is the factor that pivoted Cholesky would give for C (`spectrum`), with the same
grading and the same criterion for null directions. The work is 2 N^2 P, and the memory 2 N P,
instead of 4/3 P^3 and 4 P^2.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.linalg
from scipy.linalg import lapack

from eigenscape.active_subspace.graded import smallest_singular_value, trusts_rows
from eigenscape.active_subspace.spectrum import (
    Route,
    Spectrum,
    rounding_variance,
    spectrum_by_factor,
)
from eigenscape.architecture import Layout
from eigenscape.config.sizes import BLOCK, LARGEST_WITH_VECTORS
from eigenscape.errors import EigensolverFailure
from eigenscape.networks.sampler import Sampler

SOLVER = "dgeqp3, dgesdd (scipy)"
"""The name of the solver, for receipts."""

_EPSILON = float(np.finfo(np.float64).eps)


def few_samples_spectrum(
    sampler: Sampler, samples: int, diagonal: np.ndarray, dust: np.ndarray, *, vectors: bool
) -> Spectrum:
    """Compute the spectrum of the C of the first N < P gradients of a sampler.

    Args:
        sampler: the sampler of the network; its gradients are computed once more.
        samples: N.
        diagonal: diag C, (P,).
        dust: (P,); a parameter whose ``diag C`` is at most this is taken as null
            (`spectrum.spectrum_of`).
        vectors: also compute all P eigenvectors; those of eigenvalue 0 are some orthonormal basis
            of the null space.

    Raises:
        EigensolverFailure: LAPACK reports a failure, or its work space for vectors exceeds 32 bits.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> gradients = sampler.block(0, 4)[0].copy()
        >>> diagonal = (gradients**2).mean(axis=0)
        >>> found = few_samples_spectrum(sampler, 4, diagonal, np.zeros(7), vectors=False)
        >>> expected = np.linalg.svd(gradients / 2)[1] ** 2
        >>> found.rank, bool(np.allclose(found.eigenvalues[:4], expected)), found.eigenvalues[4:]
        (4, True, array([0., 0., 0.]))
    """
    if vectors and (samples > LARGEST_WITH_VECTORS[0] or len(diagonal) > LARGEST_WITH_VECTORS[1]):
        most = "{:,} gradients of {:,} parameters".format(*LARGEST_WITH_VECTORS)
        found = f"{samples:,} of {len(diagonal):,}"
        raise EigensolverFailure(
            f"eigenvectors: expected at most {most}, found {found}; start several ranks"
            " (docs/large_cells.md)"
        )
    carrying = np.flatnonzero(diagonal > dust)
    # Filled in the order that LAPACK works in, so that nothing of this size is copied.
    gradients = np.empty((samples, len(carrying)), order="F")
    counted = 0
    for first in range(0, samples, BLOCK):
        rows, losses = sampler.block(first, min(BLOCK, samples - first))
        gradients[first : first + len(rows)] = (
            rows if len(carrying) == rows.shape[1] else rows[:, carrying]
        )
        counted += int(np.count_nonzero(~np.isnan(losses)))
    gradients /= np.sqrt(max(counted, 1))
    return spectrum_of_rows(gradients, diagonal, carrying, counted, dust, vectors=vectors)


def spectrum_of_gradients(
    gradients: np.ndarray,
    architecture: Layout,
    relative_noise: float,
    *,
    vectors: bool = False,
) -> Spectrum:
    """Compute the spectrum of ``G^T G / N``, with null directions distinguished from rounding error
    as in all stages.

    Args:
        gradients: G (N, P), usually fewer than P; not changed.
        architecture: the network.
        relative_noise: the relative rounding error of a gradient (`spectrum.rounding_variance`).
        vectors: also compute all P eigenvectors.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> gradients = np.array([[3.0, 0.0, 4.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
        >>> spectrum_of_gradients(gradients, Architecture(1, 1), 1e-14).eigenvalues
        array([12.5,  2. ,  0. ,  0. ])
    """
    diagonal = np.einsum("np,np->p", gradients, gradients, dtype=np.float64) / len(gradients)
    dust = rounding_variance(diagonal, architecture, relative_noise)
    carrying = np.flatnonzero(diagonal > dust)
    rows = np.empty((len(gradients), len(carrying)), order="F")
    for first in range(0, len(gradients), BLOCK):
        block = gradients[first : first + BLOCK]
        np.divide(
            block if len(carrying) == len(diagonal) else block[:, carrying],
            np.sqrt(len(gradients)),
            out=rows[first : first + BLOCK],
        )
    return spectrum_of_rows(rows, diagonal, carrying, len(gradients), dust, vectors=vectors)


def spectrum_of_rows(
    rows: np.ndarray,
    diagonal: np.ndarray,
    carrying: np.ndarray,
    samples: int,
    dust: np.ndarray | float,
    *,
    vectors: bool,
) -> Spectrum:
    """Compute the spectrum of ``R^T R`` on the parameters that carry gradient, with zeros for the
    others.

    A row of T whose pivot is at most P eps of its parameter's own deviation, or whose square is at
    most its dust, is rounding error and is dropped: that parameter is a combination of earlier
    ones.

    Args:
        rows: R, (N, number of carrying parameters), in Fortran order; overwritten.
        diagonal: diag C, (P,).
        carrying: which parameters the columns of R belong to, ascending.
        samples: N without those that are excluded.
        dust: the variance at or below which a parameter counts as null.
        vectors: also compute all P eigenvectors.

    Raises:
        EigensolverFailure: LAPACK reports a failure.

    Example:
        >>> rows = np.array([[3.0, 0.0, 4.0]], order="F")
        >>> diagonal = np.array([9.0, 0.0, 16.0, 0.0])
        >>> found = spectrum_of_rows(rows, diagonal, np.arange(3), 1, 0.0, vectors=True)
        >>> found.eigenvalues.round(12), np.abs(found.eigenvectors[:, 0]).round(12)
        (array([25.,  0.,  0.,  0.]), array([0.6, 0. , 0.8, 0. ]))
    """
    size = len(diagonal)
    if not rows.size:
        return _marked(
            spectrum_by_factor(
                np.zeros(0), True, np.eye(size) if vectors else None, diagonal, samples, dust
            )
        )
    reduced, pivots, _, _, failed = lapack.dgeqp3(rows, lwork=_workspace(rows), overwrite_a=1)
    if failed:
        raise EigensolverFailure(
            f"the QR factorisation of {len(rows)} gradients failed: dgeqp3 returned info = {failed}"
        )
    order = carrying[pivots - 1]
    height = min(reduced.shape)
    for column in range(height):
        reduced[column + 1 :, column] = 0.0  # Householder vectors are kept below the diagonal
    rounding = np.maximum(size * _EPSILON * np.sqrt(diagonal), np.sqrt(dust))[order[:height]]
    independent = np.flatnonzero(np.abs(np.diagonal(reduced)) > rounding)
    triangle = _rows_in_place(reduced, independent)
    scaled = triangle[:, independent] / np.sqrt(diagonal[order[independent]])
    trusted = trusts_rows(size, smallest_singular_value(scaled, lower=False))
    try:
        if vectors:
            singular_values, basis = _with_basis(triangle, order, size)
        else:
            singular_values, basis = (
                scipy.linalg.svdvals(triangle, overwrite_a=True, check_finite=False),
                None,
            )
    except np.linalg.LinAlgError as error:
        raise EigensolverFailure(
            f"the singular values of {len(rows)} gradients did not converge: {error}"
        ) from error
    return _marked(spectrum_by_factor(singular_values, trusted, basis, diagonal, samples, dust))


def _rows_in_place(matrix: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """Select rows, ascending, of a matrix in Fortran order, in its own memory: no column reaches
    one that is still to come.
    """
    if len(selected) == len(matrix):
        return matrix
    numbers, height = matrix.reshape(-1, order="F"), len(selected)
    for column in range(matrix.shape[1]):
        numbers[column * height : (column + 1) * height] = matrix[selected, column]
    return (
        numbers[: height * matrix.shape[1]].reshape((height, -1), order="F")
        if height
        else matrix[:0]
    )


def _marked(found: Spectrum) -> Spectrum:
    return replace(found, route=Route.GRADIENTS)


def _with_basis(
    triangle: np.ndarray, order: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the singular values of T and all P eigenvectors: right singular vectors, and axes of
    parameters that carry nothing.
    """
    basis = np.zeros((size, size))
    null = np.setdiff1d(np.arange(size), order)
    basis[null, len(order) + np.arange(len(null))] = 1.0
    singular_values = np.zeros(0)
    if len(triangle):
        _, singular_values, right = scipy.linalg.svd(
            triangle, full_matrices=True, overwrite_a=True, check_finite=False
        )
        largest = np.abs(right).argmax(axis=1)
        right *= np.sign(right[np.arange(len(right)), largest])[:, None]
        basis[order, : len(order)] = right.T
    else:
        basis[order, np.arange(len(order))] = 1.0
    return singular_values, basis


def _workspace(rows: np.ndarray) -> int:
    """Return the size of the work space with which dgeqp3 works in blocks."""
    columns = int(rows.shape[1])
    return 2 * columns + (columns + 1) * _QR_BLOCK


_QR_BLOCK = 32
"""Number of columns that LAPACK factorises at a time, its own default."""
