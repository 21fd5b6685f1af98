"""Lengths through networks of smooth units, by adaptive quadrature with an error estimate.

Where no closed form exists the speed of every layer along the curve is still exact at any t, by forward differentiation
z' = phi'(h) (z'_{below} W). Gauss-Legendre rules of two orders are compared on every interval; where they differ by more
than the tolerance's share the interval is halved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.expressivity.curves import Curve
from eigenscape.expressivity.networks import Layers

FINE, COARSE = np.polynomial.legendre.leggauss(15), np.polynomial.legendre.leggauss(8)
"""The value and its check. 15 nodes are exact to degree 29: a smooth speed converges in a few halvings; against 8 nodes,
exact to degree 15, the difference overstates the error of the finer rule."""

TOLERANCE = 1e-9
"""Relative, of each length; far below the width of a line in a figure, far above rounding."""

ROUNDING = 1e-14
"""A length so much shorter than the longest one consists of rounding, and cannot be had to the tolerance."""

FIRST_INTERVALS = 32
"""Of every piece: 480 nodes around a circle, so that no feature wider than a hundredth of a turn is stepped over."""

MOST_HALVINGS = 40
"""|f'| has kinks where f' = 0; halving towards one gains a factor 4 a step, so 40 leave nothing of it."""


@dataclass(frozen=True)
class Integrated:
    """Lengths of the image of a curve.

    Attributes:
        latent: (L + 1,) of the input and every hidden layer.
        output: total variation of the output.
        lifted: length of (x, f(x)).
        error: sum over intervals of the difference of the two rules, of the least certain of these lengths.
    """

    latent: np.ndarray
    output: float
    lifted: float
    error: float


def speeds(layers: Layers, curve: Curve, t: np.ndarray) -> np.ndarray:
    """|dz^(l)/dt| of the input and the hidden layers, then |df/dt| and |d(x, f)/dt|; (n, L + 3) at the parameters t (n,)."""
    state, tangent = curve.at(t), curve.velocity(t)
    norms = [np.linalg.norm(tangent, axis=1)]
    for weight, bias in zip(layers.weights[:-1], layers.biases[:-1], strict=True):
        state = layers.unit.function(state @ weight + bias)
        tangent = layers.unit.derivative_from_output(state) * (tangent @ weight)
        norms.append(np.linalg.norm(tangent, axis=1))
    norms.append(np.linalg.norm(tangent @ layers.weights[-1], axis=1))
    norms.append(np.hypot(norms[0], norms[-1]))
    return np.stack(norms, axis=1)


def integrate(layers: Layers, curve: Curve, tolerance: float = TOLERANCE) -> Integrated:
    """The lengths of one curve through a network of any activation.

    Args:
        layers: the network.
        curve: the input.
        tolerance: of the error estimate, relative to each length.

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> readout = Layers((np.array([[1.0], [0.0]]),), (np.zeros(1),), "tanh")
        >>> found = integrate(readout, circle(1.0))
        >>> round(found.output, 9), found.error < 1e-8
        (4.0, True)
    """
    parts = np.linspace(curve.start, curve.stop, FIRST_INTERVALS + 1)
    left, right = parts[:-1].ravel(), parts[1:].ravel()
    whole = float((right - left).sum())
    total, error, scale = np.zeros(layers.depth + 3), np.zeros(layers.depth + 3), np.zeros(layers.depth + 3)
    for halving in range(MOST_HALVINGS + 1):
        fine, coarse = (_gauss(layers, curve, left, right, *rule) for rule in (FINE, COARSE))
        difference = np.abs(fine - coarse)
        scale = np.maximum(scale, total + fine.sum(axis=0))
        share = ((right - left) / whole)[:, None]
        good = (difference <= share * np.maximum(tolerance * scale, ROUNDING * scale.max())).all(axis=1) | (halving == MOST_HALVINGS)
        total += fine[good].sum(axis=0)
        error += difference[good].sum(axis=0)
        left, right = left[~good], right[~good]
        if not len(left):
            break
        middle = 0.5 * (left + right)
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    return Integrated(total[:-2], float(total[-2]), float(total[-1]), float(error.max()))


def _gauss(layers: Layers, curve: Curve, left: np.ndarray, right: np.ndarray, nodes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    half = 0.5 * (right - left)
    t = (0.5 * (left + right))[:, None] + half[:, None] * nodes
    values = speeds(layers, curve, t.ravel()).reshape(len(left), len(nodes), -1)
    return np.asarray(half[:, None] * np.einsum("inq,n->iq", values, weights))
