"""What training makes of expressivity, on scikit-learn's handwritten digits, which need no network
to load.

Two experiments of Raghu et al., arXiv 1606.05336, with digits in the place of MNIST and CIFAR-10.
Train exactly one hidden layer of a random network and leave all others as drawn: the lower the
layer, the more of the network remains above it, and the better it is said to fit. And train a whole
network, and follow the length of a curve through two data points: large weights are said to
contract it, small ones to stretch it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from eigenscape.config.sizes import CURVE_BATCH, DIGIT_CLASSES
from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import between
from eigenscape.expressivity.networks import Layers, generator, random_layers
from eigenscape.networks.labelled_data import (
    HELD_OUT_SHARE,
    LabelledData,
    digit_images,
    shuffled_digits,
)
from eigenscape.networks.optimisers import GradientDescent
from eigenscape.networks.replicas import States, batches, training_steps
from eigenscape.seeding import stream_key

_UNITS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "hard_tanh": lambda z: z.clamp(-1, 1),
    "tanh": torch.tanh,
}


def shuffled_split(seed: int) -> LabelledData:
    """The digits as vectors, three quarters of them for training and the rest for accuracies.

    Example:
        >>> shuffled_split(0).train_inputs.shape
        (1347, 64)
    """
    whole = len(digit_images()[0])
    trained = int((1 - HELD_OUT_SHARE) * whole)
    images, labels = shuffled_digits(generator(seed, "digits"), whole, trained)
    return LabelledData(
        images[:trained], labels[:trained], images[trained:], labels[trained:], DIGIT_CLASSES
    )


@dataclass(frozen=True)
class OneLayerTraining:
    """Accuracies of networks of which one hidden layer was trained.

    Attributes:
        layers: (r,) the hidden layer that was trained, from 2 on, where all have equally many
            weights.
        train: (r, runs) on the training images.
        test: (r, runs) on the others.
        chance: (runs,) of the untrained networks on the test images.
    """

    layers: np.ndarray
    train: np.ndarray
    test: np.ndarray
    chance: np.ndarray


def train_one_layer(
    depth: int,
    width: int,
    sigma_w: float,
    activation: str,
    *,
    runs: int,
    epochs: int,
    rate: float,
    seed: int,
) -> OneLayerTraining:
    """Train hidden layer 2, ..., L of the same random networks, one at a time, by Adam on the cross
    entropy.

    All trained layers hold k^2 weights; biases, the first layer and the read-out stay as drawn. The
    runs of all layers are one batch of matrices.

    Args:
        depth: L >= 2.
        width: k.
        sigma_w: weights have variance sigma_w^2 / fan_in; there are no biases.
        activation: relu, hard_tanh or tanh.
        runs: random networks.
        epochs: passes over the training images.
        rate: of Adam.
        seed: names networks and the order of images.
    """
    data = shuffled_split(seed)
    networks = [
        random_layers(
            depth,
            width,
            sigma_w,
            0.0,
            activation,
            stream_key(seed, "one layer", run) >> 1,
            64,
            DIGIT_CLASSES,
        )
        for run in range(runs)
    ]
    phi = _UNITS[activation]
    frozen = [
        torch.tensor(
            np.stack([network.weights[layer] for network in networks]), dtype=torch.float32
        )
        for layer in range(depth + 1)
    ]
    layers = list(range(1, depth))
    trained = [frozen[layer].clone().requires_grad_() for layer in layers]

    def outputs(images: torch.Tensor) -> torch.Tensor:
        """(layers, runs, images, classes); below its trained layer every network is the same."""
        state, found = images.expand(runs, -1, -1), []
        below = [state]
        for weight in frozen[:-1]:
            state = phi(state @ weight)
            below.append(state)
        for layer, own in zip(layers, trained, strict=True):
            state = phi(below[layer] @ own)
            for weight in frozen[layer + 1 : -1]:
                state = phi(state @ weight)
            found.append(state @ frozen[-1])
        return torch.stack(found)

    with torch.no_grad():
        chance = _accuracies(outputs(_images(data.inputs)), data.labels)[0]
    optimiser = torch.optim.Adam(trained, lr=rate)
    count = len(data.train_inputs)
    order = batches(generator(seed, "batches"), count, CURVE_BATCH)
    for chosen in islice(order, epochs * (count // CURVE_BATCH)):
        optimiser.zero_grad()
        found = outputs(_images(data.train_inputs[chosen])).flatten(0, 2)
        labels = torch.tensor(data.train_labels[chosen]).repeat(len(layers) * runs)
        # The sum over networks of their mean losses: each network's gradient is its own.
        loss = torch.nn.functional.cross_entropy(found, labels, reduction="sum") / len(chosen)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        train = _accuracies(outputs(_images(data.train_inputs)), data.train_labels)
        test = _accuracies(outputs(_images(data.inputs)), data.labels)
    return OneLayerTraining(np.array(layers) + 1, train, test, chance)


@dataclass(frozen=True)
class LengthsInTraining:
    """Latent lengths of curves through two data points while networks train.

    Attributes:
        epochs: (c,) when they were measured; 0 is before training.
        lengths: (runs, c, L + 1); index 0 is the curve itself.
        test: (runs, c) accuracies on the test images.
    """

    epochs: np.ndarray
    lengths: np.ndarray
    test: np.ndarray


def lengths_in_training(
    depth: int,
    width: int,
    sigma_w: float,
    activation: str,
    *,
    runs: int,
    epochs: int,
    measured: int,
    rate: float,
    seed: int,
) -> LengthsInTraining:
    """Train whole networks by stochastic gradient descent and measure, exactly, the image of one
    curve in every layer.

    Each run has a network and a pair of test images of different classes; the curve is the ellipse
    through them.

    Args:
        depth: L.
        width: k.
        sigma_w: of the start.
        activation: relu, hard_tanh or tanh.
        runs: networks.
        epochs: passes over the training images.
        measured: how often lengths are measured after the start.
        rate: of gradient descent.
        seed: names networks, pairs and the order of images.
    """
    data = shuffled_split(seed)
    marks = np.unique(np.round(np.linspace(0, epochs, measured + 1)).astype(int))
    networks, curves = [], []
    for run in range(runs):
        networks.append(
            random_layers(
                depth,
                width,
                sigma_w,
                0.0,
                activation,
                stream_key(seed, "lengths", run) >> 1,
                64,
                DIGIT_CLASSES,
            )
        )
        first = int(generator(seed, "pair", run).integers(len(data.inputs)))
        others = np.flatnonzero(data.labels != data.labels[first])
        second = int(generator(seed, "partner", run).choice(others))
        curves.append(between(data.inputs[first], data.inputs[second]))
    lengths, test = [], []
    for trained in _trained(networks, data, marks, rate, seed):
        lengths.append(
            [
                analyse(layers, curve).latent_lengths
                for layers, curve in zip(trained, curves, strict=True)
            ]
        )
        test.append(
            [
                (layers.forward(data.inputs)[-1].argmax(axis=1) == data.labels).mean()
                for layers in trained
            ]
        )
    return LengthsInTraining(marks, np.array(lengths).swapaxes(0, 1), np.array(test).T)


@dataclass(frozen=True)
class _Stacked:
    """Networks side by side, of any activation. Weights are (R, fan_in, fan_out), and biases are
    added after the product, as in `Layers`: so a network has the bits that it has alone.
    """

    unit: Callable[[torch.Tensor], torch.Tensor]

    def forward(self, parameters: list[torch.Tensor], x: torch.Tensor) -> States:
        hidden = []
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            x = self.unit(x @ weight + bias[:, None])
            hidden.append(x)
        return States(hidden, x @ parameters[-2] + parameters[-1][:, None])


def _trained(
    networks: list[Layers], data: LabelledData, marks: np.ndarray, rate: float, seed: int
) -> Iterator[list[Layers]]:
    """The networks after each number of epochs in ``marks``."""
    first, count = networks[0], len(data.train_inputs)
    parameters = [
        torch.tensor(np.stack(arrays), dtype=torch.float32, requires_grad=True)
        for weights, biases in zip(
            zip(*(network.weights for network in networks), strict=True),
            zip(*(network.biases for network in networks), strict=True),
            strict=True,
        )
        for arrays in (weights, biases)
    ]
    steps = training_steps(
        _Stacked(_UNITS[first.activation]),
        GradientDescent(parameters, rate),
        data.train_inputs,
        np.broadcast_to(data.train_labels, (len(networks), count)),
        [
            batches(generator(stream_key(seed, "order", run) >> 1, "batches"), count, CURVE_BATCH)
            for run in range(len(networks))
        ],
    )
    for taken in steps:
        epoch, within = divmod(taken, count // CURVE_BATCH)
        if within == 0 and epoch in marks:
            weights, biases = (
                [p.detach().numpy().astype(float) for p in parameters[part::2]] for part in (0, 1)
            )
            yield [
                Layers(
                    tuple(weight[run] for weight in weights),
                    tuple(bias[run] for bias in biases),
                    first.activation,
                )
                for run in range(len(networks))
            ]
            if epoch == marks[-1]:
                return


def _images(images: np.ndarray) -> torch.Tensor:
    return torch.tensor(images, dtype=torch.float32)


def _accuracies(outputs: torch.Tensor, labels: np.ndarray) -> np.ndarray:
    """(layers, runs) shares of right labels."""
    return np.asarray(
        (outputs.argmax(dim=-1) == torch.tensor(labels)).float().mean(dim=-1).numpy(), float
    )
