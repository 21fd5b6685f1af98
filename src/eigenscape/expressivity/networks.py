"""Networks for the expressivity analysis: a list of weight matrices and biases, and one activation.

The explorer edits single weights and trained networks have their own, so this module does not
depend on the priors of the study. Random networks follow the source: W_ij ~ N(0, sigma_w^2 /
fan_in), b_i ~ N(0, sigma_b^2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from eigenscape import seeding
from eigenscape.errors import BadInput
from eigenscape.networks.activations import ACTIVATIONS, HARD_TANH, Activation

UNITS = {**ACTIVATIONS, HARD_TANH.name: HARD_TANH}
"""Every activation through which a curve can be propagated."""

KINKS = {"linear": (), "relu": (0.0,), "hard_tanh": (-1.0, 1.0)}
"""Pre-activations at which a piecewise linear activation changes its slope. Other activations are
smooth."""


@dataclass(frozen=True)
class Layers:
    """A multilayer perceptron with a linear read-out.

    Attributes:
        weights: L + 1 matrices (fan_in, fan_out); the last one is the read-out.
        biases: L + 1 vectors (fan_out,).
        activation: activation of the hidden units: relu, hard_tanh, linear, tanh or sigmoid.

    Raises:
        BadInput: shapes do not match, values are not finite, or the activation is unknown.

    Example:
        >>> absolute = Layers(
        ...     (np.array([[1.0, -1.0]]), np.ones((2, 1))), (np.zeros(2), np.zeros(1)), "relu"
        ... )
        >>> hidden, output = absolute.forward(np.array([[-3.0]]))
        >>> hidden, output
        (array([[0., 3.]]), array([[3.]]))
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activation: str

    def __post_init__(self) -> None:
        if self.activation not in UNITS:
            raise BadInput.field(
                "activation", f"one of {', '.join(UNITS)}", repr(self.activation), 'write "relu"'
            )
        weights = tuple(np.asarray(weight, float) for weight in self.weights)
        biases = tuple(np.asarray(bias, float) for bias in self.biases)
        if not weights or len(weights) != len(biases):
            raise BadInput.field(
                "weights",
                "one bias vector per matrix",
                f"{len(weights)} and {len(biases)}",
                "give as many of each",
            )
        for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            fan_in = weights[index - 1].shape[-1] if index else weight.shape[0]
            if (
                weight.ndim != 2
                or bias.shape != weight.shape[1:]
                or weight.shape[0] != fan_in
                or 0 in weight.shape
            ):
                shapes = f"a matrix ({fan_in}, k) and a bias (k,)"
                raise BadInput.field(
                    f"weights[{index}]",
                    shapes,
                    f"{weight.shape} and {bias.shape}",
                    "give matrices of shape (fan_in, fan_out)",
                )
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise BadInput.field(
                    f"weights[{index}]",
                    "finite numbers",
                    "an infinity or NaN",
                    "correct the matrix or its bias",
                )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return len(self.weights) - 1

    @property
    def inputs(self) -> int:
        """Dimension of the input space."""
        return int(self.weights[0].shape[0])

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return int(self.weights[-1].shape[1])

    @property
    def piecewise_linear(self) -> bool:
        """Whether the analysis is exact: ReLU, hard-tanh and linear units."""
        return self.activation in KINKS

    @property
    def unit(self) -> Activation:
        """The activation function with its derivative."""
        return UNITS[self.activation]

    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        """Return the activations z_1 .. z_L of the hidden layers and the output, each (n, units),
        at the rows of x (n, inputs).
        """
        states = []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = self.unit.function(x @ weight + bias)
            states.append(x)
        return [*states, x @ self.weights[-1] + self.biases[-1]]

    def with_weight(self, index: int, weight: np.ndarray) -> Layers:
        """Return the same network with one weight matrix replaced."""
        return replace(self, weights=(*self.weights[:index], weight, *self.weights[index + 1 :]))


def generator(seed: int, *labels: object) -> np.random.Generator:
    """Return the random stream that a seed and labels name; it is the same on every machine and in
    every order of work.
    """
    return seeding.generator(seed, "expressivity", *labels)


def random_layers(
    depth: int,
    width: int,
    sigma_w: float,
    sigma_b: float,
    activation: str,
    seed: int,
    inputs: int = 2,
    outputs: int = 1,
) -> Layers:
    """Draw a network with W ~ N(0, sigma_w^2 / fan_in) and b ~ N(0, sigma_b^2).

    The source divides by the width k in every layer; dividing the first layer by the inputs instead
    makes its pre-activations have variance sigma_w^2 |x|^2 / inputs whatever the width. Ratios
    between hidden layers are the same. The numbers drawn do not depend on the two deviations, so a
    sweep over them rescales one and the same network.

    Args:
        depth: L >= 0 hidden layers.
        width: k >= 1 units in each.
        sigma_w: standard deviation of sqrt(fan_in) W, >= 0.
        sigma_b: standard deviation of the biases, >= 0.
        activation: activation of the hidden units.
        seed: the seed of the draw.
        inputs: dimension of the input space.
        outputs: number of outputs.

    Raises:
        BadInput: a size is below 1, a deviation is negative, or the activation is unknown.

    Example:
        >>> random_layers(3, 4, 2.0**0.5, 0.0, "relu", seed=0).weights[1].shape
        (4, 4)
    """
    if depth < 0 or min(width, inputs, outputs) < 1:
        raise BadInput.field(
            "depth, width",
            "depth >= 0 and sizes >= 1",
            f"{(depth, width, inputs, outputs)}",
            "give positive sizes",
        )
    if not (np.isfinite(sigma_w) and np.isfinite(sigma_b) and min(sigma_w, sigma_b) >= 0):
        raise BadInput.field(
            "sigma_w, sigma_b",
            "finite numbers of at least 0",
            f"{(sigma_w, sigma_b)}",
            "give non-negative deviations",
        )
    sizes = (inputs, *[width] * depth, outputs)
    draw = generator(seed, "layers", *sizes)
    weights, biases = [], []
    for fan_in, fan_out in pairwise(sizes):
        weights.append(draw.standard_normal((fan_in, fan_out)) * sigma_w / np.sqrt(fan_in))
        biases.append(draw.standard_normal(fan_out) * sigma_b)
    return Layers(tuple(weights), tuple(biases), activation)
