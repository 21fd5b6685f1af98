"""The test whether a spectrum is that of a hyper-ribbon: widths that decay geometrically over a
long range, each direction thinner than the last by much the same factor.

The leading eigenvalues are fitted by ln|e_a| = b - s a. A spectrum is that of a ribbon if it is

- *thin*: three directions explain most of it, chi_3 >= 0.7;
- *steep*: the interval of the slope s lies above 0.4 per direction, the least at which a geometric
  spectrum is that thin;
- *long*: the fitted eigenvalues span three decades, so the thinnest fitted width is at most a
  thirtieth of the length, over at least five directions;
- *even*: R^2 >= 0.95 of the fit.

R^2 alone says nothing of thickness: exp(-0.001 a) has R^2 = 1 and is a ball. A spectrum that is
thin but fails one of the others, such as a few large eigenvalues above a flat floor, is called
low-dimensional. The terms are those of the literature (M. Transtrum, B. Machta, J. Sethna, Phys.
Rev. E 83, 2011); the thresholds are this project's choice.

Intervals need replicates: spectra of the same analysis with trajectories drawn again. As in the
other resampling of this project they describe how much a number fluctuates about the estimate; the
median shift of the replicates, which a resample with repeated trajectories has, is reported and
removed. Without replicates only the slope has an interval, from the residuals of the fit as if
these were independent: it measures the straightness of one given spectrum, such as a theory's, not
its noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import stdtrit

from eigenscape.errors import BadInput
from eigenscape.interval import Interval
from eigenscape.sloppiness.stress import by_size, explained_stress

FEWEST_DIRECTIONS = 5
"""Smallest number of fitted directions: a line through fewer points is straight too easily (this
project's choice)."""

STRAIGHT = 0.95
"""R^2 from which on eigenvalues count as geometrically spaced (this project's choice)."""

THIN = 0.7
"""chi_3 from which on a cloud counts as thin. Source: published clouds called hyper-ribbons have
about 0.71 with two directions (arXiv 2505.08915, Fig. 1)."""

LEAST_SLOPE = -math.log(1 - THIN) / 3
"""Of ln|e_a| per direction, 0.40: a geometric spectrum of slope s has chi_3 = 1 - e^{-3 s}, so with
less it is not thin."""

LEAST_DECADES = 3.0
"""Least span of the fitted eigenvalues, a factor of 30 in widths. By chance alone, isotropic clouds
of 6 to 10 points with one dimension fewer pass all other conditions and span two decades in up to
one of ten, three in fewer than one of a hundred; sloppy models span six and more (R. Gutenkunst et
al., PLoS Comput. Biol. 3, 2007)."""

FITTED_DIRECTIONS = 20
"""Number of leading directions in the fit: enough for a slope, and before the tail that depends
only on the number of points."""


class RibbonVerdict(StrEnum):
    """The verdict on a spectrum."""

    RIBBON = "hyper-ribbon"
    LOW_DIMENSIONAL = "low-dimensional, not a hyper-ribbon"
    """Three directions suffice, but the widths do not fall evenly, steeply or far enough."""
    THICK = "thick, more than three directions needed"
    TOO_FEW = "too few directions told from rounding"


@dataclass(frozen=True)
class Recentred(Interval[float]):
    """A number, its interval (NaN if unknown), and the median shift of the replicates that was
    removed.
    """

    shift: float


@dataclass(frozen=True)
class Ribbon:
    """A spectrum with its verdict.

    Attributes:
        slope: s of ln|e_a| = b - s a, per direction; the ratio of successive eigenvalues is e^-s.
        r_squared: R^2 of that fit.
        decades: log10 |e_1 / e_last| of the fitted directions.
        chi_2: explained stress of two directions, of the whole spectrum.
        chi_3: explained stress of three directions, of the whole spectrum.
        participation_ratio: (sum |e|)^2 / sum e^2, an effective number of directions.
        widths: sqrt|e_a| of the fitted directions (k,).
        imaginary: (k,), where e_a < 0.
        directions: k, number of fitted directions.
        replicates: number of spectra behind the intervals; with 0 the slope's interval is that of
            the fit's residuals.
        level: nominal coverage.
        verdict: the verdict by the rule at the top of this module.
    """

    slope: Recentred
    r_squared: Recentred
    decades: Recentred
    chi_2: Recentred
    chi_3: Recentred
    participation_ratio: Recentred
    widths: Interval[np.ndarray]
    imaginary: np.ndarray
    directions: int
    replicates: int
    level: float
    verdict: RibbonVerdict


def ribbon(
    eigenvalues: np.ndarray,
    replicates: np.ndarray | None = None,
    *,
    directions: int = FITTED_DIRECTIONS,
    level: float = 0.95,
    resolution: float | None = None,
    squares: float | None = None,
) -> Ribbon:
    """Classify a spectrum.

    Args:
        eigenvalues: e (m,), signed, all of them, in any order.
        replicates: (R, m'), spectra of resamples, R at least 2, or None; each is treated like the
            spectrum itself.
        directions: number of leading directions in the fit, at least 5, as far as they are
            distinguishable from rounding error.
        level: nominal coverage of the intervals.
        resolution: |e| / |e_1| below which an eigenvalue counts as rounding; m eps by default, the
            size of the error of a symmetric eigensolver.
        squares: sum of e^2 over all, if ``eigenvalues`` are only the leading ones; the
            participation ratio is then unknown.

    Raises:
        BadInput: there are no eigenvalues, numbers are not finite, or an argument is out of range.

    Example:
        >>> found = ribbon(10.0 ** -np.arange(8.0))
        >>> found.verdict.value, round(found.slope.value, 6), found.decades.value
        ('hyper-ribbon', 2.302585, 7.0)
    """
    values = np.asarray(eigenvalues, dtype=np.float64)
    if directions < FEWEST_DIRECTIONS:
        raise BadInput.field(
            "directions",
            f"at least {FEWEST_DIRECTIONS}",
            str(directions),
            f"write {FITTED_DIRECTIONS}",
        )
    if not 0 < level < 1:
        raise BadInput.field("level", "a number between 0 and 1", str(level), "write 0.95")
    floor = len(values) * np.finfo(np.float64).eps if resolution is None else resolution
    spectrum = _read(values, directions, floor, squares)
    count = len(spectrum.sizes)
    again = np.empty((0, _NUMBERS))
    widths = np.full((2, count), np.nan)
    if replicates is not None:
        rows = np.asarray(replicates, dtype=np.float64)
        if rows.ndim != 2 or len(rows) < 2:
            raise BadInput.field(
                "replicates",
                "two or more rows of eigenvalues",
                f"shape {rows.shape}",
                "resample more often, or give None",
            )
        # Of as many directions as the spectrum itself: a longer or shorter window would have
        # another slope.
        read = [_read(row, max(count, 1), floor) for row in rows]
        again = np.stack([one.numbers for one in read])
        logs = (
            np.stack(
                [
                    np.append(np.log(one.sizes), np.full(count - len(one.sizes), np.nan))
                    for one in read
                ]
            )
            if count
            else np.empty((2, 0))
        )
        about = [
            _interval(log, column, level)
            for log, column in zip(np.log(spectrum.sizes), logs.T, strict=True)
        ]
        widths = (
            np.array([[np.exp(one.low / 2), np.exp(one.high / 2)] for one in about])
            .reshape(count, 2)
            .T
        )
    numbers = [
        _interval(value, column, level)
        for value, column in zip(spectrum.numbers, again.T, strict=True)
    ]
    slope, straight, decades, chi_2, chi_3, participation = numbers
    if not len(again) and count > 2:
        half = float(stdtrit(count - 2, (1 + level) / 2)) * spectrum.slope_error
        slope = Recentred(slope.value, slope.value - half, slope.value + half, float("nan"))
    at_most_one = [
        Recentred(one.value, one.low, min(one.high, 1.0), one.shift)
        for one in (straight, chi_2, chi_3)
    ]
    return Ribbon(
        slope,
        at_most_one[0],
        decades,
        at_most_one[1],
        at_most_one[2],
        participation,
        Interval(np.sqrt(spectrum.sizes), widths[0], widths[1]),
        spectrum.negative,
        count,
        len(again),
        level,
        _verdict(count, chi_3, slope, decades, straight),
    )


_NUMBERS = 6
"""Slope, R^2, decades, chi_2, chi_3 and participation ratio."""


@dataclass(frozen=True)
class _Spectrum:
    """Sizes (k,) of the fitted eigenvalues, largest first, which of them are negative, and the
    numbers computed from them.
    """

    sizes: np.ndarray
    negative: np.ndarray
    numbers: np.ndarray
    slope_error: float


def _read(
    values: np.ndarray, directions: int, floor: float, squares: float | None = None
) -> _Spectrum:
    stress = explained_stress(values, squares)
    ordered = values[by_size(values)]
    sizes = np.abs(ordered)
    total = np.square(sizes / sizes[0]).sum() if sizes[0] > 0 else np.nan
    participation = (sizes / sizes[0]).sum() ** 2 / total if sizes[0] > 0 else np.nan
    if squares is not None:
        participation = np.nan
    fitted = sizes[:directions][sizes[:directions] > floor * sizes[0]]
    slope = straight = error = np.nan
    if len(fitted) > 2:
        index, logs = np.arange(len(fitted)) - (len(fitted) - 1) / 2, np.log(fitted)
        logs = logs - logs.mean()
        spread = np.square(index).sum()
        slope = -float(index @ logs) / spread
        rest = float(np.square(logs + slope * index).sum())
        # A flat spectrum has no variance to explain: R^2 is 0, not 0/0.
        flat = np.square(logs).sum() <= (len(fitted) * np.finfo(np.float64).eps) ** 2
        straight = 0.0 if flat else 1 - rest / float(np.square(logs).sum())
        error = float(np.sqrt(rest / (len(fitted) - 2) / spread))
    decades = float(np.log10(fitted[0] / fitted[-1])) if len(fitted) else np.nan
    chi = [float(stress[min(k, len(stress)) - 1]) for k in (2, 3)]
    numbers = np.array([slope, straight, decades, *chi, participation])
    return _Spectrum(fitted, ordered[: len(fitted)] < 0, numbers, error)


def _interval(value: float, replicates: np.ndarray, level: float) -> Recentred:
    """Return the quantiles of the replicates about their median, shifted to the estimate."""
    finite = replicates[np.isfinite(replicates)]
    if len(finite) < 2:
        return Recentred(float(value), *[float("nan")] * 3)
    low, median, high = np.quantile(finite, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Recentred(
        float(value),
        float(value + low - median),
        float(value + high - median),
        float(median - value),
    )


def _verdict(
    count: int, chi_3: Recentred, slope: Recentred, span: Recentred, straight: Recentred
) -> RibbonVerdict:
    if count < FEWEST_DIRECTIONS:
        return RibbonVerdict.TOO_FEW
    if not chi_3.value >= THIN:  # NaN is thin for nobody
        return RibbonVerdict.THICK
    ribbon_like = (
        slope.low >= LEAST_SLOPE and span.value >= LEAST_DECADES and straight.value >= STRAIGHT
    )
    return RibbonVerdict.RIBBON if ribbon_like else RibbonVerdict.LOW_DIMENSIONAL
