"""Eigenpairs by the steps of divide and conquer: every step against what it stands for."""

import numpy as np
import pytest
from builders import EPSILON, draws, with_spectrum
from scipy.linalg import lapack

from eigenscape.active_subspace import tridiagonal

SIZES = [
    1,
    2,
    3,
    tridiagonal.REFLECTORS,
    tridiagonal.REFLECTORS + 1,
    tridiagonal.REFLECTORS + 2,
    300,
]
"""On either side of one block of reflectors, of which there are P - 1, and several blocks."""


@pytest.mark.parametrize("size", SIZES)
def test_known_spectra_are_found_with_orthonormal_vectors(size: int) -> None:
    known = np.geomspace(1e-4, 2.0, size)
    matrix = with_spectrum(known)

    values, vectors = tridiagonal.eigenpairs_by_steps(np.asfortranarray(matrix))

    # Backward stable: errors of P eps lambda_1, and of P eps in the angles between vectors.
    np.testing.assert_allclose(values, known, rtol=0, atol=size * EPSILON * 2)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, rtol=0, atol=size * EPSILON * 2)
    np.testing.assert_allclose(
        vectors.T @ vectors, np.eye(size), rtol=0, atol=max(size, 4) * EPSILON
    )


def test_equal_eigenvalues_have_orthonormal_vectors() -> None:
    """Deflation: a plateau of 250 equal values between two others."""
    known = np.concatenate([[0.1], np.ones(250), [7.0]])
    matrix = with_spectrum(known)

    values, vectors = tridiagonal.eigenpairs_by_steps(np.asfortranarray(matrix))

    np.testing.assert_allclose(values, known, rtol=0, atol=252 * EPSILON * 7)
    np.testing.assert_allclose(
        (vectors * values) @ vectors.T, matrix, rtol=0, atol=252 * EPSILON * 7
    )
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(252), rtol=0, atol=252 * EPSILON)


@pytest.mark.parametrize("columns", [1, 7, 200])
def test_reflectors_are_applied_one_after_the_other(columns: int) -> None:
    size = 200
    reduced, _, _, scales, _ = lapack.dsytrd(
        np.asfortranarray(with_spectrum(np.arange(1.0, size + 1))), lower=1
    )
    expected = draws(size, columns)
    found = np.asfortranarray(expected)
    for column in reversed(range(size - 1)):
        vector = np.zeros(size)
        vector[column + 1], vector[column + 2 :] = 1.0, reduced[column + 2 :, column]
        expected = expected - scales[column] * np.outer(vector, vector @ expected)

    tridiagonal.apply_reflectors(reduced, scales, found)

    np.testing.assert_allclose(
        found, expected, rtol=0, atol=size * EPSILON * np.abs(expected).max()
    )


def test_a_matrix_that_is_not_finite_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError, match="tridiagonal form is not finite"):
        tridiagonal.eigenpairs_by_steps(np.full((4, 4), np.nan, order="F"))
