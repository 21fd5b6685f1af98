"""Labellings of a few inputs that are reached by a sweep of one layer's weights, counted exactly.

The weights of hidden layer d traverse a great circle, W cos t + W' sin t. For one input the
pre-activations of layer d are then a trigonometric curve, which is propagated exactly through the
following layers; the input's label is the sign of the output. The sorted zeros of all inputs'
outputs give every labelling of the sweep: there is no grid of t, so no labelling between two grid
points is missed. Experiment and settings (s = 15 inputs, sigma_w^2 = 8, sigma_b = 0, hard-tanh; at
most 2^s labellings): Raghu et al., arXiv 1606.05336.
"""

from __future__ import annotations

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.expressivity.curves import ellipse
from eigenscape.expressivity.networks import Layers
from eigenscape.expressivity.pieces import crossings, propagate


def count_dichotomies(layers: Layers, inputs: np.ndarray, layer: int, other: np.ndarray) -> int:
    """Count the labellings of the inputs while one hidden layer traverses its circle.

    Args:
        layers: the network, with one output and piecewise linear units.
        inputs: (s, m) rows.
        layer: d, the hidden layer that is swept, 1 to L.
        other: W', shaped like the layer's weights.

    Raises:
        BadInput: the hidden layer does not exist, W' has another shape, or there is more than one
            output.

    Example:
        >>> network = Layers(
        ...     (np.eye(2)[:, :1], np.ones((1, 1))), (np.zeros(1), np.zeros(1)), "linear"
        ... )
        >>> count_dichotomies(network, np.array([[1.0, 0.0], [0.0, 1.0]]), 1, np.eye(2)[:, 1:])
        4
    """
    if not 1 <= layer <= layers.depth:
        raise BadInput.field(
            "layer", f"a hidden layer, 1 to {layers.depth}", str(layer), "count layers from 1"
        )
    weight, bias = layers.weights[layer - 1], layers.biases[layer - 1]
    if other.shape != weight.shape or layers.outputs != 1:
        expected = f"a matrix {weight.shape} and one output"
        raise BadInput.field(
            "other", expected, f"{other.shape} and {layers.outputs}", "draw W' like W"
        )
    below = inputs if layer == 1 else layers.forward(inputs)[layer - 2]
    width = len(bias)
    rest = Layers(
        (np.eye(width), *layers.weights[layer:]),
        (np.zeros(width), *layers.biases[layer:]),
        layers.activation,
    )
    times, owners, positive = [], [], np.empty(len(inputs), bool)
    for number, state in enumerate(below):
        passed = propagate(rest, ellipse(state @ weight, state @ other, bias))
        _, time = crossings(passed.curve, passed.start, passed.stop, passed.output, (0.0,))
        times.append(time)
        owners.append(np.full(len(time), number))
        positive[number] = passed.output[0, 0, 0] + passed.output[2, 0, 0] > 0
    order = np.argsort(np.concatenate(times), kind="stable")
    flips = np.zeros((len(order) + 1, len(inputs)), bool)
    flips[np.arange(1, len(order) + 1), np.concatenate(owners)[order]] = True
    labels = np.logical_xor.accumulate(flips, axis=0) ^ positive
    return len(np.unique(labels, axis=0))
