"""Problems: the data on which a network is judged, and the loss.

The loss is the mean over the n points (and over the outputs) of the squared residual,
``L(theta) = (1/n) sum_i |f(x_i; theta) - y_i|^2``, without a factor 1/2, full batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.config.sampling import ProblemSection
from eigenscape.errors import BadInput


@dataclass(frozen=True)
class Problem:
    """Data of a regression.

    Attributes:
        inputs: (n, number of inputs), float64.
        targets: (n, number of outputs), float64.
    """

    inputs: np.ndarray
    targets: np.ndarray

    @property
    def points(self) -> int:
        """The number of data points, n."""
        return len(self.inputs)


def sine_regression(interval: tuple[float, float] = (-1.0, 1.0), points: int = 50) -> Problem:
    """Regression of sin(2 pi x) on equispaced points, both ends of the interval included.

    Example:
        >>> sine_regression(points=5).targets.round(12).ravel() + 0.0
        array([0., 0., 0., 0., 0.])
    """
    inputs = np.linspace(*interval, points)[:, None]
    return Problem(inputs, np.sin(2 * np.pi * inputs))


def problem_of(section: ProblemSection) -> Problem:
    """The sine regression that a configuration describes.

    Raises:
        BadInput: the problem is the user's own, whose data `stages.common.user_problems` reads.

    Example:
        >>> problem_of(ProblemSection(points=7)).points
        7
    """
    if section.is_user_defined:
        fix = "run it in a study of kind sine"
        raise BadInput.field(
            "problem.kind", "sine, for what varies the sine and its networks", section.kind, fix
        )
    low, high = section.interval
    return sine_regression((low, high), section.points)
