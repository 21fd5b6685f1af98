"""Every sample is drawn once in each panel, at its loss and in the colour of its loss."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from eigenscape.active_subspace.layer_statistics import ActiveVariables
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.sufficient_summary import (
    draw_sufficient_summary,
    sufficient_summary_figure,
)

NETWORK = Architecture(depth=5, width=35)


def samples(count: int) -> tuple[np.ndarray, np.ndarray]:
    coordinates = np.random.default_rng(1).standard_normal((count, 2))
    return coordinates, np.exp(3 * coordinates[:, 0])


def test_both_panels_show_the_same_samples() -> None:
    coordinates, losses = samples(300)

    line, plane = sufficient_summary_figure(coordinates, losses, NETWORK).axes[:2]

    np.testing.assert_allclose(
        line.collections[0].get_offsets(), np.column_stack([coordinates[:, 0], losses])
    )
    np.testing.assert_allclose(plane.collections[0].get_offsets(), coordinates)
    np.testing.assert_allclose(plane.collections[0].get_array(), np.log10(losses))
    assert line.get_yscale() == "log"


def test_few_extreme_losses_do_not_take_all_colours() -> None:
    coordinates, losses = samples(1000)
    losses[0] = 1e30

    plane = sufficient_summary_figure(coordinates, losses, NETWORK).axes[1]

    assert plane.collections[0].get_clim()[1] == pytest.approx(
        np.percentile(np.log10(losses), 99.5)
    )


def test_samples_of_zero_loss_are_counted() -> None:
    coordinates, losses = samples(20)
    losses[:3] = 0.0

    line = sufficient_summary_figure(coordinates, losses, NETWORK).axes[0]

    assert "3 with zero loss left out" in line.get_title(loc="left")
    assert len(line.collections[0].get_offsets()) == 17


@pytest.mark.parametrize("count", [1, 200, 12_000])
def test_labels_do_not_overlap(count: int, overlaps) -> None:
    assert overlaps(sufficient_summary_figure(*samples(count), NETWORK)) == []


@pytest.mark.parametrize(
    ("coordinates", "losses"),
    [
        (np.ones((3, 1)), np.ones(3)),
        (np.ones((3, 2)), np.ones(4)),
        (np.ones((0, 2)), np.ones(0)),
        (np.ones((3, 2)), np.zeros(3)),
        (np.ones((3, 2)), np.array([1.0, -1.0, 1.0])),
        (np.ones((3, 2)), np.array([1.0, np.nan, 1.0])),
    ],
)
def test_what_cannot_be_drawn_is_refused(coordinates: np.ndarray, losses: np.ndarray) -> None:
    with pytest.raises(BadInput, match=r"expected .*, found .*; "):
        sufficient_summary_figure(coordinates, losses, NETWORK)


# ---- on axes of one's own


def variables(count: int, directions: int) -> ActiveVariables:
    coordinates = np.random.default_rng(2).standard_normal((count, directions))
    return ActiveVariables(coordinates, coordinates[:, 0] ** 3)


def test_one_direction_is_a_curve_of_values_of_either_sign() -> None:
    axes = Figure().subplots()
    drawn = variables(50, 1)

    draw_sufficient_summary(axes, drawn, label="power")

    np.testing.assert_array_equal(
        axes.collections[0].get_offsets(), np.column_stack([drawn.coordinates, drawn.losses])
    )
    assert (axes.get_yscale(), axes.get_ylabel()) == ("linear", "power")
    assert len(axes.figure.axes) == 1


def test_two_directions_are_a_plane_in_colour() -> None:
    axes = Figure().subplots()
    drawn = variables(50, 2)

    draw_sufficient_summary(axes, drawn)

    (dots,) = axes.collections
    np.testing.assert_array_equal(dots.get_offsets(), drawn.coordinates)
    np.testing.assert_array_equal(dots.get_array(), drawn.losses)
    assert axes.figure.axes[1].get_ylabel() == "$f$"


def test_a_logarithm_leaves_out_what_is_not_positive() -> None:
    line, plane = Figure().subplots(1, 2)
    one, two = variables(50, 1), variables(50, 2)

    draw_sufficient_summary(line, one, scale="log")
    draw_sufficient_summary(plane, two, scale="log")

    assert line.get_yscale() == "log"
    assert len(line.collections[0].get_offsets()) == (one.losses > 0).sum()
    np.testing.assert_array_equal(
        plane.collections[0].get_array(), np.log10(two.losses[two.losses > 0])
    )
    assert plane.figure.axes[2].get_ylabel() == r"$\log_{10}$ $f$"


def test_the_workflow_draws_the_same_marks() -> None:
    coordinates, losses = samples(30)
    line, plane = Figure().subplots(1, 2)

    draw_sufficient_summary(line, ActiveVariables(coordinates[:, :1], losses), scale="log")
    draw_sufficient_summary(plane, ActiveVariables(coordinates, losses), scale="log")

    for mine, theirs in zip(
        (line, plane), sufficient_summary_figure(coordinates, losses, NETWORK).axes, strict=False
    ):
        np.testing.assert_array_equal(
            mine.collections[0].get_offsets(), theirs.collections[0].get_offsets()
        )


@pytest.mark.parametrize(
    ("drawn", "scale"),
    [
        (variables(3, 3), "linear"),
        (variables(0, 1), "linear"),
        (ActiveVariables(np.ones((3, 1)), np.array([1.0, np.inf, 1.0])), "linear"),
        (ActiveVariables(np.ones((3, 1)), -np.ones(3)), "log"),
        (ActiveVariables(np.ones((3, 1)), np.ones(4)), "linear"),
        (variables(3, 1), "symlog"),
    ],
)
def test_variables_that_cannot_be_drawn_are_refused(drawn: ActiveVariables, scale) -> None:
    with pytest.raises(BadInput, match=r"^(variables|scale): expected .*, found .*; "):
        draw_sufficient_summary(Figure().subplots(), drawn, scale=scale)
