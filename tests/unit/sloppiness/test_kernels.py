"""Kernel machines against gradient descent on the weights of the features that make the kernel, and
against simulated clouds.
"""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.activations import RELU, TANH
from eigenscape.networks.priors import prior_named
from eigenscape.sloppiness.covariance import time_averages
from eigenscape.sloppiness.kernels import (
    KernelMachine,
    gaussian_kernel,
    random_features,
    tangent_features,
)
from eigenscape.sloppiness.linear import GradientDescent
from eigenscape.sloppiness.sgd import StochasticDescent
from eigenscape.sloppiness.simulate import descend

TRAIN, OTHER = 6, 4


def features(kind: str, width: int = 40) -> np.ndarray:
    """Phi (TRAIN + OTHER, width)."""
    draw = np.random.default_rng(0)
    inputs = draw.standard_normal((TRAIN + OTHER, 3))
    if kind == "random":
        return random_features(inputs, width, draw)
    architecture = Architecture(2, 5, inputs=3, outputs=1)
    theta = draw.standard_normal(architecture.parameters) * prior_named("he_normal").scales(
        architecture
    )
    return tangent_features(theta, inputs, architecture, RELU if kind == "relu" else TANH)


def predictions(
    machine: KernelMachine,
    targets: np.ndarray,
    start: np.ndarray,
    step: float,
    times: np.ndarray,
) -> np.ndarray:
    """f(t) (s, n + points) from f(0) (n + points,) towards y (n,): at training points and at
    others; what lies outside the kernel's range stays.
    """
    gone = GradientDescent(step * machine.eigenvalues).progress(times)
    moved = gone * (machine.vectors.T @ (targets - start[: machine.examples]))
    return start + moved @ np.concatenate([machine.vectors, machine.reading]).T


@pytest.mark.parametrize("kind", ["random", "relu", "tanh"])
def test_functions_move_as_the_weights_of_their_features(kind: str) -> None:
    """Gradient descent on w in f = Phi w, step by step, at training and other points; 60 steps of
    roundings of size 1e-15.
    """
    phi = features(kind)
    machine = KernelMachine.of(phi @ phi.T, TRAIN)
    draw = np.random.default_rng(1)
    targets, start = draw.standard_normal(TRAIN), draw.standard_normal(phi.shape[1])
    step = 0.9 / machine.eigenvalues[0]
    run = descend(phi[:TRAIN], targets, start[None], StochasticDescent(step, None))
    paths = np.array([w[0] for _, w in zip(range(60), run, strict=False)]) @ phi.T
    begun, times = phi @ start, np.arange(60)
    np.testing.assert_allclose(predictions(machine, targets, begun, step, times), paths, atol=1e-11)


def test_tangent_features_are_derivatives() -> None:
    """Against central differences; tanh is smooth, so their error is of size h^2 = 1e-10."""
    import torch

    from eigenscape.networks.functional import network_output

    draw = np.random.default_rng(2)
    architecture = Architecture(2, 3, inputs=2, outputs=1)
    theta, inputs = draw.standard_normal(architecture.parameters), draw.standard_normal((4, 2))

    def output(parameters: np.ndarray) -> np.ndarray:
        return network_output(torch.tensor(parameters), torch.tensor(inputs), architecture, TANH)[
            :, 0
        ].numpy()

    unit = 1e-5 * np.eye(len(theta))
    slopes = np.stack([(output(theta + e) - output(theta - e)) / 2e-5 for e in unit], axis=1)
    np.testing.assert_allclose(
        tangent_features(theta, inputs, architecture, TANH), slopes, atol=1e-8
    )
    with pytest.raises(BadInput, match="one output"):
        tangent_features(theta, inputs, Architecture(2, 3, inputs=2, outputs=2), TANH)


def test_clouds_at_other_points_are_those_of_the_process() -> None:
    """Two outputs that share the kernel, trained by the recursion in function space.

    Starts at +- D^1/2 times the columns of a root of the process's covariance, D of them, have its
    mean and covariance exactly: so the spectra agree to rounding.
    """
    draw = np.random.default_rng(3)
    points, size = draw.standard_normal((TRAIN + OTHER, 2)), 2 * (TRAIN + OTHER)
    kernel = gaussian_kernel(points, points, 1.0)
    machine = KernelMachine.of(kernel, TRAIN)
    targets, deviation, steps = draw.standard_normal((TRAIN, 2)), 0.7, 15
    step = 1.0 / machine.eigenvalues[0]
    values, vectors = np.linalg.eigh(kernel)
    root = np.kron(vectors * np.sqrt(values), np.eye(2)).T.reshape(size, TRAIN + OTHER, 2)
    state = deviation * np.sqrt(size) * np.concatenate([root, -root])
    cloud = []
    for _ in range(steps):
        cloud.append(state)
        state = state - step / TRAIN * np.einsum(
            "pq,rqc->rpc", kernel[:, :TRAIN], state[:, :TRAIN] - targets
        )
    every = np.concatenate(cloud)
    averages = time_averages(step * machine.eigenvalues, steps)
    for part, expected in (
        (every[:, :TRAIN], machine.training_spectrum(averages, targets, deviation)),
        (every[:, TRAIN:], machine.other_spectrum(averages, targets, deviation)),
    ):
        found = np.linalg.eigvalsh(np.cov(part.reshape(len(part), -1).T, bias=True))[::-1]
        np.testing.assert_allclose(found, expected, atol=1e-12 * expected[0])


def test_a_training_point_among_the_others_has_its_own_cloud() -> None:
    draw = np.random.default_rng(4)
    points = draw.standard_normal((5, 2))
    points = np.vstack([points, points])
    machine = KernelMachine.of(gaussian_kernel(points, points, 0.8), 5)
    averages = time_averages(0.5 * machine.eigenvalues / machine.eigenvalues[0], 20)
    targets = draw.standard_normal((5, 3))
    np.testing.assert_allclose(
        machine.other_spectrum(averages, targets, 0.3),
        machine.training_spectrum(averages, targets, 0.3),
        rtol=1e-8,
        atol=1e-12,
    )


def test_null_directions_of_a_kernel_stay_where_they_are() -> None:
    phi = np.random.default_rng(5).standard_normal((TRAIN, 2))
    machine = KernelMachine.of(phi @ phi.T, TRAIN)
    assert len(machine.eigenvalues) == 2
    targets, start = np.ones(TRAIN), np.zeros(TRAIN)
    end = predictions(machine, targets, start, 1 / machine.eigenvalues[0], np.array([10**6]))[0]
    np.testing.assert_allclose(end, phi @ np.linalg.lstsq(phi, targets, rcond=None)[0], atol=1e-10)


def test_kernels_that_are_no_square_are_refused() -> None:
    with pytest.raises(BadInput, match="square matrix of 3 rows"):
        KernelMachine.of(np.ones((2, 2)), 3)
