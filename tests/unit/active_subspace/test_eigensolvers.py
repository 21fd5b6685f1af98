"""Solvers on matrices with known spectra: LAPACK in one and in two stages, step by step, and
torch.
"""

import numpy as np
import pytest
from builders import EPSILON, graded_matrix, with_spectrum

from eigenscape.active_subspace import eigensolvers, two_stage
from eigenscape.errors import EigensolverFailure

VALUES = np.concatenate([[50.0, 7.0, 7.0, 7.0], np.geomspace(1, 1e-3, 36)])


needs_two_stages = pytest.mark.skipif(
    two_stage.library() is None, reason=f"{two_stage.PACKAGE} is not installed"
)


def eigenvalues(matrix: np.ndarray) -> np.ndarray:
    return eigensolvers.eigensolver_of_host(len(matrix), vectors=False).solve(matrix)[0]


def by_torch(matrix: np.ndarray, *, vectors: bool):
    return eigensolvers.eigensolver_of_torch("cpu", vectors=vectors).solve(matrix)


@pytest.fixture(params=["lapack", "torch", pytest.param("two_stage", marks=needs_two_stages)])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eigensolvers, "TORCH_FROM", 1 if request.param == "torch" else 10_000)
    monkeypatch.setattr(
        eigensolvers, "TWO_STAGE_FROM", 1 if request.param == "two_stage" else 10_000
    )


@pytest.mark.usefixtures("route")
def test_eigenvalues_are_the_known_ones_in_descending_order() -> None:
    matrix = with_spectrum(VALUES)
    before = matrix.copy()

    values = eigenvalues(matrix)

    # Backward stable: P eps of the largest.
    np.testing.assert_allclose(values, VALUES, atol=40 * EPSILON * 50)
    assert np.all(np.diff(values) <= 0)
    assert np.array_equal(matrix, before)


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_numbers_of_any_kind_are_solved_in_double_precision(kind: type[np.generic]) -> None:
    """1 on the diagonal and 1 beside it: 1 + 2 cos(k pi / 41), exact in every kind; single
    precision would leave 1e-7.
    """
    matrix = (np.eye(40) + np.eye(40, k=1) + np.eye(40, k=-1)).astype(kind)
    exact = 1 + 2 * np.cos(np.arange(1, 41) * np.pi / 41)
    np.testing.assert_allclose(eigenvalues(matrix), exact, atol=40 * EPSILON * 3)
    np.testing.assert_allclose(eigensolvers.eigenpairs(matrix)[0], exact, atol=40 * EPSILON * 3)


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

    assert np.array_equal(eigenvalues(spoiled), eigenvalues(matrix))


@pytest.mark.usefixtures("route")
def test_no_convergence_is_an_error_of_the_family() -> None:
    with pytest.raises(
        EigensolverFailure, match="the eigensolver did not converge on a 3 x 3 matrix"
    ):
        eigenvalues(np.full((3, 3), np.nan))


def test_no_convergence_of_pairs_is_an_error_of_the_family(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **keywords: object) -> None:
        raise np.linalg.LinAlgError("1 off-diagonal element did not converge")

    monkeypatch.setattr(eigensolvers, "eigenpairs_by_steps", fail)
    with pytest.raises(EigensolverFailure, match="on a 2 x 2 matrix: 1 off-diagonal element"):
        eigensolvers.eigenpairs(np.eye(2))


def test_the_torch_route_agrees_with_lapack() -> None:
    """The route of the GPU, on the CPU's torch: two backward-stable solvers, each within P eps
    lambda_1 of the truth.
    """
    matrix = with_spectrum(np.geomspace(9.0, 1.0, 40))
    values, vectors = eigensolvers.eigenpairs(matrix)
    bound = 2 * 40 * EPSILON * values[0]
    np.testing.assert_allclose(by_torch(matrix, vectors=False)[0], values, rtol=0, atol=bound)
    other_values, other_vectors = by_torch(matrix, vectors=True)
    np.testing.assert_allclose(other_values, values, rtol=0, atol=bound)
    np.testing.assert_allclose(
        other_vectors * other_values @ other_vectors.T, matrix, rtol=0, atol=10 * bound
    )
    assert np.abs((other_vectors * vectors).sum(axis=0)).min() > 1 - 1e-9


def test_matrices_beyond_the_gpu_solver_are_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(eigensolvers, "LARGEST_ON_CUDA", 3)
    with pytest.raises(
        EigensolverFailure, match="expected at most 3 rows on a GPU, found 4; solve it on the host"
    ):
        eigensolvers.eigensolver_of_torch("cuda", vectors=False).solve(np.eye(4))


@pytest.mark.usefixtures("route")
@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_squares_that_overflow_or_vanish_are_no_obstacle(factor: float) -> None:
    matrix = with_spectrum(VALUES)
    np.testing.assert_allclose(
        eigenvalues(factor * matrix),
        factor * VALUES,
        rtol=0,
        atol=factor * 40 * EPSILON * 50,
    )
    values, vectors = eigensolvers.eigenpairs(factor * matrix)
    np.testing.assert_allclose(
        matrix @ vectors, vectors * (values / factor), rtol=0, atol=40 * EPSILON * 50
    )


@needs_two_stages
@pytest.mark.parametrize("size", [2, 3, 64, 65, 66, 230])
def test_two_stages_on_either_side_of_the_bandwidth(size: int) -> None:
    """Up to a size of BAND + 1 the matrix is its own band; 230 makes several panels of the first
    stage.
    """
    known = np.geomspace(3.0, 1e-3, size)
    found = two_stage.eigenvalues_in_two_stages(np.asfortranarray(with_spectrum(known)))
    np.testing.assert_allclose(found[::-1], known, rtol=0, atol=size * EPSILON * 3)


@needs_two_stages
def test_the_two_stages_keep_the_grading_of_sorted_matrices() -> None:
    """Beside the squared singular values of the Cholesky factor, each accurate relative to itself:
    ten decades, `GRADED_BELOW`.
    """
    matrix = graded_matrix(120, decades=9)
    order = np.argsort(-np.diagonal(matrix), kind="stable")
    matrix = np.asfortranarray(matrix[np.ix_(order, order)])
    exact = np.linalg.svd(np.linalg.cholesky(matrix), compute_uv=False) ** 2
    found = two_stage.eigenvalues_in_two_stages(matrix)[::-1]
    np.testing.assert_allclose(found, exact, rtol=0, atol=120 * EPSILON * exact[0])


def test_where_the_package_is_missing_the_other_solvers_take_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(two_stage, "PACKAGE", "no-such-package")
    two_stage.library.cache_clear()
    try:
        assert two_stage.library() is None
        assert two_stage.version() == ""
        monkeypatch.setattr(eigensolvers, "TWO_STAGE_FROM", 1)
        np.testing.assert_allclose(
            eigenvalues(with_spectrum(VALUES)), VALUES, atol=40 * EPSILON * 50
        )
        assert [
            eigensolvers.eigensolver_of_host(size, vectors=False).name for size in (2499, 2500)
        ] == [
            "dsyevd (numpy)",
            "dsyevd (torch)",
        ]
    finally:
        monkeypatch.undo()
        two_stage.library.cache_clear()


@needs_two_stages
def test_receipts_can_tell_which_solver_it_was() -> None:
    names = [
        eigensolvers.eigensolver_of_host(size, vectors=False).name
        for size in (eigensolvers.TWO_STAGE_FROM - 1, eigensolvers.TWO_STAGE_FROM)
    ]
    assert names == [
        "dsyevd (numpy)",
        f"dsytrd_sy2sb, dsytrd_sb2st (scipy-openblas32 {two_stage.version()})",
    ]
    assert (
        eigensolvers.eigensolver_of_host(5146, vectors=True).name
        == "dsytrd, dstedc, dlarfb (scipy)"
    )
    assert eigensolvers.eigensolver_of_torch("cuda", vectors=False).name == "torch on cuda"
