r"""The conditions under which a cloud of trajectories is thin: slopes, regimes, and the boundaries
between them.

The eigenvalues of K fall as lambda_i = lambda_1 e^{-c i}; truth and starts come from weights of
deviations sigma_* and sigma_w, so that y_i^2 = sigma_*^2 n lambda_i and v_i = sigma_w^2 n lambda_i.
T steps of size alpha have the reach kappa = alpha lambda_1 T: the i_c = ln(kappa) / c components
with alpha lambda_i T > 1 converge, the rest is frozen.

*The truth's part.* Among converged components G_ij is near 1 / (alpha T (lambda_i + lambda_j)), so
the truth's part of C is the Toeplitz matrix (sigma_*^2 n / alpha T) sech(c (i - j) / 2) / 2, whose
symbol is (pi/c) sum_m sech(pi (theta + 2 pi m) / c). Its eigenvalues fall as e^{-pi^2 k / ln kappa}
as long as neighbouring terms of that sum do not meet (c well below pi^2) and i_c is large: a slope
per direction of about pi^2 / ln(4 kappa), whatever c. The converged directions
of a cloud of one start are those of a ribbon for any data, and thinner the shorter the training.

*The starts' part* is diagonal: sigma_w^2 n / (2 alpha T), the same for all converged components, so
flat over i_c directions, and falling with slope c beyond.

*Boundaries.* The truth's eigenvalue of index k stands above the flat floor up to k_* = (ln kappa /
pi^2) ln(4 pi sigma_*^2 / (c sigma_w^2)). So k directions of a ribbon show where k_* >= k (the truth
decides), or where i_c <= k (the data decide: no more move).

*Explained stress* sums squares, so its condition is weaker. The squares of the truth's part sum to
i_c (1/2 pi) times the integral of the squared symbol, i_c / c in units of (sigma_*^2 n / alpha
T)^2, those of the floor to i_c / 4 in units of (sigma_w^2 n / alpha T)^2; k directions leave a
share e^{-2 s k} of the former, s = pi^2 / ln(4 kappa), and nearly all of the latter. So chi_k of
the truth alone is 1 - e^{-s k}, and chi_k reaches a level below that at sigma_* / sigma_w = (c / 4
F)^{1/4}, F = ((1 - level)^2 - e^{-2 s k}) / (1 - (1 - level)^2): hardly dependent on T where the
truth's part is thin.

This is the project's own derivation, by leading asymptotics; `covariance` has the exact numbers,
and the phase maps show both.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from eigenscape.errors import BadInput


class Regime(StrEnum):
    """The reason why a cloud lies within k directions."""

    TRUTH = "the truth's part stands above the floor of the starts"
    DATA = "no more than k directions move"
    NONE = "neither"


def converged_components(reach: np.ndarray | float, decay: np.ndarray | float) -> np.ndarray:
    """Return i_c = ln(kappa) / c, at least 0.

    Example:
        >>> float(converged_components(np.e**2, 0.5))
        4.0
    """
    return np.asarray(np.maximum(np.log(reach), 0.0) / np.asarray(decay))


def truth_slope(reach: np.ndarray | float) -> np.ndarray:
    """Return pi^2 / ln(4 kappa): the decay of ln e_k per direction. Source: the exponent of
    Beckermann, Townsend, arXiv 1609.09494, for Cauchy matrices.

    Raises:
        BadInput: kappa is 1/4 or less, where nothing converges.

    Example:
        >>> round(float(truth_slope(1000.0)), 3)
        1.19
    """
    if not (np.asarray(reach) > 0.25).all():
        raise BadInput.field(
            "reach", "kappa = alpha lambda_1 T above 1/4", str(np.min(reach)), "take more steps"
        )
    return np.asarray(np.pi**2 / np.log(4 * np.asarray(reach)))


def ribbon_index(
    reach: np.ndarray | float, decay: np.ndarray | float, ratio: np.ndarray | float
) -> np.ndarray:
    """Return k_* = (ln kappa / pi^2) ln(4 pi sigma_*^2 / (c sigma_w^2)); 0 if the floor covers
    everything.

    Args:
        reach: kappa.
        decay: c.
        ratio: sigma_* / sigma_w.
    """
    index = np.log(reach) / np.pi**2 * np.log(4 * np.pi * np.square(ratio) / np.asarray(decay))
    return np.asarray(np.maximum(index, 0.0))


def truth_boundary(
    reach: np.ndarray | float, decay: np.ndarray | float, directions: int
) -> np.ndarray:
    """Return the ratio sigma_* / sigma_w at which k_* = k: (c / 4 pi)^1/2 e^{pi^2 k / (2 ln
    kappa)}; infinite if kappa is 1 or less.

    Example:
        >>> ratio = truth_boundary(1e3, 0.5, 2)
        >>> round(float(ribbon_index(1e3, 0.5, ratio)), 9)
        2.0
    """
    logs = np.log(np.asarray(reach, dtype=np.float64))
    with np.errstate(divide="ignore", over="ignore"):
        power = np.where(
            logs > 0, np.pi**2 * directions / (2 * np.where(logs > 0, logs, 1.0)), np.inf
        )
        return np.asarray(np.sqrt(np.asarray(decay) / (4 * np.pi)) * np.exp(power))


def truth_stress(reach: np.ndarray | float, directions: int) -> np.ndarray:
    """Return chi_k of the truth's part alone, 1 - e^{-pi^2 k / ln(4 kappa)}, an upper bound for any
    ratio sigma_* / sigma_w.

    Example:
        >>> round(float(truth_stress(1000.0, 2)), 3)
        0.907
    """
    return np.asarray(-np.expm1(-directions * truth_slope(reach)))


def stress_boundary(
    reach: np.ndarray | float, decay: np.ndarray | float, directions: int, level: float
) -> np.ndarray:
    """Return the ratio sigma_* / sigma_w at which chi_k reaches a level, by the sums of squares of
    the truth's part and of the floor.

    Args:
        reach: kappa above 1/4.
        decay: c.
        directions: k.
        level: level of chi_k, between 0 and 1; the result is infinite where the truth's part alone
            stays below it.

    Example:
        >>> boundary = stress_boundary(1e3, np.array([0.04, 0.64]), 2, 0.7)
        >>> boundary.round(2), float(stress_boundary(1e3, 0.04, 2, 0.95))
        (array([0.58, 1.16]), inf)
    """
    if not 0 < level < 1:
        raise BadInput.field("level", "a number between 0 and 1", str(level), "write 0.7")
    left = (1 - level) ** 2
    share = (left - np.square(1 - truth_stress(reach, directions))) / (1 - left)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(share > 0, (np.asarray(decay) / (4 * share)) ** 0.25, np.inf))


def data_boundary(reach: np.ndarray | float, directions: int) -> np.ndarray:
    """Return the decay c at which i_c = k: ln(kappa) / k.

    Example:
        >>> round(float(data_boundary(np.e**6, 3)), 9)
        2.0
    """
    return np.asarray(np.maximum(np.log(reach), 0.0) / directions)


def regime(reach: float, decay: float, ratio: float, directions: int) -> Regime:
    """Return which boundary, if any, lets k directions suffice; the data are checked first.

    Example:
        >>> settings = [(0.1, 100.0), (0.1, 0.1), (4.0, 0.1)]
        >>> tuple(regime(1e3, decay, ratio, 2).name for decay, ratio in settings)
        ('TRUTH', 'NONE', 'DATA')
    """
    if converged_components(reach, decay) <= directions:
        return Regime.DATA
    return Regime.TRUTH if ribbon_index(reach, decay, ratio) >= directions else Regime.NONE
