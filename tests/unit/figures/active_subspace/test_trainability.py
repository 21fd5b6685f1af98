"""The map, the trained networks and their correlation: every network is seen, also those that never
arrive.
"""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection, PolyCollection, QuadMesh
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.trainability import (
    correlation_words,
    depth_colours,
    trainability_figure,
)
from eigenscape.networks.training import StepRule

DEPTHS, WIDTHS = [1, 2, 3, 5, 8], [5, 10, 15]
MOST = 3000


def trained(depths: list[int] = DEPTHS, widths: list[int] = WIDTHS, seed: int = 0) -> pd.DataFrame:
    """Both rules; the search finds steps that fall with width, and curvature fails in some
    networks.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for rule in StepRule:
        for width in widths:
            for depth in depths:
                steps = 3.2 - 0.05 * width + 0.02 * depth + generator.normal(0, 0.1)
                fails = rule is StepRule.CURVATURE and depth == max(depths)
                rows.append(
                    {
                        "depth": depth,
                        "width": width,
                        "rule": str(rule),
                        "replicas": 12,
                        "threshold": 0.04871,
                        "most_steps": MOST,
                        "log10_steps": np.inf if fails else steps,
                        "log10_steps_low": steps - 0.2,
                        "log10_steps_high": np.inf if fails else steps + 0.3,
                    }
                )
    return pd.DataFrame(rows)


def of_rule(rows: pd.DataFrame, rule: StepRule) -> pd.DataFrame:
    return rows[rows["rule"] == str(rule)]


def meshes(figure: Figure) -> list[np.ma.MaskedArray]:
    """Colours of the two maps; a hatched cell is no colour."""
    maps = [
        [item for item in axes.collections if type(item) is QuadMesh] for axes in figure.axes[:2]
    ]
    return [found[0].get_array() for found in maps]


def hatched(figure: Figure, panel: int) -> dict[str, list[tuple[int, int]]]:
    """Depth and width of the hatched cells of a panel, by hatch; centres are a fraction off where
    depths are not equally far apart.
    """
    polygons = [
        item
        for item in figure.axes[panel].collections
        if isinstance(item, PolyCollection) and item.get_hatch()
    ]
    return {
        item.get_hatch(): sorted(
            tuple(path.vertices[:4].mean(axis=0).round().astype(int).tolist())
            for path in item.get_paths()
        )
        for item in polygons
    }


def marks(figure: Figure) -> np.ndarray:
    """Circles first, then arrows, (cells, 2)."""
    return np.concatenate(
        [
            item.get_offsets()
            for item in figure.axes[2].collections
            if isinstance(item, PathCollection)
        ]
    )


def test_both_maps_show_the_trained_networks_only(table) -> None:
    conditions, rows = table([1, 2, 3, 4, 5, 6, 7, 8], [5, 10, 15, 20]), trained()
    figure = trainability_figure(
        conditions.sample(frac=1, random_state=0), rows.sample(frac=1, random_state=1)
    )
    condition, steps = meshes(figure)

    assert condition.shape == steps.shape == (3, 5)
    for row in of_rule(rows, StepRule.SEARCH).itertuples():
        indices = WIDTHS.index(row.width), DEPTHS.index(row.depth)
        assert steps[indices] == row.log10_steps
        value = conditions[(conditions["depth"] == row.depth) & (conditions["width"] == row.width)][
            "log10_cond"
        ].item()
        assert condition.mask[indices] if np.isnan(value) else condition[indices] == value


def test_networks_that_never_arrive_are_hatched_drawn_at_the_top_and_ranked_last(
    table, legend
) -> None:
    conditions, rows = table(DEPTHS, [5, 10]), trained(widths=[5, 10])
    conditions = conditions.assign(log10_cond=np.linspace(1, 4, 10))
    figure = trainability_figure(conditions, rows, rule=StepRule.CURVATURE)

    assert hatched(figure, 1) == {"/////": [(8, 5), (8, 10)]}
    assert hatched(figure, 0) == {}
    assert "at most half of the 12 starts reach that loss in 3,000 steps" in legend(figure)
    assert "more steps than that: ranked last" in legend(figure)
    np.testing.assert_allclose(marks(figure)[-2:, 1], np.log10(MOST))
    ranked = of_rule(rows, StepRule.CURVATURE).merge(conditions, on=["depth", "width"])
    expected = spearmanr(ranked["log10_cond"], ranked["log10_steps"].clip(upper=99)).statistic
    assert (
        figure.axes[2]
        .get_title(loc="left")
        .startswith(rf"(c) $\rho$ = {expected:.2f}".replace("-", "\N{MINUS SIGN}"))
    )
    assert "10 networks" in figure.get_suptitle()

    search = trainability_figure(conditions, rows)
    assert hatched(search, 1) == {}
    assert legend(search) == []
    assert search.axes[1].get_title(loc="left") == "(b) steps to a loss of 0.049"
    assert "best of a grid of step sizes" in search.get_suptitle() != figure.get_suptitle()


def test_networks_without_a_condition_number_are_explained_and_not_drawn_in_the_scatter(
    table, legend
) -> None:
    conditions = table(DEPTHS, WIDTHS)
    without = conditions[conditions["log10_cond"].isna()]
    figure = trainability_figure(conditions, trained())

    assert 0 < len(without) < 15
    assert hatched(figure, 0) == {
        ".....": sorted(zip(without["depth"], without["width"], strict=True))
    }
    assert "no finite condition number in the table" in legend(figure)
    assert len(marks(figure)) == 15 - len(without)
    assert f"{15 - len(without)} networks" in figure.get_suptitle()


def test_cells_that_the_condition_table_lacks_count_as_without_a_number(table, legend) -> None:
    figure = trainability_figure(table([1, 2, 3, 5], WIDTHS), trained())

    assert hatched(figure, 0)["....."][-1] == (8, 15)
    assert "no finite condition number in the table" in legend(figure)


def test_marks_have_the_place_colour_and_interval_of_their_network(table) -> None:
    conditions, rows = (
        table([1, 2], [5, 10]).assign(log10_cond=[1.0, 2.0, 3.0, 4.0]),
        trained([1, 2], [5, 10]),
    )
    conditions = conditions.assign(
        log10_cond_low=conditions["log10_cond"] - 0.5,
        log10_cond_high=conditions["log10_cond"] + 0.25,
    )
    figure = trainability_figure(conditions, rows)
    search = of_rule(rows, StepRule.SEARCH)
    scatter = next(item for item in figure.axes[2].collections if isinstance(item, PathCollection))
    segments = np.concatenate(
        [np.array(bars.get_segments()) for bar in figure.axes[2].containers for bars in bar[2]]
    )

    np.testing.assert_allclose(
        scatter.get_offsets(), np.column_stack([[1, 2, 3, 4], search["log10_steps"]])
    )
    np.testing.assert_array_equal(
        scatter.get_facecolors(), depth_colours(search["depth"].to_numpy())
    )
    vertical, horizontal = segments[:4], segments[4:]
    np.testing.assert_allclose(vertical[:, :, 1], search[["log10_steps_low", "log10_steps_high"]])
    np.testing.assert_allclose(
        horizontal[:, :, 0], [[0.5, 1.25], [1.5, 2.25], [2.5, 3.25], [3.5, 4.25]]
    )


def test_another_column_is_named(table) -> None:
    figure = trainability_figure(
        table([1, 2], [5, 10]).assign(log10_cond_sym=[1.0, 2, 3, 4]),
        trained([1, 2], [5, 10]),
        "log10_cond_sym",
    )

    assert figure.axes[2].get_xlabel() != "condition number (decades)"
    assert figure.axes[2].get_title(loc="left") == "(c) too few cells: 4"


@pytest.mark.parametrize("rule", list(StepRule))
@pytest.mark.parametrize(
    ("depths", "widths"),
    [
        ([1, 2, 3, 5, 8, 12], [5, 10, 15, 20]),
        (DEPTHS, WIDTHS),
        ([3], [5]),
        ([1, 2, 4, 30], [10]),
        ([2], [5, 50]),
    ],
)
def test_texts_do_not_overlap(
    depths: list[int], widths: list[int], rule: StepRule, table, overlaps
) -> None:
    assert (
        overlaps(trainability_figure(table(depths, widths), trained(depths, widths), rule=rule))
        == []
    )


def test_no_number_at_all_still_makes_a_figure(table, legend) -> None:
    rows = trained([1, 2], [5]).assign(log10_steps=np.inf, log10_steps_high=np.inf)

    figure = trainability_figure(table([1, 2], [5]).assign(log10_cond=np.nan), rows)

    assert hatched(figure, 0) == {".....": [(1, 5), (2, 5)]}
    assert hatched(figure, 1) == {"/////": [(1, 5), (2, 5)]}
    assert len(legend(figure)) == 2


def test_depths_have_colours_of_their_own_whatever_their_spacing() -> None:
    colours = depth_colours(np.array([1, 2, 12, 2]))

    assert np.array_equal(colours[1], colours[3])
    assert len(np.unique(colours, axis=0)) == 3
    # Lightness grows with depth, and stays away from white.
    assert np.all(np.diff(colours[[0, 1, 2], :3] @ [0.2126, 0.7152, 0.0722]) > 0)
    assert np.array_equal(depth_colours(np.array([2, 7, 9])), depth_colours(np.array([1, 50, 51])))


def test_words_of_a_correlation() -> None:
    from eigenscape.active_subspace.association import Estimate, EstimateStatus

    assert (
        correlation_words(Estimate(-0.4, -0.71, 0.06, 9, 0, EstimateStatus.ESTIMATED))
        == r"$\rho$ = −0.40 [−0.71, 0.06]"
    )
    assert (
        correlation_words(Estimate(np.nan, np.nan, np.nan, 9, 0, EstimateStatus.CONSTANT))
        == "cells of equal value"
    )


@pytest.mark.parametrize(
    "reason",
    [
        "the column log10_steps",
        "rows of the rule search",
        "one row per cell",
        "the column log10_cond",
    ],
)
def test_tables_that_do_not_fit_are_refused(reason: str, table) -> None:
    conditions, rows = table([1, 2], [5]), trained([1, 2], [5])
    cases = {
        "the column log10_steps": (conditions, rows.drop(columns="log10_steps")),
        "rows of the rule search": (conditions, of_rule(rows, StepRule.CURVATURE)),
        "one row per cell": (conditions, pd.concat([rows, rows])),
        "the column log10_cond": (conditions.drop(columns="log10_cond"), rows),
    }
    with pytest.raises(BadInput, match=reason):
        trainability_figure(*cases[reason])
