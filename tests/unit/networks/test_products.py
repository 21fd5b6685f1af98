"""The product that the backward pass takes without a BLAS, against exact arithmetic and against numpy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from eigenscape.networks.products import times_transposed


def product(d, weights):
    result = np.full((len(d), len(weights)), np.nan, d.dtype)
    times_transposed(d, weights, np.empty(weights.T.shape, d.dtype), result)
    return result


def chain(row, column):
    """Fused multiply-adds in order: each is the exact a b + c, rounded once (Fraction rounds correctly to float)."""
    total = 0.0
    for a, b in zip(row, column, strict=True):
        total = float(Fraction(float(a)) * Fraction(float(b)) + Fraction(total))
    return total


@pytest.mark.parametrize(("points", "width"), [(1, 1), (5, 8), (6, 35), (11, 41), (3, 90)])
def test_every_entry_is_one_chain_of_fused_multiply_adds(points, width):
    rng = np.random.default_rng(width)
    d, weights = rng.standard_normal((points, width)), rng.standard_normal((width, width))
    expected = [[chain(row, column) for column in weights] for row in d]
    assert np.array_equal(product(d, weights), expected)


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_all_tiles_agree_with_numpy(precision):
    """Rows in tiles of 5 and left over, columns in 1 to 5 registers and more, cut off at every lane.

    Both sums of w products are within w eps of the sum of their magnitudes (Higham, Accuracy and stability, 3.1).
    """
    rng = np.random.default_rng(0)
    for width in range(1, 100):
        d, weights = rng.standard_normal((7, width)).astype(precision), rng.standard_normal((width, width)).astype(precision)
        allowed = 2 * width * np.finfo(precision).eps * (np.abs(d) @ np.abs(weights.T))
        assert (np.abs(product(d, weights) - d @ weights.T) <= allowed).all()


def test_nothing_is_written_beyond_the_result():
    buffer = np.full((6, 35), 7.0)
    times_transposed(np.ones((5, 35)), np.ones((35, 35)), np.empty((35, 35)), buffer[:5])
    assert (buffer[:5] == 35).all()
    assert (buffer[5] == 7).all()
