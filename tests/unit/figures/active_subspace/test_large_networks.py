"""The figure of large networks: points at their numbers, counts of the density at theirs, no text
over another.
"""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from eigenscape.active_subspace.spectral_density import SpectralDensity
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.large_networks import LargeSpectrum, large_networks_figure

Overlaps = Callable[[Figure], list[tuple[str, str]]]


def spectrum(width: int, *, dual: bool) -> LargeSpectrum:
    """Eigenvalues 1/j; probes whose rule has weight for 50 eigenvalues at 5,000, and the rest
    at 0.
    """
    network = Architecture(4, width)
    values = 1e4 / np.arange(1.0, 101.0)
    density = (
        None
        if dual
        else SpectralDensity(
            np.array([[0.0, 5e3]] * 3),
            np.array([[1 - 50 / network.parameters, 50 / network.parameters]] * 3),
            network.parameters,
        )
    )
    return LargeSpectrum(
        network,
        100,
        values if dual else values[:20],
        values[:20],
        1e-9 * values[:20],
        np.array([5.0, 2.0, 1.0, 1.0, 1.0]),
        10.0,
        np.array([30.0, 20.0, 40.0]),
        density,
    )


def test_lines_are_at_their_numbers(overlaps: Overlaps) -> None:
    figure = large_networks_figure([spectrum(30, dual=True), spectrum(577, dual=False)])

    values, residuals, layers = figure.axes
    lines = [np.asarray(line.get_xydata()) for line in values.lines]
    assert any(len(line) == 100 and np.allclose(line[:, 1], 1e4 / line[:, 0]) for line in lines)
    assert any(
        np.allclose(line[:, 0], 50) and line[:, 1].max() < 5e3 for line in lines if len(line) > 20
    )
    assert np.allclose(residuals.lines[0].get_ydata(), 1e-9 / np.arange(1, 21))
    assert np.allclose(layers.lines[0].get_ydata(), [0.5, 0.2, 0.1, 0.1, 0.1])
    assert overlaps(figure) == []


@pytest.mark.parametrize("count", [0, 7])
def test_too_few_and_too_many_are_refused(count: int) -> None:
    with pytest.raises(BadInput, match="1 to 6 in one figure"):
        large_networks_figure([spectrum(30, dual=True)] * count)
