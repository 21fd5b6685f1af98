r"""Gradient descent on linear least squares, in closed form.

With data X (n, d), targets y (n,), loss |Xw - y|^2 / 2n and step alpha, the matrix K = X X^T / n
has eigenpairs (lambda_i, u_i), and every component of the predictions along u_i moves
independently: with the rate x_i = alpha lambda_i and a_i = 1 - x_i,

    f_i(t) = y_i + a_i^t (f_i(0) - y_i).

Everything here follows from a_i^t. A component with x_i t << 1 has moved by x_i t, a number that 1
- a_i^t would lose to rounding: so progress is computed as -expm1(t log1p(-x_i)), accurate to the
last digits whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.errors import BadInput


@dataclass(frozen=True)
class GradientDescent:
    """Gradient descent with steps of size alpha.

    Attributes:
        rates: x_i = alpha lambda_i (m,), 0 <= x_i < 2. Beyond 1 a component changes sign at every
            step; from 2 on it grows.

    Example:
        >>> GradientDescent(np.array([1e-20, 0.5, 1.0])).progress(np.array([0, 2]))
        array([[0.0e+00, 0.0e+00, 0.0e+00],
               [2.0e-20, 7.5e-01, 1.0e+00]])
    """

    rates: np.ndarray

    def __post_init__(self) -> None:
        rates = np.asarray(self.rates, dtype=np.float64)
        if rates.ndim != 1 or not ((rates >= 0) & (rates < 2)).all():
            found = (
                f"{rates.min()} to {rates.max()}"
                if rates.size and rates.ndim == 1
                else f"shape {rates.shape}"
            )
            raise BadInput.field(
                "rates",
                "alpha lambda_i (m,), from 0 to below 2",
                found,
                "take a step below 2 / lambda_1",
            )
        object.__setattr__(self, "rates", rates)

    def remaining(self, times: np.ndarray) -> np.ndarray:
        """Return a_i^t (s, m): the fraction of a residual that remains at the times (s,), whole
        numbers from 0.

        Raises:
            BadInput: a time is not a whole number from 0.
        """
        logs, flips = self._logarithms(times)
        return np.asarray(np.exp(logs) * flips)

    def progress(self, times: np.ndarray) -> np.ndarray:
        """Return 1 - a_i^t (s, m): the fraction of a residual that has been removed.

        Raises:
            BadInput: a time is not a whole number from 0.
        """
        logs, flips = self._logarithms(times)
        return np.asarray(np.where(flips > 0, 0.0 - np.expm1(logs), 1 + np.exp(logs)))

    def _logarithms(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the logarithms t log|a_i| and signs of a_i^t, both (s, m)."""
        times = np.asarray(times)
        if times.ndim != 1 or not (np.equal(np.mod(times, 1), 0) & (times >= 0)).all():
            raise BadInput.field(
                "times", "whole numbers from 0, (s,)", repr(times)[:60], "count steps"
            )
        clock = times.astype(np.float64)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            decay = np.where(
                self.rates < 1,
                np.log1p(-np.minimum(self.rates, 1.0)),
                np.log(np.abs(1 - self.rates)),
            )
            # A rate of 1 ends a component in one step: log|a| = -inf, and 0^0 = 1 at the start.
            logs = np.where(clock == 0, 0.0, clock * decay)
        flips = np.where((self.rates > 1) & (np.mod(clock, 2) == 1), -1.0, 1.0)
        return logs, flips


@dataclass(frozen=True)
class GradientFlow:
    """The limit of small steps: a_i^t becomes exp(-x_i t), and times may be any number from 0.

    Attributes:
        rates: lambda_i (m,) if times are those of the flow, or alpha lambda_i if they count steps.
    """

    rates: np.ndarray

    def remaining(self, times: np.ndarray) -> np.ndarray:
        """Return exp(-x_i t), (s, m)."""
        return np.asarray(np.exp(-np.outer(times, self.rates)))

    def progress(self, times: np.ndarray) -> np.ndarray:
        """Return 1 - exp(-x_i t), (s, m)."""
        return np.asarray(0.0 - np.expm1(-np.outer(times, self.rates)))


Dynamics = GradientDescent | GradientFlow
