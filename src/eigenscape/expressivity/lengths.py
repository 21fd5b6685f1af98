"""Lengths of pieces in closed form.

On a trigonometric piece the velocity is -a sin t + b cos t, and its squared norm is

    |x'|^2 = M + D cos 2(t - psi),
    M = (|a|^2 + |b|^2)/2,   D e^{2 i psi} = (|b|^2 - |a|^2)/2 - i a.b,

the squared speed of an ellipse whose semi-axes are the singular values sqrt(M + D) >= sqrt(M - D)
of [a b]. So

    length = sqrt(M + D) [E(t_1 - psi | m) - E(t_0 - psi | m)],   m = 2 D / (M + D),

with E the incomplete elliptic integral of the second kind. The length of a straight piece is its
chord. The total variation of a scalar A cos t + B sin t + c is that of a sine between its critical
points. The lifted curve (x, f(x)) is a trigonometric or straight piece with more coordinates, hence
equally exact.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ellipeinc

from eigenscape.expressivity.curves import Kind


def piece_lengths(
    kind: Kind, start: np.ndarray, stop: np.ndarray, coefficients: np.ndarray
) -> np.ndarray:
    """Return the lengths (n,) of the pieces with coefficients (3, n, k) between start (n,) and stop
    (n,).

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> turn = circle(2.0)
        >>> bool(
        ...     np.isclose(
        ...         piece_lengths(turn.kind, turn.start, turn.stop, turn.coefficients)[0],
        ...         4 * np.pi,
        ...         rtol=1e-15,
        ...     )
        ... )
        True
    """
    a, b = coefficients[0], coefficients[1]
    if kind is Kind.LINEAR:
        return np.asarray(np.linalg.norm(a, axis=1) * (stop - start))
    if a.shape[1] == 1:
        return variations(start, stop, coefficients[:, :, 0])
    aa, bb, ab = (np.einsum("ij,ij->i", x, y) for x, y in ((a, a), (b, b), (a, b)))
    middle, difference = 0.5 * (aa + bb), 0.5 * (bb - aa)
    spread = np.hypot(difference, ab)
    psi = 0.5 * np.arctan2(-ab, difference)
    largest = middle + spread
    with np.errstate(invalid="ignore", divide="ignore"):
        # Rounding may carry a flat ellipse's parameter past 1; a piece that stands still has no
        # parameter.
        m = np.where(largest > 0, np.minimum(2 * spread / largest, 1.0), 0.0)
    return np.asarray(np.sqrt(largest) * (ellipeinc(stop - psi, m) - ellipeinc(start - psi, m)))


def variations(start: np.ndarray, stop: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Return the total variations (n,) of the scalars A cos t + B sin t + c with coefficients (3,
    n).

    The critical points are atan2(B, A) + k pi; between two of them the variation is twice the
    amplitude.

    Example:
        >>> variations(np.zeros(1), np.full(1, 2 * np.pi), np.array([[3.0], [4.0], [1.0]]))
        array([20.])
    """
    amplitude, phase = (
        np.hypot(coefficients[0], coefficients[1]),
        np.arctan2(coefficients[1], coefficients[0]),
    )
    return np.asarray(amplitude * (_rectified_sine(stop - phase) - _rectified_sine(start - phase)))


def _rectified_sine(x: np.ndarray) -> np.ndarray:
    """Return the integral of |sin| from 0 to x."""
    turns = np.floor(x / np.pi)
    return np.asarray(2 * turns + 1 - np.cos(x - np.pi * turns))
