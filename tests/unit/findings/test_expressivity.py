"""Verdicts on curves follow made-up tables, each in the data made for it."""

from __future__ import annotations

import pandas as pd
import pytest

from eigenscape.findings.expressivity import length_growth, lower_layers, trained_length


def growth(*values: tuple[float, float]) -> pd.DataFrame:
    """Settings with a growth per layer, known to 0.01, and the mean-field value."""
    rows = [
        {
            "width": 8,
            "growth": g,
            "growth_low": g - 0.01,
            "growth_high": g + 0.01,
            "sqrt_chi_1": root,
        }
        for g, root in values
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([(1.4, 1.5), (1.2, 1.3)], "holds"),
        ([(1.4, 1.5), (0.7, 0.8)], "holds under a condition"),
        ([(0.7, 0.8), (0.9, 0.95)], "does not hold"),
        ([(1.005, 1.0)], "not shown either way"),
        ([(float("nan"), 0.5)], "not testable"),  # every network dead
    ],
)
def test_growth_of_lengths(values: list[tuple[float, float]], verdict: str) -> None:
    found = length_growth(growth(*values))
    assert found.verdict.value == verdict
    assert ("sigma_w^2 > 2" in found.condition) == (verdict == "holds under a condition")


def test_growth_is_told_beside_mean_field() -> None:
    found = length_growth(growth((1.4, 1.5), (0.9, 1.0), (0.6, 0.8)))
    assert (
        "above 1 in 1 of 1 settings with sqrt(chi_1) > 1; above 1 in 0 and below 1 in 2 of the 2"
        " others" in found.evidence
    )
    assert "0.75 to 0.93 times sqrt(chi_1)" in found.evidence  # 0.6 / 0.8 and 1.4 / 1.5


def layers(column: str, means: list[float], first: int = 1, **names: object) -> pd.DataFrame:
    """Layers from ``first`` on, each mean known to 0.1."""
    rows = [
        {
            "layer": first + index,
            column: mean,
            f"{column}_low": mean - 0.1,
            f"{column}_high": mean + 0.1,
        }
        for index, mean in enumerate(means)
    ]
    return pd.DataFrame(rows).assign(**names)


def lower(hidden: list[float], swept: list[float], trained: list[float]) -> str:
    # the first and the read-out are of other sizes
    return lower_layers(
        layers("tangential", [9.0, *hidden, 9.0], activation="relu"),
        layers("dichotomies", swept, depth=3, width=4),
        layers("train", trained, first=2, sigma_w_squared=1.0),
    ).verdict.value


def test_lower_layers_are_compared_with_higher_ones_of_their_size() -> None:
    assert lower([3, 2, 1], [3, 2, 1], [3, 1]) == "holds"
    assert lower([3, 2, 1], [3, 2, 1], [3, 2.9]) == "holds under a condition"
    assert lower([1, 2, 3], [1, 2, 3], [1, 3]) == "does not hold"
    assert lower([2, 2.1], [2, 2.1], [2.1, 2]) == "not shown either way"
    assert lower([2], [2], [2]) == "not testable"  # no two layers of one size


def lengths(small: list[float], large: list[float]) -> pd.DataFrame:
    """Relative lengths at the last epoch, each known to 0.1, below other ones at an earlier
    epoch.
    """
    tables = [
        layers("relative_length", values, sigma_w_squared=s, epoch=9)
        for s, values in ((3.0, small), (16.0, large))
    ]
    return pd.concat([*tables, *(table.assign(epoch=0) for table in tables)])


def test_lengths_in_training() -> None:
    # the first layer lengthens from both
    assert trained_length(lengths([1.5, 1.3], [1.5, 0.7])).verdict.value == "holds"
    assert (
        trained_length(lengths([1.5, 1.05], [1.5, 0.7])).verdict.value == "holds under a condition"
    )
    assert trained_length(lengths([0.5, 0.5], [1.5, 1.7])).verdict.value == "does not hold"
    assert trained_length(lengths([1.05, 1.0], [1.5, 1.0])).verdict.value == "not shown either way"
    one = lengths([1.5], [0.5])
    assert trained_length(one[one["sigma_w_squared"] == 3.0]).verdict.value == "not testable"
