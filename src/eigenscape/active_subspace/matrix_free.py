"""The largest eigenpairs of C without C, by a thickly restarted block Krylov space with full
orthogonalisation.

The solver only needs the product of C with b vectors, C V = (1/N) sum_t G_t^T (G_t V), one pass
over the gradients. The space grows by b vectors per pass; when it is full, the best Ritz vectors
are retained and the iteration continues from the last residual block, which is the block form of
thick-restart Lanczos (Wu, Simon 2000, SIAM J. Matrix Anal. Appl. 22:602; blocks and full
orthogonalisation as in Golub, Underwood 1977). Vectors are rows, (k, P), so that every product runs
along contiguous memory.

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
"""The product with C, V (b, P) -> (C V^T)^T (b, P)."""

TOLERANCE = 1e-8
"""Residual over lambda_1 at which a pair has converged: its eigenvalue is then good to 1e-16
lambda_1^2 / gap."""

MOST_PASSES = 60
"""Largest number of passes, some three times what 20 pairs needed; pairs that have not converged by
then are reported with their residual."""

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
    """Add coefficients^T gradients in place, without a second array of that size."""
    scipy.linalg.blas.dgemm(
        1.0, gradients.T, np.asfortranarray(coefficients), beta=1.0, c=total.T, overwrite_c=1
    )


@dataclass
class KrylovState:
    """The state of a block Krylov iteration: everything that the next pass needs, so that it can be
    stored and resumed.

    Attributes:
        basis: (`basis_rows`, P), of which the first ``size`` rows are in use, and orthonormal.
        size: m; C has been applied to the first ``len(projected)`` of them.
        projected: (m', m'), basis C basis^T of those.
        passes: number of passes over the gradients so far.
        values: Ritz values, descending, of the last pass.
        residuals: residual norms of the Ritz pairs.
    """

    basis: np.ndarray
    size: int
    projected: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    passes: int = 0
    values: np.ndarray = field(default_factory=lambda: np.zeros(0))
    residuals: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def newest(self) -> np.ndarray:
        """The rows to which C has not been applied yet, a view."""
        return self.basis[len(self.projected) : self.size]

    def converged(self, leading: int, tolerance: float = TOLERANCE) -> bool:
        """Whether the leading pairs have small residuals, or the space is invariant, so that there
        are no further pairs.
        """
        if self.passes == 0:
            return False
        enough = len(self.values) >= leading and bool(
            np.all(self.residuals[:leading] <= tolerance * self.values[0])
        )
        return enough or len(self.newest) == 0

    def count_found(self, leading: int) -> int:
        """Count the requested pairs that exist: no more than Ritz values above rounding error."""
        above = len(self.values) * _EPSILON * max(float(self.values[0]), 0.0)
        return min(leading, int(np.count_nonzero(self.values > above)))

    def ritz_vectors(self, count: int) -> np.ndarray:
        """Return the leading Ritz vectors as rows, (count, P)."""
        vectors: np.ndarray = (
            np.ascontiguousarray(_descending(self.projected)[1][:, :count].T)
            @ self.basis[: len(self.projected)]
        )
        return vectors


def basis_rows(leading: int, block: int, parameters: int) -> int:
    """Return the number of rows of a basis: the requested pairs, and some Krylov blocks; no more
    than P plus one block.
    """
    return min(leading + (KRYLOV_BLOCKS + 1) * block, parameters + block)


def init_state(start: np.ndarray, leading: int) -> KrylovState:
    """Start from the space of the rows of ``start`` (b, P), such as independent normals; ``start``
    is overwritten.
    """
    block, parameters = start.shape
    basis = np.empty((basis_rows(leading, block, parameters), parameters))
    rows, _ = _orthonormal_rows(start, 0.0)
    basis[: len(rows)] = rows
    return KrylovState(basis, len(rows))


def step(state: KrylovState, product: Product, leading: int) -> None:
    """Perform one pass, in place: apply C to the newest block, orthogonalise the result against the
    whole space, and restart if it is full.

    Args:
        state: the state, which is modified.
        product: the product with C; its result is overwritten.
        leading: k, the number of requested pairs; a restart retains these and a few more.
    """
    applied, width = len(state.projected), len(state.newest)
    used = state.basis[: state.size]
    image = product(state.newest)
    coordinates = np.zeros((width, state.size))
    for _ in range(2):  # twice is enough (Giraud, Langou, Rozloznik 2005)
        overlap = image @ used.T
        _add_combination(image, used, -overlap.T)
        coordinates += overlap
    projected = np.zeros((state.size, state.size))
    projected[:applied, :applied] = state.projected
    projected[applied:] = coordinates
    projected[:applied, applied:] = coordinates[:, :applied].T
    projected[applied:, applied:] = 0.5 * (coordinates[:, applied:] + coordinates[:, applied:].T)
    values, vectors = _descending(projected)
    scale = max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
    following, coupling = _orthonormal_rows(image, state.size * _EPSILON * scale, used)
    state.values, state.residuals = values, np.linalg.norm(coupling @ vectors[applied:], axis=0)
    if state.size + len(following) > len(state.basis) and len(following):
        retained = min(leading + width // 2, state.size)
        _rotate(state.basis, vectors[:, :retained])
        projected, state.size = np.diag(values[:retained]), retained
    state.projected, state.passes = projected, state.passes + 1
    state.basis[state.size : state.size + len(following)] = following
    state.size += len(following)


def _rotate(basis: np.ndarray, vectors: np.ndarray) -> None:
    """Replace the first k rows of a basis by vectors^T basis, vectors (m, k), in place, some
    columns at a time.
    """
    turned = np.ascontiguousarray(vectors.T)
    for start in range(0, basis.shape[1], _COLUMNS):
        columns = basis[: len(vectors), start : start + _COLUMNS]
        basis[: len(turned), start : start + _COLUMNS] = turned @ columns


_COLUMNS = 8192
"""Number of columns of a basis that are rotated at a time: a few megabytes."""


def _descending(projected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenpairs of the projected matrix in descending order."""
    values, vectors = np.linalg.eigh(projected)
    return values[::-1], vectors[:, ::-1]


def _orthonormal_rows(
    block: np.ndarray, dust: float, against: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return orthonormal rows Q (b', P) with block = R^T Q up to dust, and R (b', b); directions no
    longer than dust are dropped.

    A short row has relatively large rounding errors along ``against``, so it is orthogonalised once
    more. ``block`` is overwritten.
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
        residuals: (k,), |C v - lambda v|, from a separate pass.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray


def with_residuals(vectors: np.ndarray, product: Product) -> LeadingPairs:
    """Compute Rayleigh quotients and true residual norms of unit vectors (k, P) by one more pass.

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
