"""The raster keeps its largest entries, its boundaries lie between layers, and its file stays
small.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eigenscape.active_subspace.importance import block_masses
from eigenscape.active_subspace.spectrum import Route, Spectrum, SpectrumStatus
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.eigenvectors import (
    LABEL_HEIGHT,
    MOST_PIXELS,
    block_maximum,
    block_mean,
    eigenvectors_figure,
    layer_ends,
    layer_labels,
)
from eigenscape.figures.style import save

PUBLISHED = Architecture(depth=5, width=35)


def noisy_basis(architecture: Architecture) -> Spectrum:
    """Unit columns of normal numbers, not orthogonal: the worst case for the size of an image, made
    in a second.
    """
    size = architecture.parameters
    columns = np.random.default_rng(8).standard_normal((size, size), dtype=np.float32)
    columns /= np.linalg.norm(columns, axis=0)
    return Spectrum(
        np.ones(size), columns, np.ones(size), size, 0.0, SpectrumStatus.FINITE, Route.EIGH
    )


@pytest.mark.parametrize("shape", [(10, 10), (2500, 3), (3, 2500), (1999, 2001), (1, 1)])
def test_reduction_keeps_the_maximum_of_every_block(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(9).standard_normal(shape)
    most = 1000

    reduced = block_maximum(matrix, most)
    row_step, column_step = (-(-side // most) for side in shape)

    assert max(reduced.shape) <= most
    assert reduced.max() == np.abs(matrix).max()
    for row in range(reduced.shape[0]):
        rows = np.abs(matrix[row * row_step : (row + 1) * row_step])
        expected = [
            rows[:, start : start + column_step].max() for start in range(0, shape[1], column_step)
        ]
        np.testing.assert_array_equal(reduced[row], expected)


def test_a_single_large_entry_survives_the_reduction() -> None:
    vectors = np.full((3001, 3001), 1e-6)
    vectors[1234, 567] = -0.9

    reduced = block_maximum(vectors, 1000)

    assert reduced[1234 // 4, 567 // 4] == 0.9
    assert (reduced > 1e-6).sum() == 1


def test_mean_reduction_keeps_columns_that_sum_to_one() -> None:
    masses = np.random.default_rng(10).dirichlet(np.ones(4), size=2501).T

    reduced = block_mean(masses, 1000)

    assert reduced.shape == (4, 834)
    np.testing.assert_allclose(reduced.sum(axis=0), 1.0, rtol=1e-12)
    np.testing.assert_allclose(reduced[:, -1], masses[:, 2499:].mean(axis=1))


def test_boundaries_are_drawn_between_the_layers(spectrum) -> None:
    network = Architecture(depth=3, width=6)
    ends = np.cumsum([layer.parameters for layer in network.layers])[:-1]

    axes = eigenvectors_figure(spectrum(network), network).axes[0]

    assert layer_ends(network) == list(ends)
    assert layer_ends(PUBLISHED) == [70, 1330, 2590, 3850, 5110]
    assert [line.get_ydata()[0] for line in axes.lines] == [end + 0.5 for end in ends]


def test_images_show_the_entries_and_the_masses(spectrum) -> None:
    network = Architecture(depth=2, width=4)
    found = spectrum(network)

    raster, blocks = (
        axes.images[0].get_array() for axes in eigenvectors_figure(found, network).axes[:2]
    )

    np.testing.assert_allclose(raster, np.log10(np.abs(found.eigenvectors)))
    np.testing.assert_allclose(blocks, block_masses(found.eigenvectors, network))


@pytest.mark.parametrize("depth", [1, 2, 5, 30])
@pytest.mark.parametrize("width", [1, 5, 35])
def test_names_of_layers_keep_their_distance(depth: int, width: int) -> None:
    network = Architecture(depth, width)

    positions, labels = layer_labels(network)

    assert labels[0].startswith("$W_{1}")
    assert np.all(np.diff(positions) >= LABEL_HEIGHT * network.parameters)
    for position, label in zip(positions, labels, strict=True):
        layer = network.layers[int(label.split("{")[1].split("}")[0]) - 1]
        assert layer.whole.start < position < layer.whole.stop + 1


@pytest.mark.parametrize("network", [Architecture(1, 1), Architecture(1, 30), Architecture(30, 4)])
def test_small_and_deep_networks_are_drawn_without_overlap(
    network: Architecture, spectrum, overlaps
) -> None:
    assert overlaps(eigenvectors_figure(spectrum(network), network)) == []


def test_the_pdf_of_five_thousand_parameters_is_small(tmp_path: Path) -> None:
    figure = eigenvectors_figure(noisy_basis(PUBLISHED), PUBLISHED)

    assert max(figure.axes[0].images[0].get_array().shape) <= MOST_PIXELS
    assert save(figure, tmp_path, "eigenvectors")[0].stat().st_size < 1e6


def test_an_entry_of_exactly_zero_gets_the_darkest_colour() -> None:
    network = Architecture(1, 1)
    identity = replace(noisy_basis(network), eigenvectors=np.eye(network.parameters))

    image = eigenvectors_figure(identity, network).axes[0].images[0]

    np.testing.assert_array_equal(image.to_rgba(image.get_array())[0, 1], image.cmap(0))


def test_a_spectrum_without_vectors_is_refused(spectrum) -> None:
    network = Architecture(1, 3)
    with pytest.raises(BadInput, match="compute the spectrum with vectors"):
        eigenvectors_figure(replace(spectrum(network), eigenvectors=None), network)
    with pytest.raises(BadInput, match="spectrum: expected a Spectrum, found ndarray; "):
        eigenvectors_figure(np.eye(10), network)  # type: ignore[arg-type]
