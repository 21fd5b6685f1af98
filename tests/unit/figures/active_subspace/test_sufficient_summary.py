"""Every sample is drawn once in each panel, at its loss and in the colour of its loss."""

import numpy as np
import pytest

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.sufficient_summary import sufficient_summary_figure

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
