"""How heavy the tails of squared gradients are, and what that does to a mean.

In deep networks a few parameter vectors carry most of E[g g^T]: log g^2 is a sum over layers, so
g^2 is nearly log-normal, with a variance that grows with depth. A sample mean is then low in the
median, and a bootstrap cannot draw what the sample missed. Three numbers say so:

- *Effective samples*, (sum m_n)^2 / sum m_n^2 of the masses m_n >= 0 that are averaged: N equal
  masses give N, one that carries everything gives 1 (Kish, Survey Sampling, 1965).
- *Largest share*, max m_n / sum m_n.
- *Tail index* xi of a generalised Pareto distribution fitted to the largest masses: the mean is
  finite for xi < 1, the variance for xi < 1/2. The fit is the posterior mean of Zhang and Stephens
  (Technometrics 51, 2009) with the weak prior of Vehtari et al. (Pareto smoothed importance
  sampling, JMLR 25, 2024, arXiv 1507.02646), who measured that means of N samples are dependable
  below xi = 0.7.

`smoothing` carries the fitted tail into a bootstrap: it is semiparametric, as in Hall and Weissman
(Ann. Statist. 25, 1997). docs/condition_numbers.md shows the measured coverage of its intervals
beside others'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ENOUGH_EFFECTIVE = 50
"""Effective samples below which a mean has heavy tails: its standard error is 1/sqrt(50), 14 % or
0.06 decades, from where on the intervals of log10 means cover as promised
(benchmarks/coverage_of_condition.py)."""

DEPENDABLE_INDEX = 0.7
"""Tail index from which on a mean has heavy tails. Source: Vehtari et al. 2024, section 3.2."""

LEAST_EXCEEDANCES = 5
"""Masses above the threshold without which no tail is fitted. Source: Vehtari et al. 2024, as in
their R package ``loo``."""

_NO_THETA = 1e-9
"""In place of a theta of 0, an exponential tail, where the likelihood is a quotient of zeros."""

_PRIOR_INDEX, _PRIOR_WEIGHT = 0.5, 10
"""The index is drawn towards 1/2 with the weight of ten masses. Source: Vehtari et al. 2024,
appendix G."""


@dataclass(frozen=True)
class Tail:
    """How the masses of N samples are spread, and the Pareto tail of the largest.

    Attributes:
        effective_samples: (sum m)^2 / sum m^2, from 1 to N; 0 where all masses vanish.
        largest_share: max m / sum m; 0 where all masses vanish.
        index: xi of the fitted tail; NaN where too few masses differ for a fit.
    """

    effective_samples: float
    largest_share: float
    index: float

    @property
    def is_heavy(self) -> bool:
        """Whether the mean is carried by too few samples to be depended upon.

        Masses that all vanish, and masses that are all alike, are not: nothing is uncertain.
        """
        too_few = 0 < self.effective_samples < ENOUGH_EFFECTIVE
        return too_few or self.index >= DEPENDABLE_INDEX


def tail_of(masses: np.ndarray) -> Tail:
    """Describe the tail of N masses.

    Args:
        masses: (N,), squared gradients; none negative.

    Example:
        >>> tail_of(np.ones(200)).effective_samples, tail_of(np.ones(200)).is_heavy
        (200.0, False)
        >>> even = np.exp(0.3 * np.random.default_rng(0).standard_normal(1000))
        >>> heavy = np.exp(3.0 * np.random.default_rng(0).standard_normal(1000))
        >>> tail_of(even).is_heavy, tail_of(heavy).is_heavy
        (False, True)
    """
    fitted = fit_tail(masses)
    total = float(masses.sum())
    return Tail(
        float(effective_samples(masses)),
        float(masses.max()) / total if total > 0 else 0.0,
        float("nan") if fitted is None else fitted.index,
    )


def effective_samples(masses: np.ndarray) -> np.ndarray:
    """Return Kish's effective N, (sum m)^2 / sum m^2, of each column of masses (N, ...); 0 where
    all vanish.

    Example:
        >>> effective_samples(np.array([[1.0, 3.0, 0.0], [1.0, 1.0, 0.0]]))
        array([2. , 1.6, 0. ])
    """
    largest = masses.max(axis=0)
    scaled = masses / np.where(largest > 0, largest, 1.0)  # squares neither overflow nor vanish
    squares = (scaled**2).sum(axis=0)
    return np.asarray(scaled.sum(axis=0) ** 2 / np.where(squares > 0, squares, 1.0))


def worst(tails: list[Tail]) -> Tail:
    """The fewest effective samples, the largest share and the largest index of several means, each
    by itself; those that vanish do not count.

    Example:
        >>> worst([Tail(90.0, 0.1, 0.2), Tail(40.0, 0.05, 0.6), Tail(0.0, 0.0, float("nan"))])
        Tail(effective_samples=40.0, largest_share=0.1, index=0.6)
    """
    carried = [tail for tail in tails if tail.effective_samples > 0]
    if not carried:
        return Tail(0.0, 0.0, float("nan"))
    indices = [tail.index for tail in carried if not np.isnan(tail.index)]
    return Tail(
        min(tail.effective_samples for tail in carried),
        max(tail.largest_share for tail in carried),
        max(indices, default=float("nan")),
    )


@dataclass(frozen=True, eq=False)
class ParetoTail:
    """A generalised Pareto distribution fitted to the M largest of N masses.

    P(mass > threshold + y | mass > threshold) = (1 + xi y / scale)^(-1/xi).

    Attributes:
        members: (M,), the numbers of the samples, the largest mass first.
        threshold: the largest mass that is not among them.
        index: xi.
        scale: in the units of the masses.
    """

    members: np.ndarray
    threshold: float
    index: float
    scale: float

    def quantile(self, exceedance: np.ndarray) -> np.ndarray:
        """The mass that a part ``exceedance`` of the tail, in (0, 1], lies above.

        Example:
            >>> ParetoTail(np.arange(5), 1.0, 0.5, 2.0).quantile(np.array([1.0, 0.25]))
            array([1., 5.])
        """
        if abs(self.index) < 1e-9:
            return np.asarray(self.threshold - self.scale * np.log(exceedance))
        powers = np.expm1(-self.index * np.log(exceedance)) / self.index
        return np.asarray(self.threshold + self.scale * powers)


def fit_tail(masses: np.ndarray) -> ParetoTail | None:
    """Fit a generalised Pareto distribution to the largest min(N/5, 3 sqrt(N)) masses.

    Returns:
        None where fewer than `LEAST_EXCEEDANCES` of them lie above the threshold.

    Example:
        >>> uniform = (np.arange(2000) + 0.5) / 2000
        >>> round(fit_tail(uniform ** -0.5).index, 1)
        0.5
    """
    samples = len(masses)
    wanted = int(min(0.2 * samples, 3.0 * samples**0.5))
    if wanted < LEAST_EXCEEDANCES:
        return None
    order = np.argsort(-masses, kind="stable")
    threshold = float(masses[order[wanted]])
    members = order[:wanted][masses[order[:wanted]] > threshold]
    count = len(members)
    if count < LEAST_EXCEEDANCES:
        return None
    unit = float(masses[members[0]]) - threshold
    excess = (masses[members][::-1] - threshold) / unit  # ascending, the largest is 1
    # Zhang and Stephens' grid of theta = xi / scale, and its profile likelihood.
    points = 30 + int(count**0.5)
    quarter = excess[int(count / 4 + 0.5) - 1]
    grid = 1.0 + (1.0 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))) / (3.0 * quarter)
    grid[np.abs(grid) < _NO_THETA] = _NO_THETA
    indices = np.log1p(-grid[:, None] * excess).mean(axis=1)
    likelihood = count * (np.log(-grid / indices) - indices - 1.0)
    weights = np.exp(likelihood - likelihood.max())
    theta = float(grid @ weights / weights.sum())
    index = float(np.log1p(-theta * excess).mean())
    shrunk = (count * index + _PRIOR_WEIGHT * _PRIOR_INDEX) / (count + _PRIOR_WEIGHT)
    return ParetoTail(members, threshold, shrunk, -index / theta * unit)


def smoothing(masses: np.ndarray, uniforms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors that replace the masses of a tail, in each of R bootstrap replicates, by draws of the
    fitted Pareto tail.

    The sample of rank r = 0 ... M - 1 draws from its own stretch of the tail, the exceedances from
    r/M to (r + 1)/M. So the body of the sample and the order within the tail stay, masses that grow
    together keep doing so, and the largest one may become much larger.

    Args:
        masses: (N,).
        uniforms: (R, at least M), uniform on [0, 1); the same for all means of one replicate.

    Returns:
        (M,), the numbers of the samples in the tail; and (R, M), factors of their masses. M is 0
        where no tail is fitted.

    Example:
        >>> masses = np.random.default_rng(0).pareto(2.0, 400)
        >>> members, factors = smoothing(masses, np.random.default_rng(1).random((3, 60)))
        >>> members.shape, factors.shape, bool((factors > 0).all())
        ((60,), (3, 60), True)
    """
    fitted = fit_tail(masses)
    if fitted is None:
        return np.empty(0, dtype=np.intp), np.empty((len(uniforms), 0))
    count = len(fitted.members)
    ranks = np.arange(count)
    # 1 - u lies in (0, 1], so no exceedance is 0.
    exceedance = (ranks + (1.0 - uniforms[:, :count])) / count
    return fitted.members, fitted.quantile(exceedance) / masses[fitted.members]
