"""Published findings on curves through networks, assessed on the tables of the stage
`expressivity`.

Every comparison is one of 95 % bootstrap intervals over networks: two that do not meet, or one that
leaves out 1. For means of equal spread, two such intervals just do not meet at p = 0.006, below
`verdicts.SIGNIFICANT`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eigenscape.config.study import Study
from eigenscape.findings.verdicts import Finding, Verdict, of_settings
from eigenscape.interval import Interval
from eigenscape.stages.expressivity.experiments import read_experiment
from eigenscape.store.layout import StudyFolder


def expressivity_findings(study: Study, folder: StudyFolder) -> list[Finding]:
    """The findings of Raghu et al., arXiv 1606.05336, on this study's experiments.

    Raises:
        DamagedResult: an experiment is missing or damaged.
    """
    tables = {
        name: table
        for experiment in ("growth", "sensitivity", "dichotomies", "digits")
        for name, table in _named(study, folder, experiment)
    }
    return [
        length_growth(tables["growth"]),
        lower_layers(tables["sensitivity"], tables["dichotomies"], tables["one_layer"]),
        trained_length(tables["lengths"]),
    ]


def _named(
    study: Study, folder: StudyFolder, experiment: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    for name, table in read_experiment(study, folder, experiment).items():
        if (experiment, name) != ("growth", "lengths"):  # not those of training
            yield name, table


def length_growth(growth: pd.DataFrame) -> Finding:
    """Holds where the interval of the growth per layer lies above 1 in every setting; a condition
    where only in some.

    Args:
        growth: a row per setting with growth, growth_low, growth_high, sqrt_chi_1 and width.
    """
    known = growth[np.isfinite(growth["growth"].astype(float))]
    grows, shrinks = known["growth_low"] > 1, known["growth_high"] < 1
    above = known["sqrt_chi_1"] > 1 + ROUNDING
    widest = known[known["width"] == known["width"].max()]
    ratio = widest["growth"] / widest["sqrt_chi_1"]
    verdict = of_settings(int(grows.sum()), int(shrinks.sum()), len(known))
    if known.empty:
        return Finding(
            GROWTH,
            verdict,
            "every network is dead: its last layer is constant",
            replication=NETWORKS,
        )
    up, down = int((grows & ~above).sum()), int((shrinks & ~above).sum())
    evidence = (
        f"growth per layer above 1 in {int((grows & above).sum())} of {int(above.sum())} settings"
        " with sqrt(chi_1) > 1; "
    )
    evidence += f"above 1 in {up} and below 1 in {down} of the {int((~above).sum())} others; "
    evidence += (
        f"at width {widest['width'].iloc[0]} it is {ratio.min():.2f} to {ratio.max():.2f} times"
        " sqrt(chi_1)"
    )
    prior = "sqrt(chi_1) > 1, a property of the prior (for ReLU sigma_w^2 > 2); "
    prior += (
        "with variance 2/fan_in expected lengths do not grow (Hanin, Jeong, Rolnick, arXiv"
        " 2102.10492)"
    )
    return Finding(
        GROWTH,
        verdict,
        evidence,
        prior if verdict is Verdict.CONDITION else "",
        replication=NETWORKS,
    )


NETWORKS = "networks drawn from the prior, resampled"
"""The unit of all intervals."""

GROWTH = "the length of a curve grows exponentially with depth"
LOWER = "lower layers matter more"
TRAINED = (
    "training lengthens curves from small initial weights and, above the first layer, shortens them"
    " from large ones"
)

ROUNDING = 1e-9
"""Rounding error of sqrt(chi_1), which is exactly 1 for critical ReLU networks."""


@dataclass(frozen=True)
class _Comparison:
    """A lower layer against an upper one: +1 where its interval lies above, -1 below, 0 where they
    meet.
    """

    words: str
    sign: int


def _compared(rows: pd.DataFrame, column: str, words: str) -> Iterator[_Comparison]:
    """The lowest against the highest of some layers of equal size; nothing where there are fewer
    than two.
    """
    rows = rows.sort_values("layer")
    if len(rows) < 2:
        return
    (_, low), *_, (_, high) = rows.iterrows()
    lowest, highest = (Interval.of_columns(row, column) for row in (low, high))
    sign = lowest.side_of(highest.low, highest.high)
    values = (
        f"{low[column]:.3g} in layer {low['layer']:.0f}, {high[column]:.3g} in layer"
        f" {high['layer']:.0f}"
    )
    yield _Comparison(f"{words}: {values}", sign)


def lower_layers(
    sensitivity: pd.DataFrame, dichotomies: pd.DataFrame, one_layer: pd.DataFrame
) -> Finding:
    """Holds where the lowest layer's interval lies above the highest one's in every setting; a
    condition where in some.

    Layers of one size are compared: hidden layers from the second on for sensitivities and
    training, all that are swept for dichotomies.

    Args:
        sensitivity: a row per activation and layer with tangential and its interval; the last layer
            is the read-out.
        dichotomies: a row per width, depth and layer with dichotomies and its interval.
        one_layer: a row per sigma_w_squared and layer with train and its interval.
    """
    found: dict[str, list[_Comparison]] = {
        "sensitivity of the length": [],
        "dichotomies": [],
        "accuracy when trained alone": [],
    }
    for activation, rows in _groups(sensitivity, "activation"):
        hidden = rows[(rows["layer"] > 1) & (rows["layer"] < rows["layer"].max())]
        found["sensitivity of the length"] += _compared(
            hidden, "tangential", str(activation).replace("_", "-")
        )
    for (depth, width), rows in _groups(dichotomies, ["depth", "width"]):
        found["dichotomies"] += _compared(rows, "dichotomies", f"{depth} x {width}")
    for variance, rows in _groups(one_layer, "sigma_w_squared"):
        found["accuracy when trained alone"] += _compared(
            rows, "train", f"sigma_w^2 = {variance:g}"
        )
    signs = [one.sign for several in found.values() for one in several]
    evidence = [
        f"{measure}: more in {sum(one.sign > 0 for one in several)} of {len(several)} settings"
        f" ({'; '.join(one.words for one in several)})"
        for measure, several in found.items()
        if several
    ]
    verdict = of_settings(signs.count(1), signs.count(-1), len(signs))
    exceptions = [
        f"{measure} ({one.words})"
        for measure, several in found.items()
        for one in several
        if one.sign <= 0
    ]
    return Finding(
        LOWER,
        verdict,
        "; ".join(evidence) or "no network with two layers of one size",
        f"not shown by {', nor by '.join(exceptions)}" if verdict is Verdict.CONDITION else "",
        replication=NETWORKS,
    )


def _groups(table: pd.DataFrame, keys: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The groups of a table, none where it is empty."""
    if len(table):
        yield from table.groupby(keys, sort=False)


def trained_length(lengths: pd.DataFrame) -> Finding:
    """Holds where all layers lengthen from the smallest sigma_w^2 and those above the first shorten
    from the largest.

    Args:
        lengths: a row per sigma_w_squared, layer and epoch with relative_length and its interval.
    """
    variances = sorted(lengths["sigma_w_squared"].unique())
    if len(variances) < 2:
        return Finding(
            TRAINED,
            Verdict.NOT_TESTABLE,
            "one sigma_w^2 alone; give a small and a large one",
            replication=NETWORKS,
        )
    final = lengths[lengths["epoch"] == lengths["epoch"].max()]
    small, large = (
        final[final["sigma_w_squared"] == variance] for variance in (variances[0], variances[-1])
    )
    large = large[large["layer"] > 1]
    longer, shorter = small["relative_length_low"] > 1, large["relative_length_high"] < 1
    reverse = int(
        (small["relative_length_high"] < 1).sum() + (large["relative_length_low"] > 1).sum()
    )
    verdict = of_settings(int(longer.sum() + shorter.sum()), reverse, len(small) + len(large))
    return Finding(
        TRAINED,
        verdict,
        f"after {final['epoch'].max()} epochs: from sigma_w^2 = {variances[0]:g} longer in"
        f" {int(longer.sum())} of {len(small)} layers ({_lengths(small)}); from {variances[-1]:g}"
        f" shorter in {int(shorter.sum())} of {len(large)} ({_lengths(large)})",
        (
            f"in layers {_layers(small[longer])} from {variances[0]:g}, {_layers(large[shorter])}"
            f" from {variances[-1]:g}; by some per cent"
            if verdict is Verdict.CONDITION
            else ""
        ),
        replication=NETWORKS,
    )


def _lengths(rows: pd.DataFrame) -> str:
    return ", ".join(
        f"{Interval.of_columns(row, 'relative_length'):.2f}" for _, row in rows.iterrows()
    )


def _layers(rows: pd.DataFrame) -> str:
    return ", ".join(str(layer) for layer in rows["layer"]) or "none"
