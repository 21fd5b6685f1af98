"""Figures on given axes: on these and no others, the same marks as the workflow's figures, no style
and no file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from eigenscape import plot
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.architecture import Architecture, FlatLayout
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.condition_number import condition_number_figure
from eigenscape.figures.active_subspace.eigenvalues import eigenvalues_figure
from eigenscape.figures.active_subspace.eigenvectors import eigenvectors_figure
from eigenscape.figures.active_subspace.layer_importance import layer_importance_figure

NETWORK = Architecture(depth=3, width=4)
P = NETWORK.parameters

Draw = Callable[[Axes, Spectrum, pd.DataFrame], object]
DRAWN: dict[str, Draw] = {
    "eigenvalues": lambda axes, spectrum, _: plot.eigenvalues(
        axes, spectrum, samples=4 * P, width=4
    ),
    "eigenvectors": lambda axes, spectrum, _: plot.eigenvectors(axes, spectrum, NETWORK),
    "eigenvector_masses": lambda axes, spectrum, _: plot.eigenvector_masses(
        axes, spectrum, NETWORK
    ),
    "layer_shares": lambda axes, spectrum, _: plot.layer_shares(axes, spectrum.diagonal, NETWORK),
    "layer_importance": lambda axes, spectrum, _: plot.layer_importance(
        axes, spectrum.diagonal, NETWORK
    ),
    "condition_number": lambda axes, _, table: plot.condition_number(axes, table),
}


@pytest.mark.parametrize("name", DRAWN)
def test_only_the_given_axes_are_drawn_on(
    name: str, spectrum, table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(matplotlib.rcParams)
    figure = Figure(figsize=(8, 4), layout="constrained")
    mine, other = figure.subplots(1, 2)

    DRAWN[name](mine, spectrum(NETWORK), table([1, 2, 3], [5, 10]))

    figure.draw_without_rendering()
    assert mine.has_data()
    assert mine.get_xlabel()
    assert mine.get_ylabel()
    assert not other.has_data()
    assert len(figure.axes) - 2 == (
        name in ("eigenvectors", "eigenvector_masses", "condition_number")
    )  # a colour bar
    assert dict(matplotlib.rcParams) == before
    assert list(tmp_path.iterdir()) == []


def test_marks_are_those_of_the_figures_of_the_workflow(spectrum, table) -> None:
    found, rows = spectrum(NETWORK), table([1, 2, 3], [5, 10])
    axes = Figure().subplots(2, 3).ravel()
    for where, draw in zip(axes, DRAWN.values(), strict=True):
        draw(where, found, rows)
    one = eigenvalues_figure(found, NETWORK, 4 * P).axes[0]
    raster, blocks = eigenvectors_figure(found, NETWORK).axes[:2]
    bars, importance = layer_importance_figure(found.diagonal, NETWORK).axes
    whole = condition_number_figure(rows).axes[0]
    for mine, theirs in zip(axes[0].lines, one.lines, strict=True):
        np.testing.assert_array_equal(mine.get_ydata(), theirs.get_ydata())
    for mine, theirs in ((axes[1], raster), (axes[2], blocks)):
        np.testing.assert_array_equal(mine.images[0].get_array(), theirs.images[0].get_array())
    assert [bar.get_height() for bar in axes[3].patches] == [
        bar.get_height() for bar in bars.patches
    ]
    np.testing.assert_array_equal(
        axes[4].collections[0].get_offsets(), importance.collections[0].get_offsets()
    )
    mine, theirs = (
        next(item for item in where.collections if isinstance(item, QuadMesh))
        for where in (axes[5], whole)
    )
    np.testing.assert_array_equal(mine.get_array(), theirs.get_array())


def test_a_spectrum_without_samples_and_width_has_its_curve_alone(spectrum) -> None:
    """Of a function that is no network: no noise, no shoulder."""
    axes = Figure().subplots()
    plot.eigenvalues(axes, spectrum(NETWORK), scale="linear", first=5)
    (curve,) = axes.lines
    np.testing.assert_array_equal(curve.get_ydata(), spectrum(NETWORK).eigenvalues[:5])
    assert axes.get_yscale() == "linear"
    assert len(axes.texts) == 0


def test_what_has_no_layers_is_one_bar() -> None:
    """Coordinates of a function: one block, whose share is all."""
    axes = Figure().subplots()
    plot.layer_shares(axes, np.ones(3), FlatLayout(3))
    assert [bar.get_height() for bar in axes.patches] == [1.0]


def test_legends_name_what_is_drawn(spectrum, table) -> None:
    lines, map_axes = Figure().subplots(1, 2)
    plot.eigenvalues(
        lines, spectrum(NETWORK), samples=4 * P, projected=spectrum(NETWORK).eigenvalues
    )
    assert [text.get_text().split(" ")[0] for text in lines.legend().get_texts()] == [
        "sampling",
        "eigenvalues",
        "eigenvalues",
    ]
    rows = table([1, 2, 3], [5, 10])
    rows.loc[1, ["status", "log10_cond"]] = ["rank_deficient", np.inf]
    entries = plot.condition_number(map_axes, rows)
    assert any(str(entry.get_label()).startswith("rank deficient") for entry in entries)
    assert [patch.get_label() for patch in plot.layer_legend(NETWORK)] == [
        "first layer",
        "hidden to hidden",
        "output layer",
    ]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda spectrum: plot.eigenvectors(Figure(), spectrum, NETWORK),
            "^axes: expected axes of a matplotlib figure, found Figure",
        ),
        (
            lambda spectrum: plot.eigenvalues(spectrum, spectrum),
            "^axes: expected axes of a matplotlib figure, found Spectrum",
        ),
        (
            lambda spectrum: plot.layer_shares(None, spectrum.diagonal, NETWORK),
            "^axes: .* found NoneType",
        ),
        (
            lambda spectrum: plot.eigenvectors(Figure().subplots(), spectrum, Architecture(1, 2)),
            "^eigenvectors: expected 7 rows",
        ),
        (
            lambda spectrum: plot.eigenvalues(Figure().subplots(), spectrum, scale="symlog"),
            "^scale: expected log or linear",
        ),
        (
            lambda spectrum: plot.eigenvalues(Figure().subplots(), spectrum, samples=0),
            "^samples: expected",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    draw: Callable[[Spectrum], object], words: str, spectrum
) -> None:
    with pytest.raises(BadInput, match=words):
        draw(spectrum(NETWORK))
