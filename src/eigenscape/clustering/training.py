"""Training of replicas, and their activations at held-out inputs at given epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.config.sizes import GRAPH_BATCH
from eigenscape.networks.labelled_data import LabelledData
from eigenscape.networks.optimisers import Adam
from eigenscape.networks.replicas import Network, batches, initial_parameters, training_steps
from eigenscape.seeding import generator


@dataclass(frozen=True)
class Trajectory:
    """Replicas at the recorded epochs.

    Attributes:
        epochs: (T,).
        activations: one array (T, R, N, ...) per hidden layer, at the held-out inputs.
        outputs: (T, R, N, K).
        train_accuracy: (T, R), with respect to the labels that were trained.
        accuracy: (T, R), at the held-out inputs, with respect to the true labels.
    """

    epochs: np.ndarray
    activations: list[np.ndarray]
    outputs: np.ndarray
    train_accuracy: np.ndarray
    accuracy: np.ndarray


def shuffled_labels(labels: np.ndarray, seeds: list[int]) -> np.ndarray:
    """Labels (n,) in an order of each replica's own (R, n), which can only be memorised.

    Example:
        >>> shuffled_labels(np.array([0, 0, 1, 1]), [0, 1]).tolist()
        [[0, 0, 1, 1], [0, 1, 0, 1]]
    """
    draws = [generator(seed, "clustering", "shuffled labels") for seed in seeds]
    return np.stack([draw.permutation(labels) for draw in draws])


def train(
    network: Network,
    data: LabelledData,
    labels: np.ndarray,
    seeds: list[int],
    epochs: list[int],
    rate: float,
    each_epoch: Callable[[], None] = lambda: None,
) -> Trajectory:
    """Train replicas by Adam on the cross entropy.

    Args:
        network: the architecture.
        data: training and held-out inputs.
        labels: that they are trained on: those of ``data`` (n,), or other ones (R, n).
        seeds: of the replicas; a seed names a start and an order of the inputs.
        epochs: increasing numbers of passes after which activations are recorded; 0 is before
            training.
        rate: of Adam.
        each_epoch: called before training and after every epoch; it may raise, to stop.

    Example:
        >>> from eigenscape.networks.labelled_data import Part, digit_images, split
        >>> from eigenscape.networks.replicas import Perceptron
        >>> data = split(*digit_images(), 4, Part.HELD_OUT, np.random.default_rng(0))
        >>> found = train(Perceptron(1, 8), data, data.train_labels, [0, 1], [0, 1], 1e-3)
        >>> found.activations[0].shape
        (2, 2, 40, 8)
    """
    starts = [generator(seed, "clustering", "start", network.label) for seed in seeds]
    parameters = initial_parameters(network, data.inputs.shape[1:], data.classes, starts)
    count = len(data.train_inputs)
    labels, batch = np.broadcast_to(labels, (len(seeds), count)), min(GRAPH_BATCH, count)
    orders = [batches(generator(seed, "clustering", "order"), count, batch) for seed in seeds]
    held, whole = (
        torch.tensor(inputs, dtype=torch.float32).expand(len(seeds), *inputs.shape)
        for inputs in (data.inputs, data.train_inputs)
    )
    activations, outputs, fitted = [], [], []
    steps = training_steps(network, Adam(parameters, rate), data.train_inputs, labels, orders)
    for epoch in range(epochs[-1] + 1):
        for _ in range(count // batch if epoch else 1):
            next(steps)
        each_epoch()
        if epoch in epochs:
            with torch.no_grad():
                states = network.forward(parameters, held)
                predicted = network.forward(parameters, whole).outputs.argmax(dim=-1).numpy()
            activations.append([state.numpy().copy() for state in states.hidden])
            outputs.append(states.outputs.numpy().copy())
            fitted.append((predicted == labels).mean(axis=1))
    outputs_at = np.stack(outputs)
    return Trajectory(
        np.array(epochs),
        [np.stack(layer) for layer in zip(*activations, strict=True)],
        outputs_at,
        np.stack(fitted),
        np.asarray((outputs_at.argmax(axis=-1) == data.labels).mean(axis=-1)),
    )


def margins(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Output of the true class minus the largest other one (N,); positive where the input is
    classified correctly.

    Example:
        >>> margins(np.array([[3.0, 1.0], [0.0, 2.0]]), np.array([0, 0])).tolist()
        [2.0, -2.0]
    """
    rows = np.arange(len(labels))
    others = outputs.astype(float).copy()
    others[rows, labels] = -np.inf
    return np.asarray(outputs[rows, labels] - others.max(axis=1))
