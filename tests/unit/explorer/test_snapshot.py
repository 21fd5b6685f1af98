"""The numbers of a view against the computation and closed forms, and the figures against the
numbers.
"""

import base64
import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from eigenscape.explorer.figures_network import figure_updates, slope_bins, whole_figures
from eigenscape.explorer.numbers_network import (
    as_csv,
    as_json,
    figure_tables,
    lengths_table,
    summary,
)
from eigenscape.explorer.presets import PRESETS
from eigenscape.explorer.snapshot import snapshot
from eigenscape.explorer.state import CurveKind, Draw, State

SINGLE = 2.0**-23
"""Figures hold single precision."""


def values(packed: Any) -> np.ndarray:
    shape = [int(side) for side in packed["shape"].split(",")]
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"]).reshape(shape)


SPLIT = snapshot(State(draw=Draw.SPLIT, depth=2, radius=3.0))


def test_the_surface_of_the_identity_split_is_the_sum_of_absolute_values() -> None:
    x, y = np.meshgrid(SPLIT.axis, SPLIT.axis)

    assert SPLIT.surface == pytest.approx(np.abs(x) + np.abs(y), abs=1e-14)
    assert SPLIT.axis[[0, -1]].tolist() == [-5, 5]


def test_its_polytopes_are_the_four_quadrants_with_slope_sqrt_two() -> None:
    assert sorted(cell.area for cell in SPLIT.polytopes.cells) == [25, 25, 25, 25]
    assert SPLIT.polytopes.slopes == pytest.approx(np.full(4, np.sqrt(2)))
    assert slope_bins(SPLIT.polytopes).tolist() == [7, 7, 7, 7]


def test_the_lifted_curve_lies_on_the_surface() -> None:
    line = whole_figures(SPLIT)["surface"]["data"][1]
    x, y, z = (values(line[name]) for name in "xyz")

    lift = 0.004 * 10.0  # of the range of f, which is 0.1... 10 on the grid
    assert z == pytest.approx(np.abs(x) + np.abs(y) + lift, abs=0.01)
    assert np.hypot(x, y) == pytest.approx(np.full(len(x), 3.0), rel=2 * SINGLE)


def test_images_in_the_plane_keep_distances_where_nothing_is_left_out() -> None:
    # The image under the split has four coordinates, of which two always vanish: it is not plane,
    # but in each quadrant its length is the circle's; so the picture, which leaves out some
    # variance, is not longer than the image itself.
    for image in SPLIT.images:
        drawn = np.linalg.norm(np.diff(image.points, axis=0), axis=1).sum()
        assert 0 < image.share < 1
        assert drawn <= 6 * np.pi * (1 + 1e-12)
    two = snapshot(State(width=2, draw=Draw.SCALED, sigma_w=2.0)).images[0]
    assert two.share == 1.0


def test_images_turn_towards_the_input_and_do_not_flip_from_one_step_of_a_slider_to_the_next() -> (
    None
):
    before, after = (
        snapshot(State(depth=4, width=12, draw=Draw.SCALED, radius=radius)).images
        for radius in (4.0, 4.05)
    )

    for first, second in zip(before, after, strict=True):
        # Bias-free ReLU: the image grows by the factor of the radius; breakpoints are the same.
        assert second.points == pytest.approx(first.points * 4.05 / 4.0, abs=1e-9)


def test_the_line_of_theory_has_the_growth_of_wide_networks() -> None:
    chaotic = snapshot(PRESETS["chaotic"].state)

    # ReLU: chi_1 = sigma_w^2 / 2
    assert chaotic.root_chi == pytest.approx(2.8284 / np.sqrt(2), rel=1e-12)
    line = values(whole_figures(chaotic)["lengths"]["data"][1]["y"])
    assert line[1:] / line[:-1] == pytest.approx(np.full(5, chaotic.root_chi), rel=4 * SINGLE)
    assert line[0] == pytest.approx(chaotic.analysis.latent_lengths[1], rel=SINGLE)


@pytest.mark.parametrize("name", PRESETS)
def test_what_changes_is_what_a_whole_figure_holds(name: str) -> None:
    found = snapshot(PRESETS[name].state)
    figures, updates = whole_figures(found), figure_updates(found)

    assert figures.keys() == updates.keys()
    for figure, update in zip(figures.values(), updates.values(), strict=True):
        assert len(figure["data"]) == len(update["traces"])
        for trace, part in zip(figure["data"], update["traces"], strict=True):
            assert {key: trace[key] for key in part} == part
        assert figure["layout"]["uirevision"] == "stay"


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "hard_tanh", "linear", "relu"])
def test_every_activation_has_figures_and_numbers(activation: str) -> None:
    found = snapshot(State(depth=3, width=5, activation=activation, draw=Draw.SCALED, sigma_b=0.3))

    json.dumps(whole_figures(found), allow_nan=False)
    assert set(figure_tables(found)) == set(whole_figures(found))
    smooth = activation in ("tanh", "sigmoid")
    assert (found.sensitivity is None) == smooth
    assert bool(found.polytopes.note) == smooth
    assert (summary(found)["certainty"] == "exact") == (not smooth)


@pytest.mark.parametrize(
    "state",
    [
        State(sigma_w=0.0, draw=Draw.SCALED),
        State(depth=1, width=1),
        State(depth=10, width=2, draw=Draw.SCALED, sigma_w=0.1),
        State(curve=CurveKind.LINE, radius=5.0, x=5.0, y=5.0),
        State(cut=0),
        State(depth=3, width=64, draw=Draw.SCALED),
    ],
)
def test_degenerate_and_large_views_are_drawn(state: State) -> None:
    found = snapshot(state)

    json.dumps(whole_figures(found), allow_nan=False)
    json.loads(as_json(found), parse_constant=pytest.fail)


def test_a_wide_network_says_how_many_layers_cut() -> None:
    found = snapshot(State(depth=3, width=30, draw=Draw.SCALED))

    assert found.polytopes.layers == 1
    assert found.polytopes.note.startswith("cut by 1 of 3 layers")
    assert sum(cell.area for cell in found.polytopes.cells) == pytest.approx(100, rel=1e-9)


def test_downloads_hold_the_lengths_in_full_precision() -> None:
    rows = list(csv.reader(line for line in io.StringIO(as_csv(SPLIT)) if not line.startswith("#")))
    content = json.loads(as_json(SPLIT))

    assert (
        [float(row[1]) for row in rows[1:4]]
        == SPLIT.analysis.latent_lengths.tolist()
        == content["latent_lengths"]
    )
    assert content["weights"] == [weight.tolist() for weight in SPLIT.layers.weights]
    assert State.parse(content["view"]) == SPLIT.state


def test_the_table_beside_the_figures_is_the_analysis() -> None:
    table = lengths_table(SPLIT)

    assert table.rows[0][:2] == ("0 (curve)", "18.8496")
    assert table.rows[1] == ("1", "18.8496", "1", "8", "8")  # four units, each on and off once
