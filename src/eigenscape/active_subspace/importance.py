"""The distribution of the gradient over parameters and layers: masses, activity scores, the layers
of eigenvectors.

A layer is its weights and its bias together; its mass is the contribution of its parameters to ``tr
C = E |grad L|^2``. Single eigenvectors inside a plateau of the spectrum are arbitrary, so the mass
of an eigenvector in a layer is the finest statement about it that has a meaning. `importance_tests`
quantifies the uncertainty of such statements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.architecture import Layout
from eigenscape.errors import BadInput


def layer_masses(diagonal: np.ndarray, architecture: Layout) -> np.ndarray:
    """Return m_l = sum over the parameters i of layer l of C_ii, the layer's part of the mean
    squared gradient.

    Args:
        diagonal: (P,), diag C in the order of the parameters; finite and not negative.
        architecture: the network whose parameters they are.

    Returns:
        (L + 1,) in the units of C; the sum is tr C.

    Raises:
        BadInput: the diagonal does not have P entries, or one is negative or not finite.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> layer_masses(np.arange(7.0), Architecture(depth=1, width=2))
        array([ 6., 15.])
    """
    diagonal = np.asarray(diagonal, dtype=np.float64)
    _check_rows(diagonal, architecture, "diagonal", dimensions=1)
    if not (np.isfinite(diagonal).all() and (diagonal >= 0).all()):
        found = f"entries from {diagonal.min()} to {diagonal.max()}"
        raise BadInput.field(
            "diagonal",
            "finite entries of at least 0",
            found,
            "give the diagonal of a second moment",
        )
    return np.add.reduceat(diagonal, _starts(architecture))


def layer_shares(diagonal: np.ndarray, architecture: Layout) -> np.ndarray:
    """Return s_l = m_l / tr C, the layer's share of the mean squared gradient.

    Args:
        diagonal: (P,), diag C in the order of the parameters; finite and not negative.
        architecture: the network whose parameters they are.

    Returns:
        (L + 1,), dimensionless; the sum is 1.

    Raises:
        BadInput: as `layer_masses`, or the trace is zero.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> layer_shares(np.ones(7), Architecture(depth=1, width=2)).round(4)
        array([0.5714, 0.4286])
    """
    masses = layer_masses(diagonal, architecture)
    if masses.sum() == 0:
        raise BadInput.field(
            "diagonal", "a positive trace", "0", "a network without gradient has no layer shares"
        )
    return np.asarray(masses / masses.sum())


def block_masses(eigenvectors: np.ndarray, architecture: Layout) -> np.ndarray:
    """Return B_lj = sum over the parameters i of layer l of w_ij^2, the part of eigenvector j that
    lies in layer l.

    For a random orthogonal basis E[B_lj] = P_l / P, the layer's share of the parameters.

    Args:
        eigenvectors: (P, k), unit vectors in the columns; k = P for all of them.
        architecture: the network whose parameters the rows are.

    Returns:
        (L + 1, k), dimensionless; each column sums to 1.

    Raises:
        BadInput: there are not P rows.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> block_masses(np.eye(7), Architecture(depth=1, width=2))
        array([[1., 1., 1., 1., 0., 0., 0.],
               [0., 0., 0., 0., 1., 1., 1.]])
    """
    eigenvectors = np.asarray(eigenvectors, dtype=np.float64)
    _check_rows(eigenvectors, architecture, "eigenvectors", dimensions=2)
    # Layer by layer, not squared as a whole: the square of all of W would be a second array of P^2.
    layers = (eigenvectors[layer.whole] for layer in architecture.layers)
    return np.stack([np.einsum("ij,ij->j", rows, rows) for rows in layers])


@dataclass(frozen=True)
class ActivityScores:
    """Importance of single parameters along n active directions.

    Attributes:
        scores: (P,), alpha_i(n), a lower bound of C_ii.
        remainder: lambda_{n+1}, 0 for n = P; ``scores + remainder`` is an upper bound of C_ii.
        dimension: n.
    """

    scores: np.ndarray
    remainder: float
    dimension: int

    @property
    def upper(self) -> np.ndarray:
        """The upper bounds (P,), alpha_i(n) + lambda_{n+1}."""
        return np.asarray(self.scores + self.remainder)


def activity_scores(
    eigenvalues: np.ndarray, eigenvectors: np.ndarray | None, dimension: int
) -> ActivityScores:
    """Return alpha_i(n) = sum over j <= n of lambda_j w_ij^2, with alpha_i(n) <= C_ii <= alpha_i(n)
    + lambda_{n+1}.

    alpha_i(P) = C_ii is the derivative-based sensitivity of parameter i (P. G. Constantine and P.
    Diaz, Global sensitivity metrics from active subspaces, Reliab. Eng. Syst. Saf. 162, 2017, arXiv
    1510.04361).

    Args:
        eigenvalues: (P,), descending.
        eigenvectors: (P, k), k >= n, column j belonging to eigenvalue j.
        dimension: n, number of active directions, from 1 to k.

    Returns:
        Scores (P,) in the units of C, and the remainder.

    Raises:
        BadInput: n is out of range, or the shapes do not belong together.

    Example:
        >>> eigenvectors = np.array([[0.6, 0.8], [0.8, -0.6]])
        >>> result = activity_scores(np.array([4.0, 1.0]), eigenvectors, dimension=1)
        >>> result.scores, result.upper
        (array([1.44, 2.56]), array([2.44, 3.56]))
    """
    if eigenvectors is None:
        raise BadInput.field(
            "eigenvectors", "shape (P, k)", "none", "compute them by spectrum(moment, vectors=True)"
        )
    eigenvalues, eigenvectors = np.asarray(eigenvalues), np.asarray(eigenvectors)
    if eigenvectors.ndim != 2 or eigenvalues.shape != (len(eigenvectors),):
        found = f"{eigenvalues.shape} and {eigenvectors.shape}"
        raise BadInput.field(
            "eigenvalues, eigenvectors",
            "shapes (P,) and (P, k)",
            found,
            "give both of one second moment",
        )
    if not 1 <= dimension <= eigenvectors.shape[1]:
        expected = f"a whole number from 1 to {eigenvectors.shape[1]}, the number of eigenvectors"
        raise BadInput.field(
            "dimension", expected, str(dimension), "give fewer dimensions or more eigenvectors"
        )
    leading = eigenvectors[:, :dimension]
    scores = np.einsum("ij,ij,j->i", leading, leading, eigenvalues[:dimension])
    remainder = float(eigenvalues[dimension]) if dimension < len(eigenvalues) else 0.0
    return ActivityScores(scores, remainder, dimension)


@dataclass(frozen=True)
class LeadingReplicates:
    """The n leading eigenpairs of bootstrap replicates, reduced to layers.

    Attributes:
        eigenvalues: (R, n), descending.
        blocks: (R, L + 1, n), B_lj of every replicate.
    """

    eigenvalues: np.ndarray
    blocks: np.ndarray

    def layer_activity(self) -> np.ndarray:
        """The activity of each layer (R, L + 1): the sum of its activity scores, in squared units
        of the gradient.
        """
        return np.asarray(np.einsum("rj,rlj->rl", self.eigenvalues, self.blocks))

    def purity(self) -> np.ndarray:
        """The `block_purity` (R,) of the n leading eigenvectors."""
        return np.asarray(np.einsum("rlj,rlj->r", self.blocks, self.blocks) / self.blocks.shape[2])


def leading_replicates(
    coordinates: np.ndarray,
    directions: np.ndarray,
    architecture: Layout,
    dimension: int,
    weights: np.ndarray,
) -> LeadingReplicates:
    """Compute the n leading eigenpairs of bootstrap replicates, by layer.

    Within the span V of the given directions, a replicate's second moment is ``A = Y^T diag(r) Y /
    N``, whose n leading eigenpairs (lambda_j, u_j) have the masses ``B_lj = u_j^T (V_l^T V_l)
    u_j``, V_l the rows of layer l.

    Args:
        coordinates: Y = G V, (N, m).
        directions: V, (P, m), orthonormal columns, such as the 2w leading eigenvectors.
        architecture: the network.
        dimension: n, at most m.
        weights: (R, N), the result of `bootstrap.bootstrap_weights`.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> gradients = np.tile([3.0, 0.0, 0.0, 4.0], (5, 1))
        >>> replicates = leading_replicates(
        ...     gradients, np.eye(4), Architecture(1, 1), 1, np.ones((2, 5))
        ... )
        >>> replicates.layer_activity().round(12), replicates.purity().round(4)
        (array([[ 9., 16.],
               [ 9., 16.]]), array([0.5392, 0.5392]))
    """
    masses = np.stack(
        [directions[layer.whole].T @ directions[layer.whole] for layer in architecture.layers]
    )
    eigenvalues = np.empty((len(weights), dimension))
    blocks = np.empty((len(weights), len(masses), dimension))
    for replicate, counts in enumerate(weights):
        values, vectors = np.linalg.eigh(
            coordinates.T @ (counts[:, None] * coordinates) / counts.sum()
        )
        leading = vectors[:, ::-1][:, :dimension]
        eigenvalues[replicate] = values[::-1][:dimension]
        blocks[replicate] = np.einsum("ij,lij->lj", leading, masses @ leading)
    return LeadingReplicates(eigenvalues, blocks)


def block_purity(blocks: np.ndarray) -> float:
    """Return T = (1/k) sum over j and l of B_lj^2, which is 1 if every eigenvector lies in one
    layer.

    Args:
        blocks: B, (L + 1, k), the result of `block_masses`.

    Returns:
        A number from 1 / (L + 1) to 1, dimensionless. The statistic is this project's proposal.

    Example:
        >>> block_purity(np.array([[1.0, 0.5], [0.0, 0.5]]))
        0.75
    """
    return float(np.einsum("lj,lj->", blocks, blocks) / blocks.shape[1])


def random_basis_purity(architecture: Layout) -> float:
    """Return the expectation of `block_purity` for a random orthogonal basis: sum_l P_l (P_l + 2) /
    (P (P + 2)).

    The squared entries of a uniform unit vector are Dirichlet(1/2, ..., 1/2), so B_lj is
    Beta(P_l/2, (P - P_l)/2) and that is its second moment, summed over the layers.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> round(random_basis_purity(Architecture(depth=5, width=35)), 4)
        0.2403
    """
    size = architecture.parameters
    return sum(layer.parameters * (layer.parameters + 2) for layer in architecture.layers) / (
        size * (size + 2)
    )


def layer_centroids(blocks: np.ndarray) -> np.ndarray:
    """Return c_j = sum over l of l B_lj, the mean layer number of eigenvector j, layers counted
    from 1.

    Args:
        blocks: B, (L + 1, k), the result of `block_masses`.

    Returns:
        (k,), from 1 to L + 1.

    Example:
        >>> layer_centroids(np.array([[1.0, 0.5], [0.0, 0.5]]))
        array([1. , 1.5])
    """
    return np.asarray(np.arange(1, len(blocks) + 1) @ blocks)


def _starts(architecture: Layout) -> list[int]:
    return [layer.whole.start for layer in architecture.layers]


def _check_rows(array: np.ndarray, architecture: Layout, name: str, dimensions: int) -> None:
    if array.ndim != dimensions or len(array) != architecture.parameters:
        noun = "numbers" if dimensions == 1 else "rows"
        expected = (
            f"{architecture.parameters} {noun}, one for each parameter of {architecture.label}"
        )
        raise BadInput.field(
            name, expected, f"shape {array.shape}", "give the architecture that it was computed for"
        )
