"""The network and the curve that a state describes, and which of its entries have sliders.

There are three draws. ``scaled`` is that of the source, W ~ N(0, sigma_w^2 / fan_in). ``plain`` is
that of the application which this one follows: W ~ N(0, 2) whatever the fan-in, rounded to the step
of the sliders, with a read-out of ones. ``split`` writes x as (x)_+ - (-x)_+: W_1 = [[1, 0, -1, 0],
[0, 1, 0, -1]], identities above, so that the image of a curve has the curve's own length in every
layer. Entries set by hand replace drawn ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eigenscape.explorer.entries import Position
from eigenscape.explorer.state import WEIGHT_RANGE, CurveKind, Draw, State
from eigenscape.expressivity.curves import Curve, circle, ellipse, line, polyline
from eigenscape.expressivity.networks import Layers, generator, random_layers

WINDOW = 4
"""Number of rows and columns of a large matrix that have sliders at once: as many as the default
network has."""


def drawn_layers(state: State) -> Layers:
    """Return the network before any entry is set by hand.

    Example:
        >>> drawn_layers(State(draw=Draw.SPLIT, depth=1)).weights[0]
        array([[ 1.,  0., -1.,  0.],
               [ 0.,  1.,  0., -1.]])
    """
    if state.draw is Draw.SCALED:
        return random_layers(
            state.depth, state.width, state.sigma_w, state.sigma_b, state.activation, state.seed
        )
    if state.draw is Draw.PLAIN:
        return _plain(state)
    weights = [
        np.zeros((2, state.width)),
        *[np.eye(state.width)] * (state.depth - 1),
        np.zeros((state.width, 1)),
    ]
    weights[0][:, :4] = [[1, 0, -1, 0], [0, 1, 0, -1]]
    weights[-1][:4, 0] = 1.0  # the output is |x| + |y|
    return Layers(
        tuple(weights), tuple(np.zeros(size) for size in state.sizes[1:]), state.activation
    )


def _plain(state: State) -> Layers:
    draw = generator(state.seed, "explorer", *state.sizes)
    weights, biases = [], []
    for fan_in, fan_out in zip(state.sizes[:-2], state.sizes[1:-1], strict=True):
        weights.append(
            (draw.standard_normal((fan_in, fan_out)) * state.sigma_w)
            .round(2)
            .clip(-WEIGHT_RANGE, WEIGHT_RANGE)
        )
        biases.append(
            (draw.standard_normal(fan_out) * state.sigma_b)
            .round(2)
            .clip(-WEIGHT_RANGE, WEIGHT_RANGE)
        )
    return Layers((*weights, np.ones((state.width, 1))), (*biases, np.zeros(1)), state.activation)


def layers_of(state: State) -> Layers:
    """Return the network of a state, with the entries that are set by hand."""
    layers = drawn_layers(state)
    if not state.edits:
        return layers
    weights, biases = (
        [weight.copy() for weight in layers.weights],
        [bias.copy() for bias in layers.biases],
    )
    for (layer, row, column), value in state.edits:
        if row:
            weights[layer - 1][row - 1, column - 1] = value
        else:
            biases[layer - 1][column - 1] = value
    return replace(layers, weights=tuple(weights), biases=tuple(biases))


def curve_of(state: State) -> Curve:
    """Return the curve of a state.

    Example:
        >>> curve_of(State(curve=CurveKind.LINE, radius=1.0)).points(2)
        array([[-1.,  0.],
               [ 1.,  0.]])
    """
    center = np.array([state.x, state.y])
    turn = np.radians(state.angle)
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    if state.curve is CurveKind.CIRCLE:
        return circle(state.radius, center)
    if state.curve is CurveKind.ELLIPSE:
        return ellipse(state.radius * along, state.radius * state.ratio * across, center)
    if state.curve is CurveKind.LINE:
        return line(center - state.radius * along, center + state.radius * along)
    if state.curve is CurveKind.POINTS:
        return polyline(state.points, closed=state.closed)
    t = turn + 2 * np.pi * np.arange(state.corners) / state.corners
    return polyline(center + state.radius * np.stack([np.cos(t), np.sin(t)], axis=1), closed=True)


@dataclass(frozen=True)
class Slider:
    """One entry that has a slider.

    Attributes:
        position: layer, row and column of the entry, counted from 1; row 0 is the bias.
        value: its value.
        drawn: its value before it was set by hand.
    """

    position: Position
    value: float
    drawn: float

    @property
    def label(self) -> str:
        """The name on the page: W2[1,3] or b2[3]."""
        layer, row, column = self.position
        return f"W{layer}[{row},{column}]" if row else f"b{layer}[{column}]"


def sliders(state: State) -> list[Slider]:
    """Return the entries that have sliders: all of a small network, a window of one layer of a
    large one.

    Example:
        >>> len(sliders(State())), sliders(State())[0].label
        (28, 'W1[1,1]')
    """
    drawn, current = drawn_layers(state), layers_of(state)
    small = state.depth <= 2 and state.width <= WINDOW
    entries = []
    for layer in range(1, state.depth + 2) if small else [min(state.layer, state.depth + 1)]:
        fan_in, fan_out = current.weights[layer - 1].shape
        first_row, first_column = (
            (1, 1)
            if small
            else (min(state.row, max(1, fan_in - 3)), min(state.column, max(1, fan_out - 3)))
        )
        columns = range(first_column, min(first_column + WINDOW, fan_out + 1))
        for row in range(first_row, min(first_row + WINDOW, fan_in + 1)):
            for column in columns:
                at = (row - 1, column - 1)
                entries.append(
                    Slider(
                        (layer, row, column),
                        float(current.weights[layer - 1][at]),
                        float(drawn.weights[layer - 1][at]),
                    )
                )
        if state.biases:
            entries += [
                Slider(
                    (layer, 0, column),
                    float(current.biases[layer - 1][column - 1]),
                    float(drawn.biases[layer - 1][column - 1]),
                )
                for column in columns
            ]
    return entries
