"""The largest eigenpairs of C without C: a block Krylov space with full orthogonalisation,
restarted thickly.

All that is asked of C is its product with b vectors, C V = (1/N) sum_t G_t^T (G_t V), one pass over
the gradients. The space grows by b vectors a pass; when it is full, the best Ritz vectors are kept
and it goes on from the last residual block, which is the block form of thick-restart Lanczos (Wu,
Simon 2000, SIAM J. Matrix Anal. Appl. 22:602; blocks and full orthogonalisation as in Golub,
Underwood 1977). Vectors are rows, (k, P), so that every product runs along contiguous memory.

A residual norm r = |C v - lambda v| of a unit vector v bounds the error: some eigenvalue of C lies
within r of lambda, and with a gap d to all others the error of lambda is at most r^2 / d and the
sine of the angle between v and its eigenvector at most r / d (Parlett, The Symmetric Eigenvalue
Problem, 1998, chapters 4 and 11). The bound is on the solver, not on sampling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.linalg

from eigenscape.active_subspace.tiles import Tiles
from eigenscape.config.large import KRYLOV_BLOCKS

Product = Callable[[np.ndarray], np.ndarray]
"""V (b, P) -> (C V^T)^T (b, P)."""

TOLERANCE = 1e-8
"""Residual over lambda_1 at which a pair has converged: its eigenvalue is then good to 1e-16
lambda_1^2 / gap."""

MOST_PASSES = 60
"""Some three times what was needed for 20 pairs; what has not converged by then is reported with
its residual."""

_EPSILON = float(np.finfo(np.float64).eps)


def add_product(total: np.ndarray, tiles: Tiles, numbers: range, vectors: np.ndarray) -> None:
    """Add sum over tiles t of (G_t V)^T G_t to ``total`` (b, P), in order; vectors are rows (b, P).

    Example:
        >>> gradients, total = np.array([[1.0, 2.0], [0.0, 3.0]]), np.zeros((1, 2))
        >>> add_product(total, Tiles.of_gradients(gradients), range(1), np.array([[1.0, 0.0]]))
        >>> total  # the first row of G^T G
        array([[1., 2.]])
    """
    for number in numbers:
        gradients = tiles.tile(number)
        _add_combination(total, gradients, gradients @ vectors.T)


def add_combination(
    total: np.ndarray, tiles: Tiles, numbers: range, coefficients: np.ndarray
) -> None:
    """Add sum over tiles t of A_t G_t to ``total`` (k, P), in order; A_t are the columns of A (k,
    N) that belong to the tile.
    """
    for number in numbers:
        _add_combination(total, tiles.tile(number), coefficients[:, tiles.rows(number)].T)


def _add_combination(total: np.ndarray, gradients: np.ndarray, coefficients: np.ndarray) -> None:
    """Add coefficients^T gradients in place: no second array of that size."""
    scipy.linalg.blas.dgemm(
        1.0, gradients.T, np.asfortranarray(coefficients), beta=1.0, c=total.T, overwrite_c=1
    )


@dataclass
class KrylovState:
    """A block Krylov space under way: everything that the next pass needs, so that it can be kept
    and gone on from.

    Attributes:
        basis: (`basis_rows`, P), of which the first ``size`` rows are in use, and orthonormal.
        size: m; C has been applied to the first ``len(projected)`` of them.
        projected: (m', m'), basis C basis^T of those.
        passes: over the gradients so far.
        values: Ritz values, descending, of the last pass.
        residuals: their norms.
    """

    basis: np.ndarray
    size: int
    projected: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    passes: int = 0
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    residuals: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def newest(self) -> np.ndarray:
        """The rows that C has not been applied to, a view."""
        return self.basis[len(self.projected) : self.size]

    def converged(self, leading: int, tolerance: float = TOLERANCE) -> bool:
        """Whether so many leading pairs have small residuals, or the space is invariant: there is
        nothing else to find.
        """
        if self.passes == 0:
            return False
        enough = len(self.values) >= leading and bool(
            np.all(self.residuals[:leading] <= tolerance * self.values[0])
        )
        return enough or len(self.newest) == 0

    def found(self, leading: int) -> int:
        """How many of the wanted pairs there are: no more than Ritz values above rounding."""
        above = len(self.values) * _EPSILON * max(float(self.values[0]), 0.0)
        return min(leading, int(np.count_nonzero(self.values > above)))

    def ritz_vectors(self, count: int) -> np.ndarray:
        """The leading Ritz vectors as rows, (count, P)."""
        vectors: np.ndarray = (
            np.ascontiguousarray(_descending(self.projected)[1][:, :count].T)
            @ self.basis[: len(self.projected)]
        )
        return vectors


def basis_rows(leading: int, block: int, parameters: int) -> int:
    """Rows of a basis: the pairs that are wanted, and some Krylov blocks; no more than P, and the
    block that is left over then.
    """
    return min(leading + (KRYLOV_BLOCKS + 1) * block, parameters + block)


def started(start: np.ndarray, leading: int) -> KrylovState:
    """The space of the rows of ``start`` (b, P), such as independent normals; ``start`` is
    overwritten.
    """
    block, parameters = start.shape
    basis = np.empty((basis_rows(leading, block, parameters), parameters))
    rows, _ = _orthonormal_rows(start, 0.0)
    basis[: len(rows)] = rows
    return KrylovState(basis, len(rows))


def advance(state: KrylovState, product: Product, leading: int) -> None:
    """One pass, in place: apply C to the newest block, make the result orthogonal to all of the
    space, restart where it is full.

    Args:
        state: changed.
        product: with C; what it returns is overwritten.
        leading: k, pairs that are wanted; a restart keeps these and a few more.
    """
    known, width = len(state.projected), len(state.newest)
    used = state.basis[: state.size]
    image = product(state.newest)
    coordinates = np.zeros((width, state.size))
    for _ in range(2):  # twice is enough (Giraud, Langou, Rozloznik 2005)
        step = image @ used.T
        _add_combination(image, used, -step.T)
        coordinates += step
    projected = np.zeros((state.size, state.size))
    projected[:known, :known] = state.projected
    projected[known:] = coordinates
    projected[:known, known:] = coordinates[:, :known].T
    projected[known:, known:] = 0.5 * (coordinates[:, known:] + coordinates[:, known:].T)
    values, vectors = _descending(projected)
    scale = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
    following, coupling = _orthonormal_rows(image, state.size * _EPSILON * scale, used)
    state.values, state.residuals = values, np.linalg.norm(coupling @ vectors[known:], axis=0)
    if state.size + len(following) > len(state.basis) and len(following):
        kept = min(leading + width // 2, state.size)
        _rotate(state.basis, vectors[:, :kept])
        projected, state.size = np.diag(values[:kept]), kept
    state.projected, state.passes = projected, state.passes + 1
    state.basis[state.size : state.size + len(following)] = following
    state.size += len(following)


def _rotate(basis: np.ndarray, vectors: np.ndarray) -> None:
    """Replace the first k rows of a basis by vectors^T basis, vectors (m, k), some columns at a
    time: in place.
    """
    turned = np.ascontiguousarray(vectors.T)
    for start in range(0, basis.shape[1], _COLUMNS):
        columns = basis[: len(vectors), start : start + _COLUMNS]
        basis[: len(turned), start : start + _COLUMNS] = turned @ columns


_COLUMNS = 8192
"""Columns of a basis that are turned at a time: a few megabytes."""


def _descending(projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenpairs of the projected matrix."""
    values, vectors = np.linalg.eigh(projected)
    return values[::-1], vectors[:, ::-1]


def _orthonormal_rows(
    block: np.ndarray, dust: float, against: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal rows Q (b', P) with block = R^T Q up to dust, and R (b', b); directions no longer
    than dust are dropped.

    A row that was short carries rounding errors along ``against``, relatively as large as it was
    short; so it is cleaned once more. ``block`` is overwritten.
    """
    q, r, order = scipy.linalg.qr(
        block.T, mode="economic", pivoting=True, check_finite=False, overwrite_a=True
    )
    rank = int(np.count_nonzero(np.abs(np.diagonal(r)) > dust))
    coupling = np.zeros((rank, len(block)))
    coupling[:, order] = r[:rank]
    rows = np.ascontiguousarray(q[:, :rank].T)
    if against is not None and rank:
        _add_combination(rows, against, -(rows @ against.T).T)
        cleaned, mixing = scipy.linalg.qr(
            rows.T, mode="economic", check_finite=False, overwrite_a=True
        )
        rows, coupling = np.ascontiguousarray(cleaned.T), mixing @ coupling
    return rows, coupling


@dataclass(frozen=True)
class LeadingPairs:
    """The largest eigenvalues of C with their eigenvectors.

    Attributes:
        values: (k,), descending: the Rayleigh quotients v^T C v.
        vectors: (k, P), orthonormal rows; the entry of largest magnitude is positive.
        residuals: (k,), |C v - lambda v|, from a pass of its own.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray


def with_residuals(vectors: np.ndarray, product: Product) -> LeadingPairs:
    """Rayleigh quotients and true residual norms of unit vectors (k, P), by one more pass.

    Example:
        >>> pairs = with_residuals(np.array([[1.0, 0.0]]), lambda v: v @ np.diag([3.0, 1.0]))
        >>> pairs.values, pairs.residuals
        (array([3.]), array([0.]))
    """
    image = product(vectors)
    values = np.einsum("ki,ki->k", vectors, image)
    order = np.argsort(-values, kind="stable")
    residuals = np.array(
        [np.linalg.norm(image[row] - values[row] * vectors[row]) for row in range(len(values))]
    )
    signs = np.array([np.sign(row[np.abs(row).argmax()]) for row in vectors])
    return LeadingPairs(values[order], (signs[:, None] * vectors)[order], residuals[order])
