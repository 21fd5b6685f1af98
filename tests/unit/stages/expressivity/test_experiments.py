"""The experiments with curves as a stage: tables that hold what the science says, kept once,
refused where they are other work.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import small_study

from eigenscape.errors import BadInput, DamagedResult, DifferentWork
from eigenscape.forecast.expressivity import experiments
from eigenscape.provenance.state import State
from eigenscape.provenance.verify import repair, verify_study
from eigenscape.stages.expressivity.experiments import EXPERIMENTS, read_experiment, run_experiment
from eigenscape.store.layout import StudyFolder

CURVES = {
    "growth": {
        "depth": 4,
        "width": [4, 32],
        "relu_weight_std": [1.0, 2.0],
        "hard_tanh_weight_std": [2.0],
        "bias_std": [0.0],
        "networks": 4,
    },
    "sensitivity": {"depth": 3, "width": 8, "networks": 3, "angles": [0.01, 0.1]},
    "dichotomies": {"depth": [3], "width": [6], "networks": 2},
    "digits": {
        "width": 8,
        "one_layer_depth": 3,
        "one_layer_epochs": 1,
        "length_depth": 2,
        "length_epochs": 1,
        "measured": 1,
        "runs": 2,
    },
}
STUDY = small_study(expressivity=CURVES)


def test_growth_has_a_row_per_setting_and_layer_beside_theory(folder: StudyFolder) -> None:
    tables = run_experiment(STUDY, folder, "growth")
    assert len(tables["growth"]) == 6
    assert len(tables["lengths"]) == 6 * 5
    start = tables["lengths"][tables["lengths"]["layer"] == 0]
    np.testing.assert_allclose(start[["length", "length_low", "length_high"]], 2 * np.pi)
    relu = tables["growth"][tables["growth"]["activation"] == "relu"]
    np.testing.assert_allclose(relu["sqrt_chi_1"], relu["sigma_w"] / 2**0.5)
    # bias-free ReLU: each of the k units of the first layer changes twice on a circle around the
    # origin
    first = tables["lengths"][
        (tables["lengths"]["layer"] == 1) & (tables["lengths"]["activation"] == "relu")
    ]
    np.testing.assert_allclose(first["transitions"], 2 * first["width"])


def test_radial_sensitivities_of_relu_networks_are_one_and_turns_have_a_row_each(
    folder: StudyFolder,
) -> None:
    tables = run_experiment(STUDY, folder, "sensitivity")
    relu = tables["sensitivity"][tables["sensitivity"]["activation"] == "relu"]
    np.testing.assert_allclose(relu["radial"], 1, rtol=1e-10)
    assert len(tables["turns"]) == 2 * 4 * 2


def test_dichotomies_and_digits_have_a_row_per_layer(folder: StudyFolder) -> None:
    counts = run_experiment(STUDY, folder, "dichotomies")["dichotomies"]
    assert counts["remaining"].tolist() == [2, 1, 0]
    assert counts["dichotomies"].between(1, 2**15).all()
    digits = run_experiment(STUDY, folder, "digits")
    assert digits["one_layer"].groupby("sigma_w_squared")["layer"].apply(list).tolist() == [
        [2, 3],
        [2, 3],
    ]
    at_start = digits["lengths"][digits["lengths"]["epoch"] == 0]
    assert (at_start["relative_length"] == 1).all()


def test_an_experiment_is_computed_once_and_refused_for_other_settings(folder: StudyFolder) -> None:
    first = run_experiment(STUDY, folder, "dichotomies")
    before = folder.expressivity("dichotomies").stat().st_mtime_ns
    assert run_experiment(STUDY, folder, "dichotomies")["dichotomies"].equals(first["dichotomies"])
    assert read_experiment(STUDY, folder, "dichotomies")["dichotomies"].equals(first["dichotomies"])
    assert folder.expressivity("dichotomies").stat().st_mtime_ns == before
    other = small_study(
        expressivity={**CURVES, "dichotomies": {"depth": [3], "width": [6], "networks": 3}}
    )
    with pytest.raises(DifferentWork, match="networks"):
        run_experiment(other, folder, "dichotomies")


def test_what_is_missing_or_unknown_is_refused(folder: StudyFolder) -> None:
    with pytest.raises(DamagedResult, match="not computed yet"):
        read_experiment(STUDY, folder, "growth")
    with pytest.raises(
        BadInput,
        match="experiment: expected one of growth, sensitivity, dichotomies, digits, found folds",
    ):
        run_experiment(STUDY, folder, "folds")


def test_verify_finds_and_repairs_a_damaged_experiment(folder: StudyFolder) -> None:
    run_experiment(STUDY, folder, "dichotomies")
    path, note = folder.expressivity("dichotomies"), folder.ledger("expressivity", "dichotomies")
    note.parent.mkdir(parents=True)
    note.write_text("{}")
    document = json.loads(path.read_text())
    document["content"]["dichotomies"][0]["dichotomies"] += 1
    path.write_text(json.dumps(document))
    findings = verify_study(STUDY, folder, quiet=True)
    assert [finding.state for finding in findings if path in finding.paths] == [State.DAMAGED]
    repair(findings, folder)
    assert not path.exists()
    assert not note.exists()


def test_every_experiment_has_a_cost() -> None:
    assert set(experiments(STUDY)) == set(EXPERIMENTS)
