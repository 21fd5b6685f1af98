"""Which layers the gradient lives in: masses of the second moment and of its eigenvectors, layer by layer.

A layer is its weights and its bias together; its mass is what its parameters contribute to
``tr C = E |grad L|^2``. Single eigenvectors inside a plateau of the spectrum are arbitrary, so the
mass that an eigenvector puts on a layer is the finest statement about it that has a meaning.
"""

from __future__ import annotations

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput


def layer_masses(diagonal: np.ndarray, architecture: Architecture) -> np.ndarray:
    """m_l = sum over the parameters i of layer l of C_ii, the layer's part of the mean squared gradient.

    Args:
        diagonal: (P,), diag C in the order of the parameters; finite and not negative.
        architecture: the network whose parameters they are.

    Returns:
        (L + 1,) in the units of C; the sum is tr C.

    Raises:
        BadInput: the diagonal does not have P entries, or one is negative or not finite.

    Example:
        >>> layer_masses(np.arange(7.0), Architecture(depth=1, width=2))
        array([ 6., 15.])
    """
    diagonal = np.asarray(diagonal, dtype=np.float64)
    _check_rows(diagonal, architecture, "diagonal", dimensions=1)
    if not (np.isfinite(diagonal).all() and (diagonal >= 0).all()):
        found = f"entries from {diagonal.min()} to {diagonal.max()}"
        raise BadInput.field("diagonal", "finite entries of at least 0", found, "give the diagonal of a second moment")
    return np.add.reduceat(diagonal, _starts(architecture))


def layer_shares(diagonal: np.ndarray, architecture: Architecture) -> np.ndarray:
    """s_l = m_l / tr C, the layer's share of the mean squared gradient.

    Args:
        diagonal: (P,), diag C in the order of the parameters; finite and not negative.
        architecture: the network whose parameters they are.

    Returns:
        (L + 1,), dimensionless; the sum is 1.

    Raises:
        BadInput: as `layer_masses`, or the trace is zero and there is nothing to share.

    Example:
        >>> layer_shares(np.ones(7), Architecture(depth=1, width=2)).round(4)
        array([0.5714, 0.4286])
    """
    masses = layer_masses(diagonal, architecture)
    if masses.sum() == 0:
        raise BadInput.field("diagonal", "a positive trace", "0", "a network without gradient has no layer shares")
    return np.asarray(masses / masses.sum())


def block_masses(eigenvectors: np.ndarray, architecture: Architecture) -> np.ndarray:
    """B_lj = sum over the parameters i of layer l of w_ij^2, the part of eigenvector j that lies in layer l.

    For a random orthogonal basis E[B_lj] = P_l / P, the layer's share of the parameters.

    Args:
        eigenvectors: (P, k), unit vectors in the columns; k = P for all of them.
        architecture: the network whose parameters the rows are.

    Returns:
        (L + 1, k), dimensionless; each column sums to 1.

    Raises:
        BadInput: there are not P rows.

    Example:
        >>> block_masses(np.eye(7), Architecture(depth=1, width=2))
        array([[1., 1., 1., 1., 0., 0., 0.],
               [0., 0., 0., 0., 1., 1., 1.]])
    """
    eigenvectors = np.asarray(eigenvectors, dtype=np.float64)
    _check_rows(eigenvectors, architecture, "eigenvectors", dimensions=2)
    # Layer by layer, not squared as a whole: the square of all of W would be a second array of P^2.
    layers = (eigenvectors[layer.whole] for layer in architecture.layers)
    return np.stack([np.einsum("ij,ij->j", rows, rows) for rows in layers])


def _starts(architecture: Architecture) -> list[int]:
    return [layer.whole.start for layer in architecture.layers]


def _check_rows(array: np.ndarray, architecture: Architecture, name: str, dimensions: int) -> None:
    if array.ndim != dimensions or len(array) != architecture.parameters:
        what = "numbers" if dimensions == 1 else "rows"
        expected = f"{architecture.parameters} {what}, one for each parameter of {architecture.label}"
        raise BadInput.field(name, expected, f"shape {array.shape}", "give the architecture that it was computed for")
