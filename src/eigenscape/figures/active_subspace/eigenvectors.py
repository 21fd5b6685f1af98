"""Where the eigenvectors live: their entries over the parameters, and their mass over the layers.

Within a group of equal eigenvalues single vectors are arbitrary, so the fine grain of the upper
image is noise; what is robust is which layer a group of vectors lives in, and the lower image shows
exactly that.
"""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from eigenscape.active_subspace.importance import block_masses
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, figure_of, paper_style, tick_counts

MOST_PIXELS = 1000
"""Largest side of an image: 4.6 inches at 217 dots per inch, and a PDF below 1 MB for any P."""

LOG10_RANGE = (-4.0, 0.0)
"""Colours of log10|W_ij|. An entry is at most 1; below 1e-4 a vector has less than 1e-8 of its mass
per parameter."""

LEVELS = 64
"""Colours of an image: steps of 1/16 decade are not seen, and make the file a third smaller than
256."""

LABEL_HEIGHT = 0.034
"""Room for a label along the raster, as a fraction of its height: 7 points with space between, on
3.6 inches."""


ALONG = "eigenvector $j$, by descending eigenvalue"


@paper_style()
def eigenvectors_figure(spectrum: Spectrum, architecture: Architecture) -> Figure:
    """log10|W_ij| over parameters and eigenvectors, above the layer masses B_lj = sum_{i in l}
    W_ij^2.

    An image of more than `MOST_PIXELS` a side is reduced: the entries by the maximum of |W_ij| over
    each block of neighbours, so that no large entry is lost; the masses by their mean over
    neighbouring eigenvectors, so that each column of the image still sums to 1.

    Args:
        spectrum: with eigenvectors (P, P), unit vectors in the columns.
        architecture: the network; thin lines are drawn at its layers' ends.

    Returns:
        A figure of two panels that share the index of the eigenvector, 140 mm wide.

    Raises:
        BadInput: the spectrum has no eigenvectors, or they are not those of this network.

    Example:
        >>> from eigenscape.active_subspace.spectrum import spectrum_of
        >>> spectrum = spectrum_of(np.diag(np.arange(7.0, 0.0, -1.0)), vectors=True)
        >>> figure = eigenvectors_figure(spectrum, Architecture(depth=1, width=2))
        >>> [len(axes.images) for axes in figure.axes[:2]]
        [1, 1]
    """
    figure = Figure(figsize=(0.78 * DOUBLE_COLUMN, 5.8), layout="constrained")
    entries, blocks = figure.subplots(2, 1, sharex=True, height_ratios=[3.3, 1])
    draw_eigenvectors(entries, spectrum, architecture)
    draw_eigenvector_masses(blocks, spectrum, architecture)
    entries.set_xlabel("")
    network = (
        f"$L$ = {architecture.depth}, $w$ = {architecture.width}, $P$ = {architecture.parameters:,}"
    )
    entries.set_title(f"(a) eigenvectors, {network}", loc="left")
    blocks.set_title("(b) mass of each eigenvector on each layer", loc="left")
    return figure


def draw_eigenvectors(axes: Axes, spectrum: Spectrum, architecture: Architecture) -> None:
    """The raster of log10|W_ij| over parameters i and eigenvectors j, on axes that are given, with
    a colour bar beside them.

    Args:
        axes: to draw on.
        spectrum: with eigenvectors (P, P), unit vectors in the columns.
        architecture: the network; thin lines are drawn at its layers' ends.

    Raises:
        BadInput: the spectrum has no eigenvectors, or they are not those of this network.

    Example:
        >>> from eigenscape.active_subspace.spectrum import spectrum_of
        >>> axes = Figure().subplots()
        >>> draw_eigenvectors(
        ...     axes,
        ...     spectrum_of(np.diag(np.arange(7.0, 0.0, -1.0)), vectors=True),
        ...     Architecture(1, 2),
        ... )
        >>> axes.images[0].get_array().shape
        (7, 7)
    """
    figure, vectors = figure_of(axes), _vectors(spectrum, architecture)
    size, count = vectors.shape
    with np.errstate(divide="ignore"):
        raster = np.log10(block_maximum(vectors, MOST_PIXELS))
    image = axes.imshow(
        raster,
        extent=(0.5, count + 0.5, size + 0.5, 0.5),
        vmin=LOG10_RANGE[0],
        vmax=LOG10_RANGE[1],
        cmap=_colours(),
        aspect="auto",
        interpolation="none",
    )
    decades = np.arange(LOG10_RANGE[0], LOG10_RANGE[1] + 0.5)
    side = -(-count // raster.shape[1])
    what = r"$\log_{10}|W_{ij}|$" + (
        rf", largest of {side} $\times$ {side} entries" if side > 1 else ""
    )
    figure.colorbar(image, ax=axes, label=what, extend="min", pad=0.02, ticks=decades)
    axes.set(xlabel=ALONG, ylabel="parameter $i$")
    tick_counts(axes.xaxis, count)
    tick_counts(axes.yaxis, size)
    _mark_layers(axes, architecture)


def draw_eigenvector_masses(axes: Axes, spectrum: Spectrum, architecture: Architecture) -> None:
    """The mass B_lj = sum_{i in l} W_ij^2 of eigenvector j on layer l, on axes that are given, with
    a colour bar beside them.

    Within a group of equal eigenvalues single vectors are arbitrary; the layer that a group lives
    in is not.

    Args:
        axes: to draw on.
        spectrum: with eigenvectors (P, P), unit vectors in the columns.
        architecture: the network.

    Raises:
        BadInput: the spectrum has no eigenvectors, or they are not those of this network.

    Example:
        >>> from eigenscape.active_subspace.spectrum import spectrum_of
        >>> axes = Figure().subplots()
        >>> draw_eigenvector_masses(
        ...     axes,
        ...     spectrum_of(np.diag(np.arange(7.0, 0.0, -1.0)), vectors=True),
        ...     Architecture(1, 2),
        ... )
        >>> axes.images[0].get_array().sum(axis=0).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    figure, vectors = figure_of(axes), _vectors(spectrum, architecture)
    layers, count = len(architecture.layers), vectors.shape[1]
    image = axes.imshow(
        block_mean(block_masses(vectors, architecture), MOST_PIXELS),
        extent=(0.5, count + 0.5, layers + 0.5, 0.5),
        vmin=0,
        vmax=1,
        cmap=_colours(),
        aspect="auto",
        interpolation="none",
    )
    figure.colorbar(image, ax=axes, label="mass $B_{lj}$", pad=0.02)
    axes.set(xlabel=ALONG, ylabel="layer $l$")
    tick_counts(axes.xaxis, count)
    tick_counts(axes.yaxis, layers)


def _vectors(spectrum: Spectrum, architecture: Architecture) -> np.ndarray:
    if not isinstance(spectrum, Spectrum):
        fix = "give what eigenscape.spectrum(moment, vectors=True) returns"
        raise BadInput.field("spectrum", "a Spectrum", type(spectrum).__name__, fix)
    if spectrum.eigenvectors is None:
        raise BadInput.field(
            "spectrum", "eigenvectors", "eigenvalues only", "compute the spectrum with vectors"
        )
    if len(spectrum.eigenvectors) != architecture.parameters:
        expected = f"{architecture.parameters} rows, one for each parameter of {architecture.label}"
        found = f"shape {spectrum.eigenvectors.shape}"
        raise BadInput.field(
            "eigenvectors", expected, found, "give the architecture that it was computed for"
        )
    return spectrum.eigenvectors


def layer_ends(architecture: Architecture) -> list[int]:
    """The number of parameters up to and with each layer but the last: where the boundaries are
    drawn.

    Example:
        >>> layer_ends(Architecture(depth=5, width=35))
        [70, 1330, 2590, 3850, 5110]
    """
    return [layer.whole.stop for layer in architecture.layers[:-1]]


def block_maximum(matrix: np.ndarray, most: int) -> np.ndarray:
    """The maximum of |matrix| over blocks, such that at most ``most`` rows and columns are left.

    Example:
        >>> block_maximum(np.array([[1.0, -9.0, 3.0], [0.0, 2.0, 4.0]]), most=2)
        array([[9., 3.],
               [2., 4.]])
    """
    rows, columns = (_starts(side, most) for side in matrix.shape)
    stops = [*rows[1:], len(matrix)]
    # Row block by row block: |matrix| as a whole would be a second array of P^2.
    tallest = np.stack(
        [np.abs(matrix[start:stop]).max(axis=0) for start, stop in zip(rows, stops, strict=True)]
    )
    return np.maximum.reduceat(tallest, columns, axis=1)


def block_mean(matrix: np.ndarray, most: int) -> np.ndarray:
    """The mean over blocks of neighbouring columns, such that at most ``most`` columns are left.

    Example:
        >>> block_mean(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), most=2)
        array([[0.5, 1. ],
               [0.5, 0. ]])
    """
    columns = _starts(matrix.shape[1], most)
    return np.add.reduceat(matrix, columns, axis=1) / np.diff([*columns, matrix.shape[1]])


def _starts(size: int, most: int) -> np.ndarray:
    """First index of each block: all blocks are equal but the last, which may be shorter."""
    return np.arange(0, size, -(-size // most))


def _colours() -> Colormap:
    """The colour map in `LEVELS` steps; an entry of exactly zero, whose logarithm is -inf, gets the
    darkest.
    """
    colours = matplotlib.colormaps[COLORMAP].resampled(LEVELS)
    return colours.with_extremes(bad=colours(0), under=colours(0))


def _mark_layers(axes: Axes, architecture: Architecture) -> None:
    """Thin lines at the layers' ends, and names at the right: W_l and b_l where both fit, else the
    layer's, or a user's own.
    """
    for end in layer_ends(architecture):
        axes.axhline(end + 0.5, color="white", linewidth=0.4)
    names = axes.secondary_yaxis("right")
    positions, labels = layer_labels(architecture)
    names.set_yticks(positions, labels)
    names.tick_params(length=2, labelsize=6.5)


def layer_labels(architecture: Architecture) -> tuple[list[float], list[str]]:
    """Where along the parameters the names of the layers stand, and the names, no two closer than
    `LABEL_HEIGHT`.

    Example:
        >>> layer_labels(Architecture(depth=1, width=20))[1]
        ['$W_{1}$', '$b_{1}$', '$W_{2}, b_{2}$']
    """
    apart = LABEL_HEIGHT * architecture.parameters
    positions: list[float] = []
    labels: list[str] = []

    def offer(position: float, label: str) -> None:
        if not positions or position - positions[-1] >= apart:
            positions.append(position)
            labels.append(label)

    for number, layer in enumerate(architecture.layers, start=1):
        middles = [(block.start + block.stop + 1) / 2 for block in (layer.weight, layer.bias)]
        if layer.name:
            offer((layer.whole.start + layer.whole.stop + 1) / 2, layer.name)
        elif (
            min(layer.weight.stop - layer.weight.start, layer.bias.stop - layer.bias.start) >= apart
        ):
            offer(middles[0], f"$W_{{{number}}}$")
            offer(middles[1], f"$b_{{{number}}}$")
        else:
            offer(
                (layer.whole.start + layer.whole.stop + 1) / 2, f"$W_{{{number}}}, b_{{{number}}}$"
            )
    return positions, labels
