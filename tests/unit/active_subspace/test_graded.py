"""Factors that keep the grading: their smallest singular value by solves, and what it decides."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from builders import EPSILON, graded_matrix, orthogonal

from eigenscape.active_subspace.graded import (
    graded_eigenvalues,
    graded_factor,
    smallest_by_solves,
    smallest_singular_value,
    trusts_factor,
    trusts_rows,
)


def triangle_with(singular_values: np.ndarray) -> np.ndarray:
    """An upper triangle with known singular values: R of Q diag(sigma) Q'."""
    size = len(singular_values)
    return np.linalg.qr((orthogonal(size, 1) * singular_values) @ orthogonal(size, 2), mode="r")


@pytest.mark.parametrize("size", [1, 2, 5, 64, 65, 300])
@pytest.mark.parametrize("least", [0.5, 1e-7])
def test_the_smallest_singular_value_of_a_triangle_is_found_by_either_route(
    size: int, least: float
) -> None:
    """Up to 64 rows all are computed, beyond that by solves; Lanczos' tolerance, for its square, is
    one per cent.
    """
    upper = triangle_with(np.geomspace(1, least, size))
    expected = pytest.approx(least if size > 1 else 1.0, rel=0.01)

    assert smallest_singular_value(upper, lower=False) == expected
    assert smallest_singular_value(np.ascontiguousarray(upper.T), lower=True) == expected


def test_solves_find_it_where_others_lie_close() -> None:
    """A cluster of a hundred within one per cent above it: any of them will do."""
    upper = triangle_with(np.r_[np.ones(100), np.linspace(1.01e-5, 1e-5, 100)])

    found = smallest_by_solves(
        lambda right: scipy.linalg.cho_solve((upper.T.copy(), True), right), 200
    )

    assert 1e-5 * (1 - 1e-6) < found < 1.01e-5 * (1 + 1e-6)


def test_where_solves_overflow_nothing_is_trusted() -> None:
    """(1e-170)^-2 is beyond double precision."""
    triangle = np.diag(np.r_[np.ones(99), 1e-170])

    assert smallest_singular_value(triangle, lower=True) == 0.0
    assert not trusts_factor(100, 0.0)


def test_nothing_has_no_smallest_value_and_is_trusted() -> None:
    assert smallest_singular_value(np.zeros((0, 0)), lower=True) == np.inf
    factor, trusted = graded_factor(np.zeros((0, 0)), np.zeros(0))
    assert (factor.shape, trusted) == ((0, 0), True)


def test_a_factor_of_c_is_trusted_by_the_square_and_rows_by_the_value() -> None:
    """P eps / sigma^2 and P eps / sigma against a tenth."""
    just = 1000 * EPSILON / 0.1
    assert trusts_factor(1000, np.sqrt(just) * 1.01)
    assert not trusts_factor(1000, np.sqrt(just) * 0.99)
    assert trusts_rows(1000, just * 1.01)
    assert not trusts_rows(1000, just * 0.99)


@pytest.mark.parametrize("size", [20, 90])
def test_a_factor_multiplies_to_the_matrix_with_the_rows_in_another_order(size: int) -> None:
    matrix = graded_matrix(size, 30)

    factor, trusted = graded_factor(matrix, np.zeros(size))

    assert trusted
    # Each entry of the product has an error of P eps of the two deviations.
    squares = np.sort(np.einsum("ij,ij->i", factor, factor))
    np.testing.assert_allclose(squares, np.sort(np.diagonal(matrix)), rtol=size * EPSILON)


def test_values_of_a_matrix_with_null_directions_end_there() -> None:
    matrix = scipy.linalg.block_diag(graded_matrix(6, 30), np.ones((2, 2)), 0.0)

    values = graded_eigenvalues(matrix)

    assert np.isfinite(values).tolist() == [True] * 7 + [False] * 2
    assert np.isnan(graded_eigenvalues(np.zeros((3, 3)))).all()
