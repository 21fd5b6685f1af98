"""A panel per predictor, each network at its place, and the comparison at equal P said in words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from eigenscape.active_subspace.association import predictors
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.predictors import PREDICTORS, predictors_figure
from eigenscape.figures.active_subspace.trainability import depth_colours


def mapped(
    depths: range = range(1, 31), widths: range = range(5, 51, 5), limit: int = 3300
) -> pd.DataFrame:
    """A condition number that grows with depth and the root of the width, but for noise; none above
    a limit of P.
    """
    generator = np.random.default_rng(3)
    rows = [
        (depth, width, Architecture(depth, width).parameters)
        for width in widths
        for depth in depths
    ]
    table = pd.DataFrame(rows, columns=["depth", "width", "parameters"])
    value = (
        1 + 0.05 * table["depth"] * np.sqrt(table["width"]) + generator.normal(0, 0.1, len(table))
    )
    return table.assign(
        log10_cond=value.where(table["parameters"] <= limit), chi_1=0.53 * np.sqrt(table["width"])
    )


def scatters(figure: Figure) -> list[PathCollection]:
    return [
        item
        for axes in figure.axes
        for item in axes.collections
        if isinstance(item, PathCollection)
    ]


def test_every_network_with_a_number_is_at_its_place_in_every_panel() -> None:
    table = mapped().sample(frac=1, random_state=1)
    shown = table[table["log10_cond"].notna()]
    figure = predictors_figure(table)

    assert 50 < len(shown) < len(table)
    assert len(scatters(figure)) == 3
    for name, scatter in zip(PREDICTORS, scatters(figure), strict=True):
        np.testing.assert_allclose(
            scatter.get_offsets(), np.column_stack([predictors(shown)[name], shown["log10_cond"]])
        )
        np.testing.assert_array_equal(
            scatter.get_facecolors(), depth_colours(shown["depth"].to_numpy())
        )


def test_titles_are_the_rank_correlations() -> None:
    table = mapped()
    shown = table[table["log10_cond"].notna()]
    figure = predictors_figure(table)

    titles = [axes.get_title(loc="left") for axes in figure.axes[:3]]
    for letter, name, title in zip("abc", PREDICTORS, titles, strict=True):
        expected = spearmanr(predictors(shown)[name], shown["log10_cond"]).statistic
        assert title.startswith(rf"({letter}) $\rho$ = {expected:.2f} [")
    assert len(set(titles)) == 3
    assert f"{len(shown)} networks" in figure.get_suptitle()


def test_the_caption_says_what_depth_does_at_equal_parameters() -> None:
    deeper = predictors_figure(mapped()).get_suptitle()
    nothing = predictors_figure(
        mapped().assign(log10_cond=lambda rows: np.log10(rows["parameters"]))
    ).get_suptitle()

    assert "at equal $P$" in deeper
    assert "deeper minus shallower is 0.00 [" in nothing.replace("\N{MINUS SIGN}", "")
    assert "is 0.00" not in deeper
    assert (
        "too few pairs of networks of equal $P$"
        in predictors_figure(mapped(range(1, 3), range(5, 7))).get_suptitle()
    )


def test_without_mean_field_there_are_two_panels(overlaps) -> None:
    figure = predictors_figure(mapped().drop(columns="chi_1"))

    assert len(scatters(figure)) == 2
    assert overlaps(figure) == []


def test_intervals_are_drawn_where_the_table_has_them() -> None:
    table = mapped()
    with_intervals = table.assign(
        log10_cond_low=table["log10_cond"] - 0.5, log10_cond_high=table["log10_cond"] + 0.25
    )

    bars = [axes.containers for axes in predictors_figure(with_intervals).axes[:3]]
    assert [len(containers) for containers in bars] == [1, 1, 1]
    segments = np.array(bars[1][0][2][0].get_segments())
    shown = table["log10_cond"].dropna().to_numpy()
    np.testing.assert_allclose(segments[:, :, 1], np.column_stack([shown - 0.5, shown + 0.25]))
    assert not any(axes.containers for axes in predictors_figure(table).axes[:3])


@pytest.mark.parametrize(
    ("depths", "widths"),
    [(range(1, 31), range(5, 51, 5)), (range(3, 4), range(5, 6)), (range(1, 9), range(10, 11))],
)
def test_texts_do_not_overlap(depths: range, widths: range, overlaps) -> None:
    assert overlaps(predictors_figure(mapped(depths, widths))) == []


def test_few_networks_have_no_correlation() -> None:
    figure = predictors_figure(mapped(range(1, 3), range(5, 7)))

    assert figure.axes[0].get_title(loc="left") == "(a) too few cells: 4"


@pytest.mark.parametrize(
    "reason",
    [
        "the column log10_cond",
        "a finite number in some cell",
        "one row per cell",
        "at least one cell",
    ],
)
def test_tables_without_numbers_are_refused(reason: str) -> None:
    table = mapped()
    cases = {
        "the column log10_cond": table.drop(columns="log10_cond"),
        "a finite number in some cell": table.assign(log10_cond=np.nan),
        "one row per cell": pd.concat([table, table]),
        "at least one cell": table.iloc[:0],
    }
    with pytest.raises(BadInput, match=reason):
        predictors_figure(cases[reason])
