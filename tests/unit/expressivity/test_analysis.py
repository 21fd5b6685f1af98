"""Oracles of the exact analysis: networks whose lengths, transitions and patterns are known without
it.
"""

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.expressivity.analysis import CurveAnalysis, analyse
from eigenscape.expressivity.curves import Curve, between, circle, ellipse, line, polyline
from eigenscape.expressivity.networks import Layers, random_layers
from eigenscape.expressivity.pieces import propagate

CURVES = {
    "circle": circle(1.3, (0.4, -0.2)),
    "ellipse": ellipse((2, 1), (0, 1), (0.3, 0.3)),
    "line": line((-2, 1), (2, 0.5)),
    "polyline": polyline([(0, 0), (1, 2), (-3, 1)], closed=True),
}
every_curve = pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)
every_kind = pytest.mark.parametrize("activation", ["relu", "hard_tanh", "linear"])


def zeros(*sizes: int) -> tuple[np.ndarray, ...]:
    return tuple(np.zeros(size) for size in sizes)


def sampled(layers: Layers, curve: Curve, count: int) -> np.ndarray:
    """Lengths of inscribed polygons: of the curve, of every layer, of the output and of the lifted
    curve.
    """
    x = curve.points(count)
    states = [x, *layers.forward(x)]
    lifted = np.hstack([x, states[-1]])
    return np.array(
        [np.linalg.norm(np.diff(state, axis=0), axis=1).sum() for state in [*states, lifted]]
    )


def exact(found: CurveAnalysis) -> np.ndarray:
    return np.array([*found.latent_lengths, found.output_variation, found.lifted_length])


def test_the_identity_split_keeps_the_circle() -> None:
    """(x, y) -> (x+, y+, x-, y-) is an isometry on every quadrant: length 2 pi r; units change at
    multiples of pi/2 only.
    """
    split = Layers(
        (np.array([[1.0, 0, -1, 0], [0, 1, 0, -1]]), np.ones((4, 1))), zeros(4, 1), "relu"
    )
    found = analyse(split, circle(2.5))
    assert found.latent_lengths == pytest.approx([5 * np.pi, 5 * np.pi], rel=1e-14)
    assert found.breakpoints[0] / (np.pi / 2) == pytest.approx([0, 1, 2, 3])
    # at each of the four points one unit goes on and one off
    assert found.transitions.tolist() == [8]
    assert found.distinct_patterns == 4


def test_one_unit_without_bias_folds_half_the_circle_away() -> None:
    """(w.x)+ rises from 0 to r|w| and falls again on one half, and rests on the other: 2 r |w|, two
    transitions.
    """
    unit = Layers((np.array([[3.0], [4.0]]), np.ones((1, 1))), zeros(1, 1), "relu")
    found = analyse(unit, circle(2.0))
    assert found.latent_lengths[1] == pytest.approx(20, rel=1e-14)
    assert found.output_variation == pytest.approx(20, rel=1e-14)
    assert found.transitions.tolist() == [2]


@pytest.mark.parametrize("units", [1, 3, 10, 64])
def test_k_units_without_biases_have_2k_transitions_and_2k_patterns(units: int) -> None:
    found = analyse(random_layers(1, units, 1.0, 0.0, "relu", seed=4), circle(1.0))
    assert found.transitions.tolist() == [2 * units]
    assert len(found.breakpoints[0]) == 2 * units
    assert found.distinct_patterns == 2 * units


def test_units_with_biases_cross_where_trigonometry_says() -> None:
    """cos t - 1/2 = 0 at +-pi/3; a line that misses the circle has no crossing; a hard-tanh unit
    crosses -1 and 1.
    """
    relu = Layers(
        (np.array([[1.0, 1.0], [0, 0]]), np.ones((2, 1))),
        (np.array([-0.5, -2.0]), np.zeros(1)),
        "relu",
    )
    assert analyse(relu, circle(1.0)).breakpoints[0] == pytest.approx([np.pi / 3, 5 * np.pi / 3])
    hard = Layers((np.array([[2.0], [0]]), np.ones((1, 1))), zeros(1, 1), "hard_tanh")
    found = analyse(hard, circle(1.0))
    assert found.breakpoints[0] / (np.pi / 3) == pytest.approx([1, 2, 4, 5])
    assert found.output_variation == pytest.approx(4)
    assert [set(pattern.ravel()) for pattern in found.patterns] == [{-1, 0, 1}]


@pytest.mark.parametrize("radius", [0.01, 3.0, 1e4])
def test_without_biases_lengths_are_linear_in_the_radius_and_patterns_are_not_changed(
    radius: float,
) -> None:
    layers = random_layers(4, 12, 1.5, 0.0, "relu", seed=8)
    one, other = analyse(layers, circle(1.0)), analyse(layers, circle(radius))
    # crossings move by rounding alone: relative errors of some ulp a layer
    np.testing.assert_allclose(exact(other)[:-1], radius * exact(one)[:-1], rtol=1e-12)
    assert all(np.array_equal(a, b) for a, b in zip(one.patterns, other.patterns, strict=True))


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_scaling_one_matrix_scales_every_length_from_there_on(layer: int) -> None:
    layers = random_layers(3, 9, 1.5, 0.0, "relu", seed=2)
    factor = np.array([1.0] * (layer + 1) + [3.0] * (4 - layer))
    found = analyse(layers.with_weight(layer, 3 * layers.weights[layer]), circle(1.0))
    np.testing.assert_allclose(
        exact(found)[:-1], factor * exact(analyse(layers, circle(1.0)))[:-1], rtol=1e-12
    )


@every_kind
@every_curve
def test_inscribed_polygons_are_shorter_and_grow_towards_the_exact_lengths(
    activation: str, curve: Curve
) -> None:
    layers = random_layers(3, 7, 2.0, 0.4, activation, seed=3)
    found = exact(analyse(layers, curve))
    # every point of a coarser polygon is one of the finer
    polygons = np.array([sampled(layers, curve, 3 * 4**level + 1) for level in range(3, 8)])
    assert (np.diff(polygons, axis=0) >= -1e-12 * found).all()
    assert (polygons <= found * (1 + 1e-12)).all()
    # 49,153 points on at most 2 pi: a segment of h = 1.3e-4 misses at most h |curvature| where it
    # is smooth and h a kink
    assert polygons[-1] == pytest.approx(found, rel=1e-3)


@every_kind
@every_curve
def test_pieces_are_the_network_itself(activation: str, curve: Curve) -> None:
    """At points inside every piece the coefficients give what the forward pass gives, and patterns
    what the units do.
    """
    layers = random_layers(3, 7, 2.0, 0.4, activation, seed=5)
    passed = propagate(layers, curve)
    ancestors = passed.ancestors()
    for share in (0.01, 0.5, 0.99):
        t = passed.start + share * (passed.stop - passed.start)
        states = layers.forward(curve.at(t))
        u, v = curve.basis(t)
        for state, layer, index in zip(states, passed.layers, ancestors[1:], strict=False):
            a, b, c = layer.coefficients[:, index]
            np.testing.assert_allclose(
                u[:, None] * a + v[:, None] * b + c, state, atol=1e-12 * max(1, np.abs(state).max())
            )
        a, b, c = passed.output
        np.testing.assert_allclose(
            u[:, None] * a + v[:, None] * b + c, states[-1], atol=1e-12 * np.abs(states[-1]).max()
        )
    found = analyse(layers, curve)
    middle = layers.forward(curve.at(0.5 * (found.edges[1:] + found.edges[:-1])))
    for state, pattern in zip(middle, found.patterns, strict=False):
        expected = {
            "relu": state > 0,
            "hard_tanh": np.where(np.abs(state) < 1, 0, np.sign(state)),
            "linear": np.zeros_like(state),
        }
        assert np.array_equal(pattern, expected[activation])


def test_a_line_through_one_layer_has_at_most_k_plus_1_pieces() -> None:
    for seed in range(20):
        found = analyse(random_layers(1, 9, 1.0, 0.5, "relu", seed=seed), line((-5, 3), (4, -2)))
        assert len(found.edges) - 1 <= 10
        assert found.transitions[0] == len(found.edges) - 2


def test_orders_and_signs_of_units_change_no_length() -> None:
    """Permuting hidden units, and flipping the signs of hard-tanh units with their outgoing
    weights, is a symmetry.
    """
    layers = random_layers(2, 6, 2.0, 0.3, "hard_tanh", seed=11)
    order, sign = np.random.default_rng(0).permutation(6), np.array([1, -1, 1, -1, -1, 1.0])
    first, second, last = layers.weights
    moved = Layers(
        ((first * sign)[:, order], (second * sign[:, None])[order], last),
        ((layers.biases[0] * sign)[order], *layers.biases[1:]),
        "hard_tanh",
    )
    np.testing.assert_allclose(
        exact(analyse(moved, circle(2.0))), exact(analyse(layers, circle(2.0))), rtol=1e-12
    )


def test_the_trajectory_between_data_points_lies_in_any_dimension() -> None:
    draw = np.random.default_rng(3)
    curve = between(*draw.standard_normal((2, 10)))
    layers = random_layers(2, 8, 1.5, 0.2, "relu", seed=1, inputs=10, outputs=3)
    assert sampled(layers, curve, 20_001) == pytest.approx(exact(analyse(layers, curve)), rel=1e-3)


def test_dead_units_and_constant_outputs_have_length_zero() -> None:
    dead = Layers((np.ones((2, 3)), np.ones((3, 1))), (np.full(3, -10.0), np.zeros(1)), "relu")
    found = analyse(dead, circle(1.0))
    assert (found.output_variation, found.latent_lengths[1], found.transitions.tolist()) == (
        0.0,
        0.0,
        [0],
    )
    assert found.lifted_length == pytest.approx(2 * np.pi)


def test_a_curve_in_another_space_is_refused() -> None:
    with pytest.raises(BadInput, match="curve: expected 3 coordinates, found 2"):
        analyse(random_layers(1, 2, 1.0, 0.0, "relu", seed=0, inputs=3), circle(1.0))
    with pytest.raises(
        BadInput, match="activation: expected one of linear, relu, hard_tanh, found tanh"
    ):
        propagate(random_layers(1, 2, 1.0, 0.0, "tanh", seed=0), circle(1.0))


def test_sign_transitions_of_one_hard_tanh_layer_are_two_for_each_unit() -> None:
    """w . x crosses 0 twice on a circle around 0, and the kinks at -1 and 1 four times where r |w|
    > 1, never below.
    """
    weight = np.array([[2.0, 0.3, 0.1], [0.5, -4.0, 0.05]])
    layers = Layers((weight, np.ones((3, 1))), (np.zeros(3), np.zeros(1)), "hard_tanh")
    found = analyse(layers, circle(1.0))
    assert found.sign_transitions.tolist() == [6]
    assert found.transitions.tolist() == [8]  # the third unit never saturates


@pytest.mark.parametrize("activation", ["hard_tanh", "relu", "linear"])
def test_sign_transitions_agree_with_signs_along_the_curve(activation: str) -> None:
    """200,000 points: at this seed no two zeros of a unit lie closer than a step."""
    layers, curve = random_layers(4, 8, 2.0, 0.3, activation, seed=3), circle(2.0)
    points = curve.points(200_001)[:-1]
    signs = []
    for weight, bias, after in zip(
        layers.weights, layers.biases, [*layers.forward(points)[:-1]], strict=False
    ):
        signs.append(points @ weight + bias > 0)
        points = after
    counted = [int((sign != np.roll(sign, 1, axis=0)).sum()) for sign in signs]
    assert analyse(layers, curve).sign_transitions.tolist() == counted


def test_a_curve_of_too_many_pieces_is_refused_in_one_line() -> None:
    layers = random_layers(6, 16, 10.0, 0.0, "hard_tanh", seed=0)
    with pytest.raises(
        BadInput, match=r"at most 62 pieces, found .* pieces in a layer of 16 units; lower sigma_w"
    ):
        propagate(layers, circle(4.0), most=1000)
