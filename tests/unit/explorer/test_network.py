"""Draws, hand-set entries, curves, and which entries have sliders."""

import numpy as np
import pytest

from eigenscape.explorer.network import curve_of, drawn_layers, layers_of, sliders
from eigenscape.explorer.state import CurveKind, Draw, State
from eigenscape.expressivity.analysis import analyse


def test_the_default_is_the_bias_free_relu_network_of_the_application_that_it_follows() -> None:
    layers = drawn_layers(State())

    assert [weight.shape for weight in layers.weights] == [(2, 4), (4, 4), (4, 1)]
    assert not any(bias.any() for bias in layers.biases)
    assert layers.activation == "relu"
    assert np.array_equal(layers.weights[-1], np.ones((4, 1)))
    entries = np.concatenate([weight.ravel() for weight in layers.weights[:-1]])
    assert np.array_equal(entries, entries.round(2))
    assert np.abs(entries).max() <= 5


def test_a_plain_draw_has_the_deviation_that_is_asked_for_whatever_the_fan_in() -> None:
    layers = drawn_layers(State(depth=3, width=64, sigma_w=0.5))

    for weight in layers.weights[:-1]:
        # The standard error of a deviation is sigma / sqrt(2 n); four of them.
        assert weight.std() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(2 * weight.size))


def test_the_identity_split_keeps_the_length_of_a_circle_in_every_layer() -> None:
    state = State(draw=Draw.SPLIT, depth=4, width=6, radius=3.0)

    assert analyse(layers_of(state), curve_of(state)).latent_lengths == pytest.approx(
        np.full(5, 6 * np.pi), rel=1e-13
    )


def test_entries_set_by_hand_replace_drawn_ones_and_no_others() -> None:
    edited, drawn = (
        layers_of(State(edits=(((2, 3, 1), 4.5), ((1, 0, 2), -1.0)))),
        layers_of(State()),
    )

    assert edited.weights[1][2, 0] == 4.5
    assert edited.biases[0].tolist() == [0, -1, 0, 0]
    changed = edited.weights[1] != drawn.weights[1]
    assert changed.sum() == 1
    assert np.array_equal(edited.weights[0], drawn.weights[0])


@pytest.mark.parametrize(
    ("state", "length"),
    [
        (State(radius=2.0, x=1.0), 4 * np.pi),
        (State(curve=CurveKind.ELLIPSE, radius=2.0, ratio=1.0, angle=30.0), 4 * np.pi),
        (State(curve=CurveKind.LINE, radius=2.0, angle=77.0, y=1.0), 4.0),
        (State(curve=CurveKind.POLYGON, radius=2.0, corners=4), 8 * np.sqrt(2)),
        (State(curve=CurveKind.POINTS, points=((0.0, 0.0), (3.0, 4.0)), closed=True), 10.0),
        (State(curve=CurveKind.POINTS, points=((0.0, 0.0), (3.0, 4.0)), closed=False), 5.0),
    ],
)
def test_curves_have_the_lengths_of_their_figures(state: State, length: float) -> None:
    assert analyse(layers_of(state), curve_of(state)).latent_lengths[0] == pytest.approx(
        length, rel=1e-13
    )


def test_a_small_network_has_a_slider_for_every_entry() -> None:
    found = sliders(State(biases=True))

    assert [entry.position for entry in found[:3]] == [(1, 1, 1), (1, 1, 2), (1, 1, 3)]
    assert len(found) == 8 + 4 + 16 + 4 + 4 + 1
    assert len({entry.position for entry in found}) == len(found)


def test_a_large_network_has_sliders_for_a_window_that_stays_inside() -> None:
    found = sliders(State(depth=5, width=10, layer=3, row=9, column=10))

    assert {entry.position for entry in found} == {
        (3, row, column) for row in range(7, 11) for column in range(7, 11)
    }
    readout = sliders(State(depth=5, width=10, layer=6))
    assert [entry.position for entry in readout] == [(6, 1, 1), (6, 2, 1), (6, 3, 1), (6, 4, 1)]
    assert [entry.label for entry in readout][:2] == ["W6[1,1]", "W6[2,1]"]
