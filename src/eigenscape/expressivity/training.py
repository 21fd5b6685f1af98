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

import numpy as np
import torch

from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import between
from eigenscape.expressivity.networks import Layers, generator, random_layers
from eigenscape.seeding import stream_key

CLASSES = 10

BATCH = 128
"""Images per step: ten steps an epoch of the digits, and a size at which the source's optimiser is
at home."""

TRAINING_SHARE = 0.75
"""Of the 1,797 images; the rest measures accuracy."""

_UNITS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "hard_tanh": lambda z: z.clamp(-1, 1),
    "tanh": torch.tanh,
}


@dataclass(frozen=True)
class Digits:
    """Images (n, 64), standardised, and labels (n,), in two parts."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def digits(seed: int) -> Digits:
    """The 8 x 8 digits of scikit-learn, shuffled, with mean 0 and mean square 1 over the training
    images.

    One scale for all pixels, so that borders that are always empty stay so. Source: E. Alpaydin, C.
    Kaynak, Optical recognition of handwritten digits, UCI 1998.

    Example:
        >>> digits(0).train_images.shape
        (1347, 64)
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415

    images, labels = load_digits(return_X_y=True)
    order = generator(seed, "digits").permutation(len(images))
    images, labels = images[order], labels[order]
    count = int(TRAINING_SHARE * len(images))
    images = images - images[:count].mean(axis=0)
    images /= np.sqrt((images[:count] ** 2).mean())
    return Digits(images[:count], labels[:count], images[count:], labels[count:])


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
    data = digits(seed)
    networks = [
        random_layers(
            depth,
            width,
            sigma_w,
            0.0,
            activation,
            stream_key(seed, "one layer", run) >> 1,
            64,
            CLASSES,
        )
        for run in range(runs)
    ]
    phi = _UNITS[activation]
    frozen = [
        torch.tensor(
            np.stack([network.weights[place] for network in networks]), dtype=torch.float32
        )
        for place in range(depth + 1)
    ]
    places = list(range(1, depth))
    trained = [frozen[place].clone().requires_grad_() for place in places]

    def outputs(images: torch.Tensor) -> torch.Tensor:
        """(layers, runs, images, classes); below its trained layer every network is the same."""
        state, found = images.expand(runs, -1, -1), []
        below = [state]
        for weight in frozen[:-1]:
            state = phi(state @ weight)
            below.append(state)
        for place, own in zip(places, trained, strict=True):
            state = phi(below[place] @ own)
            for weight in frozen[place + 1 : -1]:
                state = phi(state @ weight)
            found.append(state @ frozen[-1])
        return torch.stack(found)

    with torch.no_grad():
        chance = _accuracies(outputs(_images(data.test_images)), data.test_labels)[0]
    optimiser = torch.optim.Adam(trained, lr=rate)
    for chosen in _batches(len(data.train_images), epochs, seed):
        optimiser.zero_grad()
        found = outputs(_images(data.train_images[chosen])).flatten(0, 2)
        labels = torch.tensor(data.train_labels[chosen]).repeat(len(places) * runs)
        # The sum over networks of their mean losses: each network's gradient is its own.
        loss = torch.nn.functional.cross_entropy(found, labels, reduction="sum") / len(chosen)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        train = _accuracies(outputs(_images(data.train_images)), data.train_labels)
        test = _accuracies(outputs(_images(data.test_images)), data.test_labels)
    return OneLayerTraining(np.array(places) + 1, train, test, chance)


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
    data = digits(seed)
    marks = np.unique(np.round(np.linspace(0, epochs, measured + 1)).astype(int))
    all_lengths, all_test = [], []
    for run in range(runs):
        network = random_layers(
            depth,
            width,
            sigma_w,
            0.0,
            activation,
            stream_key(seed, "lengths", run) >> 1,
            64,
            CLASSES,
        )
        first = int(generator(seed, "pair", run).integers(len(data.test_images)))
        others = np.flatnonzero(data.test_labels != data.test_labels[first])
        second = int(generator(seed, "partner", run).choice(others))
        curve = between(data.test_images[first], data.test_images[second])
        lengths, test = [], []
        for layers in _trained(network, data, marks, rate, stream_key(seed, "order", run) >> 1):
            lengths.append(analyse(layers, curve).latent_lengths)
            test.append(
                (layers.forward(data.test_images)[-1].argmax(axis=1) == data.test_labels).mean()
            )
        all_lengths.append(lengths)
        all_test.append(test)
    return LengthsInTraining(marks, np.array(all_lengths), np.array(all_test))


def _trained(
    network: Layers, data: Digits, marks: np.ndarray, rate: float, seed: int
) -> Iterator[Layers]:
    """The network after each number of epochs in ``marks``."""
    weights = [
        torch.tensor(weight, dtype=torch.float32, requires_grad=True) for weight in network.weights
    ]
    biases = [
        torch.tensor(bias, dtype=torch.float32, requires_grad=True) for bias in network.biases
    ]
    optimiser, phi = torch.optim.SGD([*weights, *biases], lr=rate), _UNITS[network.activation]
    steps = _batches(len(data.train_images), int(marks[-1]), seed)
    per_epoch, done = len(data.train_images) // BATCH, 0
    for mark in marks:
        for _ in range((mark - done) * per_epoch):
            chosen = next(steps)
            state = _images(data.train_images[chosen])
            for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
                state = phi(state @ weight + bias)
            loss = torch.nn.functional.cross_entropy(
                state @ weights[-1] + biases[-1], torch.tensor(data.train_labels[chosen])
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        done = mark
        yield Layers(
            tuple(weight.detach().numpy().astype(float) for weight in weights),
            tuple(bias.detach().numpy().astype(float) for bias in biases),
            network.activation,
        )


def _images(images: np.ndarray) -> torch.Tensor:
    return torch.tensor(images, dtype=torch.float32)


def _batches(count: int, epochs: int, seed: int) -> Iterator[np.ndarray]:
    """Image numbers of every step; an epoch's last incomplete batch is left out."""
    draw = generator(seed, "batches")
    for _ in range(epochs):
        order = draw.permutation(count)
        for first in range(0, count - BATCH + 1, BATCH):
            yield order[first : first + BATCH]


def _accuracies(outputs: torch.Tensor, labels: np.ndarray) -> np.ndarray:
    """(layers, runs) shares of right labels."""
    return np.asarray(
        (outputs.argmax(dim=-1) == torch.tensor(labels)).float().mean(dim=-1).numpy(), float
    )
