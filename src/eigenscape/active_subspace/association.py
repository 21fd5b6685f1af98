"""Rank correlations between properties of networks over the cells of a grid, with intervals.

The published claims are that the condition number follows the parameter count P, and that it
predicts how easily a network trains. Both are statements about order, so they are tested by rank
correlations; P and depth grow together, so they are tested again at equal P
(`iso_parameter_contrast`) and given another predictor (`partial_spearman`).

Intervals are percentile bootstraps over cells (Efron, Tibshirani, An Introduction to the Bootstrap,
1993, chapter 13). The unit of replication is the
cell, a network of the grid. Cells are a design and not a random sample: an interval describes how
much the number depends on the choice of cells, not how it would vary over other problems. n is the
number of cells, B the number of resamples.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import scipy

from eigenscape.errors import BadInput
from eigenscape.interval import Interval

FEWEST = 5
"""Smallest number of cells for which a number is given: 4 cells have 24 orders, and a rank
correlation of 1 arises by chance in 1 of 12."""

RESAMPLES = 2000
"""Number of resamples: the 2.5 % and 97.5 % points then rest on 50 resamples each (Efron and
Tibshirani advise 1000 to 2000)."""

LEVEL = 0.95
"""Nominal coverage of the intervals."""

SAME_PARAMETERS = 0.05
"""Largest relative difference of P at which two cells have equal P; this project's choice."""

DEPTH_RATIO = 2.0
"""Smallest ratio of depths at which two cells differ in depth; this project's choice."""

_EXPLAINED = 1e-12
"""Fraction of a variance of ranks below which it is rounding error (n eps, 1e-13 at n = 500). One
swap of two neighbours leaves 12/n^3, which is more up to n = 20,000."""

Statistic = Callable[[np.ndarray], np.ndarray]
"""A function from rows of cell numbers (B, n) to the statistic of each row (B,), NaN where it is
undefined."""


class EstimateStatus(StrEnum):
    """Whether there is an estimate, and if not, the reason."""

    ESTIMATED = "estimated"
    TOO_FEW = "too_few_cells"
    CONSTANT = "constant"
    """All values of one variable are equal, so they have no order."""


@dataclass(frozen=True)
class Estimate(Interval[float]):
    """A statistic over cells with its interval, NaN unless the status is ``estimated``.

    Attributes:
        count: number of cells used.
        dropped: number of cells left out because a value is missing or infinite.
        status: whether there is an estimate.
    """

    count: int
    dropped: int
    status: EstimateStatus


@dataclass(frozen=True)
class Contrast(Estimate):
    """A mean difference over pairs of cells; ``count`` is the number of cells that are in a pair.

    Attributes:
        pairs: number of pairs in the mean.
    """

    pairs: int


def spearman(x: np.ndarray, y: np.ndarray, *, seed: int = 0) -> Estimate:
    """Estimate Spearman's rank correlation: Pearson's correlation of the ranks, ties sharing their
    mean rank.

    Args:
        x: (n,), a value per cell; a cell that is not finite in x or y is dropped.
        y: (n,).
        seed: the seed of the resampling.

    Raises:
        BadInput: x and y differ in length.

    Example:
        >>> spearman(np.arange(6.0), np.arange(6.0) ** 3).value
        1.0
    """
    (x, y), dropped = _finite(x, y)

    def statistic(rows: np.ndarray) -> np.ndarray:
        return rank_correlations(x[rows], y[rows])

    return _estimate(statistic, len(x), dropped, seed)


def rank_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each pair of rows.

    Args:
        first: (R, k).
        second: (R, k).

    Returns:
        (R,), ties sharing their mean rank; NaN where a row is constant.

    Example:
        >>> rank_correlations(np.array([[1, 2, 3], [7, 7, 7]]), np.array([[9, 5, 1], [1, 2, 3]]))
        array([-1., nan])
    """
    return _correlation(*(scipy.stats.rankdata(values, axis=1) for values in (first, second)))


def partial_spearman(x: np.ndarray, y: np.ndarray, given: np.ndarray, *, seed: int = 0) -> Estimate:
    """Estimate the correlation of the ranks of x and y after each is regressed on the ranks of
    ``given``.

    rho = (r_xy - r_xz r_yz) / sqrt((1 - r_xz^2) (1 - r_yz^2)) with z = given. Where z has the order
    of x or of y, nothing remains that could be associated, and rho is 0.

    Args:
        x: (n,), a value per cell; a cell that is not finite in x, y or ``given`` is dropped.
        y: (n,).
        given: (n,), the variable that is held fixed.
        seed: the seed of the resampling.

    Raises:
        BadInput: the lengths differ.

    Example:
        >>> depth = np.arange(1.0, 9.0)
        >>> partial_spearman(depth**2, np.exp(depth), given=depth).value
        0.0
    """
    (x, y, given), dropped = _finite(x, y, given)

    def statistic(rows: np.ndarray) -> np.ndarray:
        rank_x, rank_y, rank_z = (
            scipy.stats.rankdata(variable[rows], axis=1) for variable in (x, y, given)
        )
        r_xy, r_xz, r_yz = (
            _correlation(rank_x, rank_y),
            _correlation(rank_x, rank_z),
            _correlation(rank_y, rank_z),
        )
        left = np.minimum(1 - r_xz**2, 1 - r_yz**2)
        scale = np.sqrt(np.maximum((1 - r_xz**2) * (1 - r_yz**2), _EXPLAINED**2))
        partial = np.where(left > _EXPLAINED, (r_xy - r_xz * r_yz) / scale, 0.0)
        return np.where(np.isnan(left), np.nan, np.clip(partial, -1, 1))

    return _estimate(statistic, len(x), dropped, seed)


def iso_parameter_contrast(
    table: pd.DataFrame, column: str = "log10_cond", *, seed: int = 0
) -> Contrast:
    """Estimate the mean of (deeper - shallower) over pairs of cells with equal P, and depths that
    differ by a factor of 2 or more.

    A quantity that is a function of P alone gives 0, up to the 5 % that equal P allows. Cells are
    resampled, not pairs, since the pairs of one cell are not independent; a pair counts as often as
    both its cells are drawn.

    Args:
        table: a row per cell, with depth, parameters and ``column``.
        column: name of the compared column; a cell where it is not finite is dropped.
        seed: the seed of the resampling.

    Returns:
        The contrast in units of ``column``; its status is ``too_few_cells`` where less than five
        cells are in a pair.

    Example:
        >>> table = pd.DataFrame(
        ...     {"depth": [1, 1, 2, 4, 4, 9], "parameters": [100, 101, 102, 100, 99, 500]}
        ... )
        >>> iso_parameter_contrast(table.assign(log10_cond=3.0 * table["depth"]))
        Contrast(value=6.75, ..., count=5, dropped=0,
                 status=<EstimateStatus.ESTIMATED: 'estimated'>, pairs=8)
    """
    (depth, parameters, value), dropped = _finite(
        *(table[name].to_numpy(dtype=np.float64) for name in ("depth", "parameters", column))
    )
    equal_parameters = (
        np.abs(parameters[:, None] - parameters)
        < SAME_PARAMETERS * (parameters[:, None] + parameters) / 2
    )
    deep, shallow = np.nonzero(equal_parameters & (depth[:, None] >= DEPTH_RATIO * depth))
    differences = value[deep] - value[shallow]
    cells = np.unique([deep, shallow])
    positions = np.searchsorted(cells, [deep, shallow])

    def statistic(rows: np.ndarray) -> np.ndarray:
        drawn = np.stack([np.bincount(row, minlength=len(cells)) for row in rows])
        weights = drawn[:, positions[0]] * drawn[:, positions[1]]
        total = weights.sum(axis=1)
        # A resample may hold no pair at all: it has no mean.
        return np.where(total > 0, weights @ differences / np.maximum(total, 1), np.nan)

    estimate = _estimate(statistic, len(cells), dropped, seed)
    return Contrast(**vars(estimate), pairs=len(deep))


def best_median(values: np.ndarray, *, seed: int = 0) -> Estimate:
    """Estimate the smallest of several medians, such as that of steps to a threshold over a grid of
    step sizes.

    value = min_s median_r values[s, r]. Replicas are resampled for all s together and the smallest
    is chosen again in each resample, so the interval accounts for the choice. Infinite values
    (threshold never reached) are kept: a median is infinite unless more than half of its values are
    finite.

    Args:
        values: (S, R), R replicas under each of S conditions; not NaN.
        seed: the seed of the resampling.

    Returns:
        The estimate; ``count`` are the replicas, and fewer than five of them give no interval but a
        value.

    Example:
        >>> best_median(np.array([[5.0, 6, 7, 8, 9], [1, 2, np.inf, np.inf, np.inf]])).value
        7.0
    """
    values = np.atleast_2d(values)
    count = values.shape[1]
    value = float(np.median(values, axis=1).min())
    if count < FEWEST:
        return Estimate(value, math.nan, math.nan, count, 0, EstimateStatus.TOO_FEW)
    medians = np.median(values[:, _resamples(count, seed)], axis=2).min(axis=0)
    return Estimate(value, *_interval(medians), count, 0, EstimateStatus.ESTIMATED)


def predictors(table: pd.DataFrame) -> pd.DataFrame:
    """Return the predictors of the condition number, one per column, in the rows of ``table``.

    They are parameters P, depth L, width w, L w, L sqrt(w), and (L - 1) |log10 chi_1|, the decades
    by which the gradient grows or decays over the layers in mean-field theory (Schoenholz et al.
    2017, arXiv 1611.01232); the last is present only if the table has a column chi_1.

    Args:
        table: a row per cell, with depth, width, parameters and perhaps chi_1.

    Example:
        >>> cells = pd.DataFrame({"depth": [3], "width": [4], "parameters": [61], "chi_1": [10.0]})
        >>> predictors(cells).iloc[0].to_dict()
        {'parameters': 61.0, 'depth': 3.0, 'width': 4.0, 'depth_width': 12.0,
         'depth_root_width': 6.0, 'mean_field_decades': 2.0}
    """
    depth, width = table["depth"].astype(float), table["width"].astype(float)
    columns = {
        "parameters": table["parameters"].astype(float),
        "depth": depth,
        "width": width,
        "depth_width": depth * width,
        "depth_root_width": depth * np.sqrt(width),
    }
    if "chi_1" in table.columns:
        columns["mean_field_decades"] = (depth - 1) * np.abs(np.log10(table["chi_1"].astype(float)))
    return pd.DataFrame(columns, index=table.index)


def _finite(*variables: np.ndarray) -> tuple[list[np.ndarray], int]:
    """Return the variables at the cells where all are finite, and the number of the other cells."""
    arrays = [np.asarray(variable, dtype=np.float64) for variable in variables]
    shapes = {array.shape for array in arrays}
    if len(shapes) != 1 or arrays[0].ndim != 1:
        raise BadInput.field(
            "cells",
            "variables of one length",
            " and ".join(map(str, sorted(shapes))),
            "give one value per cell in each",
        )
    finite = np.all(np.isfinite(arrays), axis=0)
    return [array[finite] for array in arrays], int((~finite).sum())


def _estimate(statistic: Statistic, count: int, dropped: int, seed: int) -> Estimate:
    """Return the statistic of all cells with its percentiles over resamples."""
    nothing = (math.nan, math.nan, math.nan, count, dropped)
    if count < FEWEST:
        return Estimate(*nothing, EstimateStatus.TOO_FEW)
    value = float(statistic(np.arange(count)[None])[0])
    if math.isnan(value):
        return Estimate(*nothing, EstimateStatus.CONSTANT)
    return Estimate(
        value,
        *_interval(statistic(_resamples(count, seed))),
        count,
        dropped,
        EstimateStatus.ESTIMATED,
    )


def _resamples(count: int, seed: int) -> np.ndarray:
    """Draw (B, n) cell numbers with replacement."""
    return np.random.Generator(np.random.Philox(seed)).integers(count, size=(RESAMPLES, count))


def _interval(resampled: np.ndarray) -> tuple[float, float]:
    """Return percentiles of the resamples that have a statistic. They are values that occur, since
    some may be infinite.
    """
    ends = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = np.quantile(resampled[~np.isnan(resampled)], ends, method="inverted_cdf")
    return float(low), float(high)


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each row of a and b, (B,); NaN where a row is constant."""
    a, b = (v - v.mean(axis=1, keepdims=True) for v in (a, b))
    square = (a * a).sum(axis=1) * (b * b).sum(axis=1)
    product = (a * b).sum(axis=1)
    # Ranks differ by at least 1/2 somewhere, or are all equal: the square is above 1/16 or exactly
    # rounding.
    return np.where(
        square > 1e-6, np.clip(product / np.sqrt(np.maximum(square, 1e-6)), -1, 1), np.nan
    )
