"""The effect of finite sampling alone on a spectrum: the Marchenko-Pastur law.

The second moment of N independent isotropic vectors in P dimensions does not have P equal
eigenvalues. In the limit of large N and P with g = P/N fixed they fill the interval
``[(1 - sqrt g)^2, (1 + sqrt g)^2]`` (times their mean) with the density

    f(x) = sqrt((x_+ - x) (x - x_-)) / (2 pi g x),

and where g > 1 a fraction 1 - 1/g of them is zero (V. A. Marchenko and L. A. Pastur, Distribution
of eigenvalues for some sets of random matrices, Math. USSR Sbornik 1, 1967). A measured decay or
condition number is evidence of structure only as far as it exceeds this.
"""

from __future__ import annotations

import math

import numpy as np

from eigenscape.errors import BadInput

SMALLEST_RATIO = 1e-9
"""Smallest P/N: below, the closed form of the distribution cancels to fewer than six digits; no
study has so many samples."""


def marchenko_pastur_quantiles(count: int, ratio: float) -> np.ndarray:
    """Return the eigenvalues of an isotropic second moment of mean eigenvalue 1 under sampling
    noise alone.

    They are the quantiles of the Marchenko-Pastur law at the probabilities (i - 1/2) / count. With
    ``x = (1 - sqrt g)^2 + 4 sqrt g sin^2(t/2)``, 0 <= t <= pi, its distribution function is

        F = (2/pi) [ sin t / b + (a t - 2 |1 - g| arctan( (1 + sqrt g)/|1 - sqrt g| tan(t/2) )) /
        b^2 ],

    a = 1 + g, b = 2 sqrt g, above the 1 - 1/g of zeros where g > 1. It is inverted numerically.

    Args:
        count: number of eigenvalues, P.
        ratio: g = P/N, parameters per sample.

    Returns:
        (count,), descending, dimensionless; the mean tends to 1 as count grows.

    Raises:
        BadInput: count is below 1, or the ratio is not a finite number of at least
            `SMALLEST_RATIO`.

    Example:
        >>> marchenko_pastur_quantiles(5, ratio=0.25).round(3)
        array([1.751, 1.262, 0.916, 0.639, 0.398])
        >>> marchenko_pastur_quantiles(4, ratio=2.0).round(3)
        array([2.972, 0.797, 0.   , 0.   ])
    """
    from scipy.optimize import elementwise  # noqa: PLC0415

    if count < 1:
        raise BadInput.field(
            "count", "at least 1 eigenvalue", str(count), "give the number of parameters"
        )
    if not SMALLEST_RATIO <= ratio < math.inf:
        expected = f"a finite P/N of at least {SMALLEST_RATIO:g}"
        raise BadInput.field("ratio", expected, str(ratio), "give parameters divided by samples")
    root = math.sqrt(ratio)
    a, b = 1 + ratio, 2 * root
    zeros = max(0.0, 1 - 1 / ratio)

    def excess(angle: np.ndarray, probability: np.ndarray) -> np.ndarray:
        half = angle / 2
        arc = np.arctan2((1 + root) * np.sin(half), abs(1 - root) * np.cos(half))
        below = np.sin(angle) / b + (a * angle - 2 * abs(1 - ratio) * arc) / b**2
        return np.asarray(zeros + (2 / math.pi) * below - probability)

    probabilities = (count - np.arange(count) - 0.5) / count
    quantiles = np.zeros(count)
    positive = probabilities > zeros
    angles = elementwise.find_root(excess, (0.0, math.pi), args=(probabilities[positive],))
    quantiles[positive] = (1 - root) ** 2 + 4 * root * np.sin(angles.x / 2) ** 2
    return quantiles


def log10_condition_null(parameters: int, samples: int) -> float:
    """Return the log10 condition number of an isotropic second moment under sampling noise alone.

    It is the ratio of the Marchenko-Pastur edges, 2 log10((1 + sqrt g) / (1 - sqrt g)) with g =
    P/N, in decades. It is infinite for N <= P, where such a second moment is singular or nearly so.

    Raises:
        BadInput: P or N is below 1.

    Example:
        >>> round(log10_condition_null(parameters=25, samples=100), 3)
        0.954
        >>> log10_condition_null(parameters=100, samples=100)
        inf
    """
    if parameters < 1 or samples < 1:
        found = f"{parameters}, {samples}"
        raise BadInput.field(
            "parameters, samples", "whole numbers of at least 1", found, "give both as 1 or more"
        )
    if samples <= parameters:
        return math.inf
    root = math.sqrt(parameters / samples)
    return 2 * math.log10((1 + root) / (1 - root))
