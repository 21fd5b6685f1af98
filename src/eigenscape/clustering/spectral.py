"""The filter that makes a self-expression more sensitive than linear CKA: both are sums over pairs
of singular directions.

With centred activations X = U diag(s) V^T and Y = U' diag(t) V'^T (D, N), for any filter f

    CKA(V f(s) V^T, V' f(t) V'^T) = sum_ij f(s_i) f(t_j) (v_i^T v'_j)^2 / sqrt(sum_i f(s_i)^2 sum_j
    f(t_j)^2).

Linear CKA has f = s^2: the leading directions dominate. LSR has f = s^2 / (s^2 + lambda): for
lambda above all s^2 it is linear CKA, and for lambda below all s^2 it is the overlap of the two
spans, in which small directions count as much as large ones. lambda tunes the sensitivity to small
directions; the formula explains why Saini et al., PMLR 280, 2025, find self-expression more
sensitive than linear CKA. This is this project's derivation.
"""

from __future__ import annotations

import numpy as np

from eigenscape.clustering.gram import Columns
from eigenscape.clustering.similarity import Similarity, SimilarityStatus
from eigenscape.errors import BadInput


def least_squares_cka(first: Columns, second: Columns, penalty: float) -> Similarity:
    """Compute CKA of the LSR matrices of two sets of centred columns, through their singular
    vectors.

    Args:
        first: X (D, N), each row of mean zero.
        second: Y (D', N), each row of mean zero.
        penalty: lambda > 0, relative to the largest s^2 of each set, so that it does not depend on
            units.

    Raises:
        BadInput: different N, or lambda not positive.

    Example:
        >>> x = Columns.of(np.array([[1.0, -1.0, 0.0], [0.1, 0.1, -0.2]]))
        >>> round(least_squares_cka(x, x, 0.1).value, 12)
        1.0
    """
    if first.count != second.count:
        raise BadInput.field(
            "inputs", f"{first.count}", f"{second.count}", "give the same inputs to both layers"
        )
    if not penalty > 0:
        raise BadInput.field("penalty", "a number above 0", repr(penalty), "write penalty: 0.1")
    if not (len(first.singular_values) and len(second.singular_values)):
        return Similarity(None, SimilarityStatus.DEGENERATE)
    a, b = (
        filter_weights(first.singular_values, penalty),
        filter_weights(second.singular_values, penalty),
    )
    overlap = np.square(first.right.T @ second.right)
    return Similarity(
        float(a @ overlap @ b / np.sqrt(np.sum(a**2) * np.sum(b**2))), SimilarityStatus.FOUND
    )


def filter_weights(singular_values: np.ndarray, penalty: float) -> np.ndarray:
    """Return s^2 / (s^2 + lambda s_1^2) of singular values in descending order.

    Example:
        >>> filter_weights(np.array([2.0, 1.0]), 0.25)
        array([0.8, 0.5])
    """
    square = np.square(singular_values / singular_values[0])
    return np.asarray(square / (square + penalty))


def without_directions(activations: np.ndarray, first: int, last: int) -> np.ndarray:
    """Remove the singular directions first .. last - 1 from centred activations (N, D); 0 is the
    leading one.

    Example:
        >>> x = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
        >>> np.abs(without_directions(x, 0, 1)).round(12).tolist()
        [[0.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    """
    flat = np.asarray(activations, float).reshape(len(activations), -1)
    left, values, right = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
    values[first:last] = 0.0
    return np.asarray((left * values) @ right)
