"""What training on digits shows: networks of which one layer was trained, and lengths while
networks train.
"""

from __future__ import annotations

import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from eigenscape.figures.intervals import (
    draw_means,
    first_and_last,
    marks_for,
    require_columns,
    rows_where,
)
from eigenscape.figures.style import COLORMAP, DOUBLE_COLUMN, GREY, paper_style
from eigenscape.interval import column_names


@paper_style()
def one_layer_figure(table: pd.DataFrame, words: str = "") -> Figure:
    """Accuracy on training and test images against the hidden layer that was trained.

    Args:
        table: a row per sigma_w_squared and layer, with train and test and the ends of their
            intervals.
        words: what was trained, such as activation and width.

    Returns:
        A figure of two panels, 183 mm wide.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> ends = {
        ...     name: [0.8, 0.7] for part in ("train", "test") for name in column_names(part)
        ... }
        >>> len(
        ...     one_layer_figure(
        ...         pd.DataFrame({"sigma_w_squared": [1.0, 1.0], "layer": [2, 3], **ends})
        ...     ).axes
        ... )
        2
    """
    require_columns(
        table,
        [
            "sigma_w_squared",
            "layer",
            *column_names("train"),
            *column_names("test"),
        ],
    )
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.2), layout="constrained")
    for letter, axes, part in zip(
        "ab", figure.subplots(1, 2, sharey=True), ("train", "test"), strict=True
    ):
        for colour, marker, variance in marks_for(sorted(table["sigma_w_squared"].unique())):
            rows = rows_where(table, sigma_w_squared=variance).sort_values("layer")
            draw_means(
                axes,
                rows["layer"],
                rows,
                part,
                fmt=f"{marker}-",
                color=colour,
                label=rf"$\sigma_w^2$ = {variance:g}",
            )
        axes.set_xticks(sorted(table["layer"].unique()))
        axes.set_xlabel("trained hidden layer (others fixed at initialisation)")
        axes.set_title(f"({letter}) {'training' if part == 'train' else 'test'} images", loc="left")
    figure.axes[0].set_ylabel("accuracy")
    figure.axes[0].legend()
    measured = [
        rf"$\sigma_w^2$ = {variance:g}, training: "
        + first_and_last(rows_where(table, sigma_w_squared=variance), "train", "layer", "in layer")
        for variance in _ends(table["sigma_w_squared"])
    ]
    figure.suptitle(
        f"Measured on scikit-learn's digits{words and ', ' + words}; bars: 95 % bootstrap over"
        " networks.\nEvery trained layer has equally many weights.\n" + ";\n".join(measured) + "."
    )
    return figure


@paper_style()
def training_lengths_figure(table: pd.DataFrame, words: str = "") -> Figure:
    """The length of a curve through two test images in every layer, relative to the start, while
    networks train.

    Args:
        table: a row per sigma_w_squared, layer and epoch, with relative_length, its interval and
            test.
        words: what was trained.

    Returns:
        A figure with a panel per sigma_w_squared, 183 mm wide.

    Raises:
        BadInput: the table is empty or lacks a column.

    Example:
        >>> rows = {
        ...     "sigma_w_squared": [3.0, 3.0],
        ...     "layer": [1, 1],
        ...     "epoch": [0, 5],
        ...     "relative_length": [1.0, 1.1],
        ...     "test": [0.1, 0.9],
        ... }
        >>> table = pd.DataFrame(rows).assign(relative_length_low=0.9, relative_length_high=1.2)
        >>> len(training_lengths_figure(table).axes)
        1
    """
    require_columns(
        table,
        [
            "sigma_w_squared",
            "layer",
            "epoch",
            *column_names("relative_length"),
            "test",
        ],
    )
    variances, layers = sorted(table["sigma_w_squared"].unique()), sorted(table["layer"].unique())
    colours = colormaps[COLORMAP](
        [0.9 * number / max(len(layers) - 1, 1) for number in range(len(layers))]
    )
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.6), layout="constrained")
    grid = figure.subplots(1, len(variances), sharey=True, squeeze=False)[0]
    for letter, axes, variance in zip("abcdefgh", grid, variances, strict=False):
        axes.axhline(1, color=GREY, linewidth=0.6, zorder=0)
        own = table[table["sigma_w_squared"] == variance]
        for colour, layer in zip(colours, layers, strict=True):
            rows = own[own["layer"] == layer].sort_values("epoch")
            draw_means(
                axes,
                rows["epoch"],
                rows,
                "relative_length",
                fmt="o-",
                color=colour,
                label=f"layer {layer}",
            )
        reached = own[own["epoch"] == own["epoch"].max()]["test"].iloc[0]
        axes.set_title(
            rf"({letter}) $\sigma_w^2$ = {variance:g}; test accuracy {reached:.2f} at the end",
            loc="left",
        )
        axes.set_xlabel("epoch")
    grid[0].set_ylabel("mean latent length / length at the start")
    figure.legend(
        *grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(layers)
    )
    last = table[table["epoch"] == table["epoch"].max()]
    measured = [
        rf"$\sigma_w^2$ = {variance:g} at the end: "
        + first_and_last(
            rows_where(last, sigma_w_squared=variance), "relative_length", "layer", "in layer"
        )
        for variance in _ends(table["sigma_w_squared"])
    ]
    figure.suptitle(
        "Lengths of an ellipse through two test images, exact at every"
        f" epoch{words and '; ' + words}.\nBars: 95 % bootstrap over networks.\n"
        + ";\n".join(measured)
        + "."
    )
    return figure


def _ends(values: pd.Series) -> list[float]:
    """The least and the largest of some settings, once where they are the same."""
    return list(dict.fromkeys([float(values.min()), float(values.max())]))
