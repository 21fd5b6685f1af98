"""Similarity of two views of the same inputs: CKA of graphs and of activations, and the plain
cosine.

CKA(K, L) = <H K H, H L H>_F / (|H K H|_F |H L H|_F), H = I - 1 1^T / N (C. Cortes et al., JMLR 13,
2012; S. Kornblith et al., ICML 2019). Affinities W are not positive semi-definite, so their CKA may
be negative; C C^T is. A constant K has no centred part: the similarity is then undefined, and a
status says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from eigenscape.errors import BadInput


class SimilarityStatus(StrEnum):
    """Whether a similarity has a value."""

    FOUND = "found"
    DEGENERATE = "nothing is left of one matrix after centring"


@dataclass(frozen=True)
class Similarity:
    """A number in [-1, 1] (an unbiased one may lie slightly outside), or None with a status that
    gives the reason.
    """

    value: float | None
    status: SimilarityStatus


ROUNDING = 1e-12
"""Fraction of the uncentred squared norm below which a centred one is rounding error."""


def cka(first: np.ndarray, second: np.ndarray) -> Similarity:
    """Compute the centred kernel alignment of two symmetric matrices (N, N); biased for small N.

    Raises:
        BadInput: shapes differ, or matrices are not square.

    Example:
        >>> k = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
        >>> round(cka(k, 3 * k + 7).value, 12)
        1.0
        >>> cka(k, np.ones((3, 3))).status.value
        'nothing is left of one matrix after centring'
    """
    _same_square(first, second)
    a, b = centred(first), centred(second)
    return _ratio(
        np.vdot(a, b), np.vdot(a, a), np.vdot(b, b), np.vdot(first, first), np.vdot(second, second)
    )


def unbiased_cka(first: np.ndarray, second: np.ndarray) -> Similarity:
    """Compute CKA with HSIC_1, whose mean over independent data is 0 (L. Song et al., JMLR 13,
    2012; T. Nguyen et al., ICLR 2021).

    HSIC_1 = [tr(K L) + 1'K1 1'L1 / ((N-1)(N-2)) - 2 1'K L 1 / (N-2)] / (N (N-3)), with diagonals
    set to zero. It may be negative for a matrix with itself; the similarity is then undefined.

    Raises:
        BadInput: shapes differ, or there are fewer than four inputs.
    """
    _same_square(first, second)
    if len(first) < 4:
        raise BadInput.field(
            "inputs", "at least 4", str(len(first)), "give more inputs, or the biased CKA"
        )
    a, b = _hollow(first), _hollow(second)
    return _ratio(
        hsic_1(a, b),
        hsic_1(a, a),
        hsic_1(b, b),
        np.vdot(a, a) / len(a) ** 2,
        np.vdot(b, b) / len(b) ** 2,
    )


def hsic_1(first: np.ndarray, second: np.ndarray) -> float:
    """Estimate HSIC without bias from two matrices with zero diagonals (N, N), N >= 4.

    Example:
        >>> hsic_1(np.ones((4, 4)) - np.eye(4), np.ones((4, 4)) - np.eye(4))
        0.0
    """
    count = len(first)
    rows_a, rows_b = first.sum(axis=0), second.sum(axis=0)
    total = (
        np.vdot(first, second)
        + rows_a.sum() * rows_b.sum() / ((count - 1) * (count - 2))
        - 2 * (rows_a @ rows_b) / (count - 2)
    )
    return float(total / (count * (count - 3)))


def cosine(first: np.ndarray, second: np.ndarray) -> Similarity:
    """Return <K, L> / (|K| |L|) without centring.

    Example:
        >>> round(cosine(np.eye(2), np.ones((2, 2))).value, 4)
        0.7071
    """
    _same_square(first, second)
    a, b = np.vdot(first, first), np.vdot(second, second)
    return _ratio(np.vdot(first, second), a, b, a, b)


def linear_cka(first: np.ndarray, second: np.ndarray) -> Similarity:
    """Compute CKA of the Gram matrices of two sets of activations (N, D) and (N, D').

    It is invariant to rotations and to a common scale of either, not to general linear maps.

    Raises:
        BadInput: the numbers of inputs differ.

    Example:
        >>> x = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
        >>> round(linear_cka(x, x @ np.array([[0.0, 1.0], [-1.0, 0.0]])).value, 12)
        1.0
    """
    first, second = first.reshape(len(first), -1), second.reshape(len(second), -1)
    return cka(first @ first.T, second @ second.T)


def centred(matrix: np.ndarray) -> np.ndarray:
    """Return H K H (N, N).

    Example:
        >>> centred(np.array([[2.0, 0.0], [0.0, 2.0]]))
        array([[ 1., -1.],
               [-1.,  1.]])
    """
    return np.asarray(
        matrix - matrix.mean(axis=0) - matrix.mean(axis=1, keepdims=True) + matrix.mean()
    )


def _hollow(matrix: np.ndarray) -> np.ndarray:
    hollow = np.array(matrix, float)
    np.fill_diagonal(hollow, 0.0)
    return hollow


def _ratio(product: float, a: float, b: float, whole_a: float, whole_b: float) -> Similarity:
    if not (a > ROUNDING * whole_a and b > ROUNDING * whole_b and whole_a > 0 and whole_b > 0):
        return Similarity(None, SimilarityStatus.DEGENERATE)
    return Similarity(float(product / np.sqrt(a) / np.sqrt(b)), SimilarityStatus.FOUND)


def _same_square(first: np.ndarray, second: np.ndarray) -> None:
    if first.ndim != 2 or first.shape[0] != first.shape[1] or first.shape != second.shape:
        found = f"{first.shape} and {second.shape}"
        raise BadInput.field(
            "matrices",
            "two square matrices of one shape",
            found,
            "give the same inputs in the same order",
        )
