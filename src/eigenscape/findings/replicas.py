"""Tests whose unit of replication is the replica: a network that was trained from its own seed.

Neighbouring layers of one network, its epochs and its inputs are not independent of each other, so
each replica gives one number, and these numbers are tested.
"""

from __future__ import annotations

import numpy as np
import scipy.stats

from eigenscape.active_subspace.association import rank_correlations

EXACT = 16
"""Replicas up to which every sign pattern is counted; of more replicas as many patterns are
drawn."""


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
    if len(values) == 1:  # which SciPy refuses
        return 0.5 if values[0] > 0 else 1.0
    flipped = scipy.stats.permutation_test(
        (values,),
        np.sum,
        permutation_type="samples",  # of one sample: its signs
        alternative="greater",
        n_resamples=2**EXACT,
        rng=np.random.default_rng(0),
    )
    return float(flipped.pvalue)


def rank_trends(values: np.ndarray) -> np.ndarray:
    """Spearman's correlation of a value with its column, of every row (R,); 0 where a row is
    constant.

    Example:
        >>> rank_trends(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0]])).tolist()
        [1.0, -1.0, 0.0]
    """
    columns = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return np.asarray(np.nan_to_num(rank_correlations(values, columns)))
