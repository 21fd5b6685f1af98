r"""Explained stress over the three controls of a linear model: decay c, ratio sigma_* / sigma_w,
number of steps T.

Data with lambda_i = lambda_1 e^{-c i}, a truth with y_i^2 = sigma_*^2 n lambda_i (the size that a
draw of w_* has in the mean) and starts from N(0, sigma_w^2 I). Only the ratio of the two
deviations, and alpha lambda_1, matter. Every number is the closed form's, see `covariance`;
`simulated_point` runs the steps for the same setting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from eigenscape.sloppiness.covariance import (
    TimeAverages,
    cloud_eigenvalues,
    covariance_of_starts,
    logarithmic_times,
    time_averages,
    time_averages_at,
)
from eigenscape.sloppiness.linear import GradientDescent
from eigenscape.sloppiness.sgd import StochasticDescent
from eigenscape.sloppiness.simulate import data_with_spectrum, descend, simulated_eigenvalues

FROZEN = 12.0
"""Components with alpha lambda_i T < e^-12 are left out: their eigenvalues are below 1e-5 of that
of the last converged one."""


@dataclass(frozen=True)
class Setting:
    """The data and training of one cell of the map.

    Attributes:
        decay: c.
        steps: T.
        step: alpha lambda_1, from above 0 to below 2.
        limit: largest number of components, the rank of the data.
    """

    decay: float
    steps: int
    step: float
    limit: int

    @property
    def reach(self) -> float:
        """The number kappa = alpha lambda_1 T."""
        return self.step * self.steps

    @property
    def eigenvalues(self) -> np.ndarray:
        """lambda_i / lambda_1 (m,) of the components that move.

        Example:
            >>> Setting(2.0, 100, 1.0, 3).eigenvalues.round(4)
            array([1.    , 0.1353, 0.0183])
        """
        count = int(np.ceil((max(np.log(self.reach), 0.0) + FROZEN) / self.decay)) + 1
        return np.asarray(np.exp(-self.decay * np.arange(min(count, self.limit))))


def linear_checkpoints(setting: Setting) -> TimeAverages:
    """Return averages with every step as a checkpoint."""
    return time_averages(setting.step * setting.eigenvalues, setting.steps)


def logarithmic_checkpoints(setting: Setting, count: int) -> TimeAverages:
    """Return averages over at most ``count`` checkpoints evenly spaced in ln(1 + t)."""
    return time_averages_at(
        GradientDescent(setting.step * setting.eigenvalues), logarithmic_times(setting.steps, count)
    )


def spectra_over_ratios(setting: Setting, averages: TimeAverages, ratios: np.ndarray) -> np.ndarray:
    """Return the eigenvalues (ratios, m), descending, in units of sigma_w^2 n lambda_1.

    Example:
        >>> setting = Setting(1.0, 10, 0.5, 3)
        >>> spectra_over_ratios(setting, linear_checkpoints(setting), np.array([0.1, 10.0])).shape
        (2, 3)
    """
    eigenvalues = setting.eigenvalues
    sizes = np.sqrt(eigenvalues)
    truth, starts = (
        np.outer(sizes, sizes) * averages.covariance,
        np.diag(eigenvalues * averages.square),
    )
    return np.array(
        [scipy.linalg.eigh(ratio**2 * truth + starts, eigvals_only=True)[::-1] for ratio in ratios]
    )


def truth_spectrum(setting: Setting, averages: TimeAverages) -> np.ndarray:
    """Return the eigenvalues (m,) of the truth's part alone: one start at the origin."""
    eigenvalues = setting.eigenvalues
    return cloud_eigenvalues(averages, np.sqrt(eigenvalues), np.zeros_like(eigenvalues))


@dataclass(frozen=True)
class SimulatedPoint:
    """The spectrum of a simulated cloud, and the closed form for the same starts.

    Attributes:
        simulated: eigenvalues (m,), descending.
        closed_form: eigenvalues (m,), descending.
    """

    simulated: np.ndarray
    closed_form: np.ndarray


def simulated_point(
    setting: Setting, ratio: float, starts: int, draw: np.random.Generator
) -> SimulatedPoint:
    """Run gradient descent on data with the setting's spectrum, from R random starts, towards a
    truth of random signs.

    Args:
        setting: the setting; the number of examples is that of its components.
        ratio: sigma_* / sigma_w; sigma_w is 1.
        starts: R. A cloud of few starts has a larger chi_k than the expected covariance, since they
            span few directions.
        draw: the random numbers of data, truth and starts.
    """
    eigenvalues = setting.eigenvalues
    size = len(eigenvalues)
    inputs, right = data_with_spectrum(eigenvalues, size, draw)
    truth = ratio * right @ draw.choice([-1.0, 1.0], size)
    begun = draw.standard_normal((starts, size))
    run = descend(inputs, inputs @ truth, begun, StochasticDescent(setting.step, None))
    residuals = (begun - truth) @ right * np.sqrt(size * eigenvalues)
    closed = scipy.linalg.eigh(
        covariance_of_starts(linear_checkpoints(setting), residuals), eigvals_only=True
    )[::-1]
    return SimulatedPoint(simulated_eigenvalues(run, inputs, setting.steps), closed)
