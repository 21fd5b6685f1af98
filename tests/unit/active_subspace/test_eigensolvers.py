"""Solvers on matrices with known spectra, through LAPACK and through torch."""

import numpy as np
import pytest
from builders import EPSILON, with_spectrum

from eigenscape.active_subspace import eigensolvers
from eigenscape.errors import EigensolverFailure

VALUES = np.concatenate([[50.0, 7.0, 7.0, 7.0], np.geomspace(1, 1e-3, 36)])


@pytest.fixture(params=["lapack", "torch"])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eigensolvers, "TORCH_FROM", 1 if request.param == "torch" else 10_000)


@pytest.mark.usefixtures("route")
def test_eigenvalues_are_the_known_ones_in_descending_order() -> None:
    matrix = with_spectrum(VALUES)
    before = matrix.copy()

    values = eigensolvers.eigenvalues(matrix)

    # Backward stable: P eps of the largest.
    np.testing.assert_allclose(values, VALUES, atol=40 * EPSILON * 50)
    assert np.all(np.diff(values) <= 0)
    assert np.array_equal(matrix, before)


def test_eigenpairs_solve_the_equation_and_are_orthogonal() -> None:
    matrix = with_spectrum(VALUES)
    before = matrix.copy()

    values, vectors = eigensolvers.eigenpairs(matrix)

    np.testing.assert_allclose(values, VALUES, atol=40 * EPSILON * 50)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=40 * EPSILON * 50)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(40), atol=40 * EPSILON)
    assert np.array_equal(matrix, before)


def test_the_largest_component_of_every_eigenvector_is_positive() -> None:
    _, vectors = eigensolvers.eigenpairs(with_spectrum(VALUES, seed=2))

    assert np.all(vectors[np.abs(vectors).argmax(axis=0), np.arange(40)] > 0)


@pytest.mark.usefixtures("route")
def test_only_the_lower_triangle_is_read() -> None:
    matrix = with_spectrum(VALUES)
    spoiled = np.tril(matrix) + np.triu(np.full_like(matrix, 99.0), 1)

    assert np.array_equal(eigensolvers.eigenvalues(spoiled), eigensolvers.eigenvalues(matrix))


@pytest.mark.usefixtures("route")
def test_no_convergence_is_an_error_of_the_family() -> None:
    with pytest.raises(EigensolverFailure, match="the eigensolver did not converge on a 3 x 3 matrix"):
        eigensolvers.eigenvalues(np.full((3, 3), np.nan))


def test_no_convergence_of_pairs_is_an_error_of_the_family(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **keywords: object) -> None:
        raise np.linalg.LinAlgError("1 off-diagonal element did not converge")

    monkeypatch.setattr(eigensolvers.scipy.linalg, "eigh", fail)
    with pytest.raises(EigensolverFailure, match="on a 2 x 2 matrix: 1 off-diagonal element"):
        eigensolvers.eigenpairs(np.eye(2))


def test_the_torch_route_agrees_with_lapack() -> None:
    """The route of the GPU, on the CPU's torch: two backward-stable solvers, each within P eps lambda_1 of the truth."""
    matrix = with_spectrum(np.geomspace(9.0, 1.0, 40))
    values, vectors = eigensolvers.eigenpairs(matrix)
    bound = 2 * 40 * EPSILON * values[0]
    np.testing.assert_allclose(eigensolvers.eigenvalues(matrix, "cpu"), values, rtol=0, atol=bound)
    other_values, other_vectors = eigensolvers.eigenpairs(matrix, "cpu")
    np.testing.assert_allclose(other_values, values, rtol=0, atol=bound)
    np.testing.assert_allclose(other_vectors * other_values @ other_vectors.T, matrix, rtol=0, atol=10 * bound)
    assert np.abs((other_vectors * vectors).sum(axis=0)).min() > 1 - 1e-9


def test_matrices_beyond_the_gpu_solver_are_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eigensolvers, "LARGEST_ON_CUDA", 3)
    with pytest.raises(EigensolverFailure, match="expected at most 3 rows on a GPU, found 4; solve it on the host"):
        eigensolvers.eigenvalues(np.eye(4), "cuda")
