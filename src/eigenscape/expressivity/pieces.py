"""The exact propagation of a curve through a piecewise linear network.

While no unit changes its linear region, every pre-activation is A u(t) + B v(t) + c, and its
crossings of a kink are known in closed form: on trigonometric pieces t = atan2(B, A) +- arccos(-c /
sqrt(A^2 + B^2)) (none, one or two in the piece), on straight ones t = -c / A. So the breakpoints of
the first layer split the curve, those of the second layer split each part again, and so on: nothing
is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.expressivity.curves import Curve, Kind
from eigenscape.expressivity.networks import KINKS, Layers

MOST_ACTIVATIONS = 2**24
"""Largest number of pieces times units of one layer: 400 MB of coefficients. Pieces of hard-tanh
networks multiply from layer to layer where weights are large, so the next layer would not fit
either."""

MERGED = 1e-13
"""Distance below which crossings are merged with each other or with the end of a piece: a parameter
of size 2 pi has a rounding error of 1e-15, and a crossing computed from coefficients of L layers a
few times that. A part so short changes a length by its own speed times 1e-13."""


@dataclass(frozen=True)
class LayerPieces:
    """The image of the curve in one hidden layer.

    Attributes:
        start: (n,) parameter at which each piece begins.
        stop: (n,) parameter at which it ends.
        coefficients: (3, n, k) coefficients of the layer's activations z.
        pattern: (n, k) int8, the linear region of every unit: 0 or 1 for ReLU, -1, 0 or 1 for
            hard-tanh.
        parent: (n,) the piece of the layer below that contains each piece.
    """

    start: np.ndarray
    stop: np.ndarray
    coefficients: np.ndarray
    pattern: np.ndarray
    parent: np.ndarray


@dataclass(frozen=True)
class Propagation:
    """The images of a curve in all layers of a network.

    Attributes:
        curve: the input.
        layers: the image in each hidden layer.
        output: (3, n, outputs) coefficients of the read-out on the pieces of the last hidden layer.
    """

    curve: Curve
    layers: tuple[LayerPieces, ...]
    output: np.ndarray

    @property
    def start(self) -> np.ndarray:
        """The parameters (n,) at which the pieces of the output begin."""
        return self.layers[-1].start if self.layers else self.curve.start

    @property
    def stop(self) -> np.ndarray:
        """The parameters (n,) at which the pieces of the output end."""
        return self.layers[-1].stop if self.layers else self.curve.stop

    def ancestors(self) -> list[np.ndarray]:
        """The piece of the input and of every hidden layer that contains each piece of the output;
        (n,) each.
        """
        index = np.arange(len(self.start))
        chain = [index]
        for layer in reversed(self.layers):
            index = layer.parent[index]
            chain.append(index)
        return chain[::-1]


def propagate(layers: Layers, curve: Curve, most: int = MOST_ACTIVATIONS) -> Propagation:
    """Propagate a curve through a network of ReLU, hard-tanh or linear units.

    Args:
        layers: the network.
        curve: the input.
        most: largest number of pieces times units of a layer.

    Raises:
        BadInput: the activation is smooth, the curve and the network's inputs differ in dimension,
            or the curve breaks into too many pieces.

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> one_unit = Layers(
        ...     (np.array([[1.0], [0.0]]), np.ones((1, 1))), (np.zeros(1), np.zeros(1)), "relu"
        ... )
        >>> propagate(one_unit, circle(1.0)).layers[0].stop / np.pi
        array([0.5, 1.5, 2. ])
    """
    if not layers.piecewise_linear:
        raise BadInput.field(
            "activation",
            f"one of {', '.join(KINKS)}",
            layers.activation,
            "use expressivity.analysis, which integrates",
        )
    if layers.inputs != curve.inputs:
        raise BadInput.field(
            "curve",
            f"{layers.inputs} coordinates",
            str(curve.inputs),
            "give the curve the network's input dimension",
        )
    start, stop, coefficients = curve.start, curve.stop, curve.coefficients
    passed = []
    for weight, bias in zip(layers.weights[:-1], layers.biases[:-1], strict=True):
        before = coefficients @ weight
        before[2] += bias
        layer = _activate(curve, start, stop, before, layers.activation, most)
        start, stop, coefficients = layer.start, layer.stop, layer.coefficients
        passed.append(layer)
    output = coefficients @ layers.weights[-1]
    output[2] += layers.biases[-1]
    return Propagation(curve, tuple(passed), output)


def _activate(
    curve: Curve,
    start: np.ndarray,
    stop: np.ndarray,
    before: np.ndarray,
    activation: str,
    most: int,
) -> LayerPieces:
    """Split the pieces where a unit crosses a kink, and apply the activation to the parts."""
    piece, time = crossings(curve, start, stop, before, KINKS[activation])
    pieces, units = len(start) + len(piece), before.shape[2]
    if pieces * units > most:
        found = f"{pieces:,} pieces in a layer of {units} units"
        raise BadInput.field(
            "curve",
            f"at most {most // units:,} pieces",
            found,
            "lower sigma_w, the depth or the width",
        )
    parent, start, stop = split(start, stop, piece, time)
    u, v = curve.basis(0.5 * (start + stop))
    after = before[:, parent]
    middle = u[:, None] * after[0] + v[:, None] * after[1] + after[2]
    if activation == "relu":
        pattern = (middle > 0).astype(np.int8)
        after *= pattern
    elif activation == "hard_tanh":
        pattern = (middle > 1).astype(np.int8) - (middle < -1).astype(np.int8)
        after *= pattern == 0
        after[2] += pattern
    else:
        pattern = np.zeros(middle.shape, np.int8)
    return LayerPieces(start, stop, after, pattern, parent)


def crossings(
    curve: Curve,
    start: np.ndarray,
    stop: np.ndarray,
    coefficients: np.ndarray,
    levels: tuple[float, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Find where the scalars A u + B v + c cross one of the levels strictly inside their pieces:
    piece numbers and parameters.

    Args:
        curve: the curve, for the kind of its pieces.
        start: (n,) parameter at which each piece begins.
        stop: (n,) parameter at which it ends.
        coefficients: (3, n, k), coefficients of the scalars.
        levels: the values that are crossed.
    """
    a, b, c = coefficients
    ends, slopes = [], []
    for t in (start, stop):
        u, v = curve.basis(t)
        ends.append(u[:, None] * a + v[:, None] * b + c)
        if curve.kind is Kind.TRIGONOMETRIC:
            u, v = curve.slopes(t)
            slopes.append(u[:, None] * a + v[:, None] * b < 0)
    # Both ends on one side: two crossings where the extreme lies inside and beyond the level. A
    # piece of more than half a turn may hold two extremes, so there every unit that reaches the
    # level is looked at.
    turns = (slopes[0] != slopes[1]) | ((stop - start) > np.pi)[:, None] if slopes else None
    pieces, times = [np.empty(0, int)], [np.empty(0)]
    for level in levels:
        change = (ends[0] < level) != (ends[1] < level)
        piece, unit = np.nonzero(change if turns is None else change | turns)
        constant = c[piece, unit] - level
        if turns is None:
            time = -constant / a[piece, unit]
        else:
            amplitude, phase = (
                np.hypot(a[piece, unit], b[piece, unit]),
                np.arctan2(b[piece, unit], a[piece, unit]),
            )
            reaches = np.abs(constant) < amplitude
            piece, phase = piece[reaches], phase[reaches]
            half = np.arccos(-constant[reaches] / amplitude[reaches])
            piece, time = np.tile(piece, 2), np.concatenate([phase - half, phase + half])
            time = start[piece] + np.mod(time - start[piece], 2 * np.pi)
        inside = (time > start[piece] + MERGED) & (time < stop[piece] - MERGED)
        pieces.append(piece[inside])
        times.append(time[inside])
    return np.concatenate(pieces), np.concatenate(times)


def split(
    start: np.ndarray, stop: np.ndarray, piece: np.ndarray, time: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split pieces at the given parameters ``time`` inside the pieces ``piece``: return parents,
    starts and stops of the parts.
    """
    order = np.lexsort((time, piece))
    piece, time = piece[order], time[order]
    distinct = np.ones(len(time), bool)
    distinct[1:] = (piece[1:] != piece[:-1]) | (time[1:] - time[:-1] > MERGED)
    piece, time = piece[distinct], time[distinct]
    # Each crossing ends a part and begins the next one, in the order of the pieces.
    positions = np.searchsorted(piece, np.arange(len(start)), side="left")
    starts = np.insert(time, positions, start)
    parents = np.insert(piece, positions, np.arange(len(start)))
    stops = np.insert(time, np.searchsorted(piece, np.arange(len(start)), side="right"), stop)
    return parents, starts, stops
