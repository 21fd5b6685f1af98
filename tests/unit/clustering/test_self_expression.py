"""Sparse and closed-form self-expression against scikit-learn's solvers column by column, and
against exact cases.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from eigenscape.clustering.gram import Columns, unit_columns
from eigenscape.clustering.least_squares import (
    least_squares_without_diagonal,
    low_rank,
    shape_interaction,
)
from eigenscape.clustering.optimality import certify
from eigenscape.clustering.sparse import (
    Penalty,
    Route,
    SelfExpression,
    Verdict,
    coherence,
    penalties,
    solve_block,
    sparse_self_expression,
)
from eigenscape.errors import BadInput


def random_columns(dimensions: int, count: int, seed: int = 0) -> Columns:
    """Unit columns without structure."""
    draw = np.random.default_rng(seed)
    return Columns.of(unit_columns(draw.standard_normal((count, dimensions)))[0])


def orthogonal_subspaces(
    count: int = 3, rank: int = 2, each: int = 6, seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Unit columns in subspaces of disjoint coordinates, and the number of each column's
    subspace.
    """
    draw = np.random.default_rng(seed)
    matrix = np.zeros((count * rank, count * each))
    for index in range(count):
        block = draw.standard_normal((rank, each))
        matrix[index * rank : (index + 1) * rank, index * each : (index + 1) * each] = (
            block / np.linalg.norm(block, axis=0)
        )
    return matrix, np.repeat(np.arange(count), each)


def solved(columns: Columns, penalty: Penalty) -> SelfExpression:
    return sparse_self_expression(columns, penalty, tolerance=1e-9, most_iterations=100_000)


@pytest.mark.parametrize("tau", [1.0, 0.6])
@pytest.mark.parametrize("per_column", [True, False])
def test_columns_are_those_of_scikit_learn(tau: float, per_column: bool) -> None:
    columns = random_columns(30, 12)
    found = solved(columns, Penalty(8.0, per_column, tau))
    x = columns.matrix
    for j in range(12):
        others = np.delete(np.arange(12), j)
        # scikit-learn minimises |y - X w|^2 / (2 D) + a (ratio |w|_1 + (1 - ratio) / 2 |w|^2): ours
        # over lambda D.
        strength = 1 / (found.penalty[j] * 30)
        options = {"fit_intercept": False, "tol": 1e-13, "max_iter": 100_000}
        model = (
            Lasso(alpha=strength, **options)
            if tau == 1
            else ElasticNet(alpha=strength, l1_ratio=tau, **options)
        )
        expected = model.fit(x[:, others], x[:, j]).coef_
        # lambda sigma_min^2 strong convexity turns the two gaps (theirs is below ours here) into a
        # distance.
        convexity = found.penalty[j] * np.linalg.svd(x[:, others], compute_uv=False)[-1] ** 2
        allowed = 2 * np.sqrt(2 * max(found.certificate.gap[j], 1e-13) / convexity)
        assert np.linalg.norm(found.coefficients[others, j] - expected) <= allowed < 1e-3


@pytest.mark.parametrize(
    "penalty",
    [
        Penalty(20.0),
        Penalty(20.0, tau=0.5),
        Penalty(20.0, affine=True),
        Penalty(20.0, outliers=5.0),
        Penalty(9.0, False, outliers=5.0, affine=True),
    ],
)
def test_solutions_are_certified(penalty: Penalty) -> None:
    found = solved(random_columns(8, 20), penalty)
    assert found.converged.all()
    assert np.abs(found.certificate.relative_gap).max() < 1e-6
    assert found.certificate.kkt.max() < 1e-6
    assert (np.diag(found.coefficients) == 0).all()
    assert 0.05 < (found.coefficients != 0).mean() < 0.9  # zeros are exact
    if penalty.affine:
        np.testing.assert_allclose(found.coefficients.sum(axis=0), 1, atol=1e-7)


def test_a_certificate_notices_a_wrong_solution() -> None:
    columns = random_columns(8, 20)
    found = sparse_self_expression(columns, Penalty(20.0), most_iterations=3)
    assert found.verdict is not Verdict.STRUCTURE
    assert found.certificate.kkt.max() > 1e-2
    assert found.certificate.gap.max() > 1e-3


def test_objectives_are_those_of_scikit_learn_within_both_gaps() -> None:
    """More inputs than dimensions, so coefficients need not be unique; but of two values of one
    problem with known gaps, each is above the optimum by at most its own."""
    columns, penalty = random_columns(9, 40, seed=6), Penalty(30.0)
    found, theirs = sparse_self_expression(columns, penalty), np.zeros((40, 40))
    for j in range(40):
        others = np.delete(np.arange(40), j)
        model = Lasso(1 / (9 * found.penalty[j]), fit_intercept=False, tol=1e-8, max_iter=100_000)
        theirs[others, j] = model.fit(columns.matrix[:, others], columns.matrix[:, j]).coef_
    theirs_certified = certify(columns, theirs, None, found.penalty, None, 1.0)
    difference = theirs_certified.objective - found.certificate.objective
    rounding = 1e-13 * found.certificate.objective
    assert (difference >= -found.certificate.gap - rounding).all()
    assert (difference <= theirs_certified.gap + rounding).all()
    assert theirs_certified.gap.max() < 1e-4  # or the bound says nothing


@pytest.mark.parametrize("tau", [1.0, 0.6])
def test_both_routes_find_one_solution(tau: float) -> None:
    """lambda sigma_min^2 strong convexity turns gaps into a distance; ADMM's tolerance is the
    larger part.
    """
    columns, penalty = random_columns(30, 12, seed=4), Penalty(20.0, tau=tau)
    exact = sparse_self_expression(columns, penalty)
    admm = sparse_self_expression(
        columns, penalty, route=Route.ADMM, tolerance=1e-9, most_iterations=100_000
    )
    convexity = exact.penalty * np.linalg.eigvalsh(columns.gram)[0]
    allowed = 2 * np.sqrt(2 * np.maximum(admm.certificate.gap, 1e-13) / convexity)
    distance = np.linalg.norm(exact.coefficients - admm.coefficients, axis=0)
    assert (distance <= allowed).all()
    assert allowed.max() < 1e-3
    np.testing.assert_array_equal(exact.coefficients != 0, admm.coefficients != 0)


def planes(noise: float) -> np.ndarray:
    draw = np.random.default_rng(3)
    points = np.vstack(
        [draw.standard_normal((40, 2)) @ draw.standard_normal((2, 12)) for _ in range(3)]
    )
    return unit_columns(points + noise * draw.standard_normal(points.shape))[0]


def angles() -> np.ndarray:
    """Thirty directions of the plane at equal angles: ties everywhere, and each has its
    opposite.
    """
    turn = np.arange(30) * np.pi / 15
    return np.stack([np.cos(turn), np.sin(turn)])


HARD = {
    "planes": planes(0.0),
    "nearly planes": planes(1e-7),
    "noisy planes": planes(1e-3),
    "a line": np.full((4, 20), 0.5),
    "ties": angles(),
    "duplicates": np.hstack([planes(0.1)] * 2),
    "opposites": np.hstack([planes(0.1), -planes(0.1)]),
    "silent inputs": np.hstack([planes(0.1), np.zeros((12, 5))]),
    "small": 1e-6 * planes(0.1),
}


@pytest.mark.parametrize("tau", [1.0, 0.5])
@pytest.mark.parametrize("name", HARD)
def test_the_active_set_is_exact_where_solutions_are_hardly_unique(name: str, tau: float) -> None:
    """Conditions met to v = 1e-10 cost a relative gap of at most 2 v: the dual point shrinks by 1 +
    v, and every coefficient's share of the gap is v t |c_i|. Rounding of X^T X, 1e-16, is 1e-16
    alpha beside t = 1 / alpha.
    """
    columns = Columns.of(HARD[name])
    for alpha in (1.5, 20.0, 800.0, 1e5):
        found = sparse_self_expression(columns, Penalty(alpha, tau=tau))
        assert found.converged.all()
        assert np.abs(found.certificate.relative_gap).max() <= 2e-10 + 1e-14 * alpha
        assert (np.diag(found.coefficients) == 0).all()
        assert np.isfinite(found.coefficients).all()
        # a lasso has a solution on at most as many columns as dimensions, and steps end on one
        if tau == 1:
            assert (found.coefficients != 0).sum(axis=0).max() <= len(columns.matrix)


def test_a_column_has_the_same_bits_whatever_is_solved_beside_it() -> None:
    columns, penalty = random_columns(10, 130), Penalty(20.0)
    whole, strengths = (
        sparse_self_expression(columns, penalty).coefficients,
        penalties(columns, penalty),
    )
    alone = solve_block(columns, penalty, strengths, np.array([77])).solution.coefficients
    some = solve_block(columns, penalty, strengths, np.array([129, 77, 3])).solution.coefficients
    assert alone[:, 0].tobytes() == whole[:, 77].tobytes() == some[:, 1].tobytes()


def test_a_support_larger_than_its_first_room_is_exact() -> None:
    """The elastic net of a line has every other input in its support, in closed form: with r = (1 -
    tau)/lambda and t = tau/lambda the n equal coefficients solve n c + r c = 1 - t."""
    count, penalty = 101, Penalty(20.0, tau=0.5)
    found = sparse_self_expression(Columns.of(np.ones((1, count))), penalty)
    lam = 20.0 * 0.5
    expected = (1 - 0.5 / lam) / (count - 1 + 0.5 / lam)
    np.testing.assert_allclose(found.coefficients, expected * (1 - np.eye(count)), atol=1e-12)


@pytest.mark.parametrize(
    "penalty",
    [Penalty(20.0), Penalty(20.0, tau=0.6), Penalty(9.0, False, outliers=5.0, affine=True)],
)
def test_torch_takes_the_same_steps_as_numpy(penalty: Penalty) -> None:
    """The same formulas in two libraries: rounding, 1e-16 a step, over fewer than 2,000 steps that
    contract.
    """
    columns = random_columns(8, 30)
    ours = sparse_self_expression(columns, penalty, route=Route.ADMM, tolerance=1e-4)
    theirs = sparse_self_expression(columns, penalty, tolerance=1e-4, device="cpu")
    np.testing.assert_allclose(theirs.coefficients, ours.coefficients, atol=1e-11)
    np.testing.assert_array_equal(theirs.iterations, ours.iterations)
    if ours.outliers is not None:
        np.testing.assert_allclose(theirs.outliers, ours.outliers, atol=1e-11)


def test_the_active_set_refuses_what_it_cannot_solve() -> None:
    with pytest.raises(BadInput, match="leave route out"):
        sparse_self_expression(random_columns(3, 4), Penalty(affine=True), route=Route.ACTIVE_SET)


def test_outliers_are_a_lasso_over_a_larger_dictionary() -> None:
    """With e' = lambda_e e the problem is a lasso with columns [X, I / lambda_e]."""
    columns = random_columns(6, 9, seed=2)
    x = columns.matrix.copy()
    x[1, 3] += 3.0
    columns = Columns.of(x)
    found = solved(columns, Penalty(30.0, outliers=3.0))
    assert found.outliers is not None
    assert found.outlier_penalty is not None
    assert found.outliers[1, 3] != 0
    for j in range(9):
        dictionary = np.hstack([np.delete(x, j, axis=1), np.eye(6) / found.outlier_penalty])
        model = Lasso(
            alpha=1 / (6 * found.penalty[j]), fit_intercept=False, tol=1e-13, max_iter=1_000_000
        ).fit(dictionary, x[:, j])
        rest = x[:, j] - dictionary @ model.coef_
        objective = np.abs(model.coef_).sum() + found.penalty[j] / 2 * rest @ rest
        assert found.certificate.objective[j] == pytest.approx(objective, rel=1e-6)


def test_affine_columns_are_those_of_a_quadratic_program() -> None:
    columns = random_columns(5, 6, seed=3)
    found = solved(columns, Penalty(10.0, affine=True))
    x = columns.matrix
    for j in range(6):
        others, lam = np.delete(x, j, axis=1), found.penalty[j]

        def objective(
            split: np.ndarray, others: np.ndarray = others, lam: float = lam, j: int = j
        ) -> float:
            rest = x[:, j] - others @ (split[:5] - split[5:])
            return float(split.sum() + lam / 2 * rest @ rest)

        constraint = {"type": "eq", "fun": lambda split: split[:5].sum() - split[5:].sum() - 1}
        best = minimize(
            objective,
            np.full(10, 0.1),
            bounds=[(0, None)] * 10,
            constraints=constraint,
            options={"ftol": 1e-14, "maxiter": 1000},
        )
        assert found.certificate.objective[j] == pytest.approx(best.fun, rel=1e-5)


@pytest.mark.parametrize(
    "penalty",
    [Penalty(3.0), Penalty(800.0, False), Penalty(50.0, tau=0.5), Penalty(20.0, outliers=20.0)],
)
def test_orthogonal_subspaces_are_recovered_exactly(penalty: Penalty) -> None:
    matrix, subspace = orthogonal_subspaces()
    found = solved(Columns.of(matrix), penalty)
    across = subspace[:, None] != subspace
    assert (found.coefficients[across] == 0).all()
    assert (np.abs(found.coefficients).sum(axis=0) > 0).all()
    assert found.verdict is Verdict.STRUCTURE


def test_a_column_is_zero_up_to_its_own_smallest_penalty() -> None:
    columns = random_columns(10, 8)
    assert (solved(columns, Penalty(0.999)).coefficients == 0).all()
    assert (np.abs(solved(columns, Penalty(1.02)).coefficients).sum(axis=0) > 0).all()
    # a bit below: 1.0 is a tie in rounding
    one_for_all = solved(columns, Penalty(1 - 1e-9, per_column=False))
    least = int(np.argmin(coherence(columns.gram)))
    assert (one_for_all.coefficients[:, least] == 0).all()
    np.testing.assert_allclose(penalties(columns, Penalty(1.0))[0], 1 / coherence(columns.gram))


def test_orthogonal_inputs_have_no_subspace_structure() -> None:
    draw = np.random.default_rng(0)
    found = solved(Columns.of(unit_columns(draw.standard_normal((20, 2000)))[0]), Penalty(2.0))
    assert found.verdict is Verdict.NO_STRUCTURE
    silent = solved(Columns.of(np.zeros((3, 4))), Penalty())
    assert silent.residual == 0
    assert (silent.coefficients == 0).all()


def test_least_squares_are_ridge_regressions_of_each_column() -> None:
    columns = random_columns(7, 10)
    hollow = least_squares_without_diagonal(columns, 0.3)
    x = columns.matrix
    for j in range(10):
        others = np.delete(np.arange(10), j)
        np.testing.assert_allclose(
            hollow[others, j],
            Ridge(0.3, fit_intercept=False).fit(x[:, others], x[:, j]).coef_,
            atol=1e-10,
        )


def test_low_rank_forms_minimise_their_objectives() -> None:
    matrix, subspace = orthogonal_subspaces()
    columns = Columns.of(matrix)
    exact = shape_interaction(columns)
    np.testing.assert_allclose(matrix @ exact, matrix, atol=1e-12)
    assert np.trace(exact) == pytest.approx(6)  # the nuclear norm of a projection is its rank
    np.testing.assert_allclose(exact[subspace[:, None] != subspace], 0, atol=1e-12)
    relaxed, draw = low_rank(columns, 2.0), np.random.default_rng(0)

    def objective(c: np.ndarray) -> float:
        return float(
            np.linalg.svd(c, compute_uv=False).sum() + np.linalg.norm(matrix - matrix @ c) ** 2
        )

    for _ in range(20):
        step = draw.standard_normal(relaxed.shape) * 10.0 ** draw.uniform(-4, 0)
        assert objective(relaxed) <= objective(relaxed + step + step.T)


def test_the_shifted_solve_is_that_of_the_full_matrix() -> None:
    columns, rhs = random_columns(4, 9), np.random.default_rng(5).standard_normal((9, 3))
    penalty, step = np.array([1.0, 10.0, 0.1]), np.array([2.0, 0.5, 1.0])
    for index in range(3):
        expected = np.linalg.solve(
            penalty[index] * columns.gram + step[index] * np.eye(9), rhs[:, index]
        )
        np.testing.assert_allclose(
            columns.solve(penalty, step, rhs)[:, index], expected, atol=1e-10
        )


def test_unusable_input_is_refused() -> None:
    with pytest.raises(BadInput, match="finite numbers"):
        Columns.of(np.array([[1.0, np.nan]]))
    with pytest.raises(BadInput, match="tau"):
        Penalty(tau=0.0)
    with pytest.raises(BadInput, match="penalty"):
        least_squares_without_diagonal(random_columns(3, 4), 0.0)
