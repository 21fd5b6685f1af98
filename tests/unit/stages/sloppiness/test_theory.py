"""The stage: documents that resume and refuse other work, tables that agree with the science, and
verdicts on made-up tables.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from builders import small_study

from eigenscape.errors import BadInput, DamagedResult, DifferentWork
from eigenscape.findings.sloppiness_theory import (
    _slopes,
    agreement,
    assess_theory,
    sloppiness_theory_findings,
)
from eigenscape.findings.verdicts import Verdict
from eigenscape.sloppiness.covariance import cloud_eigenvalues, time_averages
from eigenscape.sloppiness.stress import explained_stress
from eigenscape.stages.sloppiness import theory as sloppiness_theory
from eigenscape.stages.sloppiness.kernel_and_sgd import _balanced_starts
from eigenscape.stages.sloppiness.theory import read_theory, run_theory
from eigenscape.stages.sloppiness.theory_tables import write_theory_tables
from eigenscape.store.layout import StudyFolder

THEORY = {
    "phase_map": {
        "decay": [0.3, 0.6, 1.2],
        "ratio": [0.1, 1.0, 10.0],
        "steps": [10, 100, 1000],
        "simulated_decay": [0.6],
        "simulated_ratio": [0.1, 10.0],
        "simulated_steps": [10, 50],
        "starts": 8,
    },
    "kernel": {
        "kernels": ["linear", "rbf", "random_features", "ntk"],
        "train": 24,
        "test": 10,
        "features": 30,
        "width": 6,
    },
    "sgd": {"examples": 30, "batch": [2, 8], "steps": 40, "components": 4, "simulated": 3},
}
STUDY = small_study(sloppiness=THEORY)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    folder = StudyFolder(tmp_path_factory.mktemp("study"))
    for part in THEORY:
        run_theory(STUDY, folder, part)
    return folder


def test_the_map_holds_the_closed_form(computed: StudyFolder) -> None:
    """One cell, computed anew with many more components than the stage keeps: 1e-5 is what it may
    leave out.
    """
    table = read_theory(STUDY, computed, "phase_map")["map"]
    assert len(table) == 27
    row = table[(table["steps"] == 100) & (table["decay"] == 0.6) & (table["ratio"] == 10.0)].iloc[
        0
    ]
    eigenvalues = np.exp(-0.6 * np.arange(120))
    spectrum = cloud_eigenvalues(
        time_averages(0.5 * eigenvalues, 100), 10 * np.sqrt(eigenvalues), eigenvalues
    )
    np.testing.assert_allclose(
        row[["chi_2", "chi_3"]].astype(float), explained_stress(spectrum)[1:3], atol=1e-5
    )
    assert row["reach"] == 50


def test_simulations_agree_with_their_closed_form(computed: StudyFolder) -> None:
    simulated = read_theory(STUDY, computed, "phase_map")["simulated"]
    assert len(simulated) == 4
    for k in (2, 3):
        np.testing.assert_allclose(
            simulated[f"chi_{k}"], simulated[f"same_starts_chi_{k}"], atol=1e-10
        )


def test_simulated_sgd_lies_by_the_recursion(computed: StudyFolder) -> None:
    """Gradient descent from balanced starts has no scatter at all; batches scatter, and traces stay
    within a fifth of theory.
    """
    variants = read_theory(STUDY, computed, "sgd")["variants"].set_index("variant")
    quiet = variants.loc["gradient descent"]
    assert quiet["simulated_trace"] == pytest.approx(quiet["trace"], rel=1e-10)
    assert quiet["simulated_chi_2"] == pytest.approx(quiet["chi_2"], abs=1e-9)
    np.testing.assert_allclose(variants["simulated_trace"], variants["trace"], rtol=0.2)
    assert list(variants.index[-2:]) == ["batch 8, momentum", "batch 8, weight decay"]


def test_balanced_starts_have_the_moments_of_the_normal_ones() -> None:
    starts = _balanced_starts(0.3, 5)
    np.testing.assert_array_equal(starts.sum(axis=0), 0)
    np.testing.assert_allclose(starts.T @ starts / len(starts), 0.09 * np.eye(5), atol=1e-16)


def test_documents_are_kept_and_refuse_other_work(
    computed: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("computed again")

    with monkeypatch.context() as patched:
        kept = sloppiness_theory.EXPERIMENTS["sgd"]
        patched.setitem(
            sloppiness_theory.EXPERIMENTS,
            "sgd",
            replace(kept, compute=never),
        )
        assert len(run_theory(STUDY, computed, "sgd")["variants"]) == 5
    other = small_study(sloppiness=THEORY | {"sgd": THEORY["sgd"] | {"steps": 41}})
    with pytest.raises(DifferentWork, match="steps"):
        run_theory(other, computed, "sgd")
    # other settings of another part are no other work
    assert len(run_theory(other, computed, "phase_map")["map"]) == 27
    with pytest.raises(BadInput, match="one of phase_map, kernel, sgd"):
        run_theory(STUDY, computed, "portrait")


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedResult, match="not computed yet"):
        read_theory(STUDY, StudyFolder(tmp_path), "kernel")


def test_the_labelled_map_and_the_findings_are_written(computed: StudyFolder) -> None:
    write_theory_tables(STUDY, computed)
    tables_folder = computed.root / "tables"
    table, dataset = (
        read_theory(STUDY, computed, "phase_map")["map"],
        xr.load_dataset(tables_folder / "sloppiness_phase_map.nc", engine="scipy"),
    )
    row = table.iloc[4]
    assert (
        float(dataset["chi_2"].sel(steps=row["steps"], decay=row["decay"], ratio=row["ratio"]))
        == row["chi_2"]
    )
    findings = sloppiness_theory_findings(STUDY, computed)
    assert len(findings) == 8
    assert all(finding.evidence for finding in findings)


def made_up(sign: float) -> pd.DataFrame:
    """A map in which chi_3 rises with c and the ratio and falls with T, or the opposite; ribbons
    where c is at least 0.3.
    """
    rows = [
        {"steps": steps, "decay": decay, "ratio": ratio, "reach": 0.5 * steps, "chi_2": 0.5}
        | {
            "chi_3": (
                0.5
                + sign * (0.05 * np.log(decay) + 0.03 * np.log(ratio) - 0.02 * np.log(steps / 1000))
            ),
            "verdict": "hyper-ribbon" if decay >= 0.3 else "low-dimensional, not a hyper-ribbon",
        }
        for steps in (200, 1000, 5000)
        for decay in (0.1, 0.3, 1.0)
        for ratio in (0.1, 1.0, 10.0)
    ]
    return pd.DataFrame(rows)


def test_verdicts_follow_made_up_tables() -> None:
    slopes = pd.DataFrame(
        {
            "converged": 9.0,
            "reach": 500.0,
            "checkpoints": ["linear", "logarithmic"],
            "slope": [1.2, 1.5],
            "theory": [1.3, 1.3],
        }
    )
    machines = pd.DataFrame(
        {
            "verdict": ["hyper-ribbon", "thick, more than three directions needed"],
            "start": [0.0, 1.0],
            "slope": 1.2,
            "theory": 1.2,
            "reach_of_targets": 500,
        }
    )
    variants = pd.DataFrame(
        {"batch": [0, 1, 64], "momentum": 0.0, "weight_decay": 0.0, "chi_3": [0.99, 0.4, 0.9]}
    )
    tables = {"map": made_up(1.0), "slopes": slopes, "machines": machines, "variants": variants}
    found = assess_theory(tables, 0.7)
    assert [finding.verdict.value for finding in found[:4]] == ["holds"] * 4
    assert [finding.verdict.value for finding in found[5:]] == ["holds under a condition"] * 3
    assert found[5].condition.startswith("50% of those with c < 1, 100% of those with c >= 1")
    turned = assess_theory(tables | {"map": made_up(-1.0), "slopes": slopes.assign(slope=9.0)}, 0.7)
    assert [finding.verdict.value for finding in turned[:4]] == ["does not hold"] * 4
    assert "decay 0.1 to 1" in turned[1].condition
    thick = made_up(1.0).assign(verdict="thick, more than three directions needed")
    assert assess_theory(tables | {"map": thick}, 0.7)[5].verdict.value == "not shown either way"
    flat = assess_theory(tables | {"map": made_up(0.0)}, 0.7)
    assert [finding.verdict.value for finding in flat[:3]] == ["not shown either way"] * 3


def test_a_theory_does_not_hold_where_a_spacing_of_checkpoints_leaves_it() -> None:
    """Within 25 % in both spacings, in one, in none; nine of ten settings are enough."""
    slopes = pd.DataFrame(
        {
            "converged": 9.0,
            "reach": 500.0,
            "checkpoints": ["linear"] * 10 + ["logarithmic"] * 10,
            "slope": 1.1,
            "theory": 1.0,
        }
    )
    slopes.loc[3, "slope"] = 1.5
    assert _slopes(slopes).verdict is Verdict.HOLDS
    slopes.loc[10:, "slope"] = np.linspace(1.21, 2.23, 10)
    one = _slopes(slopes)
    assert one.verdict is Verdict.CONDITION
    assert one.condition == "linear checkpoints"
    assert "logarithmic checkpoints: 1.21 to 2.23 of it, within 25% in 10% of 10" in one.evidence
    slopes.loc[:4, "slope"] = 1.5
    assert _slopes(slopes).verdict is Verdict.DOES_NOT
    assert _slopes(slopes.assign(reach=10.0)).verdict is Verdict.NOT_SHOWN


def test_agreement_counts_the_cells_told_rightly() -> None:
    """At kappa = 1e4, k = 2: i_c <= 2 from c = ln(1e4) / 2 = 4.6 on; k_* = 2 at c = 1 from e^{pi^2
    / ln 1e4} / (4 pi)^1/2 = 0.82 on.
    """
    cells = pd.DataFrame(
        {
            "reach": 1e4,
            "decay": [1.0, 1.0, 5.0, 5.0],
            "ratio": [0.5, 2.0, 0.01, 0.01],
            "chi_2": [0.2, 0.9, 0.9, 0.2],
        }
    )
    assert agreement(cells, 2, 0.7) == {"k_*": 0.75, "sums of squares": 0.75}
