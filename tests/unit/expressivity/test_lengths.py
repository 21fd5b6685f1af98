"""Closed-form lengths against elliptic integrals, polygons and quadrature."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ellipe

from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import Kind, circle, ellipse, line, polyline
from eigenscape.expressivity.lengths import piece_lengths, variations
from eigenscape.expressivity.networks import Layers

EPSILON = float(np.finfo(float).eps)


def linear_map(matrix: np.ndarray) -> Layers:
    """x @ matrix, without hidden layers."""
    return Layers((matrix,), (np.zeros(matrix.shape[1]),), "relu")


@pytest.mark.parametrize("radius", [0.3, 1.0, 7.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_linear_layer_makes_an_ellipse_whose_perimeter_is_an_elliptic_integral(
    radius: float, seed: int
) -> None:
    matrix = np.random.default_rng(seed).standard_normal((2, 5))
    large, small = np.linalg.svd(matrix, compute_uv=False)
    # scipy's E and incomplete E are good to a few ulp, and m = 1 - (small/large)^2 loses as many:
    # 1e-13 is 450 ulp
    expected = 4 * radius * large * ellipe(1 - (small / large) ** 2)
    assert analyse(linear_map(matrix), circle(radius)).output_variation == pytest.approx(
        expected, rel=1e-13
    )


def test_a_flat_ellipse_is_walked_there_and_back() -> None:
    """sigma_2 = 0: four times the larger semi-axis; to one output and, by the other formula, to
    several.
    """
    assert analyse(
        linear_map(np.array([[3.0], [4.0]])), circle(2.0)
    ).output_variation == pytest.approx(40, rel=1e-14)
    flat = np.outer([3.0, 4.0], [0.6, 0.8, 0.0])
    # rounding of the Gram matrix leaves sigma_2^2 = eps sigma_1^2 near the two turning points:
    # sqrt(eps) wide, sqrt(eps) high
    assert analyse(linear_map(flat), circle(2.0)).output_variation == pytest.approx(
        40, rel=100 * EPSILON
    )


@pytest.mark.parametrize("seed", range(5))
def test_parts_of_ellipses_agree_with_quadrature(seed: int) -> None:
    draw = np.random.default_rng(seed)
    coefficients = draw.standard_normal((3, 1, 3))
    start, stop = np.sort(draw.uniform(-7, 7, 2))
    a, b = coefficients[0, 0], coefficients[1, 0]
    expected, _ = quad(
        lambda t: np.linalg.norm(-a * np.sin(t) + b * np.cos(t)),
        start,
        stop,
        epsabs=1e-12,
        epsrel=1e-12,
        limit=400,
    )
    found = piece_lengths(Kind.TRIGONOMETRIC, np.array([start]), np.array([stop]), coefficients)
    # ten times what quadrature was asked for, on up to 14 of parameter
    assert found[0] == pytest.approx(expected, rel=1e-10)


def test_lengths_add_up_over_parts() -> None:
    coefficients = np.random.default_rng(1).standard_normal((3, 1, 4))
    cuts = np.linspace(0, 2 * np.pi, 58)
    parts = piece_lengths(
        Kind.TRIGONOMETRIC, cuts[:-1], cuts[1:], np.repeat(coefficients, 57, axis=1)
    )
    whole = piece_lengths(Kind.TRIGONOMETRIC, cuts[:1], cuts[-1:], coefficients)
    # each part is a difference of two integrals of size 4 at most: 57 rounding errors of that size
    assert parts.sum() == pytest.approx(whole[0], rel=57 * 8 * EPSILON)


def test_the_variation_of_a_sine_is_counted_between_its_extremes() -> None:
    sine = np.array([[0.0], [2.0], [5.0]])
    assert variations(np.zeros(1), np.full(1, np.pi / 2), sine)[0] == pytest.approx(2)
    assert variations(np.zeros(1), np.full(1, np.pi), sine)[0] == pytest.approx(4)
    assert variations(np.full(1, -1.0), np.full(1, 1.0), sine)[0] == pytest.approx(4 * np.sin(1))


def test_straight_pieces_have_chords() -> None:
    square = polyline([(0, 0), (1, 0), (1, 1), (0, 1)], closed=True)
    assert analyse(linear_map(np.eye(2)), square).latent_lengths.tolist() == [4.0]
    assert analyse(
        linear_map(2 * np.eye(2)), line((0, 0), (3, 4))
    ).output_variation == pytest.approx(10)


def test_an_ellipse_through_two_points_is_not_a_circle_unless_they_are_orthogonal() -> None:
    found = analyse(linear_map(np.eye(2)), ellipse((1, 0), (1, 0.5))).latent_lengths[0]
    large, small = np.linalg.svd(np.array([[1, 0], [1, 0.5]]), compute_uv=False)
    assert found == pytest.approx(4 * large * ellipe(1 - (small / large) ** 2), rel=1e-13)
