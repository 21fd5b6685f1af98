"""The figure of the sensitivity table: every setting has its place, its colour and its word."""

from __future__ import annotations

from itertools import product

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.sensitivity import COLUMNS, sensitivity_figure
from eigenscape.figures.style import COLORMAP, PALE

ACTIVATIONS, PRIORS = (
    ["linear", "tanh", "relu", "sigmoid"],
    ["standard_normal", "lecun_normal", "he_normal"],
)
INTERVALS, POINTS = ["[-1, 1]", "[0, 1]", "[0, 2pi]"], [20, 50, 200]


def settings(
    activations: list[str] = ACTIVATIONS,
    priors: list[str] = PRIORS,
    intervals: list[str] = INTERVALS,
    points: list[int] = POINTS,
) -> pd.DataFrame:
    """Values grow from setting to setting; the root's are 0.25 smaller; one setting has no
    number.
    """
    rows = []
    for number, (activation, prior, interval, count) in enumerate(
        product(activations, priors, intervals, points)
    ):
        null = number == 4
        for loss in ("mse", "rmse"):
            value = np.inf if null else 2 + 0.1 * number - 0.25 * (loss == "rmse")
            row = {
                "activation": activation,
                "prior": prior,
                "interval": interval,
                "points": count,
                "loss": loss,
            }
            row |= {
                "depth": 5,
                "width": 20,
                "samples": 300,
                "status": "rank_deficient" if null else "finite",
            }
            row |= {
                "log10_cond_sym": value,
                "log10_cond_sym_low": value - 0.1,
                "log10_cond_sym_high": value + 0.3,
            }
            rows.append(row | {"log10_ladder": -1.5 + PRIORS.index(prior)})
    return pd.DataFrame(rows)


def cells(figure: Figure, panel: int) -> dict[tuple[int, int], tuple[float, ...]]:
    """Colour of every cell by row and column, counted from 0; a column is a place on the axis."""
    axes = figure.axes[panel]
    found = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    columns = sorted({patch.get_x() for patch in found})
    return {
        (round(patch.get_y() + 0.5), columns.index(patch.get_x())): patch.get_facecolor()
        for patch in found
    }


def words(figure: Figure, panel: int) -> dict[tuple[int, float], list[str]]:
    """Texts of every cell from above to below, by row and place on the axis."""
    found: dict[tuple[int, float], list[tuple[float, str]]] = {}
    for text in figure.axes[panel].texts:
        x, y = text.get_position()
        found.setdefault((round(y), x), []).append((y, text.get_text()))
    return {position: [word for _, word in sorted(pairs)] for position, pairs in found.items()}


def test_each_cell_has_the_colour_and_both_numbers_of_its_setting() -> None:
    table = settings()
    figure = sensitivity_figure(table)
    mse, rmse = (
        table[table["loss"] == loss].set_index(["activation", "prior", "interval", "points"])
        for loss in ("mse", "rmse")
    )
    finite = mse["log10_cond_sym"][np.isfinite(mse["log10_cond_sym"])]
    for panel, activation in enumerate(ACTIVATIONS):
        assert figure.axes[panel].get_title(loc="left") == f"({'abcd'[panel]}) {activation}"
        colours, texts = cells(figure, panel), words(figure, panel)
        positions = sorted({x for _, x in texts})
        for (row, prior), (column, (interval, points)) in product(
            enumerate(PRIORS), enumerate(product(INTERVALS, POINTS))
        ):
            value = mse.loc[(activation, prior, interval, points), "log10_cond_sym"]
            word = texts[(row, positions[column])]
            if np.isinf(value):
                assert colours[(row, column)] == to_rgba(PALE)
                assert word == ["rank\ndeficient"]
                continue
            assert word == [
                f"{value:.2f}",
                f"{rmse.loc[(activation, prior, interval, points), 'log10_cond_sym']:.2f}",
            ]
            part = (value - finite.min()) / (finite.max() - finite.min())
            assert colours[(row, column)] == pytest.approx(
                matplotlib.colormaps[COLORMAP](part), abs=1 / 255
            )


def test_columns_stand_in_groups_named_by_their_interval() -> None:
    bottom = sensitivity_figure(settings()).axes[3]
    assert [label.get_text() for label in bottom.get_xticklabels()] == ["20", "50", "200"] * 3
    steps = np.diff(bottom.get_xticks())
    assert np.flatnonzero(steps > 1).tolist() == [2, 5]
    names = next(
        axes
        for axes in bottom.child_axes
        if axes.get_xticklabels() and axes.get_xticklabels()[0].get_text().startswith("[")
    )
    assert [label.get_text() for label in names.get_xticklabels()] == [
        "[−1, 1]",
        "[0, 1]",
        "[0, 2π]",
    ]
    np.testing.assert_allclose(names.get_xticks(), bottom.get_xticks()[1::3])


def test_rows_are_named_by_their_prior_and_the_mean_field_prediction() -> None:
    axes = sensitivity_figure(settings()).axes[2]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "standard normal",
        "lecun normal",
        "he normal",
    ]
    assert [label.get_text() for label in axes.child_axes[0].get_yticklabels()] == [
        "−1.50",
        "−0.50",
        "+0.50",
    ]
    zero = sensitivity_figure(settings(priors=["he_normal"]).assign(log10_ladder=-1e-9)).axes[0]
    assert [label.get_text() for label in zero.child_axes[0].get_yticklabels()] == ["0.00"]


def test_numbers_are_read_on_every_colour() -> None:
    """A contrast of 4.5 between text and ground, WCAG 2; relative luminance of sRGB."""
    figure = sensitivity_figure(settings())
    contrasts = []
    for panel in range(len(ACTIVATIONS)):
        axes = figure.axes[panel]
        grounds = {
            (round(p.get_x() + 0.5, 6), round(p.get_y() + 0.5)): p.get_facecolor()
            for p in axes.patches
        }
        for text in axes.texts:
            x, y = text.get_position()
            light = [
                luminance(to_rgba(colour))
                for colour in (text.get_color(), grounds[(round(x, 6), round(y))])
            ]
            contrasts.append((max(light) + 0.05) / (min(light) + 0.05))
    assert len(contrasts) == 2 * 4 * 3 * 9 - 1
    assert min(contrasts) > 4.5


def luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_the_caption_says_which_network_and_what_numbers_are_worth() -> None:
    caption = sensitivity_figure(settings()).get_suptitle()
    assert "$L$ = 5, $w$ = 20" in caption
    assert "$N$ = 300" in caption
    # Intervals reach from 0.1 below to 0.3 above: half of 0.4.
    assert r"$\pm$0.20 in the median, at most $\pm$0.20" in caption


def test_a_loss_without_a_number_says_so_beside_the_other() -> None:
    table = settings(["tanh"], ["he_normal"], ["[0, 1]"], [20])
    table.loc[1, ["log10_cond_sym", "status"]] = [np.nan, "below_floor"]
    assert list(words(sensitivity_figure(table), 0).values()) == [["2.00", "below floor"]]


def test_settings_that_are_not_in_the_table_stay_white() -> None:
    table = settings()
    dropped = table[
        ~(
            (table["activation"] == "tanh")
            & (table["prior"] == "he_normal")
            & (table["points"] == 50)
        )
    ]
    figure = sensitivity_figure(dropped)
    assert set(cells(figure, 0)) - set(cells(figure, 1)) == {(2, 1), (2, 4), (2, 7)}


def test_without_any_number_there_is_no_colour_bar() -> None:
    table = settings(["tanh", "linear"], ["he_normal"]).assign(
        status="rank_deficient", log10_cond_sym=np.inf
    )
    figure = sensitivity_figure(table)
    assert len(figure.axes) == 2
    assert "intervals" not in figure.get_suptitle()
    assert set(cells(figure, 0).values()) == {to_rgba(PALE)}


@pytest.mark.parametrize(
    "table",
    [
        settings(),
        settings(intervals=["[-1, 1]", "[0, 1]", "[-pi, pi]", "[0, 2pi]"]),
        settings(["tanh"], ["standard_normal"], ["[0, 1]"], [20]),
        settings(["tanh"], points=[20, 50]),
        settings().assign(log10_cond_sym=lambda rows: rows["log10_cond_sym"] + 20),
    ],
    ids=["three intervals", "the default's columns", "one cell", "one panel", "two digits"],
)
def test_texts_do_not_overlap(table: pd.DataFrame, overlaps) -> None:
    assert overlaps(sensitivity_figure(table)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="status"), "the column status"),
        (lambda table: table.iloc[:0], "at least one setting"),
        (
            lambda table: pd.concat([table, table.iloc[:1]]),
            "one row per setting and loss, found linear, standard_normal, .* twice",
        ),
        (lambda table: table.assign(depth=range(len(table))), "one network"),
        (lambda table: table[table["loss"] == "mse"].assign(loss="mae"), "mse or rmse, found mae"),
        (
            lambda table: table.replace("rank_deficient", "lost"),
            "rank_deficient, below_floor where there is no number, found lost",
        ),
    ],
    ids=["column", "empty", "twice", "networks", "loss", "status"],
)
def test_tables_that_do_not_fit_are_refused(change, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        sensitivity_figure(change(settings()))


def test_the_columns_are_those_of_the_stage() -> None:
    from eigenscape.stages.active_subspace.sensitivity import DESCRIPTIONS

    assert set(COLUMNS) <= set(DESCRIPTIONS)
