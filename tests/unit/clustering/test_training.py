"""Replicas train as if alone, on true labels and on shuffled ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eigenscape.clustering.training import shuffled_labels, train
from eigenscape.networks.labelled_data import Part, digit_images, split
from eigenscape.networks.replicas import Convolutional, Network, Perceptron
from eigenscape.seeding import generator

DATA = split(*digit_images(), 5, Part.HELD_OUT, generator(0, "split"))
NETWORKS = [Perceptron(2, 7), Convolutional(3, dense=12)]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.label)
def test_replicas_train_as_if_alone(network: Network) -> None:
    data = replace(DATA, train_inputs=DATA.train_inputs[:200], train_labels=DATA.train_labels[:200])
    together, alone = (
        train(network, data, data.train_labels, seeds, [0, 2], 1e-3) for seeds in ([3, 4], [4])
    )
    np.testing.assert_array_equal(together.outputs[0, 1].round(4), alone.outputs[0, 0].round(4))
    # Six steps of Adam of size 1e-3 in single precision: rounding of gradients near zero may turn a
    # step.
    np.testing.assert_allclose(together.outputs[1, 1], alone.outputs[1, 0], atol=2e-3)
    assert np.abs(together.outputs[1] - together.outputs[0]).max() > 0.05


def test_fewer_inputs_than_a_batch_are_one_step_an_epoch() -> None:
    few = replace(DATA, train_inputs=DATA.train_inputs[:30], train_labels=DATA.train_labels[:30])
    calls = []
    found = train(
        Perceptron(1, 8), few, few.train_labels, [0], [0, 1, 3], 1e-2, lambda: calls.append(1)
    )
    assert len(calls) == 4  # before training, and after every epoch
    assert found.outputs.shape == (3, 1, 50, 10)
    assert (found.outputs[1:] != found.outputs[:-1]).any(axis=(1, 2, 3)).all()


def test_training_learns_labels_and_shuffled_ones_teach_nothing() -> None:
    labels = DATA.train_labels
    true, twin = (
        train(Perceptron(1, 64), DATA, each, [0, 1], [0, 8], 3e-3)
        for each in (labels, shuffled_labels(labels, [0, 1]))
    )
    assert (true.accuracy[-1] > 0.8).all()
    np.testing.assert_array_equal(true.outputs[0], twin.outputs[0])  # one start
    # 50 inputs guessed at 1 of 10: beyond 0.35 with a probability of 1e-6
    assert (twin.accuracy[-1] < 0.35).all()
