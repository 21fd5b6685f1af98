"""Tests whose unit of replication is the replica: a network that was trained from its own seed.

Neighbouring layers of one network, its epochs and its inputs are not independent of each other, so
each replica gives one number, and these numbers are tested.
"""

from __future__ import annotations

import numpy as np
import scipy

EXACT = 16
"""Replicas up to which every sign pattern is counted; of more replicas as many patterns are
drawn."""

ROUNDING = 1e-12
"""Relative size to which two sums of the same numbers in other signs are equal."""


def smallest_p(replicas: int) -> float:
    """The smallest p-value of `sign_flip_p`: 2^-R, where all R numbers are positive.

    Example:
        >>> smallest_p(3), smallest_p(7) < 0.01 < smallest_p(6)
        (0.125, True)
    """
    return 0.5**replicas


def sign_flip_p(values: np.ndarray) -> float:
    """The one-sided p-value against "each of R numbers is as likely as its negative": the share of
    sign patterns whose sum is at least as large. Unit of replication: the replica.

    Source: R. A. Fisher, The Design of Experiments, 1935, section 21.

    Args:
        values: (R,), a finite number of each replica.

    Example:
        >>> sign_flip_p(np.array([0.3, 0.1, 0.2])), sign_flip_p(np.array([0.3, -0.1, 0.2]))
        (0.125, 0.25)
    """
    count = len(values)
    bits = (
        np.arange(2**count)[:, None] >> np.arange(count) & 1
        if count <= EXACT
        else np.random.default_rng(0).integers(2, size=(2**EXACT, count))
    )
    as_large = (1 - 2 * bits) @ values >= values.sum() - ROUNDING * np.abs(values).sum()
    drawn = int(count > EXACT)  # the observed pattern is not among those that are drawn
    return float((as_large.sum() + drawn) / (len(bits) + drawn))


def rank_trends(values: np.ndarray) -> np.ndarray:
    """Spearman's correlation of a value with its column, of every row (R,); 0 where a row is
    constant.

    Example:
        >>> rank_trends(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0]])).tolist()
        [1.0, -1.0, 0.0]
    """
    columns = np.arange(values.shape[1])
    return np.array(
        [
            scipy.stats.spearmanr(columns, row).statistic if np.ptp(row) > 0 else 0.0
            for row in values
        ]
    )
