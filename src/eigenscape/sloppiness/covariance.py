r"""The covariance of a cloud of predictions: all checkpoints of gradient descent from many starts,
in closed form.

The cloud contains f(t), t = 0 ... T-1, of every start f_i(0) ~ N(0, v_i), independent; for weights
w_0 ~ N(0, sigma_w^2 I) the variances are v_i = sigma_w^2 n lambda_i. About its mean, in the
eigenbasis of K = X X^T / n,

    C_ij = y_i y_j (G_ij - g_i g_j) + delta_ij v_i G_ii
    G_ij = (1/T) sum_t (a_i a_j)^t = (1 - (a_i a_j)^T) / (T (1 - a_i a_j))   g_i = (1/T) sum_t a_i^t

so C has a part of the truth and a diagonal part of the starts. For squared loss these eigenvalues
are the spectrum of InPCA, up to a factor. G is the time-averaged controllability Gramian of the
linear system x -> diag(a) x driven by ones: the solution of a Stein equation.

G - g g^T is the covariance over time of a_i^t and a_j^t, and loses everything to cancellation where
alpha lambda T << 1. It is computed by doubling instead: two halves of a cloud have the mean
covariance of each, plus that of their means. For rates up to 1 every term is positive, so every
entry is accurate to some log2(T) roundings.

This is the project's own derivation; `simulate` and the tests repeat it by running the steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from eigenscape.errors import BadInput
from eigenscape.sloppiness.linear import Dynamics, GradientDescent


@dataclass(frozen=True)
class TimeAverages:
    """Averages of a_i^t over checkpoints.

    Attributes:
        mean: g_i = mean of a_i^t (m,).
        covariance: G_ij - g_i g_j (m, m).
        square: G_ii = mean of a_i^2t (m,).
    """

    mean: np.ndarray
    covariance: np.ndarray
    square: np.ndarray

    @property
    def second(self) -> np.ndarray:
        """G (m, m)."""
        return np.asarray(self.covariance + np.outer(self.mean, self.mean))


def gramian(rates: np.ndarray, steps: int) -> np.ndarray:
    """Return G_ij = (1 - (a_i a_j)^T) / (T (1 - a_i a_j)) (m, m), without cancellation for small
    alpha lambda T.

    1 - a_i a_j is x_i + x_j - x_i x_j, and 1 - (a_i a_j)^T is -expm1 of a logarithm.

    Example:
        >>> gramian(np.array([0.0, 0.5]), 2)  # a = 1 and 1/2: means of 1, 1 and of 1, 1/4
        array([[1.   , 0.75 ],
               [0.75 , 0.625]])
    """
    dynamics = GradientDescent(rates)
    x = dynamics.rates
    step = x[:, None] + x * (1 - x[:, None])
    gone = dynamics.progress(np.array([steps]))[0]
    # 1 - pq with p = 1 - u, q = 1 - v is u + v(1 - u), for any signs of p and q.
    total = gone[:, None] + gone * (1 - gone[:, None])
    return np.asarray(np.divide(total, steps * step, out=np.ones_like(step), where=step != 0))


def time_averages(rates: np.ndarray, steps: int) -> TimeAverages:
    """Average over t = 0 ... T-1, at the cost of log2(T) outer products.

    Args:
        rates: x_i = alpha lambda_i (m,), from 0 to below 2.
        steps: T, 1 or more.

    Raises:
        BadInput: arguments out of range.

    Example:
        >>> found = time_averages(np.array([1e-12]), 2)
        >>> round(float(found.covariance[0, 0] * 4e24), 12)  # of 1 and 1 - 1e-12
        1.0
    """
    if steps < 1:
        raise BadInput.field(
            "steps",
            "a whole number from 1",
            str(steps),
            "count the checkpoints, the start included",
        )
    dynamics = GradientDescent(rates)
    x = dynamics.rates
    # h = 1 - g, exact where little has happened; g by its closed form, exact where much has.
    lost, covariance, count = np.zeros_like(x), np.zeros((len(x), len(x))), 1
    for bit in f"{steps:b}"[1:]:
        gone = dynamics.progress(np.array([count]))[0]
        remaining = dynamics.remaining(np.array([count]))[0]
        shift = gone * _mean(x, gone, count)
        covariance = 0.5 * covariance * (1 + np.outer(remaining, remaining)) + 0.25 * np.outer(
            shift, shift
        )
        lost = lost + 0.5 * gone * (1 - lost)
        count *= 2
        if bit == "1":
            gone = dynamics.progress(np.array([count]))[0]
            shift, share = gone - lost, count / (count + 1)
            covariance = share * covariance + share / (count + 1) * np.outer(shift, shift)
            lost = share * lost + gone / (count + 1)
            count += 1
    mean = _mean(x, dynamics.progress(np.array([steps]))[0], steps)
    return TimeAverages(mean, covariance, np.diagonal(gramian(x, steps)).copy())


def _mean(x: np.ndarray, gone: np.ndarray, count: int) -> np.ndarray:
    """Return (1/T) sum a^t = (1 - a^T) / (T x)."""
    return np.asarray(np.divide(gone, count * x, out=np.ones_like(x), where=x != 0))


def time_averages_at(dynamics: Dynamics, times: np.ndarray) -> TimeAverages:
    """Average over any checkpoints, such as logarithmic ones, by direct evaluation of the powers.

    The geometry weighs all checkpoints equally: with many late ones the cloud represents the end of
    training, with logarithmic ones each stage equally.

    Args:
        dynamics: the dynamics of m components.
        times: (s,) checkpoints; repeated ones count as often.

    Raises:
        BadInput: times do not match the dynamics.
    """
    gone = dynamics.progress(times)
    lost = gone.mean(axis=0)
    centred = gone - lost
    return TimeAverages(
        1 - lost, centred.T @ centred / len(gone), np.square(dynamics.remaining(times)).mean(axis=0)
    )


def logarithmic_times(steps: int, count: int) -> np.ndarray:
    """Return at most ``count`` different checkpoints from 0 to T-1, evenly spaced in ln(1 + t).

    Example:
        >>> logarithmic_times(1000, 6)
        array([  0,   3,  15,  62, 250, 999])
    """
    return np.unique(np.rint(np.expm1(np.linspace(0, np.log(steps), count))).astype(np.int64))


def cloud_covariance(
    averages: TimeAverages, targets: np.ndarray, variances: np.ndarray, starts: int | None = None
) -> np.ndarray:
    """Return C (m, m) of a cloud about its mean, for one output.

    Args:
        averages: averages over the checkpoints.
        targets: y_i (m,), in the eigenbasis.
        variances: v_i (m,) of the starts.
        starts: R, the number of starts in the cloud: the expected covariance is about the cloud's
            own mean, whose starts do not average out, v_i (G_ii - g_i^2 / R). None means infinitely
            many.

    Raises:
        BadInput: shapes do not match.

    Example:
        >>> averages = time_averages(np.array([0.5, 0.5]), 2)
        >>> cloud_covariance(averages, np.array([4.0, 0.0]), np.array([0.0, 1.0]))
        array([[1.   , 0.   ],
               [0.   , 0.625]])
    """
    size = len(averages.mean)
    targets, variances = (
        np.asarray(targets, dtype=np.float64),
        np.asarray(variances, dtype=np.float64),
    )
    if targets.shape != (size,) or variances.shape != (size,):
        raise BadInput.field(
            "targets and variances",
            f"shape ({size},)",
            f"{targets.shape} and {variances.shape}",
            "give one per component",
        )
    return np.asarray(
        np.outer(targets, targets) * averages.covariance
        + np.diag(_of_starts(averages, variances, starts))
    )


def _of_starts(averages: TimeAverages, variances: np.ndarray, starts: int | None) -> np.ndarray:
    return np.asarray(
        variances
        * (averages.square - (0.0 if starts is None else np.square(averages.mean) / starts))
    )


def cloud_eigenvalues(
    averages: TimeAverages, targets: np.ndarray, variances: np.ndarray, starts: int | None = None
) -> np.ndarray:
    """Return the eigenvalues of the covariance of a cloud of predictions with any number of
    outputs, descending.

    With outputs c = 1 ... K the predictions are n K numbers. At each component i the K outputs can
    be rotated so that the truth lies in the first alone, with size |y_i| = (sum_c y_ic^2)^1/2; the
    rotation does not change the isotropic starts. So the spectrum is that of one output with
    targets |y_i|, together with K - 1 copies of v_i G_ii.

    Args:
        averages: averages over the checkpoints.
        targets: y (m,) or (m, K).
        variances: v_i (m,), the same for all outputs.
        starts: R, as in `cloud_covariance`.

    Returns:
        (m K,).

    Example:
        >>> averages = time_averages(np.array([0.5]), 2)
        >>> cloud_eigenvalues(averages, np.array([[4.0, 3.0]]), np.array([1.0])).round(6)
        array([2.1875, 0.625 ])
    """
    targets = np.asarray(targets, dtype=np.float64).reshape(len(averages.mean), -1)
    sizes = np.sqrt(np.square(targets).sum(axis=1))
    with_truth = scipy.linalg.eigh(
        cloud_covariance(averages, sizes, variances, starts), eigvals_only=True
    )
    without = np.tile(
        _of_starts(averages, np.asarray(variances, dtype=np.float64), starts), targets.shape[1] - 1
    )
    return np.sort(np.concatenate([with_truth, without]))[::-1]


def covariance_of_starts(averages: TimeAverages, residuals: np.ndarray) -> np.ndarray:
    """Return C (m, m) of the cloud of the given starts about its mean: E[rho_i rho_j] G_ij -
    E[rho_i] E[rho_j] g_i g_j, E over starts.

    Args:
        averages: averages over the checkpoints.
        residuals: rho = f(0) - y (R, m).

    Example:
        >>> covariance_of_starts(time_averages(np.array([0.5]), 2), np.array([[-4.0]]))
        array([[1.]])
    """
    residuals = np.asarray(residuals, dtype=np.float64)
    mean = residuals.mean(axis=0)
    second = residuals.T @ residuals / len(residuals)
    # About the mean: the part that moves in time, and the part in which starts differ.
    return np.asarray(
        second * averages.covariance
        + (second - np.outer(mean, mean)) * np.outer(averages.mean, averages.mean)
    )


@dataclass(frozen=True)
class TaskCloud:
    """The covariance of one cloud of several tasks, about the common mean.

    Attributes:
        within: each task about its own mean: mean of y_i y_j over tasks, times G_ij - g_i g_j, plus
            the starts (m, m).
        between: the spread of the tasks' means: covariance of y_i and y_j over tasks, times (1 -
            g_i)(1 - g_j) (m, m).
    """

    within: np.ndarray
    between: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """C (m, m)."""
        return np.asarray(self.within + self.between)


def task_covariance(
    averages: TimeAverages, targets: np.ndarray, variances: np.ndarray
) -> TaskCloud:
    """Return C of a cloud of trajectories towards several truths.

    Args:
        averages: averages over the checkpoints.
        targets: y (m, tasks).
        variances: v_i (m,).

    Example:
        >>> averages = time_averages(np.array([0.5]), 2)
        >>> found = task_covariance(averages, np.array([[4.0, -4.0]]), np.zeros(1))
        >>> found.within, found.between
        (array([[1.]]), array([[1.]]))
    """
    second = targets @ targets.T / targets.shape[1]
    mean = targets.mean(axis=1)
    lost = 1 - averages.mean
    within = second * averages.covariance + np.diag(_of_starts(averages, variances, None))
    return TaskCloud(within, (second - np.outer(mean, mean)) * np.outer(lost, lost))
