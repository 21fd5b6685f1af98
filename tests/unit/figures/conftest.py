"""Spectra and tables to draw, made by named functions, and what a reader of a figure sees."""

from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from eigenscape.active_subspace.sampling_noise import log10_condition_null
from eigenscape.active_subspace.spectrum import Spectrum, spectrum_of
from eigenscape.architecture import Architecture

LIMIT = 500


def layered_spectrum(architecture: Architecture, samples_per_parameter: int = 4) -> Spectrum:
    """Of sampled gradients whose variance falls by 3 from layer to layer: a staircase, broadened by
    sampling.
    """
    size = architecture.parameters
    variances = np.concatenate(
        [np.full(layer.parameters, 3.0**-level) for level, layer in enumerate(architecture.layers)]
    )
    gradients = np.random.default_rng(6).standard_normal(
        (samples_per_parameter * size, size)
    ) * np.sqrt(variances)
    second_moment = gradients.T @ gradients / len(gradients)
    return spectrum_of((second_moment + second_moment.T) / 2, vectors=True)


def cells(depths: list[int], widths: list[int]) -> pd.DataFrame:
    """The table of a study with N = 4 P and cells above `LIMIT` parameters left out."""
    rows = []
    for width in widths:
        for depth in depths:
            parameters = Architecture(depth, width).parameters
            computed = parameters <= LIMIT
            rows.append(
                {
                    "depth": depth,
                    "width": width,
                    "parameters": parameters,
                    "samples": 4 * parameters,
                    "parameters_per_sample": 0.25,
                    "status": "finite" if computed else "over_raw_parameter_limit",
                    "log10_cond": 1.0 + 0.3 * depth if computed else np.nan,
                    "log10_cond_null": (
                        log10_condition_null(parameters, 4 * parameters) if computed else np.nan
                    ),
                    "raw_parameter_limit": LIMIT,
                }
            )
    return pd.DataFrame(rows)


def words(figure: Figure) -> list[str]:
    """The entries of the figure's legends."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.fixture
def spectrum() -> Callable[..., Spectrum]:
    return layered_spectrum


@pytest.fixture
def table() -> Callable[[list[int], list[int]], pd.DataFrame]:
    return cells


@pytest.fixture
def legend() -> Callable[[Figure], list[str]]:
    return words


@pytest.fixture
def overlaps() -> Callable[[Figure], list[tuple[str, str]]]:
    return overlapping_texts


def overlapping_texts(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of drawn texts whose boxes intersect, and texts that reach beyond the figure, paired
    with 'figure'.
    """
    texts = {id(text): text for text in drawn_texts(figure)}
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts.values()]
    pairs = [
        (first, second)
        for position, (first, box) in enumerate(boxes)
        for second, other in boxes[position + 1 :]
        if (shared := Bbox.intersection(box, other)) is not None
        and shared.width * shared.height > 1
    ]
    paper = figure.bbox.padded(1)
    outside = [
        (text, "figure")
        for text, box in boxes
        if np.any(Bbox.union([paper, box]).size > paper.size)
    ]
    return pairs + outside


def drawn_texts(figure: Figure) -> list[Text]:
    """The texts that are drawn, which are fewer than those that exist: ticks outside the limits,
    empty titles.
    """
    drawn: list[Text] = []
    draw = Text.draw

    def record(self: Text, renderer: RendererBase) -> None:
        if self.get_visible() and self.get_text():
            drawn.append(self)
        draw(self, renderer)

    with patch.object(Text, "draw", record):
        figure.draw_without_rendering()
    return drawn
