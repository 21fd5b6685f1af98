"""Rules against integrals in closed form, and against random samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from builders import EPSILON, orthogonal

from eigenscape.active_subspace.conditioning import condition_number, spectrum
from eigenscape.active_subspace.estimate import second_moment
from eigenscape.active_subspace.layer_statistics import active_variables
from eigenscape.errors import BadInput
from eigenscape.networks.quadrature import MOST_NODES, quadrature_sampler
from eigenscape.networks.samplers import function_sampler

BASIS = orthogonal(3, seed=2)
A = (BASIS * [3.0, 1.0, 0.1]) @ BASIS.T


@pytest.mark.parametrize(("draw", "variance"), [("normal", 1.0), ("uniform", 1 / 3)])
def test_a_quadratic_is_exact_with_two_points(draw: str, variance: float) -> None:
    """f = x^T A x / 2, C = A diag(s^2 variance) A: of degree 2 in each parameter, below 2 q - 1 =
    3. One point, the centre, sees no gradient at all.
    """
    scales = np.array([1.0, 2.0, 0.5])
    found = second_moment(quadrature_sampler(lambda x: x @ A, 3, points=2, draw=draw, scale=scales))
    expected = A @ np.diag(scales**2 * variance) @ A
    np.testing.assert_allclose(found.matrix, expected, atol=100 * EPSILON * expected.max())
    np.testing.assert_allclose(found.gradient_mean, 0, atol=100 * EPSILON)
    centre = second_moment(quadrature_sampler(lambda x: x @ A, 3, points=1, draw=draw))
    np.testing.assert_array_equal(centre.matrix, np.zeros((3, 3)))


def test_degrees_are_exact_up_to_two_q_minus_one_and_no_further() -> None:
    """E x^(2k) of the standard normal is (2k - 1)!!: 1, 3, 15, 105; of the uniform 1/(2k + 1)."""
    for draw, moments in (("normal", [1, 3, 15, 105]), ("uniform", [1 / 3, 1 / 5, 1 / 7, 1 / 9])):
        for k, expected in enumerate(moments, start=1):
            for points in range(1, 6):
                found = second_moment(
                    quadrature_sampler(lambda x, k=k: x**k, 1, points=points, draw=draw)
                )
                exact = 2 * k <= 2 * points - 1
                assert (abs(found.matrix[0, 0] / expected - 1) < 100 * EPSILON) == exact


def test_the_exponential_converges_geometrically() -> None:
    """f = exp(b.x) on [-1, 1]^2: C = b b^T prod_i sinh(2 b_i)/(2 b_i), by
    anisotropic rules too.
    """
    b = np.array([0.7, 0.3])
    exact = (b @ b) * np.prod(np.sinh(2 * b) / (2 * b))
    errors = [
        abs(
            np.trace(
                second_moment(
                    quadrature_sampler(
                        lambda x: np.exp(x @ b)[:, None] * b, 2, points=points, draw="uniform"
                    )
                ).matrix
            )
            / exact
            - 1
        )
        for points in (1, 2, 3, [5, 4])
    ]
    # 2^(2q) (q!)^4 / ((2q+1) (2q)!^3) times the 2q-th derivative of exp(1.4 x): 5e-8 at q = 5.
    assert errors[0] > errors[1] > errors[2] > errors[3]
    assert errors[3] < 1e-6


def test_ranges_are_those_of_function_sampler() -> None:
    """The same integral by a rule and by a sample, within four standard errors of the sample."""
    ranges = np.array([[0.0, 4.0], [1.0, 2.0]])

    def gradient(p: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(p[:, 0]) * p[:, 1], np.sin(p[:, 0])], axis=1)

    rule = second_moment(quadrature_sampler(gradient, 2, ranges=ranges, points=12))
    sampler = function_sampler(gradient, 2, ranges=ranges)
    sample = second_moment(sampler, 20_000)
    rows = np.concatenate([sampler.block(n, 200)[0] for n in range(0, 20_000, 200)])
    products = rows[:, :, None] * rows[:, None, :]
    scores = (sample.matrix - rule.matrix) / (products.std(axis=0) / np.sqrt(20_000))
    assert np.abs(scores).max() < 4
    # The first diagonal entry in closed form: (4/2)^2 mean(cos^2 on [0, 4]) mean(p^2 on [1, 2]).
    closed = 4 * (1 / 2 + np.sin(8.0) / 16) * (7 / 3)
    assert rule.matrix[0, 0] == pytest.approx(closed, rel=1e-10)


def test_nodes_and_values_are_there_for_summary_plots() -> None:
    sampler = quadrature_sampler(
        lambda x: 2 * x, 2, value=lambda x: (x**2).sum(axis=1), points=[3, 20], scale=3.0
    )
    found = active_variables(sampler, range(sampler.count), np.eye(2))
    assert len(np.unique(found.coordinates, axis=0)) == sampler.count == 60
    np.testing.assert_allclose(found.losses, (found.coordinates**2).sum(axis=1))
    assert second_moment(sampler).mean_loss == pytest.approx(18.0)  # E |x|^2 = 2 * 3^2
    assert sampler.weights.sum() == pytest.approx(1.0)


def test_a_rule_of_fewer_nodes_than_parameters_is_rank_deficient() -> None:
    found = second_moment(quadrature_sampler(lambda x: x + 1, 4, points=1))
    assert "the nodes of a rule" in repr(found)
    solved = spectrum(found)
    assert (solved.rank, solved.status) == (1, "rank_deficient")


RULE = quadrature_sampler(lambda x: x, 2, points=3)
WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "no points": (
        lambda: quadrature_sampler(lambda x: x, 2, points=0),
        "^points: expected a whole",
    ),
    "half a point": (lambda: quadrature_sampler(lambda x: x, 2, points=1.5), "found 1.5"),
    "points of three": (
        lambda: quadrature_sampler(lambda x: x, 2, points=[1, 2, 3]),
        r"from 1 to 100, or 2 of them, found \[1, 2, 3\]",
    ),
    "too many": (
        lambda: quadrature_sampler(lambda x: x, 11, points=5),
        f"^points: expected at most {MOST_NODES:,} nodes, found 48,828,125",
    ),
    "a part of a rule": (lambda: second_moment(RULE, 5), "^samples: expected all 9 nodes"),
    "other weights": (lambda: second_moment(RULE, weights=np.ones(9)), "^weights: .* of the rule"),
    "beyond its end": (lambda: RULE.block(5, 5), "^samples: expected at most 9, the nodes"),
    "a condition number's interval": (
        lambda: condition_number(second_moment(RULE)),
        "^moment: expected samples that count alike, found weights",
    ),
    "an unknown law": (lambda: quadrature_sampler(lambda x: x, 2, draw="cauchy"), "^draw: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_used_is_refused(case: str) -> None:
    call, words = WRONG[case]
    with pytest.raises(BadInput, match=words):
        call()
