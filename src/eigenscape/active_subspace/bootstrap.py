"""Bootstrap weights and percentile intervals."""

from __future__ import annotations

import numpy as np

from eigenscape.errors import BadInput
from eigenscape.interval import LEVEL, Interval, Numbers


def bootstrap_weights(samples: int, replicates: int, key: int) -> np.ndarray:
    """Draw how often each of N samples occurs in each bootstrap replicate: multinomial(N, 1/N)
    counts.

    Args:
        samples: N.
        replicates: R. The first rows do not depend on it.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.

    Returns:
        (R, N) int64; every row sums to N.

    Raises:
        BadInput: N or R is below 1.

    Example:
        >>> bootstrap_weights(4, 3, key=0).sum(axis=1)
        array([4, 4, 4])
    """
    for name, number in (("samples", samples), ("replicates", replicates)):
        if number < 1:
            raise BadInput.field(
                name, "a whole number of at least 1", str(number), "give both as 1 or more"
            )
    generator = np.random.Generator(np.random.Philox(key=key))
    return generator.multinomial(samples, np.full(samples, 1 / samples), size=replicates)


def percentile_interval(
    value: Numbers, replicates: np.ndarray, level: float = LEVEL
) -> Interval[Numbers]:
    """Return a value and the central ``level`` of its replicates: their quantiles at (1 - level)/2
    and (1 + level)/2, without NaN.

    Source: Efron, Nonparametric standard errors and confidence intervals, Can. J. Statist. 9, 1981.

    Args:
        value: a number or (k,).
        replicates: (R,) or (R, k).
        level: nominal coverage, between 0 and 1.

    Returns:
        Ends of the shape of the value; NaN where every replicate is NaN.

    Raises:
        BadInput: the level is not between 0 and 1, or there is no replicate.

    Example:
        >>> percentile_interval(2.0, np.array([1.0, 2.0, 3.0, np.nan]), level=0.5)
        Interval(value=2.0, low=1.5, high=2.5)
    """
    values = np.asarray(replicates, dtype=np.float64)
    if not 0 < level < 1:
        raise BadInput.field("level", "a number between 0 and 1", str(level), "write 0.95")
    if values.ndim == 0 or len(values) == 0:
        raise BadInput.field(
            "replicates",
            "at least one",
            f"shape {values.shape}",
            "give a row per replicate",
        )
    count = np.sum(~np.isnan(values), axis=0)
    counted = np.where(count > 0, values, 0.0)
    low, high = np.nanquantile(counted, [(1 - level) / 2, (1 + level) / 2], axis=0)
    low, high = np.where(count > 0, low, np.nan), np.where(count > 0, high, np.nan)
    if isinstance(value, np.ndarray):
        return Interval(value, low, high)
    return Interval(float(value), float(low), float(high))


def unbroken_interval(
    value: float, replicates: np.ndarray, level: float = LEVEL
) -> Interval[float]:
    """Return the `percentile_interval` of replicates (R,) if all gave a number; otherwise the ends
    are missing.

    This serves spans of eigenvalues: those that `eigh` does not resolve are NaN and are the
    longest, so an interval of the others alone would be too short.

    Example:
        >>> [
        ...     unbroken_interval(2.0, np.array([1.0, 2.0, last]), level=0.5).high
        ...     for last in (3.0, np.nan)
        ... ]
        [2.5, nan]
    """
    values = np.asarray(replicates, dtype=np.float64)
    return percentile_interval(
        value, np.full_like(values, np.nan) if np.isnan(values).any() else values, level
    )
