"""The map of the parameter count: right values, right labels, any grid."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

from eigenscape.architecture import Architecture
from eigenscape.figures.active_subspace.parameter_count import parameter_count_figure


def contours(figure: Figure, filled: bool) -> list[ContourSet]:
    return [
        item
        for item in figure.axes[0].collections
        if isinstance(item, ContourSet) and item.filled is filled
    ]


def test_contours_run_through_networks_of_their_parameter_count(table) -> None:
    depths, widths = list(range(1, 31)), list(range(5, 55, 5))

    figure = parameter_count_figure(table(depths, widths))
    lines = next(item for item in contours(figure, filled=False) if len(item.levels) > 1)

    assert "1,000" in [text.get_text() for text in figure.axes[0].texts]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        for depth, width in path.vertices:
            if depth == round(depth) > 1:
                # On a column of the grid, log P is interpolated between widths that differ by at
                # most a factor 2.
                exact = (depth - 1) * width**2 + (depth + 2) * width + 1
                assert np.log10(exact) == pytest.approx(level, abs=0.06)


@pytest.mark.parametrize(
    "cells", [([1, 2, 4, 8, 16], [5, 20, 30]), (list(range(1, 31)), list(range(5, 55, 5)))]
)
def test_labels_of_contours_lie_inside_the_axes(cells: tuple[list[int], list[int]], table) -> None:
    figure = parameter_count_figure(table(*cells))
    figure.draw_without_rendering()

    axes = figure.axes[0].get_window_extent()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) >= 3
    assert all(axes.containsx(box.x0) and axes.containsx(box.x1) for box in boxes)
    assert all(axes.containsy(box.y0) and axes.containsy(box.y1) for box in boxes)


def test_the_limit_of_computed_condition_numbers_is_drawn(table, legend) -> None:
    rows = table(list(range(1, 31)), [5, 10, 15, 20])

    assert legend(parameter_count_figure(rows)) == [
        "condition number computed up to 500 parameters"
    ]
    assert legend(parameter_count_figure(rows.assign(raw_parameter_limit=10**9))) == []
    assert legend(parameter_count_figure(rows.drop(columns="raw_parameter_limit"))) == []


def test_colours_span_the_parameter_counts(table) -> None:
    figure = parameter_count_figure(table([1, 2, 30], [5, 50]))
    (filled,) = contours(figure, filled=True)

    assert 10**filled.norm.vmin == pytest.approx(Architecture(1, 5).parameters)
    assert 10**filled.norm.vmax == pytest.approx(74101)
    colours = np.unique(filled.get_facecolor(), axis=0)
    assert len(colours) == len(filled.levels) - 1
    assert figure.axes[1].get_ylabel() == "number of parameters $P$"
    assert "10,000" in [label.get_text() for label in figure.axes[1].get_yticklabels()]


@pytest.mark.parametrize(
    ("depths", "widths"),
    [([3], [10]), ([1, 2, 3], [10]), ([2], [5, 10]), (list(range(1, 31)), [50])],
)
def test_a_grid_that_is_no_plane_is_drawn_as_cells(
    depths: list[int], widths: list[int], table, overlaps
) -> None:
    figure = parameter_count_figure(table(depths, widths))

    (mesh,) = [item for item in figure.axes[0].collections if isinstance(item, QuadMesh)]
    expected = [[Architecture(depth, width).parameters for depth in depths] for width in widths]
    np.testing.assert_array_equal(mesh.get_array(), expected)
    assert contours(figure, filled=True) == []
    assert [text.get_text() for text in figure.axes[0].texts] == [
        f"{count:,}" for row in expected for count in row
    ]
    assert overlaps(figure) == []


def test_an_incomplete_grid_is_drawn(table, overlaps) -> None:
    figure = parameter_count_figure(table([1, 2, 3, 4], [5, 10, 20]).drop(index=5))

    assert len(contours(figure, filled=True)) == 1
    assert overlaps(figure) == []
