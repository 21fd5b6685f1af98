"""Linear softmax models, perceptrons and a small convolutional network, as batches of replicas that
one product computes.

Every parameter has a first axis R of replicas. A replica's start depends on its seed alone, not on
how many are computed beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from eigenscape.errors import BadInput
from eigenscape.seeding import stream_key

KERNEL = 3
"""Width of a convolution, the usual smallest one that has a centre."""


@dataclass(frozen=True)
class Perceptron:
    """L hidden layers of w ReLU units and a linear read-out; L = 0 is softmax regression, on inputs
    of any spectrum.

    Attributes:
        depth: L.
        width: w; of no meaning for L = 0.
        power: of the inputs' correlation eigenvalues, see `data.with_spectrum_power`.

    Example:
        >>> Perceptron(0).label, Perceptron(0, power=0.5).label, Perceptron(2, 16).label
        ('linear', 'linear-p0.5', 'perceptron-d02-w016')
    """

    depth: int
    width: int = 0
    power: float = 1.0

    @property
    def label(self) -> str:
        """Name in files and tables."""
        if self.depth == 0:
            return "linear" if self.power == 1 else f"linear-p{self.power:g}"
        return f"perceptron-d{self.depth:02d}-w{self.width:03d}"

    @property
    def family(self) -> str:
        """The kind of network."""
        return "linear" if self.depth == 0 else "perceptron"

    def shapes(self, inputs: tuple[int, ...], classes: int) -> list[tuple[int, ...]]:
        """Of the weight arrays, fan-out first."""
        sizes = (int(np.prod(inputs)), *[self.width] * self.depth, classes)
        return [(fan_out, fan_in) for fan_in, fan_out in pairwise(sizes)]

    def forward(self, parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        """Logits (R, B, C) at x (R, B, ...)."""
        state = x.flatten(2)
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            state = torch.relu(torch.baddbmm(bias[:, None], state, weight.transpose(1, 2)))
        return torch.baddbmm(parameters[-1][:, None], state, parameters[-2].transpose(1, 2))


@dataclass(frozen=True)
class Convolutional:
    """Two 3 x 3 convolutions of c and 2 c channels with ReLU, 2 x 2 means after each, and a linear
    read-out.

    Example:
        >>> Convolutional(6).label
        'convolutional-c06'
    """

    channels: int
    power: float = 1.0

    @property
    def label(self) -> str:
        """Name in files and tables."""
        return f"convolutional-c{self.channels:02d}"

    @property
    def family(self) -> str:
        """The kind of network."""
        return "convolutional"

    def shapes(self, inputs: tuple[int, ...], classes: int) -> list[tuple[int, ...]]:
        """Of the weight arrays, fan-out first.

        Raises:
            BadInput: inputs that are no images of at least 4 x 4.
        """
        if len(inputs) != 2 or min(inputs) < 4:
            fix = "write channels: null, or save X as images"
            raise BadInput.field(
                "X", "images (n, h, w) of at least 4 x 4", f"inputs of shape {inputs}", fix
            )
        flat = 2 * self.channels * (inputs[0] // 4) * (inputs[1] // 4)
        return [
            (self.channels, 1, KERNEL, KERNEL),
            (2 * self.channels, self.channels, KERNEL, KERNEL),
            (classes, flat),
        ]

    def forward(self, parameters: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        """Logits (R, B, C) at images x (R, B, h, w). Replicas are groups of channels of one
        convolution.
        """
        replicas, batch = x.shape[:2]
        state = x.transpose(0, 1)
        for weight, bias in zip(parameters[:4:2], parameters[1:4:2], strict=True):
            state = torch.nn.functional.conv2d(
                state, weight.flatten(0, 1), bias.flatten(), padding=KERNEL // 2, groups=replicas
            )
            state = torch.nn.functional.avg_pool2d(torch.relu(state), 2)
        flat = state.reshape(batch, replicas, -1).transpose(0, 1)
        return torch.baddbmm(parameters[5][:, None], flat, parameters[4].transpose(1, 2))


Network = Perceptron | Convolutional


def initial_parameters(
    network: Network,
    inputs: tuple[int, ...],
    classes: int,
    seeds: list[int],
    readout_variance: float,
) -> list[torch.Tensor]:
    """Weights ~ N(0, g / fan_in), g = 2 before a ReLU (K. He et al., ICCV 2015), and zero biases,
    in turn.

    Args:
        network: the architecture.
        inputs: shape of one input.
        classes: C.
        seeds: one per replica.
        readout_variance: g of the last layer: how far from ignorance, where probabilities are
            alike, networks start.

    Example:
        >>> parameters = initial_parameters(Perceptron(1, 4), (8, 8), 10, [0, 1], 1 / 3)
        >>> [tuple(p.shape) for p in parameters]
        [(2, 4, 64), (2, 4), (2, 10, 4), (2, 10)]
    """
    found = []
    draws = [
        np.random.Generator(
            np.random.Philox(key=stream_key(seed, "sloppiness", "start", network.label))
        )
        for seed in seeds
    ]
    shapes = network.shapes(inputs, classes)
    for shape in shapes:
        deviation = ((readout_variance if shape is shapes[-1] else 2) / np.prod(shape[1:])) ** 0.5
        weights = np.stack([draw.standard_normal(shape) * deviation for draw in draws])
        found += [torch.tensor(weights, dtype=torch.float32), torch.zeros(len(seeds), shape[0])]
    return found
