"""Clouds of predictions by running the steps: the second route to every closed form.

This module uses no eigenvalues: weights are moved by gradients of the loss. R is the number of
starts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eigenscape import seeding
from eigenscape.sloppiness.sgd import StochasticDescent


def generator(seed: int, *labels: object) -> np.random.Generator:
    """Return random numbers that depend only on the seed and the names."""
    return seeding.generator(seed, "sloppiness", *labels)


def data_with_spectrum(
    eigenvalues: np.ndarray, count: int, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return X (n, d) whose K = X X^T / n has the given eigenvalues (d,), d <= n, with Haar-random
    vectors; and V (d, d), its right ones.

    Example:
        >>> x, _ = data_with_spectrum(np.array([4.0, 1.0]), 3, np.random.default_rng(0))
        >>> np.linalg.eigvalsh(x @ x.T / 3).round(9) + 0.0
        array([0., 1., 4.])
    """
    size = len(eigenvalues)
    left = np.linalg.qr(draw.standard_normal((count, size)))[0]
    right = np.linalg.qr(draw.standard_normal((size, size)))[0]
    return (left * np.sqrt(count * np.asarray(eigenvalues))) @ right.T, right


def descend(
    inputs: np.ndarray,
    targets: np.ndarray,
    starts: np.ndarray,
    descent: StochasticDescent,
    draw: np.random.Generator | None = None,
) -> Iterator[np.ndarray]:
    """Yield the weights (R, d) at t = 0, 1, 2, ... without end, each start with its own batches.

    Args:
        inputs: X (n, d).
        targets: y (n,).
        starts: w_0 (R, d).
        descent: the rule by which steps are made.
        draw: the random numbers of the batches; not needed for gradient descent.
    """
    weights, velocity = np.array(starts, dtype=np.float64), np.zeros_like(starts, dtype=np.float64)
    while True:
        yield weights.copy()
        if descent.batch is None or draw is None:
            gradient = (weights @ inputs.T - targets) @ inputs / len(inputs)
        else:
            batch = draw.integers(0, len(inputs), (len(weights), descent.batch))
            seen = inputs[batch]
            residuals = np.einsum("rbd,rd->rb", seen, weights) - targets[batch]
            gradient = np.einsum("rbd,rb->rd", seen, residuals) / descent.batch
        velocity = descent.momentum * velocity + gradient + descent.decay * weights
        weights -= descent.step * velocity


def simulated_eigenvalues(run: Iterator[np.ndarray], inputs: np.ndarray, steps: int) -> np.ndarray:
    """Return the eigenvalues of the covariance of all predictions X w, over t = 0 ... T-1 and
    starts, about their own mean; descending.

    Args:
        run: weights (R, d) step by step, from `descend`.
        inputs: X (n, d).
        steps: T.

    Returns:
        (n,).
    """
    mean, second, count = np.zeros(len(inputs)), np.zeros((len(inputs), len(inputs))), 0
    for _, weights in zip(range(steps), run, strict=False):
        predictions = weights @ inputs.T
        mean += predictions.sum(axis=0)
        second += predictions.T @ predictions
        count += len(predictions)
    centre = mean / count
    return np.linalg.eigvalsh(second / count - np.outer(centre, centre))[::-1]
