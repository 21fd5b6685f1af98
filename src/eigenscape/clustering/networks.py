"""Perceptrons and a small convolutional network, as batches of replicas that one product computes.

Every parameter has a first axis R of replicas: networks of one architecture with starts of their
own. A replica's start depends on its seed alone, not on how many are computed beside it.
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
    """L hidden layers of w ReLU units and a linear read-out.

    Example:
        >>> Perceptron(2, 16).label
        'perceptron-d02-w016'
        >>> Perceptron(2, 16).layers
        ('layer 1', 'layer 2')
    """

    depth: int
    width: int

    @property
    def label(self) -> str:
        """Name in files and tables."""
        return f"perceptron-d{self.depth:02d}-w{self.width:03d}"

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the hidden layers."""
        return tuple(f"layer {number}" for number in range(1, self.depth + 1))

    def shapes(self, inputs: tuple[int, ...], classes: int) -> list[tuple[int, ...]]:
        """Of the weight arrays, fan-out first."""
        sizes = (int(np.prod(inputs)), *[self.width] * self.depth, classes)
        return [(fan_out, fan_in) for fan_in, fan_out in pairwise(sizes)]

    def forward(
        self, parameters: list[torch.Tensor], x: torch.Tensor
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Hidden activations, each (R, B, w), and outputs (R, B, K), at x (R, B, ...)."""
        state, found = x.flatten(2), []
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            state = torch.relu(torch.baddbmm(bias[:, None], state, weight.transpose(1, 2)))
            found.append(state)
        return found, torch.baddbmm(parameters[-1][:, None], state, parameters[-2].transpose(1, 2))


@dataclass(frozen=True)
class Convolutional:
    """Two 3 x 3 convolutions of c and 2 c channels with ReLU, 2 x 2 means after each, one hidden
    layer, a linear read-out.

    Example:
        >>> Convolutional(8).label
        'convolutional-c08'
    """

    channels: int

    @property
    def label(self) -> str:
        """Name in files and tables."""
        return f"convolutional-c{self.channels:02d}"

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers whose activations are taken: after pooling, and the hidden one."""
        return ("convolution 1", "convolution 2", "dense")

    def shapes(self, inputs: tuple[int, ...], classes: int) -> list[tuple[int, ...]]:
        """Of the weight arrays, fan-out first.

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
        convolutions = [
            (self.channels, 1, KERNEL, KERNEL),
            (2 * self.channels, self.channels, KERNEL, KERNEL),
        ]
        return [*convolutions, (4 * self.channels, flat), (classes, 4 * self.channels)]

    def forward(
        self, parameters: list[torch.Tensor], x: torch.Tensor
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Activations (R, B, c, h/2, w/2), (R, B, 2c, h/4, w/4), (R, B, 4c), and outputs (R, B, K),
        at x (R, B, h, w).

        Replicas are groups of channels of one convolution.
        """
        replicas, batch = x.shape[:2]
        state, found = x.transpose(0, 1), []
        for weight, bias in zip(parameters[:4:2], parameters[1:4:2], strict=True):
            state = torch.nn.functional.conv2d(
                state, weight.flatten(0, 1), bias.flatten(), padding=KERNEL // 2, groups=replicas
            )
            state = torch.nn.functional.avg_pool2d(torch.relu(state), 2)
            found.append(state.reshape(batch, replicas, -1, *state.shape[2:]).transpose(0, 1))
        dense = torch.relu(
            torch.baddbmm(
                parameters[5][:, None], found[-1].flatten(2), parameters[4].transpose(1, 2)
            )
        )
        return [*found, dense], torch.baddbmm(
            parameters[7][:, None], dense, parameters[6].transpose(1, 2)
        )


Network = Perceptron | Convolutional


def initial_parameters(
    network: Network, inputs: tuple[int, ...], classes: int, seeds: list[int]
) -> list[torch.Tensor]:
    """Weights ~ N(0, 2 / fan_in) (K. He et al., ICCV 2015) and zero biases, in turn; the first axis
    is the replica.

    Args:
        network: the architecture.
        inputs: shape of one input.
        classes: K.
        seeds: one per replica.

    Example:
        >>> [tuple(p.shape) for p in initial_parameters(Perceptron(1, 4), (8, 8), 10, [0, 1])]
        [(2, 4, 64), (2, 4), (2, 10, 4), (2, 10)]
    """
    found = []
    draws = [
        np.random.Generator(
            np.random.Philox(key=stream_key(seed, "clustering", "start", network.label))
        )
        for seed in seeds
    ]
    for shape in network.shapes(inputs, classes):
        deviation = (2 / np.prod(shape[1:])) ** 0.5
        weights = np.stack([draw.standard_normal(shape) * deviation for draw in draws])
        found += [torch.tensor(weights, dtype=torch.float32), torch.zeros(len(seeds), shape[0])]
    return found
