"""Classifiers as stacks of replicas: networks of one architecture, with starts and orders of the
data of their own, that one product computes.

Every parameter has a first axis R of replicas; B inputs are computed at a time, of C classes. The
sum over replicas of their mean losses has for each replica its own gradient, and the optimisers
work entry by entry. So a replica's training depends on its own random numbers alone, not on how
many are computed beside it.

The products are batched ones of torch, not `torch.func.vmap` of a single network, whose gradients
differ in their last bits: finished studies have these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import NamedTuple, Protocol

import numpy as np
import torch

from eigenscape.errors import BadInput
from eigenscape.networks.optimisers import Optimiser

KERNEL = 3
"""Width of a convolution, the usual smallest one that has a centre."""


class States(NamedTuple):
    """What a stack of networks makes of its inputs.

    Attributes:
        hidden: activations of each hidden layer, (R, B, ...).
        outputs: (R, B, C).
    """

    hidden: list[torch.Tensor]
    outputs: torch.Tensor


class Stack(Protocol):
    """A network whose parameters have an axis of replicas."""

    def forward(self, parameters: list[torch.Tensor], x: torch.Tensor) -> States:
        """States at x (R, B, ...)."""


@dataclass(frozen=True)
class Perceptron:
    """L hidden layers of w ReLU units and a linear read-out; L = 0 is softmax regression.

    Attributes:
        depth: L.
        width: w; of no meaning for L = 0.

    Example:
        >>> Perceptron(0).label, Perceptron(2, 16).label
        ('linear', 'perceptron-d02-w016')
        >>> Perceptron(2, 16).layers
        ('layer 1', 'layer 2')
    """

    depth: int
    width: int = 0

    @property
    def label(self) -> str:
        """Name in files and tables."""
        return f"perceptron-d{self.depth:02d}-w{self.width:03d}" if self.depth else "linear"

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the hidden layers."""
        return tuple(f"layer {number}" for number in range(1, self.depth + 1))

    def shapes(self, inputs: tuple[int, ...], classes: int) -> list[tuple[int, ...]]:
        """The shapes of the weight arrays, fan-out first."""
        return _dense_shapes([int(np.prod(inputs)), *[self.width] * self.depth, classes])

    def forward(self, parameters: list[torch.Tensor], x: torch.Tensor) -> States:
        """States at x (R, B, ...); those of hidden layers are (R, B, w)."""
        return _dense(parameters, x.flatten(2))


@dataclass(frozen=True)
class Convolutional:
    """Two 3 x 3 convolutions of c and 2 c channels with ReLU, 2 x 2 means after each, and a linear
    read-out, with or without a hidden layer before it.

    Attributes:
        channels: c.
        dense: units of the hidden layer; 0 for none.

    Example:
        >>> Convolutional(8).label
        'convolutional-c08'
        >>> Convolutional(8, dense=32).layers
        ('convolution 1', 'convolution 2', 'dense')
    """

    channels: int
    dense: int = 0

    @property
    def label(self) -> str:
        """Name in files and tables."""
        return f"convolutional-c{self.channels:02d}"

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers whose activations are taken: after pooling, and the hidden one."""
        return ("convolution 1", "convolution 2", *["dense"] * bool(self.dense))

    def shapes(self, inputs: tuple[int, ...], classes: int) -> list[tuple[int, ...]]:
        """The shapes of the weight arrays, fan-out first.

        Raises:
            BadInput: inputs that are no images of at least 4 x 4.
        """
        if len(inputs) != 2 or min(inputs) < 4:
            raise BadInput.field(
                "X",
                "images (n, h, w) of at least 4 x 4",
                f"inputs of shape {inputs}",
                "write channels: null, or save X as images",
            )
        flat = 2 * self.channels * (inputs[0] // 4) * (inputs[1] // 4)
        return [
            (self.channels, 1, KERNEL, KERNEL),
            (2 * self.channels, self.channels, KERNEL, KERNEL),
            *_dense_shapes([flat, *[self.dense] * bool(self.dense), classes]),
        ]

    def forward(self, parameters: list[torch.Tensor], x: torch.Tensor) -> States:
        """States at images x (R, B, h, w); those of hidden layers are (R, B, c, h/2, w/2),
        (R, B, 2c, h/4, w/4) and (R, B, dense).

        Replicas are groups of channels of one convolution.
        """
        replicas, batch = x.shape[:2]
        state, hidden = x.transpose(0, 1), []
        for weight, bias in zip(parameters[:4:2], parameters[1:4:2], strict=True):
            state = torch.nn.functional.conv2d(
                state, weight.flatten(0, 1), bias.flatten(), padding=KERNEL // 2, groups=replicas
            )
            state = torch.nn.functional.avg_pool2d(torch.relu(state), 2)
            hidden.append(state.reshape(batch, replicas, -1, *state.shape[2:]).transpose(0, 1))
        above = _dense(parameters[4:], hidden[-1].flatten(2))
        return States([*hidden, *above.hidden], above.outputs)


Network = Perceptron | Convolutional


def _dense_shapes(sizes: list[int]) -> list[tuple[int, ...]]:
    return [(fan_out, fan_in) for fan_in, fan_out in pairwise(sizes)]


def _dense(parameters: list[torch.Tensor], state: torch.Tensor) -> States:
    """States of dense layers above ``state`` (R, B, d)."""
    hidden = []
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        state = torch.relu(torch.baddbmm(bias[:, None], state, weight.transpose(1, 2)))
        hidden.append(state)
    outputs = torch.baddbmm(parameters[-1][:, None], state, parameters[-2].transpose(1, 2))
    return States(hidden, outputs)


def initial_parameters(
    network: Network,
    inputs: tuple[int, ...],
    classes: int,
    draws: Sequence[np.random.Generator],
    readout_variance: float = 2.0,
) -> list[torch.Tensor]:
    """Weights ~ N(0, g / fan_in), g = 2 before a ReLU (K. He et al., ICCV 2015), and zero biases,
    in turn.

    Args:
        network: the architecture.
        inputs: shape of one input.
        classes: C.
        draws: random numbers of each replica.
        readout_variance: g of the last layer: how far from ignorance, where probabilities are
            alike, networks start.

    Returns:
        Arrays of float32, (R, fan_out, ...) and (R, fan_out) in turn, whose gradients are recorded.

    Raises:
        BadInput: inputs that the network cannot take.

    Example:
        >>> draws = [np.random.default_rng(seed) for seed in (0, 1)]
        >>> [tuple(p.shape) for p in initial_parameters(Perceptron(1, 4), (8, 8), 10, draws)]
        [(2, 4, 64), (2, 4), (2, 10, 4), (2, 10)]
    """
    parameters = []
    shapes = network.shapes(inputs, classes)
    for shape in shapes:
        deviation = ((readout_variance if shape is shapes[-1] else 2) / np.prod(shape[1:])) ** 0.5
        weights = np.stack([draw.standard_normal(shape) * deviation for draw in draws])
        parameters += [
            torch.tensor(weights, dtype=torch.float32, requires_grad=True),
            torch.zeros(len(draws), shape[0], requires_grad=True),
        ]
    return parameters


def batches(draw: np.random.Generator, inputs: int, size: int) -> Iterator[np.ndarray]:
    """Numbers of the inputs of every step (size,), epoch after epoch, without end. Inputs that do
    not fill a batch wait for the next epoch's order.

    Args:
        draw: random numbers, of which an epoch takes one permutation.
        inputs: how many there are.
        size: of a batch, at most as many.

    Example:
        >>> steps = batches(np.random.default_rng(0), 5, 2)
        >>> [next(steps).tolist() for _ in range(3)]
        [[2, 4], [3, 0], [4, 1]]
    """
    while True:
        order = draw.permutation(inputs)
        for first in range(0, inputs - size + 1, size):
            yield order[first : first + size]


def training_steps(
    network: Stack,
    optimiser: Optimiser,
    inputs: np.ndarray,
    labels: np.ndarray,
    orders: Sequence[Iterator[np.ndarray]],
) -> Iterator[int]:
    """Train on the cross entropy, without end: the number of steps that were taken, from 0 on. The
    next step is taken when the next number is asked for, so the caller looks at the parameters in
    between.

    Args:
        network: the architecture.
        optimiser: it holds the parameters.
        inputs: (n, ...), the same for all replicas.
        labels: (R, n) in 0 .. C - 1.
        orders: of each replica, the inputs of its steps, as `batches` has them.

    Example:
        >>> from eigenscape.networks.optimisers import GradientDescent
        >>> x, y = np.array([[-1.0], [1.0]]), np.array([[0, 1]])
        >>> start = initial_parameters(Perceptron(0), (1,), 2, [np.random.default_rng(0)])
        >>> orders = [batches(np.random.default_rng(0), 2, 2)]
        >>> for steps in training_steps(Perceptron(0), GradientDescent(start, 1.0), x, y, orders):
        ...     if steps == 20:
        ...         break
        >>> states = Perceptron(0).forward(start, torch.tensor(x, dtype=torch.float32)[None])
        >>> states.outputs.argmax(dim=-1).tolist()
        [[0, 1]]
    """
    x, y = torch.tensor(inputs, dtype=torch.float32), torch.tensor(labels, dtype=torch.long)
    replicas = torch.arange(len(y))[:, None]
    for taken in count():
        yield taken
        chosen = torch.tensor(np.stack([next(order) for order in orders]))
        outputs = network.forward(optimiser.parameters, x[chosen]).outputs
        losses = torch.nn.functional.cross_entropy(
            outputs.flatten(0, 1), y[replicas, chosen].flatten(), reduction="sum"
        )
        optimiser.step(torch.autograd.grad(losses / chosen.shape[1], optimiser.parameters))
