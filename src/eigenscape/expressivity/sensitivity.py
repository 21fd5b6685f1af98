"""The sensitivity of the output's length to each weight matrix: exact derivatives, and their
meaningful part.

The total variation of the output is a sum over monotone stretches, V = sum_i s_i [f(t_{i+1}) -
f(t_i)] with signs s_i, so its derivative is a sum over the extremes of f (and the ends of an open
curve),

    dV = sum_i (s_{i-1} - s_i) df(t_i).

At a smooth extreme f' = 0 and the motion of t_i has no effect. At a breakpoint of a unit with
pre-activation h the breakpoint moves with the weights, dt = -dh / h', and df(t_i) = df - (f'/h') dh
at fixed t. Both are one backward pass.

The radial trap: a bias-free ReLU network is homogeneous of degree 1 in every weight matrix, so
<W_l, dV/dW_l> = V for every l. The component along W_l only rescales, and is the same in every
layer: a plot of it, or of a norm that includes it, contains no information on which layer matters.
The tangential part, orthogonal to W_l, rotates the curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.expressivity.analysis import patterns_of
from eigenscape.expressivity.curves import Curve, Kind
from eigenscape.expressivity.lengths import piece_lengths
from eigenscape.expressivity.networks import Layers
from eigenscape.expressivity.pieces import MERGED, Propagation, propagate, split


@dataclass(frozen=True)
class LengthGradient:
    """The derivative of the output's total variation.

    Attributes:
        length: the total variation V.
        weights: L + 1 arrays dV/dW_l, shaped like the weights.
        radial: (L + 1,) <W_l, dV/dW_l> / V; 1 in every layer of a bias-free ReLU network.
        tangential: (L + 1,) |W_l| |dV/dW_l - its part along W_l| / V, Frobenius norms: the relative
            change of the length per relative change of W_l that keeps |W_l|.
    """

    length: float
    weights: tuple[np.ndarray, ...]
    radial: np.ndarray
    tangential: np.ndarray


def length_sensitivity(layers: Layers, curve: Curve) -> np.ndarray:
    """Return the tangential sensitivities (L + 1,) of the output's length, one per weight matrix;
    the read-out is the last.

    Raises:
        BadInput: units are smooth, or there is more than one output.

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> from eigenscape.expressivity.networks import random_layers
        >>> length_sensitivity(
        ...     random_layers(3, 8, 2.0**0.5, 0.0, "relu", seed=1), circle(1.0)
        ... ).shape
        (4,)
    """
    return length_gradient(layers, curve).tangential


def length_gradient(layers: Layers, curve: Curve) -> LengthGradient:
    """Compute the exact derivative of the output's total variation with respect to every weight
    matrix.

    Raises:
        BadInput: units are smooth, or there is more than one output.

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> one = Layers(
        ...     (np.array([[3.0], [4.0]]), np.ones((1, 1))), (np.zeros(1), np.zeros(1)), "relu"
        ... )
        >>> found = length_gradient(one, circle(1.0))  # 2 |w|
        >>> round(found.length, 12), found.weights[0].ravel().round(12), found.radial.round(12)
        (10.0, array([1.2, 1.6]), array([1., 1.]))
    """
    if layers.outputs != 1:
        raise BadInput.field(
            "layers", "one output", str(layers.outputs), "analyse one output at a time"
        )
    return gradient_of_pieces(layers, propagate(layers, curve))


def gradient_of_pieces(layers: Layers, passed: Propagation) -> LengthGradient:
    """Compute `length_gradient` for a curve that has already been propagated through a network of
    one output.
    """
    curve = passed.curve
    length = float(piece_lengths(curve.kind, passed.start, passed.stop, passed.output).sum())
    t, left, factor, at_break = _extremes(passed)
    gradients = _backward(layers, passed, t, left, factor, at_break)
    radial, tangential = [], []
    for weight, gradient in zip(layers.weights, gradients, strict=True):
        norm, along = np.linalg.norm(weight), float((weight * gradient).sum())
        rest = gradient - weight * (along / norm**2 if norm else 0.0)
        radial.append(along / length if length else 0.0)
        tangential.append(float(norm * np.linalg.norm(rest)) / length if length else 0.0)
    return LengthGradient(length, gradients, np.array(radial), np.array(tangential))


def _extremes(passed: Propagation) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find where the sign of f' changes: parameters, pieces to the left, factors s_before -
    s_after, whether at a breakpoint.
    """
    curve, a, b = passed.curve, passed.output[0, :, 0], passed.output[1, :, 0]
    piece, start, stop = split(passed.start, passed.stop, *_critical_points(passed))
    u, v = curve.slopes(0.5 * (start + stop))
    sign = np.sign(u * a[piece] + v * b[piece])
    following = np.roll(sign, -1)
    at_break = np.roll(piece, -1) != piece
    if curve.closed:
        at_break[-1] = True
    else:
        following[-1], at_break[-1] = 0.0, False
    t, left, factor = stop, piece, sign - following
    if not curve.closed:
        t, left = np.append(start[0], t), np.append(piece[0], left)
        factor, at_break = np.append(-sign[0], factor), np.append(False, at_break)
    extreme = factor != 0
    return t[extreme], left[extreme], factor[extreme], at_break[extreme]


def _critical_points(passed: Propagation) -> tuple[np.ndarray, np.ndarray]:
    """Find pieces and parameters where f' = 0 inside a piece: atan2(B, A) + k pi, none on straight
    pieces.
    """
    if passed.curve.kind is Kind.LINEAR:
        return np.empty(0, int), np.empty(0)
    start, stop, a, b = (
        passed.start[:, None],
        passed.stop[:, None],
        passed.output[0],
        passed.output[1],
    )
    turns = np.pi * np.arange(int(np.ceil((stop - start).max() / np.pi)) + 1)
    candidates = start + np.mod(np.arctan2(b, a) - start, np.pi) + turns
    piece, turn = np.nonzero(
        (candidates > start + MERGED) & (candidates < stop - MERGED) & (np.hypot(a, b) > 0)
    )
    return piece, candidates[piece, turn]


def _backward(
    layers: Layers,
    passed: Propagation,
    t: np.ndarray,
    left: np.ndarray,
    factor: np.ndarray,
    at_break: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Return sum_i factor_i df(t_i)/dW_l for every l, following the breakpoints."""
    ancestors = passed.ancestors()
    patterns = patterns_of(passed, ancestors)
    right = (left + 1) % len(passed.start)
    slopes = [_slopes(pattern[left], layers.activation) for pattern in patterns]
    curve = passed.curve
    u, v = curve.basis(t)
    du, dv = curve.slopes(t)
    a, b, c = curve.coefficients[:, ancestors[0][left]]
    state, tangent = u[:, None] * a + v[:, None] * b + c, du[:, None] * a + dv[:, None] * b
    states, velocities = [state], []
    constants = [pattern[left] if layers.activation == "hard_tanh" else 0 for pattern in patterns]
    for weight, bias, slope, constant in zip(
        layers.weights[:-1], layers.biases[:-1], slopes, constants, strict=True
    ):
        velocities.append(tangent @ weight)
        state = (state @ weight + bias) * slope + constant
        tangent = velocities[-1] * slope
        states.append(state)
    rate = (tangent @ layers.weights[-1])[:, 0]
    moving, pending = [], at_break.copy()
    for pattern, velocity in zip(patterns, velocities, strict=True):
        # The lowest layer that changes holds the unit whose breakpoint this is.
        changed = (pattern[left] != pattern[right]) & pending[:, None]
        point = np.flatnonzero(changed.any(axis=1))
        unit = changed[point].argmax(axis=1)
        pending[point] = False
        seed = np.zeros(velocity.shape)
        seed[point, unit] = -rate[point] / velocity[point, unit]
        moving.append(seed)
    error = factor[:, None]
    gradients = [states[-1].T @ error]
    for layer in range(layers.depth - 1, -1, -1):
        error = (error @ layers.weights[layer + 1].T) * slopes[layer] + factor[:, None] * moving[
            layer
        ]
        gradients.append(states[layer].T @ error)
    return tuple(gradients[::-1])


def _slopes(pattern: np.ndarray, activation: str) -> np.ndarray:
    linear = pattern == (1 if activation == "relu" else 0)
    return np.asarray(linear, float)
