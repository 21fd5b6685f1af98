"""Trained ensembles against optimisers written out in numpy, and inputs whose spectrum is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from eigenscape.errors import BadInput
from eigenscape.networks.labelled_data import Part, digit_images, split
from eigenscape.networks.optimisers import OPTIMISERS, GradientDescent
from eigenscape.networks.replicas import Convolutional, Perceptron, initial_parameters
from eigenscape.seeding import generator
from eigenscape.sloppiness.data import correlation_slope, with_spectrum_power
from eigenscape.sloppiness.training import Member, Plan, Spacing, checkpoint_steps, trajectories

TASK = split(*digit_images(), 3, Part.HELD_OUT, generator(0, "split"))
LINEAR = Member(Perceptron(0))
WHOLE = len(TASK.train_inputs)


def by_hand(optimiser: str, rate: float, steps: int, seed: int) -> np.ndarray:
    """Softmax regression on all inputs at once, in float64: log-probabilities after so many
    steps.
    """
    draws = [generator(seed, "sloppiness", "start", "linear")]
    w, b = (
        p[0].detach().double().numpy()
        for p in initial_parameters(Perceptron(0), (8, 8), 10, draws, 1 / 3)
    )
    x, targets = TASK.train_inputs.reshape(WHOLE, -1), np.eye(10)[TASK.train_labels]
    theta = np.column_stack([w, b])
    inputs = np.column_stack([x, np.ones(WHOLE)])
    velocity, square = np.zeros_like(theta), np.zeros_like(theta)
    for step in range(1, steps + 1):
        gradient = (softmax(inputs @ theta.T, axis=1) - targets).T @ inputs / WHOLE
        if optimiser == "sgd":
            theta = theta - rate * gradient
        elif optimiser == "momentum":
            velocity = 0.9 * velocity + gradient
            theta = theta - rate * velocity
        else:
            velocity, square = 0.9 * velocity + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            theta = theta - rate * (velocity / (1 - 0.9**step)) / (
                np.sqrt(square / (1 - 0.999**step)) + 1e-8
            )
    compared = np.column_stack(
        [TASK.inputs.reshape(len(TASK.inputs), -1), np.ones(len(TASK.inputs))]
    )
    return log_softmax(compared @ theta.T, axis=1)


@pytest.mark.parametrize(("optimiser", "rate"), [("sgd", 0.5), ("momentum", 0.05), ("adam", 0.01)])
def test_linear_models_take_the_steps_of_their_optimiser(optimiser: str, rate: float) -> None:
    plan = Plan(OPTIMISERS[optimiser], rate, np.array([0, 7]), WHOLE)
    found = trajectories(LINEAR, TASK, [3, 4], plan)
    assert found.shape == (2, 2, 30, 10)
    for replica, seed in enumerate((3, 4)):
        # single precision, seven steps, logits of order 10: a few eps each
        np.testing.assert_allclose(found[replica, 0], by_hand(optimiser, rate, 0, seed), atol=1e-5)
        np.testing.assert_allclose(found[replica, 1], by_hand(optimiser, rate, 7, seed), atol=2e-4)


@pytest.mark.parametrize("network", [Perceptron(2, 8), Convolutional(3)])
def test_a_replica_trains_as_it_would_alone(network: Perceptron | Convolutional) -> None:
    plan, member = Plan(GradientDescent, 0.05, np.array([0, 12])), Member(network)
    both = trajectories(member, TASK, [5, 6], plan)
    for replica, seed in enumerate((5, 6)):
        np.testing.assert_allclose(
            both[replica], trajectories(member, TASK, [seed], plan)[0], atol=1e-3
        )
    assert np.abs(both[0] - both[1]).max() > 0.1


def test_without_weights_in_the_read_out_networks_start_in_ignorance() -> None:
    plan = Plan(GradientDescent, 0.1, np.array([0, 1]), readout_variance=0.0)
    np.testing.assert_allclose(
        trajectories(Member(Perceptron(1, 8)), TASK, [0], plan)[0, 0], -np.log(10), atol=1e-6
    )


@pytest.mark.parametrize("power", [0.0, 0.5, 2.0])
def test_powers_of_the_spectrum_keep_its_trace_and_its_directions(power: float) -> None:
    before = TASK.train_inputs.reshape(WHOLE, -1)
    after = with_spectrum_power(TASK, power).train_inputs
    values, changed = (np.linalg.eigvalsh(x.T @ x / WHOLE)[::-1] for x in (before, after))
    present = values > 64 * np.finfo(float).eps * values[0]
    expected = values[present] ** power
    expected *= values[present].sum() / expected.sum()
    np.testing.assert_allclose(
        changed[: present.sum()], expected, rtol=1e-9, atol=64 * np.finfo(float).eps * changed[0]
    )
    if power == 2.0:
        assert correlation_slope(after) == pytest.approx(2 * correlation_slope(before), rel=1e-6)


def test_checkpoints_are_spread_as_asked() -> None:
    steps = checkpoint_steps(1000, 13, Spacing.LOGARITHMIC)
    assert steps[0] == 0 and steps[-1] == 1000  # noqa: PT018
    ratios = steps[5:] / steps[4:-1]
    np.testing.assert_allclose(ratios, 1000 ** (1 / 11), rtol=0.1)  # rounded to whole steps
    np.testing.assert_array_equal(np.diff(checkpoint_steps(1000, 11, Spacing.LINEAR)), 100)


def test_training_that_diverges_is_refused() -> None:
    plan = Plan(GradientDescent, 1e30, np.array([0, 9]))
    with pytest.raises(BadInput, match="perceptron-d02-w008, sgd: expected finite outputs"):
        trajectories(Member(Perceptron(2, 8)), TASK, [0], plan)
