"""Polytopes: counts of arrangements, areas, and the linear map on each."""

import numpy as np
import pytest

from eigenscape.errors import BadInput
from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import circle
from eigenscape.expressivity.networks import random_layers
from eigenscape.expressivity.regions import regions

BOX = (-3.0, 3.0, -2.0, 4.0)


@pytest.mark.parametrize("units", [1, 2, 5, 9])
def test_generic_lines_cut_the_plane_into_1_plus_k_plus_k_choose_2_regions(units: int) -> None:
    """In a box that holds every intersection of two lines; found here independently."""
    layers = random_layers(1, units, 1.0, 1.0, "relu", seed=1)
    normals, offsets = layers.weights[0].T, layers.biases[0]
    crossings = [
        np.linalg.solve(normals[[i, j]], -offsets[[i, j]]) for i in range(units) for j in range(i)
    ]
    reach = (
        2 * max(1.0, *(float(np.abs(point).max()) for point in crossings)) if crossings else 10.0
    )
    cells = regions(layers, (-reach, reach, -reach, reach))
    assert len(cells) == 1 + units + units * (units - 1) // 2
    assert len({tuple(cell.pattern) for cell in cells}) == len(cells)


@pytest.mark.parametrize("activation", ["relu", "hard_tanh"])
def test_cells_cover_the_box_and_carry_the_map_of_the_network(activation: str) -> None:
    layers = random_layers(3, 4, 2.0, 0.7, activation, seed=6)
    cells = regions(layers, BOX)
    # 1e-12 of the box a cut, some hundred cuts
    assert sum(cell.area for cell in cells) == pytest.approx(36, rel=1e-10)
    draw = np.random.default_rng(0)
    for cell in cells:
        shares = draw.dirichlet(np.ones(len(cell.polygon)), size=5)
        inside = shares @ cell.polygon
        *hidden, output = layers.forward(inside)
        np.testing.assert_allclose(inside @ cell.matrix + cell.offset, output, atol=1e-10)
        if cell.area > 1e-6:
            state = np.hstack(hidden)
            expected = (
                state > 0
                if activation == "relu"
                else np.where(np.abs(state) < 1, 0, np.sign(state))
            )
            assert (cell.pattern == expected).all()


def test_every_layer_refines_the_one_below() -> None:
    layers = random_layers(3, 4, 2.0, 1.0, "relu", seed=2)
    counts = [len(regions(layers, BOX, last)) for last in range(4)]
    assert counts[0] == 1
    assert counts == sorted(counts)
    below = {tuple(cell.pattern) for cell in regions(layers, BOX, 2)}
    assert {tuple(cell.pattern[:8]) for cell in regions(layers, BOX, 3)} == below


def test_a_circle_meets_patterns_that_the_plane_has() -> None:
    layers = random_layers(2, 5, 2.0, 0.5, "relu", seed=9)
    on_circle = np.concatenate(analyse(layers, circle(1.5)).patterns, axis=1)
    in_plane = {tuple(cell.pattern) for cell in regions(layers, (-2, 2, -2, 2))}
    assert {tuple(pattern) for pattern in on_circle} <= in_plane


def test_the_map_into_a_hidden_layer_is_given_where_not_all_layers_cut() -> None:
    layers = random_layers(2, 3, 1.5, 0.5, "relu", seed=0)
    for cell in regions(layers, BOX, 1):
        middle = cell.polygon.mean(axis=0, keepdims=True)
        np.testing.assert_allclose(
            middle @ cell.matrix + cell.offset, layers.forward(middle)[0], atol=1e-12
        )


@pytest.mark.parametrize(
    ("box", "upto", "message"),
    [((1, 1, 0, 1), None, "box: expected"), (BOX, 3, "upto_layer: expected 0 to 2")],
)
def test_bad_boxes_and_layers_are_refused(
    box: tuple[float, float, float, float], upto: int | None, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        regions(random_layers(2, 3, 1.0, 0.0, "relu", seed=0), box, upto)
