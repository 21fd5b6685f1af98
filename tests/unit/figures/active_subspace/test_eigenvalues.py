"""What the figure of the spectrum says: the eigenvalues, the shoulder at w, the noise, and the
status in words.
"""

import numpy as np
import pytest
from matplotlib.figure import Figure

from eigenscape.active_subspace.sampling_noise import marchenko_pastur_quantiles
from eigenscape.active_subspace.spectrum import spectrum_of
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.eigenvalues import draw_eigenvalues, eigenvalues_figure
from eigenscape.figures.style import GREY

NETWORK = Architecture(depth=2, width=6)
P = NETWORK.parameters


def shouldered_spectrum():
    """w eigenvalues of 100 and the rest from 1 down to 0.1: a gap of 2 decades at index w."""
    return spectrum_of(
        np.diag([*[100.0] * NETWORK.width, *np.geomspace(1.0, 0.1, P - NETWORK.width)])
    )


def curves(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): line.get_ydata() for line in axes.lines}


def test_both_panels_show_the_eigenvalues_and_the_noise_of_equal_trace() -> None:
    spectrum = shouldered_spectrum()

    logarithmic, linear = eigenvalues_figure(spectrum, NETWORK, samples=4 * P).axes

    assert (logarithmic.get_yscale(), linear.get_yscale()) == ("log", "linear")
    noise = next(line for line in logarithmic.lines if line.get_color() == GREY).get_ydata()
    np.testing.assert_allclose(curves(logarithmic)["eigenvalues of $C$"], spectrum.eigenvalues)
    np.testing.assert_allclose(
        noise, spectrum.eigenvalues.mean() * marchenko_pastur_quantiles(P, 0.25)
    )
    np.testing.assert_allclose(noise.sum(), spectrum.eigenvalues.sum(), rtol=1e-3)


def test_the_linear_panel_ends_where_the_shoulder_is_still_seen() -> None:
    _, linear = eigenvalues_figure(shouldered_spectrum(), NETWORK, samples=4 * P).axes

    assert len(curves(linear)["eigenvalues of $C$"]) == 4 * NETWORK.width
    assert 4 * NETWORK.width < linear.get_xlim()[1] < 5 * NETWORK.width
    assert linear.get_ylim()[0] == 0


def test_the_shoulder_is_marked_after_index_w_with_its_height() -> None:
    for axes in eigenvalues_figure(shouldered_spectrum(), NETWORK, samples=4 * P).axes:
        marks = [line for line in axes.lines if list(line.get_xdata()) == [NETWORK.width + 0.5] * 2]
        assert len(marks) == 1
        assert [text.get_text() for text in axes.texts] == [
            r"$w$ = 6: $\log_{10}(\lambda_w/\lambda_{w+1})$ = 2.00"
        ]


def test_the_caption_has_every_number_that_the_condition_number_needs() -> None:
    caption = eigenvalues_figure(shouldered_spectrum(), NETWORK, samples=4 * P).get_suptitle()

    for part in (
        "$L$ = 2",
        "$w$ = 6",
        f"$P$ = {P}",
        f"$N$ = {4 * P}",
        "$P/N$ = 0.25",
        "finite",
        "3.00 decades",
        "alone: 0.95",
    ):
        assert part in caption


def test_zeros_are_counted_and_left_out_of_the_logarithmic_panel() -> None:
    gradients = np.random.default_rng(7).standard_normal((P // 2, P))
    second_moment = gradients.T @ gradients / len(gradients)
    spectrum = spectrum_of((second_moment + second_moment.T) / 2, samples=P // 2)

    figure = eigenvalues_figure(spectrum, NETWORK, samples=P // 2)
    drawn = curves(figure.axes[0])["eigenvalues of $C$"]

    assert np.isfinite(drawn).sum() == P // 2
    assert "rank deficient" in figure.get_suptitle()
    assert f"rank {P // 2} of {P}" in figure.get_suptitle()


def test_the_legend_lies_outside_the_panels() -> None:
    figure = eigenvalues_figure(shouldered_spectrum(), NETWORK, samples=4 * P)
    figure.draw_without_rendering()

    box = figure.legends[0].get_window_extent()
    assert all(not box.overlaps(axes.get_window_extent()) for axes in figure.axes)


@pytest.mark.parametrize("network", [Architecture(1, 1), Architecture(1, 20), Architecture(30, 3)])
def test_small_and_deep_networks_are_drawn_without_overlap(
    network: Architecture, spectrum, overlaps
) -> None:
    assert (
        overlaps(eigenvalues_figure(spectrum(network), network, samples=4 * network.parameters))
        == []
    )


@pytest.mark.parametrize(
    ("values", "samples", "name"),
    [(np.ones(P - 1), 10, "spectrum"), (np.zeros(P), 10, "spectrum"), (np.ones(P), 0, "samples")],
)
def test_what_cannot_be_drawn_is_refused(values: np.ndarray, samples: int, name: str) -> None:
    with pytest.raises(BadInput, match=f"^{name}: expected"):
        eigenvalues_figure(spectrum_of(np.diag(values)), NETWORK, samples)


def test_what_is_no_spectrum_on_given_axes_is_refused() -> None:
    axes = Figure().subplots()
    with pytest.raises(
        BadInput,
        match=(
            r"^spectrum: expected a Spectrum, found ndarray; give what"
            r" eigenscape.spectrum\(moment\) returns"
        ),
    ):
        draw_eigenvalues(axes, np.eye(3))  # type: ignore[arg-type]
    with pytest.raises(
        BadInput,
        match=r"^projected: expected 3 eigenvalues, as the spectrum has, found shape \(2,\); ",
    ):
        draw_eigenvalues(axes, spectrum_of(np.eye(3)), projected=np.ones(2))
