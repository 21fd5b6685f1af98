"""The length of a circle's image from layer to layer, beside the mean-field rate and the published
scaling law.

Three regimes: below chi_1 = 1 curves shrink, at 1 they keep their length, above 1 they grow
exponentially.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eigenscape.figures.intervals import (
    ACTIVATION_NAMES,
    COLOURS,
    draw_means,
    marks_for,
    require_columns,
    rows_where,
)
from eigenscape.figures.style import DOUBLE_COLUMN, GREY, PALETTE, paper_style
from eigenscape.interval import column_names

_SETTING = ["activation", "width", "sigma_w", "sigma_b"]


@paper_style()
def length_growth_figure(lengths: pd.DataFrame, growth: pd.DataFrame) -> Figure:
    """Length against depth for the widest networks, and the growth per layer of all settings
    against sqrt(chi_1).

    Args:
        lengths: a row per setting and layer: activation, width, sigma_w, sigma_b, layer, length,
            length_low, length_high.
        growth: a row per setting: sqrt_chi_1, published_base, growth, growth_low, growth_high.

    Returns:
        A figure of three panels, 183 mm wide.

    Raises:
        BadInput: a table is empty or lacks a column.

    Example:
        >>> setting = {"activation": "relu", "width": 4, "sigma_w": 2.0, "sigma_b": 0.0}
        >>> interval = {"length": 2.0, "length_low": 1.0, "length_high": 3.0}
        >>> lengths = pd.DataFrame([setting | interval | {"layer": layer} for layer in range(3)])
        >>> rate = {
        ...     "sqrt_chi_1": 1.4,
        ...     "published_base": 1.8,
        ...     "growth": 1.4,
        ...     "growth_low": 1.3,
        ...     "growth_high": 1.5,
        ... }
        >>> len(length_growth_figure(lengths, pd.DataFrame([setting | rate])).axes)
        3
    """
    require_columns(lengths, [*_SETTING, "layer", *column_names("length")])
    require_columns(growth, [*_SETTING, "sqrt_chi_1", "published_base", *column_names("growth")])
    figure = Figure(figsize=(DOUBLE_COLUMN, 3.8), layout="constrained")
    panels = list(figure.subplots(1, 3))
    width, sigma_b = growth["width"].max(), growth["sigma_b"].min()
    for letter, axes, (activation, name) in zip(
        "ab", panels, ACTIVATION_NAMES.items(), strict=False
    ):
        setting = {"activation": activation, "width": width, "sigma_b": sigma_b}
        _draw_depth(axes, rows_where(lengths, **setting), rows_where(growth, **setting))
        axes.set_title(rf"({letter}) {name}, $k$ = {width}, $\sigma_b$ = {sigma_b:g}", loc="left")
    panels[0].set_ylabel(r"mean latent length $\ell_d$ / $\ell_1$")
    _draw_rates(panels[2], growth)
    up, down = int((growth["growth_low"] > 1).sum()), int((growth["growth_high"] < 1).sum())
    wide = growth[growth["width"] == width]
    ratio = wide["growth"] / wide["sqrt_chi_1"]
    figure.suptitle(
        "Lengths are exact in every network; bars: 95 % bootstrap over networks. Dashed:"
        " $\\sqrt{\\chi_1}$ per layer,\nthe mean-field limit of wide layers. Dotted: the base of"
        " the bound of Raghu et al., a scaling law only.\nGrowth per layer is above 1 in"
        f" {up} of {len(growth)} settings, below in {down};"
        f" at $k$ = {width} it is {ratio.min():.2f} to {ratio.max():.2f} times $\\sqrt{{\\chi_1}}$."
    )
    figure.legend(*panels[2].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _draw_depth(axes: Axes, rows: pd.DataFrame, rates: pd.DataFrame) -> None:
    for colour, _, sigma_w in marks_for(sorted(rows["sigma_w"].unique())):
        own = rows[(rows["sigma_w"] == sigma_w) & (rows["layer"] >= 1)].sort_values("layer")
        first = own["length"].iloc[0]
        if first <= 0:
            continue
        scaled = own.assign(**{name: own[name] / first for name in column_names("length")})
        draw_means(
            axes,
            own["layer"],
            scaled,
            "length",
            fmt="o",
            color=colour,
            label=rf"$\sigma_w$ = {sigma_w:.3g}",
        )
        depth = own["layer"].to_numpy(dtype=np.float64)
        rate = rows_where(rates, sigma_w=sigma_w).iloc[0]
        for base, line in (("sqrt_chi_1", "--"), ("published_base", ":")):
            axes.plot(
                depth,
                rate[base] ** (depth - 1),
                color=colour,
                linestyle=line,
                linewidth=0.9,
                zorder=0,
            )
    axes.set_yscale("log")
    axes.set_xlabel("hidden layer $d$")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left")


def _draw_rates(axes: Axes, growth: pd.DataFrame) -> None:
    values = growth[["sqrt_chi_1", "growth_low", "growth_high", "published_base"]].to_numpy(
        dtype=np.float64
    )
    reach = [0.95 * np.nanmin(values), 1.05 * np.nanmax(values)]
    axes.plot(reach, reach, color=GREY, linestyle="--", linewidth=0.8, zorder=0)
    axes.axhline(1, color=GREY, linewidth=0.5, zorder=0)
    axes.axvline(1, color=GREY, linewidth=0.5, zorder=0)
    for (activation, name), colour in zip(ACTIVATION_NAMES.items(), COLOURS, strict=False):
        for width, marker in zip(sorted(growth["width"].unique()), "^oDs", strict=False):
            rows = rows_where(growth, activation=activation, width=width)
            if rows.empty:
                continue
            draw_means(
                axes,
                rows["sqrt_chi_1"],
                rows,
                "growth",
                fmt=marker,
                color=PALETTE[colour],
                linestyle="none",
                label=f"{name}, $k$ = {width}",
            )
    wide = growth[growth["width"] == growth["width"].max()]
    axes.plot(
        wide["sqrt_chi_1"],
        wide["published_base"],
        "x",
        color=GREY,
        markersize=4,
        label="published base, widest $k$",
    )
    axes.set_xlabel(r"mean field, $\sqrt{\chi_1}$")
    axes.set_ylabel("growth per layer")
    axes.set_title("(c) all settings", loc="left")
