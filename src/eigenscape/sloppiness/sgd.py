r"""Mean and second moment of stochastic gradient descent on linear least squares: exact, step by
step, without simulation.

The loss is |Xw - y|^2 / 2n + (gamma/2)|w|^2, and every step uses b examples, drawn with
replacement. With H = X^T X / n, the minimiser w_gamma and its residuals eps = y - X w_gamma, let
delta = w - w_gamma. An example's gradient, x_i (x_i^T delta - eps_i) + gamma (delta + w_gamma), has
the mean (H + gamma) delta, and about that mean the covariance of u_i = x_i r_i, r_i = x_i^T delta -
eps_i. So, with m = E delta and S = E delta delta^T, the noise of one step has the covariance Q / b
with

    Q = (1/n) sum_i q_i x_i x_i^T - E[u u^T]          q_i = x_i^T S x_i - 2 eps_i x_i^T m + eps_i^2
    E[u u^T] = H S H - H m s^T - s m^T H + s s^T      s = X^T eps / n = gamma w_gamma

Heavy-ball momentum, v' = beta v + gradient and w' = w - alpha v', is linear in the state z =
(delta, v); its second moment follows

    S_z' = A S_z A^T + B (Q / b) B^T,
    A = [[I - alpha (H + gamma), -alpha beta I], [H + gamma, beta I]],   B = (-alpha I, I)^T.

Without momentum and decay this is S' = S - alpha (HS + SH) + alpha^2 [(1 - 1/b) HSH + (1/(b n))
sum_i q_i x_i x_i^T]; for b to infinity it is gradient descent, S' = (I - alpha H) S (I - alpha H).
If eps = 0 the noise decays with the error; otherwise it has a floor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy

from eigenscape.errors import BadInput


@dataclass(frozen=True)
class StochasticDescent:
    """The rule by which steps are made.

    Attributes:
        step: alpha.
        batch: b examples per step, with replacement; None means all of them, which is gradient
            descent.
        momentum: beta, from 0 to below 1.
        decay: gamma, 0 or more.
    """

    step: float
    batch: int | None
    momentum: float = 0.0
    decay: float = 0.0

    def __post_init__(self) -> None:
        for name, sound, expected in (
            ("step", self.step > 0, "a number above 0"),
            ("batch", self.batch is None or self.batch >= 1, "a whole number from 1, or None"),
            ("momentum", 0 <= self.momentum < 1, "a number from 0 to below 1"),
            ("decay", self.decay >= 0, "a number from 0"),
        ):
            if not sound:
                raise BadInput.field(name, expected, str(getattr(self, name)), "correct it")


@dataclass(frozen=True)
class Moments:
    """Moments of the error delta = w - w_gamma at one step.

    Attributes:
        mean: m (d,).
        second: S = E delta delta^T (d, d); it includes the mean.
    """

    mean: np.ndarray
    second: np.ndarray


def minimiser(inputs: np.ndarray, targets: np.ndarray, decay: float = 0.0) -> np.ndarray:
    """Return w_gamma (d,); without decay the least squares solution of smallest norm.

    Example:
        >>> minimiser(np.eye(2), np.array([2.0, 4.0]), decay=0.5)  # H = I / 2
        array([1., 2.])
    """
    if decay == 0:
        return np.asarray(np.linalg.lstsq(inputs, targets, rcond=None)[0])
    count, size = inputs.shape
    return np.asarray(
        np.linalg.solve(
            inputs.T @ inputs / count + decay * np.eye(size), inputs.T @ targets / count
        )
    )


def moments(
    inputs: np.ndarray, targets: np.ndarray, start: Moments, descent: StochasticDescent
) -> Iterator[Moments]:
    """Yield the moments at t = 0, 1, 2, ... without end; v starts at 0.

    Args:
        inputs: X (n, d).
        targets: y (n,).
        start: the moments of delta_0 = w_0 - w_gamma, from `initial_moments`.
        descent: the rule by which steps are made.

    Example:
        >>> descent = StochasticDescent(step=0.5, batch=None)
        >>> start = Moments(np.ones(1), np.ones((1, 1)))
        >>> run = moments(np.ones((1, 1)), np.zeros(1), start, descent)
        >>> [next(run).second.item() for _ in range(3)]
        [1.0, 0.25, 0.0625]
    """
    count, size = inputs.shape
    hessian = inputs.T @ inputs / count
    residuals = targets - inputs @ minimiser(inputs, targets, descent.decay)
    pull = inputs.T @ residuals / count
    damped, eye = hessian + descent.decay * np.eye(size), np.eye(size)
    transition = np.block(
        [
            [eye - descent.step * damped, -descent.step * descent.momentum * eye],
            [damped, descent.momentum * eye],
        ]
    )
    kick = np.vstack([-descent.step * eye, eye])
    mean = np.concatenate([start.mean, np.zeros(size)])
    second = np.zeros((2 * size, 2 * size))
    second[:size, :size] = start.second
    if descent.momentum == 0:  # v is then no state: half of everything
        transition, kick, mean, second = (
            transition[:size, :size],
            kick[:size],
            mean[:size],
            second[:size, :size],
        )
    while True:
        m, s = mean[:size], second[:size, :size]
        yield Moments(m.copy(), s.copy())
        moved = transition @ second @ transition.T
        if descent.batch is not None:
            moved = (
                moved
                + kick @ (_noise(inputs, hessian, residuals, pull, m, s) / descent.batch) @ kick.T
            )
        mean, second = transition @ mean, (moved + moved.T) / 2


def _noise(
    inputs: np.ndarray,
    hessian: np.ndarray,
    residuals: np.ndarray,
    pull: np.ndarray,
    mean: np.ndarray,
    second: np.ndarray,
) -> np.ndarray:
    """Return Q (d, d), the covariance of one example's gradient."""
    squares = (
        np.einsum("nd,nd->n", inputs @ second, inputs)
        - 2 * residuals * (inputs @ mean)
        + residuals**2
    )
    cross = np.outer(hessian @ mean, pull)
    return np.asarray(
        (inputs.T * squares) @ inputs / len(inputs)
        - (hessian @ second @ hessian - cross - cross.T + np.outer(pull, pull))
    )


def initial_moments(
    inputs: np.ndarray, targets: np.ndarray, deviation: float, decay: float = 0.0
) -> Moments:
    """Return the moments of w_0 - w_gamma where w_0 ~ N(0, sigma_w^2 I)."""
    end = minimiser(inputs, targets, decay)
    return Moments(-end, np.outer(end, end) + deviation**2 * np.eye(len(end)))


def sgd_eigenvalues(
    inputs: np.ndarray,
    targets: np.ndarray,
    deviation: float,
    descent: StochasticDescent,
    steps: int,
) -> np.ndarray:
    """Return the eigenvalues (min(n, d),) of the covariance of the cloud of predictions X w_t, t =
    0 ... T-1, over starts and batches; descending.

    Args:
        inputs: X (n, d).
        targets: y (n,).
        deviation: sigma_w of the starts.
        descent: the rule by which steps are made.
        steps: T.

    Raises:
        BadInput: the second moment grows without bound: the step is too large for the batch.

    Example:
        >>> descent = StochasticDescent(step=0.5, batch=None)
        >>> targets = np.full(1, 4.0)
        >>> sgd_eigenvalues(np.ones((1, 1)), targets, 0.0, descent, 2)  # predictions 0 and 2
        array([1.])
    """
    initial = initial_moments(inputs, targets, deviation, descent.decay)
    total_mean, total = np.zeros_like(initial.mean), np.zeros_like(initial.second)
    with np.errstate(over="ignore", invalid="ignore"):
        for _, current in zip(
            range(steps), moments(inputs, targets, initial, descent), strict=False
        ):
            total_mean += current.mean
            total += current.second
    if not np.isfinite(total).all():
        described = f"{descent.step:g} with batches of {descent.batch}"
        raise BadInput.field(
            "step",
            "one at which the second moment of SGD stays finite",
            described,
            "take a smaller step or a larger batch",
        )
    centre = total_mean / steps
    covariance = total / steps - np.outer(centre, centre)
    triangle = np.linalg.qr(inputs).R  # X C X^T has the eigenvalues of R C R^T
    return np.asarray(
        scipy.linalg.eigh(triangle @ covariance @ triangle.T, eigvals_only=True)[::-1]
    )


def stable_step(inputs: np.ndarray, batch: int) -> float:
    """Return a step at which the second moment decays: alpha <= 1 / ((1 - 1/b) lambda_1 + max_i
    |x_i|^2 / b).

    The condition is sufficient: (1/n) sum_i x_i x_i^T S x_i x_i^T has at most max|x|^2 times the
    trace of SH, and tr HSH at most lambda_1 times it, so that the trace of S falls by alpha tr(SH)
    or more in every step.

    Example:
        >>> stable_step(np.array([[2.0], [0.0]]), 1)  # H = 2
        0.25
    """
    largest = float(np.square(inputs).sum(axis=1).max())
    curvature = float(np.linalg.norm(inputs, 2) ** 2 / len(inputs))
    return 1 / ((1 - 1 / batch) * curvature + largest / batch)
