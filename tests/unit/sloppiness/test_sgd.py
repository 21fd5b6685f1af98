"""Moments of SGD against every sequence of batches, written out, and against their limits."""

from __future__ import annotations

from itertools import islice, product

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.sloppiness.covariance import cloud_covariance, time_averages
from eigenscape.sloppiness.sgd import (
    Moments,
    StochasticDescent,
    initial_moments,
    minimiser,
    moments,
    sgd_eigenvalues,
    stable_step,
)
from eigenscape.sloppiness.simulate import descend, simulated_eigenvalues


def data(seed: int = 0, count: int = 3, size: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """X (n, d) and y (n,) that no weights reach."""
    draw = np.random.default_rng(seed)
    return draw.standard_normal((count, size)), draw.standard_normal(count)


def every_path(
    inputs: np.ndarray,
    targets: np.ndarray,
    start: np.ndarray,
    descent: StochasticDescent,
    steps: int,
) -> list[np.ndarray]:
    """Weights (paths, d) at every step, over all sequences of batches; each is as likely as any
    other.
    """
    batches = list(product(range(len(inputs)), repeat=descent.batch or 1))
    states, found = [(start, np.zeros_like(start))], []
    for _ in range(steps):
        found.append(np.array([w for w, _ in states]))
        following = []
        for w, v in states:
            for batch in batches:
                x, y = inputs[list(batch)], targets[list(batch)]
                gradient = x.T @ (x @ w - y) / len(batch) + descent.decay * w
                velocity = descent.momentum * v + gradient
                following.append((w - descent.step * velocity, velocity))
        states = following
    return found


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.7, 0.0), (0.0, 0.3), (0.6, 0.2)])
def test_moments_are_those_of_all_batches(batch: int, momentum: float, decay: float) -> None:
    """Four states of up to 9^3 paths: an exact expectation, to rounding."""
    inputs, targets = data()
    start, descent = np.array([0.5, -1.0]), StochasticDescent(0.2, batch, momentum, decay)
    end = minimiser(inputs, targets, decay)
    begun = Moments(start - end, np.outer(start - end, start - end))
    paths = every_path(inputs, targets, start, descent, 4)
    for weights, found in zip(paths, moments(inputs, targets, begun, descent), strict=False):
        error = weights - end
        np.testing.assert_allclose(found.mean, error.mean(axis=0), atol=1e-14)
        np.testing.assert_allclose(found.second, error.T @ error / len(error), atol=1e-13)


def test_random_starts_enter_by_their_moments() -> None:
    """E over w_0 = +-sigma e_i sqrt(d) has mean 0 and covariance sigma^2 I: four starts stand for
    the normal distribution.
    """
    inputs, targets = data(1)
    descent = StochasticDescent(0.2, 1)
    starts = [sign * 0.8 * np.sqrt(2) * unit for unit in np.eye(2) for sign in (1, -1)]
    every = [every_path(inputs, targets, start, descent, 3) for start in starts]
    run = list(
        zip(
            range(3),
            moments(inputs, targets, initial_moments(inputs, targets, 0.8), descent),
            strict=False,
        )
    )
    for t, found in run:
        error = np.vstack([paths[t] for paths in every]) - minimiser(inputs, targets)
        np.testing.assert_allclose(found.second, error.T @ error / len(error), atol=1e-13)


def test_large_batches_are_gradient_descent() -> None:
    inputs, targets = data(2, 6, 3)
    begun = initial_moments(inputs, targets, 1.0)
    hessian = inputs.T @ inputs / 6
    contraction = np.eye(3) - 0.3 * hessian
    run = moments(inputs, targets, begun, StochasticDescent(0.3, None))
    huge = moments(inputs, targets, begun, StochasticDescent(0.3, 10**12))
    expected = begun.second
    for _, found, nearly in zip(range(20), run, huge, strict=False):
        np.testing.assert_allclose(found.second, expected, atol=1e-13)
        np.testing.assert_allclose(nearly.second, expected, rtol=1e-9)
        expected = contraction @ expected @ contraction


def test_without_noise_the_spectrum_is_the_closed_form() -> None:
    inputs, targets = data(3, 7, 3)
    left, singular, _ = np.linalg.svd(inputs, full_matrices=False)
    values = singular**2 / 7
    step = 0.8 / values[0]
    closed = cloud_covariance(time_averages(step * values, 25), left.T @ targets, 0.25 * 7 * values)
    found = sgd_eigenvalues(inputs, targets, 0.5, StochasticDescent(step, None), 25)
    np.testing.assert_allclose(found, np.linalg.eigvalsh(closed)[::-1], rtol=1e-10)


def test_spectrum_against_monte_carlo() -> None:
    """3,000 paths in six groups: the spectrum of the theory lies within the spread of the groups (t
    with 5 degrees, p ~ 1e-4: 9).
    """
    inputs, targets = data(4, 12, 3)
    step = stable_step(inputs, 2)
    descent = StochasticDescent(step, 2, momentum=0.5, decay=0.05)
    expected = sgd_eigenvalues(inputs, targets, 0.3, descent, 40)
    found = []
    for group in range(6):
        draw = np.random.default_rng(group)
        run = descend(inputs, targets, 0.3 * draw.standard_normal((500, 3)), descent, draw)
        found.append(simulated_eigenvalues(run, inputs, 40)[:3])
    error = np.std(found, axis=0, ddof=1) / np.sqrt(6)
    assert (np.abs(np.mean(found, axis=0) - expected) < 9 * error).all()
    assert (error < 0.05 * expected).all()


def test_noise_dies_where_the_data_can_be_fitted_and_stays_where_not() -> None:
    inputs, targets = data(5, 6, 3)
    for reachable, low, high in ((True, 0.0, 1e-12), (False, 1e-3, 1.0)):
        y = inputs @ np.ones(3) if reachable else targets
        step = stable_step(inputs, 1)
        run = moments(inputs, y, initial_moments(inputs, y, 1.0), StochasticDescent(step, 1))
        last = next(islice(run, 4000, None))
        assert low <= np.trace(last.second) < high


def test_the_stable_step_is_stable_and_a_large_one_is_refused() -> None:
    inputs, targets = data(6, 5, 3)
    step = stable_step(inputs, 1)
    run = moments(
        inputs,
        inputs @ np.ones(3),
        Moments(np.ones(3), np.ones((3, 3))),
        StochasticDescent(step, 1),
    )
    sizes = [np.trace(found.second) for _, found in zip(range(100), run, strict=False)]
    assert (np.diff(sizes) < 0).all()
    with pytest.raises(BadInput, match="smaller step or a larger batch"):
        sgd_eigenvalues(inputs, targets, 1.0, StochasticDescent(1e3, 1), 500)
