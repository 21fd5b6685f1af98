"""Figures of curves: points at their numbers, lines at their theory, no text over another."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eigenscape.errors import BadInput
from eigenscape.expressivity.networks import random_layers
from eigenscape.expressivity.regions import regions
from eigenscape.figures.expressivity.dichotomies import dichotomies_figure
from eigenscape.figures.expressivity.digit_training import one_layer_figure, training_lengths_figure
from eigenscape.figures.expressivity.length_growth import length_growth_figure
from eigenscape.figures.expressivity.length_sensitivity import length_sensitivity_figure
from eigenscape.figures.expressivity.polytopes import polytopes_figure
from eigenscape.figures.expressivity.transitions import transitions_figure

Overlaps = Callable[[Figure], list[tuple[str, str]]]


def interval(name: str, value: float) -> dict[str, float]:
    return {name: value, f"{name}_low": 0.9 * value, f"{name}_high": 1.1 * value}


def settings() -> list[dict[str, object]]:
    return [
        {"activation": activation, "width": width, "sigma_w": sigma_w, "sigma_b": sigma_b}
        for activation in ("relu", "hard_tanh")
        for width in (8, 64)
        for sigma_w in (0.8, 2.0)
        for sigma_b in (0.0, 1.0)
    ]


def lengths() -> pd.DataFrame:
    """Lengths that grow by sigma_w per layer, transitions that are twice the length of the layer
    below.
    """
    rows = []
    for setting in settings():
        for layer in range(5):
            length = 6.0 * float(setting["sigma_w"]) ** layer
            transitions = (
                interval("transitions", 2 * length / float(setting["sigma_w"])) if layer else {}
            )
            rows.append(setting | {"layer": layer} | interval("length", length) | transitions)
    return pd.DataFrame(rows)


def growth() -> pd.DataFrame:
    return pd.DataFrame(
        [
            s
            | {"sqrt_chi_1": 0.9 * float(s["sigma_w"]), "published_base": 1.2 * float(s["sigma_w"])}
            | interval("growth", float(s["sigma_w"]))
            for s in settings()
        ]
    )


def sensitivities() -> pd.DataFrame:
    rows = []
    for activation in ("relu", "hard_tanh"):
        for layer in range(1, 6):
            for angle in (0.01, 0.1):
                names = {
                    "activation": activation,
                    "layer": layer,
                    "sigma_w": 2.0,
                    "networks": 9,
                    "angle": angle,
                }
                rows.append(
                    names
                    | interval("radial", 1.0)
                    | interval("tangential", 10.0 / layer)
                    | interval("change", 10 * angle / layer)
                )
    return pd.DataFrame(rows)


def test_lengths_are_relative_to_the_first_layer_beside_both_rates(overlaps: Overlaps) -> None:
    figure = length_growth_figure(lengths(), growth())
    axes = figure.axes[0]
    assert axes.get_yscale() == "log"
    lines = [line.get_ydata() for line in axes.lines]
    depth = np.arange(4)
    for expected in (0.8**depth, 2.0**depth, (0.9 * 2.0) ** depth, (1.2 * 2.0) ** depth):
        assert any(
            len(line) == 4 and np.allclose(np.asarray(line, float), expected) for line in lines
        )
    assert "scaling law only" in figure.get_suptitle()
    assert "mean-field limit" in figure.get_suptitle()
    assert not overlaps(figure)


def test_transitions_lie_on_the_line_where_they_are_proportional(overlaps: Overlaps) -> None:
    rows = lengths()
    # so that per unit they are twice the path
    rows["transitions"] *= np.sqrt(rows["width"]) * rows["sigma_w"]
    figure = transitions_figure(rows)
    points = np.concatenate(
        [
            np.column_stack(line.get_data())
            for line in figure.axes[0].lines
            if line.get_linestyle() == "None"
        ]
    )
    np.testing.assert_allclose(points[:, 1], 2 * points[:, 0])
    assert not overlaps(figure)


def test_transitions_that_never_happen_are_refused() -> None:
    with pytest.raises(BadInput, match="a layer with transitions"):
        transitions_figure(lengths().assign(transitions=0.0))


def test_the_radial_trap_is_named(overlaps: Overlaps) -> None:
    figure = length_sensitivity_figure(
        sensitivities().drop_duplicates(["activation", "layer"]), sensitivities()
    )
    assert "radial part only rescales" in figure.get_suptitle()
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "linear", "log", "log"]
    assert not overlaps(figure)


def test_dichotomies_are_drawn_against_remaining_depth(overlaps: Overlaps) -> None:
    rows = [
        {"width": width, "depth": 4, "remaining": r} | interval("dichotomies", 30.0 * 2**r)
        for width in (8, 32)
        for r in range(4)
    ]
    figure = dichotomies_figure(pd.DataFrame(rows), 15, 2.83)
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0, 1, 2, 3]
    assert "2^{15}" in figure.get_suptitle()
    assert not overlaps(figure)


def test_figures_of_training_have_a_panel_each(overlaps: Overlaps) -> None:
    trained = [
        {"sigma_w_squared": v, "layer": layer} | interval("train", 0.8) | interval("test", 0.7)
        for v in (1.0, 2.0)
        for layer in (2, 3, 4)
    ]
    figure = one_layer_figure(pd.DataFrame(trained), "4 hidden layers of 64 hard-tanh units")
    assert len(figure.axes) == 2
    assert not overlaps(figure)
    followed = [
        {"sigma_w_squared": v, "layer": layer, "epoch": epoch, "test": 0.9}
        | interval("relative_length", 1 + 0.01 * epoch)
        for v in (3.0, 16.0)
        for layer in range(1, 6)
        for epoch in (0, 10, 20)
    ]
    figure = training_lengths_figure(pd.DataFrame(followed), "5 layers of 64 units")
    assert [axes.get_title(loc="left")[-27:] for axes in figure.axes] == [
        "test accuracy 0.90 at the end"[-27:]
    ] * 2
    assert not overlaps(figure)


def test_polytopes_are_those_of_the_network(overlaps: Overlaps) -> None:
    layers, box = random_layers(3, 4, 2.0, 1.0, "relu", seed=4), (-2.0, 2.0, -2.0, 2.0)
    figure = polytopes_figure(layers, box, 1.0)
    for last, axes in enumerate(figure.axes[:3], start=1):
        assert f": {len(regions(layers, box, last))} cells" in axes.get_title(loc="left")
        assert len(axes.collections[0].get_paths()) == len(regions(layers, box))
    assert not overlaps(figure)


@pytest.mark.parametrize(
    "draw",
    [
        lambda table: length_growth_figure(table, table),
        transitions_figure,
        lambda table: length_sensitivity_figure(table, table),
        lambda table: dichotomies_figure(table, 15, 1.0),
        one_layer_figure,
        training_lengths_figure,
    ],
)
def test_tables_without_rows_or_columns_are_refused(draw: Callable[[pd.DataFrame], Figure]) -> None:
    with pytest.raises(BadInput, match="table: expected rows with"):
        draw(pd.DataFrame())
    with pytest.raises(BadInput, match="table: expected rows with"):
        draw(pd.DataFrame({"layer": [1]}))
