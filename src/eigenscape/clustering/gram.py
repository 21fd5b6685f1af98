"""Columns of unit length, and the decomposition that all penalties and methods share.

Let X = U diag(s) V^T with s > 0. Then X^T X = V diag(s^2) V^T, and for any lambda and rho

    (lambda X^T X + rho I)^{-1} B = [B - V diag(lambda s^2 / (lambda s^2 + rho)) V^T B] / rho,

so a change of penalty, or of the step of ADMM, costs no factorisation, and each column may have its
own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eigenscape.errors import BadInput


@dataclass(frozen=True)
class Columns:
    """Inputs as columns. The decomposition is computed on first use, since sparse columns need only
    the Gram matrix.

    Attributes:
        matrix: X (D, N).
        gram: X^T X (N, N), exactly symmetric.
    """

    matrix: np.ndarray
    gram: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> Columns:
        """Make the columns of a matrix (D, N).

        Raises:
            BadInput: the array is not a matrix of at least two columns, or is not finite.

        Example:
            >>> Columns.of(np.diag([3.0, 4.0])).singular_values
            array([4., 3.])
        """
        matrix = np.asarray(matrix, float)
        if matrix.ndim != 2 or matrix.shape[1] < 2 or matrix.shape[0] < 1:
            raise BadInput.field(
                "activations",
                "a matrix (D, N) with N >= 2",
                f"shape {matrix.shape}",
                "give one column per input",
            )
        if not np.isfinite(matrix).all():
            raise BadInput.field(
                "activations",
                "finite numbers",
                "an infinity or NaN",
                "check the network that computed them",
            )
        gram = matrix.T @ matrix
        return cls(matrix, (gram + gram.T) / 2)

    @property
    def singular_values(self) -> np.ndarray:
        """Singular values s (r,), positive and descending."""
        return self._decomposition[0]

    @property
    def right(self) -> np.ndarray:
        """Right singular vectors V (N, r), orthonormal columns."""
        return self._decomposition[1]

    @cached_property
    def _decomposition(self) -> tuple[np.ndarray, np.ndarray]:
        """Decompose the smaller of the two Gram matrices.

        Directions below 1e-7 of the largest singular value are left out: a Gram matrix in double
        precision does not resolve squares below 1e-16 of its largest.
        """
        wide = self.matrix.shape[0] < self.matrix.shape[1]
        small = self.matrix @ self.matrix.T if wide else self.gram
        values, vectors = np.linalg.eigh((small + small.T) / 2)
        resolved = values > RESOLVED**2 * max(values[-1], np.finfo(float).tiny)
        singular, vectors = np.sqrt(values[resolved])[::-1], vectors[:, resolved][:, ::-1]
        return singular, self.matrix.T @ vectors / singular if wide else vectors

    @property
    def count(self) -> int:
        """N, the number of inputs."""
        return int(self.matrix.shape[1])

    def solve(self, penalty: np.ndarray, step: np.ndarray, rhs: np.ndarray) -> np.ndarray:
        """Return (penalty_j X^T X + step_j I)^{-1} rhs_j for every column j of rhs (N, m), with
        penalty and step (m,).

        Example:
            >>> one = np.array([1.0])
            >>> Columns.of(np.diag([1.0, 2.0])).solve(one, one, np.array([[1.0], [1.0]]))
            array([[0.5], [0.2]])
        """
        weighted = np.square(self.singular_values)[:, None] * penalty
        filtered: np.ndarray = (
            rhs - self.right @ (weighted / (weighted + step) * (self.right.T @ rhs))
        ) / step
        return filtered


RESOLVED = 1e-7
"""Smallest singular value that is kept, relative to the largest."""


def unit_columns(activations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return activations (N, ...) as columns of length one (D, N), and which inputs have any
    activation at all.

    An input at which a whole layer is silent has no direction; its column stays zero and its node
    isolated.

    Example:
        >>> columns, alive = unit_columns(np.array([[3.0, 4.0], [0.0, 0.0]]))
        >>> columns.T.tolist(), alive.tolist()
        ([[0.6, 0.8], [0.0, 0.0]], [True, False])
    """
    flat = np.asarray(activations, float).reshape(len(activations), -1).T
    lengths = np.linalg.norm(flat, axis=0)
    alive = lengths > 0
    return flat / np.where(alive, lengths, 1.0), alive
