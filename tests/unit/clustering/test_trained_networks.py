"""Batches of replicas against single networks in plain torch, the split of the data, and its
checks.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from eigenscape.clustering.data import split
from eigenscape.clustering.networks import Convolutional, Network, Perceptron, initial_parameters
from eigenscape.clustering.training import train
from eigenscape.errors import BadInput
from eigenscape.networks.adam import Adam
from eigenscape.networks.labelled_data import digits

NETWORKS = [Perceptron(2, 7), Convolutional(3)]


def plain(network: Network, parameters: list[torch.Tensor]) -> torch.nn.Module:
    """One replica as a module of torch."""
    nn = torch.nn
    if isinstance(network, Perceptron):
        modules = [
            nn.Flatten(),
            nn.Linear(64, 7),
            nn.ReLU(),
            nn.Linear(7, 7),
            nn.ReLU(),
            nn.Linear(7, 10),
        ]
    else:
        first = [nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)]
        modules = [
            *first,
            nn.Conv2d(3, 6, 3, padding=1),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(24, 12),
            nn.ReLU(),
            nn.Linear(12, 10),
        ]
    model = nn.Sequential(*modules)
    with torch.no_grad():
        for own, given in zip(model.parameters(), parameters, strict=True):
            own.copy_(given)
    return model


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.label)
def test_a_batch_of_replicas_computes_what_each_does_alone(network: Network) -> None:
    parameters = [p + 0.1 for p in initial_parameters(network, (8, 8), 10, [3, 4, 5])]
    x = torch.randn(3, 6, 8, 8, generator=torch.Generator().manual_seed(0))
    states, outputs = network.forward(parameters, x)
    assert len(states) == len(network.layers)
    for place in range(3):
        expected = plain(network, [p[place] for p in parameters])(x[place])
        # single precision, sums of 64 terms
        torch.testing.assert_close(outputs[place], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.label)
def test_replicas_train_as_if_alone(network: Network) -> None:
    data = split(*digits(), each=4, seed=0)
    data = replace(data, train_inputs=data.train_inputs[:200], train_labels=data.train_labels[:200])
    together = train(network, data, [3, 4], [0, 2], 1e-3)
    alone = train(network, data, [4], [0, 2], 1e-3)
    np.testing.assert_array_equal(together.outputs[0, 1].round(4), alone.outputs[0, 0].round(4))
    # Six steps of Adam of size 1e-3 in single precision: rounding of gradients near zero may turn a
    # step.
    np.testing.assert_allclose(together.outputs[1, 1], alone.outputs[1, 0], atol=2e-3)
    assert np.abs(together.outputs[1] - together.outputs[0]).max() > 0.05


def test_steps_are_those_of_torch_s_adam() -> None:
    start = torch.randn(5, generator=torch.Generator().manual_seed(0))
    own, other = start.clone(), start.clone().requires_grad_()
    ours, theirs = Adam([own], 0.01), torch.optim.Adam([other], lr=0.01)
    for number in range(20):
        gradient = torch.sin(torch.arange(5) + number)
        ours.step((gradient,))
        other.grad = gradient
        theirs.step()
    # twenty steps of single precision
    torch.testing.assert_close(own, other.detach(), atol=1e-6, rtol=0)


def test_training_learns_labels_and_shuffled_ones_teach_nothing() -> None:
    data = split(*digits(), each=5, seed=0)
    true = train(Perceptron(1, 64), data, [0, 1], [0, 8], 3e-3)
    twin = train(Perceptron(1, 64), data, [0, 1], [0, 8], 3e-3, shuffled=True)
    assert (true.accuracy[-1] > 0.8).all()
    np.testing.assert_array_equal(true.outputs[0], twin.outputs[0])  # one start
    # 50 inputs guessed at 1 of 10: beyond 0.35 with a probability of 1e-6
    assert (twin.accuracy[-1] < 0.35).all()


def test_the_split_holds_classes_apart_and_in_balance() -> None:
    images, labels = digits()
    data = split(images, labels, each=7, seed=1)
    np.testing.assert_array_equal(data.labels, np.repeat(np.arange(10), 7))
    assert np.square(data.train_inputs).mean() == pytest.approx(1)
    seen = {row.round(9).tobytes() for row in data.train_inputs}
    assert not any(row.round(9).tobytes() in seen for row in data.inputs)
    words = split(images, np.array([f"digit {label}" for label in labels]), each=7, seed=1)
    np.testing.assert_array_equal(words.inputs, data.inputs)


@pytest.mark.parametrize(
    ("inputs", "labels", "message"),
    [
        (np.zeros((4, 2)), np.array([0, 1, 0]), "one label per row"),
        (np.zeros((4, 2)), np.array([0.5, 1, 0, 1]), "whole numbers or text"),
        (np.full((40, 2), np.nan), np.arange(40) % 2, "finite"),
        (np.ones((40, 2)), np.zeros(40, int), "two classes"),
        (np.ones((40, 2)), np.arange(40) % 2, "inputs that differ"),
        (np.ones((8, 2)), np.arange(8) % 2, "inputs_per_class"),
        (np.array([["a"]]), np.array([0]), "numbers of shape"),
    ],
)
def test_unusable_data_are_refused_in_one_line(
    inputs: np.ndarray, labels: np.ndarray, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        split(inputs, labels, each=5, seed=0)


def test_convolutions_need_images() -> None:
    with pytest.raises(BadInput, match="images"):
        Convolutional(4).shapes((64,), 10)
