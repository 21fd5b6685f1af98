"""Two priors side by side: bars and markers are the numbers, the line has the predicted slope."""

import numpy as np
import pytest

from eigenscape.active_subspace.bootstrap import bootstrap_weights
from eigenscape.active_subspace.layer_shares import layer_profile_slope, layer_share_intervals
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.importance import PriorImportance, importance_figure
from eigenscape.figures.style import PALETTE

NETWORK = Architecture(depth=4, width=6)


def prior_with(
    network: Architecture, ratio: float, name: str = "standard normal"
) -> PriorImportance:
    """Masses per parameter that change by ``ratio`` from layer to layer, and scatter between
    samples.
    """
    sizes = np.array([layer.parameters for layer in network.layers])
    levels = ratio ** np.arange(len(sizes), dtype=np.float64)
    masses = sizes * levels * np.random.default_rng(3).chisquare(3, size=(60, len(sizes)))
    weights = bootstrap_weights(60, 50, key=1)
    slope = layer_profile_slope(masses, network, weights) if network.depth >= 3 else None
    return PriorImportance(name, layer_share_intervals(masses, network, weights), 1 / ratio, slope)


def two_priors(network: Architecture = NETWORK) -> list[PriorImportance]:
    return [prior_with(network, 1 / 3), prior_with(network, 3.0, "PyTorch default")]


def test_bars_are_shares_and_markers_are_shares_per_parameter() -> None:
    priors = two_priors()

    axes = importance_figure(priors, NETWORK).axes

    for prior, share, importance in zip(priors, axes[:2], axes[2:], strict=True):
        np.testing.assert_allclose(
            [bar.get_height() for bar in share.patches], prior.shares.shares.value
        )
        drawn = np.asarray(importance.collections[-1].get_offsets())[:, 1]
        np.testing.assert_allclose(drawn, prior.shares.shares.value / prior.shares.parameter_parts)


def test_intervals_are_drawn_from_end_to_end() -> None:
    prior = prior_with(NETWORK, 0.5)

    share = importance_figure([prior], NETWORK).axes[0]

    ends = np.array([segment[:, 1] for segment in share.collections[0].get_segments()])
    np.testing.assert_allclose(
        ends, np.stack([prior.shares.shares.low, prior.shares.shares.high], axis=1)
    )


def test_the_line_spans_the_hidden_layers_with_the_predicted_slope() -> None:
    prior = prior_with(NETWORK, 3.0)

    importance = importance_figure([prior], NETWORK).axes[1]

    (line,) = [line for line in importance.lines if line.get_color() == PALETTE["vermillion"]]
    layers, heights = np.asarray(line.get_xdata()), np.log10(np.asarray(line.get_ydata()))
    assert layers.tolist() == [2, 3, 4]
    np.testing.assert_allclose(np.diff(heights), -np.log10(prior.chi_1), rtol=1e-12)
    measured = (prior.shares.shares.value / prior.shares.parameter_parts)[1:-1]
    assert heights.mean() == pytest.approx(np.log10(measured).mean(), abs=1e-12)


def test_panels_share_their_axes_and_the_title_says_what_each_prior_shows() -> None:
    figure = importance_figure(two_priors(), NETWORK)

    share, other_share, importance, other_importance = figure.axes
    assert share.get_ylim() == other_share.get_ylim()
    assert importance.get_ylim() == other_importance.get_ylim()
    assert importance.get_yscale() == "log"
    first, second = figure.get_suptitle().splitlines()
    # masses per parameter that fall, and rise, by a factor of 3: 0.48 decades a layer
    assert first.startswith("standard normal: earlier hidden layers have more")
    assert second.startswith("PyTorch default: later hidden layers have more")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0].startswith("(a) standard normal")
    assert titles[1].startswith("(b) PyTorch default")
    assert "$-0." in titles[2]
    assert "$+0." in titles[3]


def test_a_shallow_network_has_no_slope() -> None:
    shallow = Architecture(depth=1, width=6)

    importance = importance_figure([prior_with(shallow, 2.0)], shallow).axes[1]

    assert importance.get_title(loc="left") == "no layer profile"
    assert all(line.get_color() != PALETTE["vermillion"] for line in importance.lines)


def test_a_layer_without_gradient_has_no_marker() -> None:
    masses = np.tile([1.0, 0.0, 1.0, 1.0, 1.0], (4, 1))
    prior = PriorImportance(
        "zero", layer_share_intervals(masses, NETWORK, bootstrap_weights(4, 5, key=0)), 2.0
    )

    importance = importance_figure([prior], NETWORK).axes[1]

    assert np.asarray(importance.collections[-1].get_offsets())[:, 0].tolist() == [1, 3, 4, 5]


@pytest.mark.parametrize("network", [Architecture(1, 1), Architecture(5, 35), Architecture(30, 5)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_labels_do_not_overlap(network: Architecture, count: int, overlaps) -> None:
    priors = [*two_priors(network), prior_with(network, 1.0, "Glorot uniform")][:count]

    assert overlaps(importance_figure(priors, network)) == []


@pytest.mark.parametrize(
    "priors",
    [
        [],
        [prior_with(NETWORK, 2.0)] * 4,
        [prior_with(Architecture(3, 6), 2.0)],
        [PriorImportance("no slope", prior_with(NETWORK, 2.0).shares, 0.0)],
    ],
)
def test_what_cannot_be_drawn_is_refused(priors: list[PriorImportance]) -> None:
    with pytest.raises(BadInput, match=r"expected .*, found .*; "):
        importance_figure(priors, NETWORK)
