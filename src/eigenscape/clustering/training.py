"""Training of all replicas at once, and their activations at held-out inputs at given epochs.

The sum over replicas of their mean losses has for each replica its own gradient, and Adam works
element by element: so a batch of replicas takes the steps that each would take alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.clustering.networks import Network, initial_parameters
from eigenscape.networks.adam import Adam
from eigenscape.networks.labelled_data import LabelledData
from eigenscape.seeding import stream_key

BATCH = 64
"""Inputs per step: about twenty steps an epoch of the digits."""


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


def train(
    network: Network,
    data: LabelledData,
    seeds: list[int],
    epochs: list[int],
    rate: float,
    *,
    shuffled: bool = False,
    each_epoch: Callable[[], None] = lambda: None,
) -> Trajectory:
    """Train replicas by Adam on the cross entropy.

    Args:
        network: the architecture.
        data: training and held-out inputs.
        seeds: of the replicas; a seed names a start, an order of the inputs and, if shuffled, a
            permutation of the labels.
        epochs: increasing numbers of passes after which activations are recorded; 0 is before
            training.
        rate: of Adam.
        shuffled: train on permuted labels, which can only be memorised.
        each_epoch: called before every epoch; it may raise, to stop.

    Example:
        >>> from eigenscape.clustering.data import split
        >>> from eigenscape.networks.labelled_data import digits
        >>> from eigenscape.clustering.networks import Perceptron
        >>> found = train(Perceptron(1, 8), split(*digits(), each=4, seed=0), [0, 1], [0, 1], 1e-3)
        >>> found.activations[0].shape
        (2, 2, 40, 8)
    """
    parameters = [
        p.requires_grad_()
        for p in initial_parameters(network, data.inputs.shape[1:], data.classes, seeds)
    ]
    optimiser = Adam(parameters, rate)
    draws = [
        np.random.Generator(np.random.Philox(key=stream_key(seed, "clustering", "order")))
        for seed in seeds
    ]
    labels = np.stack([_labels(data, seed, shuffled) for seed in seeds])
    x, y = (
        torch.tensor(data.train_inputs, dtype=torch.float32),
        torch.tensor(labels, dtype=torch.long),
    )
    held = torch.tensor(data.inputs, dtype=torch.float32).expand(len(seeds), *data.inputs.shape)
    whole = x.expand(len(seeds), *x.shape)
    rows = torch.arange(len(seeds))[:, None]
    recorded: list[tuple[list[np.ndarray], np.ndarray, np.ndarray]] = []
    for epoch in range(epochs[-1] + 1):
        each_epoch()
        if epoch > 0:
            order = torch.tensor(np.stack([draw.permutation(len(x)) for draw in draws]))
            for first in range(0, len(x) - len(x) % min(BATCH, len(x)), BATCH):
                chosen = order[:, first : first + BATCH]
                outputs = network.forward(parameters, x[chosen])[1]
                losses = torch.nn.functional.cross_entropy(
                    outputs.flatten(0, 1), y[rows, chosen].flatten(), reduction="sum"
                )
                optimiser.step(torch.autograd.grad(losses / chosen.shape[1], parameters))
        if epoch in epochs:
            with torch.no_grad():
                states, outputs = network.forward(parameters, held)
                fitted = (
                    (network.forward(parameters, whole)[1].argmax(dim=-1) == y).double().mean(dim=1)
                )
            recorded.append(
                ([state.numpy().copy() for state in states], outputs.numpy().copy(), fitted.numpy())
            )
    outputs_at = np.stack([outputs for _, outputs, _ in recorded])
    return Trajectory(
        np.array(epochs),
        [
            np.stack([states[layer] for states, _, _ in recorded])
            for layer in range(len(network.layers))
        ],
        outputs_at,
        np.stack([fitted for _, _, fitted in recorded]),
        np.asarray((outputs_at.argmax(axis=-1) == data.labels).mean(axis=-1)),
    )


def _labels(data: LabelledData, seed: int, shuffled: bool) -> np.ndarray:
    if not shuffled:
        return data.train_labels
    draw = np.random.Generator(
        np.random.Philox(key=stream_key(seed, "clustering", "shuffled labels"))
    )
    return draw.permutation(data.train_labels)


def margins(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Output of the true class minus the largest other one (N,); positive where the input is
    classified rightly.

    Example:
        >>> margins(np.array([[3.0, 1.0], [0.0, 2.0]]), np.array([0, 0])).tolist()
        [2.0, -2.0]
    """
    rows = np.arange(len(labels))
    others = outputs.astype(float).copy()
    others[rows, labels] = -np.inf
    return np.asarray(outputs[rows, labels] - others.max(axis=1))
