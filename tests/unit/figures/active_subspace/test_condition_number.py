"""Every cell of the map is a colour or an explanation, on any grid."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.figure import Figure

from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.condition_number import condition_number_figure

DEPTHS, WIDTHS = list(range(1, 9)), [5, 10, 15]


def mesh(figure: Figure) -> QuadMesh:
    return next(item for item in figure.axes[0].collections if isinstance(item, QuadMesh))


def filled(figure: Figure) -> list[tuple[float, float]]:
    """Centres (depth, width) of the cells that are filled without a colour of the map."""
    polygons = [
        item
        for item in figure.axes[0].collections
        if isinstance(item, PolyCollection) and not isinstance(item, QuadMesh)
    ]
    return [
        tuple(path.vertices[:4].mean(axis=0))
        for polygon in polygons
        for path in polygon.get_paths()
    ]


def test_computed_cells_have_the_colour_of_their_value(table) -> None:
    rows = table(DEPTHS, WIDTHS).sample(frac=1, random_state=1)

    values = mesh(condition_number_figure(rows)).get_array()

    assert values.shape == (3, 8)
    for row in rows.itertuples():
        indices = WIDTHS.index(row.width), DEPTHS.index(row.depth)
        assert (
            values.mask[indices] if np.isnan(row.log10_cond) else values[indices] == row.log10_cond
        )


def test_cells_above_the_limit_are_hatched_and_explained(table, legend) -> None:
    rows = table(DEPTHS, WIDTHS)
    over = rows[rows["status"] == "over_raw_parameter_limit"]

    figure = condition_number_figure(rows)

    assert 0 < len(over) < len(rows)
    assert sorted(filled(figure)) == sorted(zip(over["depth"], over["width"], strict=True))
    assert "not computed: more than 500 parameters" in legend(figure)
    assert any(item.get_hatch() for item in figure.axes[0].collections)


@pytest.mark.parametrize(
    ("status", "words", "marker"),
    [
        ("rank_deficient", "rank deficient: some directions carry no gradient", "x"),
        ("below_floor", "below floor", "v"),
    ],
)
def test_statuses_have_their_own_marker_and_legend_entry(
    status: str, words: str, marker: str, table, legend
) -> None:
    rows = table(DEPTHS, WIDTHS)
    rows.loc[2, ["status", "log10_cond"]] = [status, np.inf]

    figure = condition_number_figure(rows)
    drawn = [
        (line.get_marker(), list(line.get_xdata()), list(line.get_ydata()))
        for line in figure.axes[0].lines
    ]

    assert drawn == [(marker, [3], [5])]
    assert (3.0, 5.0) in filled(figure)
    assert any(entry.startswith(words) for entry in legend(figure))
    assert not any(
        "deficient" in entry or "floor" in entry
        for entry in legend(condition_number_figure(table(DEPTHS, WIDTHS)))
    )


def test_a_marked_cell_with_a_number_keeps_its_colour(table) -> None:
    """Another column than the condition number may be finite where the condition number is not."""
    rows = table(DEPTHS, WIDTHS).assign(log10_gap_at_width=0.5)
    rows.loc[2, ["status", "log10_cond"]] = ["rank_deficient", np.inf]

    figure = condition_number_figure(rows, "log10_gap_at_width")

    assert filled(figure) == []
    assert not mesh(figure).get_array().mask.any()
    assert len(figure.axes[0].lines) == 1
    assert "gap at index" in figure.axes[1].get_ylabel()


def test_holes_of_the_grid_are_named(table, legend) -> None:
    rows = table(DEPTHS, WIDTHS)

    assert "not in the grid" in legend(condition_number_figure(rows.drop(index=5)))
    assert "not in the grid" not in legend(condition_number_figure(rows))


def test_contours_of_the_parameter_count_are_labelled(table, legend) -> None:
    figure = condition_number_figure(table(DEPTHS, WIDTHS))

    labels = [text.get_text() for text in figure.axes[0].texts]
    assert {"100", "1,000"} & set(labels)
    assert "number of parameters $P$" in legend(figure)


def test_the_title_says_what_noise_alone_would_give(table) -> None:
    title = condition_number_figure(table(DEPTHS, WIDTHS)).axes[0].get_title(loc="left")

    assert title == "$P/N$ = 0.25; sampling noise alone (isotropic $C$) would give 0.95 decades"


@pytest.mark.parametrize(
    ("depths", "widths"),
    [
        ([3], [10]),
        ([1, 2, 3], [10]),
        ([2], [5, 10]),
        (list(range(1, 31)), [5]),
        ([1, 2, 4, 8], [5, 30]),
    ],
)
def test_cells_are_centred_on_their_depth_and_width(
    depths: list[int], widths: list[int], table, overlaps
) -> None:
    figure = condition_number_figure(table(depths, widths))

    x, y = (figure.axes[0].get_xlim(), figure.axes[0].get_ylim())
    corners = mesh(figure).get_coordinates()
    assert corners.shape == (len(widths) + 1, len(depths) + 1, 2)
    for edges, centres in ((corners[0, :, 0], depths), (corners[:, 0, 1], widths)):
        assert np.all(np.diff(edges) > 0)
        assert edges[0] > 0
        assert all(
            low < centre < high
            for low, centre, high in zip(edges[:-1], centres, edges[1:], strict=True)
        )
        np.testing.assert_allclose(
            edges[1:-1], (np.array(centres[:-1]) + np.array(centres[1:])) / 2
        )
    assert (x[0], x[1], y[0], y[1]) == (
        corners[0, 0, 0],
        corners[0, -1, 0],
        corners[0, 0, 1],
        corners[-1, 0, 1],
    )
    assert overlaps(figure) == []


@pytest.mark.parametrize("cells", [([3], [10]), ([1, 2, 3], [10])])
def test_small_grids_have_their_values_written_in_them(
    cells: tuple[list[int], list[int]], table
) -> None:
    rows = table(*cells)

    figure = condition_number_figure(rows)

    assert [text.get_text() for text in figure.axes[0].texts] == [
        f"{value:.2f}" for value in rows["log10_cond"].dropna()
    ]


def test_a_map_without_any_number_still_explains_itself(table, legend) -> None:
    figure = condition_number_figure(table([5, 6], [20, 30]))

    assert len(filled(figure)) == 4
    assert "not computed: more than 500 parameters" in legend(figure)
    assert len(figure.axes) == 1


def test_the_published_grid_has_no_overlapping_texts(table, overlaps) -> None:
    rows = table(list(range(1, 31)), list(range(5, 55, 5)))
    rows.loc[25:29, ["status", "log10_cond"]] = ["below_floor", np.inf]

    assert overlaps(condition_number_figure(rows)) == []


def refused_tables(table) -> dict[str, pd.DataFrame]:
    rows = table(DEPTHS, WIDTHS)
    return {
        "the column status": rows.drop(columns="status"),
        "at least one cell": rows.iloc[:0],
        "one row per cell": pd.concat([rows, rows.iloc[:1]]),
        "one of below_floor": rows.assign(status="excellent"),
    }


@pytest.mark.parametrize(
    "reason", ["the column status", "at least one cell", "one row per cell", "one of below_floor"]
)
def test_tables_that_are_no_map_are_refused(reason: str, table) -> None:
    with pytest.raises(BadInput, match=reason):
        condition_number_figure(refused_tables(table)[reason])
