"""Verdicts follow their rules: each comes out in the data that are made for it, and in no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import small_study

from eigenscape.findings import active_subspace as findings
from eigenscape.findings.verdicts import Verdict
from eigenscape.store.layout import StudyFolder


def importance(own: tuple[float, float], other: tuple[float, float], **more: Any) -> dict[str, Any]:
    """A document with the intervals of the two slopes."""
    priors = [
        {
            "prior": name,
            "slope": sum(ends) / 2,
            "slope_low": ends[0],
            "slope_high": ends[1],
            "chi_1": 1.5,
        }
        for name, ends in (("standard_normal", own), ("pytorch_default", other))
    ]
    return {"priors": priors, **more}


def table(log10_cond_sym: np.ndarray, **columns: Any) -> pd.DataFrame:
    """Networks of depth 1 ... 12 and width 5, 10, 15 with the given projected numbers, width by
    width.
    """
    depth, width = np.tile(np.arange(1, 13), 3), np.repeat([5, 10, 15], 12)
    parameters = (depth - 1) * width**2 + (depth + 2) * width + 1
    return pd.DataFrame(
        {
            "depth": depth,
            "width": width,
            "parameters": parameters,
            "log10_ladder": (depth - 1) * 0.1 * np.sqrt(width),
            "log10_cond_sym": log10_cond_sym,
            "log10_cond": log10_cond_sym,
            **columns,
        }
    )


def grid() -> pd.DataFrame:
    return table(np.zeros(36))


@pytest.mark.parametrize(
    ("own", "other", "verdict"),
    [
        ((-0.3, -0.2), (0.1, 0.2), Verdict.CONDITION),
        ((-0.3, -0.2), (-0.2, -0.1), Verdict.HOLDS),
        ((-0.1, 0.1), (0.1, 0.2), Verdict.NOT_SHOWN),
        ((0.1, 0.2), (-0.2, -0.1), Verdict.DOES_NOT),
    ],
)
def test_earlier_layers(
    own: tuple[float, float], other: tuple[float, float], verdict: Verdict
) -> None:
    found = findings._earlier_layers(importance(own, other))
    assert found.verdict is verdict
    assert f"{sum(own) / 2:+.3f}" in found.evidence


def test_a_network_without_a_slope_shows_nothing() -> None:
    priors = [
        {"prior": "standard_normal", "chi_1": 1.0},
        {"prior": "pytorch_default", "chi_1": 0.3},
    ]
    assert findings._earlier_layers({"priors": priors}).verdict is Verdict.NOT_SHOWN


@pytest.mark.parametrize(
    ("purity", "p", "verdict"),
    [(0.4, 0.001, Verdict.HOLDS), (0.4, 0.2, Verdict.NOT_SHOWN), (0.2, 0.001, Verdict.NOT_SHOWN)],
)
def test_layer_structure(purity: float, p: float, verdict: Verdict) -> None:
    numbers = {
        "centroid_rho": 0.9,
        "centroid_rho_low": 0.8,
        "centroid_rho_high": 1.0,
        "subspace_error_1": 0.5,
        "subspace_error_width": 0.1,
    }
    numbers |= {
        "purity_low": 0.1,
        "purity_high": 0.5,
        "leading_purity": 0.6,
        "leading_purity_low": 0.5,
        "leading_purity_high": 0.7,
    }
    found = findings._layer_structure(
        {"purity": purity, "purity_of_random_basis": 0.24, "purity_p": p, **numbers}
    )
    assert found.verdict is verdict


def test_numbers_that_follow_the_count_alone_mimic_it() -> None:
    rows = grid()
    found = findings._mimics_parameter_count(
        rows.assign(log10_cond_sym=np.log10(rows["parameters"]))
    )
    assert found.verdict is Verdict.HOLDS


def test_numbers_that_follow_depth_mimic_the_count_only_along_the_grid() -> None:
    """Depth correlates with P on a grid, but at equal P the deeper network has the larger
    number.
    """
    rows = grid()
    found = findings._mimics_parameter_count(
        rows.assign(log10_cond_sym=rows["depth"] * 1.0 + 0.01 * np.log10(rows["parameters"]))
    )
    assert found.verdict is Verdict.CONDITION
    assert "at equal P depth decides" in found.condition


def test_numbers_that_fall_with_the_count_do_not_mimic_it() -> None:
    rows = grid()
    assert (
        findings._mimics_parameter_count(
            rows.assign(log10_cond_sym=-np.log10(rows["parameters"]))
        ).verdict
        is Verdict.DOES_NOT
    )


def test_too_few_networks_show_nothing() -> None:
    assert findings._mimics_parameter_count(grid().head(3)).verdict is Verdict.NOT_SHOWN


@pytest.mark.parametrize(("inflation", "verdict"), [(0.1, Verdict.HOLDS), (2.0, Verdict.DOES_NOT)])
def test_enough_samples(inflation: float, verdict: Verdict) -> None:
    rows = grid().assign(parameters_per_sample=0.25, log10_cond_low=-1.0, log10_cond_high=3.0)
    found = findings._enough_samples(rows.assign(log10_cond=rows["log10_cond_sym"] + inflation))
    assert found.verdict is verdict
    assert f"{inflation:.2f} decades in the median" in found.evidence
    assert "contains the projected number in 36 of 36 networks" in found.evidence
    assert found.condition == ""


def test_samples_that_inflate_deep_networks_are_a_condition() -> None:
    """Up to depth 6 by a tenth of a decade, from 7 on by one."""
    rows = grid().assign(parameters_per_sample=0.25, log10_cond_low=-1.0, log10_cond_high=3.0)
    inflation = np.where(rows["depth"] > 6, 1.0, 0.1)
    found = findings._enough_samples(rows.assign(log10_cond=rows["log10_cond_sym"] + inflation))
    assert found.verdict is Verdict.CONDITION
    assert found.condition == "networks of depth 1 to 6, not those of depth 7 to 12"
    assert "by more than 0.5 in 18 of 36 networks" in found.evidence


@pytest.mark.parametrize(("sign", "verdict"), [(1.0, Verdict.HOLDS), (-1.0, Verdict.DOES_NOT)])
def test_predicts_training(folder: StudyFolder, sign: float, verdict: Verdict) -> None:
    rows = grid().assign(log10_cond_sym=np.linspace(1, 5, 36), log10_cond=np.linspace(1, 5, 36))
    training = rows[["depth", "width", "parameters"]].assign(
        rule="search", log10_steps=2 + sign * np.linspace(0, 1, 36)
    )
    (folder.root / "tables").mkdir(parents=True)
    training.to_csv(folder.root / "tables" / "training.csv", index=False)
    found = findings._predicts_training(small_study(), folder, rows)
    assert found.verdict is verdict
    assert "36 of 36 networks reach the threshold" in found.evidence


def test_untrained_networks_show_nothing(folder: StudyFolder) -> None:
    assert findings._predicts_training(small_study(), folder, grid()).verdict is Verdict.NOT_SHOWN
