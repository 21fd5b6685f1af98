"""The stage `training`: every network once, the same numbers always, and a table that says what was
not reached.
"""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders import small_study

from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DamagedResult, DifferentWork, Interrupted
from eigenscape.networks.activations import TANH
from eigenscape.networks.priors import prior_named
from eigenscape.networks.problems import problem_of
from eigenscape.networks.sampling import fill_parameters
from eigenscape.networks.training import step_by_curvature, train
from eigenscape.seeding import stream_key
from eigenscape.stages.active_subspace import training as stage
from eigenscape.stages.active_subspace.training import (
    DESCRIPTIONS,
    TrainingPlan,
    path_of,
    train_networks,
    training_table,
    write_training_table,
)
from eigenscape.store.layout import StudyFolder

STUDY = small_study()
PLAN = TrainingPlan(
    depth=(1, 3, 7),
    width=(3, 5, 8),
    replicas=7,
    threshold=1.1,
    most_steps=1000,
    step_grid=(3.0, 0.1, 0.01),
)


def trained(folder: StudyFolder, plan: TrainingPlan = PLAN, study: Study = STUDY) -> pd.DataFrame:
    train_networks(study, folder, plan, quiet=True)
    return training_table(study, folder, plan)


def starts(architecture: Architecture, replicas: int) -> np.ndarray:
    """As documented: draws of the prior from a stream of their own."""
    prior = prior_named("standard_normal")
    parameters = np.empty((replicas, architecture.parameters))
    fill_parameters(
        parameters,
        0,
        stream_key(0, "training", *architecture.sizes),
        prior.scales(architecture),
        prior.draw,
    )
    return parameters


def test_the_networks_are_those_of_the_sub_grid_that_are_in_the_grid() -> None:
    assert [(cell.architecture.depth, cell.architecture.width) for cell in PLAN.cells(STUDY)] == [
        (1, 3),
        (3, 3),
        (1, 5),
        (3, 5),
    ]
    with pytest.raises(
        BadInput, match=r"grid: expected some of depth \[7\] with width \[8\], found depth \[1, 3\]"
    ):
        replace(PLAN, depth=(7,), width=(8,)).cells(STUDY)


def test_every_network_has_a_row_for_each_rule_and_every_column_a_meaning(
    folder: StudyFolder,
) -> None:
    table = trained(folder)

    assert list(table.columns) == ["depth", "width", *DESCRIPTIONS]
    assert (
        table.groupby(["depth", "width"])["rule"].apply(list).tolist()
        == [["curvature", "search"]] * 4
    )
    assert table["parameters"].tolist() == [10, 10, 34, 34, 16, 16, 76, 76]
    assert set(table["replicas"]) == {7}


def test_numbers_are_those_of_training_by_hand(folder: StudyFolder) -> None:
    table = trained(folder)
    problem = problem_of(STUDY.problem)
    threshold = 1.1 * problem.targets.var()

    for architecture in (Architecture(1, 3), Architecture(3, 5)):
        rows = table[
            (table["depth"] == architecture.depth) & (table["width"] == architecture.width)
        ].set_index("rule")
        network = (starts(architecture, 7), architecture, TANH, problem)
        exact = step_by_curvature(*network)
        steps = np.array([float(f"{step:.3g}") for step in exact])
        np.testing.assert_allclose(steps, exact, rtol=0.005)  # half a unit of the third digit
        runs = {step: train(*network, step, threshold, 1000) for step in PLAN.step_grid}
        medians = {step: run.median_steps for step, run in runs.items()}
        best = min(medians, key=medians.__getitem__)
        by_curvature = train(*network, steps, threshold, 1000)

        assert np.isfinite(medians[best])
        assert rows.loc["search", ["step", "log10_steps", "threshold"]].tolist() == [
            best,
            math.log10(medians[best]),
            threshold,
        ]
        assert rows.loc["curvature", "step"] == np.median(steps)
        assert rows.loc["curvature", "log10_steps"] == math.log10(by_curvature.median_steps)
        for rule, run in (("search", runs[best]), ("curvature", by_curvature)):
            assert rows.loc[rule, "share_reached"] == np.isfinite(run.steps_to_threshold).mean()
            assert rows.loc[rule, "share_diverged"] == run.diverged.mean()
            assert (
                rows.loc[rule, "log10_steps_low"]
                <= rows.loc[rule, "log10_steps"]
                <= rows.loc[rule, "log10_steps_high"]
            )
        assert runs[3.0].diverged.any()


def test_a_file_is_plain_json_and_says_what_work_it_is(folder: StudyFolder) -> None:
    path = train_networks(STUDY, folder, PLAN, quiet=True)[0]
    content = json.loads(
        path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON")
    )

    assert path == folder.root / "training" / "d01-w003.json"
    identity = content["identity"]
    assert identity == PLAN.cells(STUDY)[0].identity
    assert {
        "sizes": [1, 3, 1],
        "samples": 7,
        "seed": 0,
        "threshold": 1.1,
        "most_steps": 1000,
        "ladder": [3.0, 0.1, 0.01],
    }.items() <= (identity.items())
    diverged = content["content"]["search"]["runs"][0]
    assert None in diverged["steps_to_threshold"]
    assert any(diverged["diverged"])


def test_a_second_run_trains_nothing_and_a_larger_grid_only_what_is_new(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    original = stage._train_cell
    monkeypatch.setattr(
        stage,
        "_train_cell",
        lambda study, cell, plan: made.append(cell.folder) or original(study, cell, plan),
    )

    first = replace(PLAN, width=(3,))
    paths = train_networks(STUDY, folder, first, quiet=True)
    times = [path.stat().st_mtime_ns for path in paths]
    assert made == ["training/d01-w003", "training/d03-w003"]

    assert train_networks(STUDY, folder, first, quiet=True) == paths
    train_networks(STUDY, folder, PLAN, quiet=True)

    assert made == [
        "training/d01-w003",
        "training/d03-w003",
        "training/d01-w005",
        "training/d03-w005",
    ]
    assert [path.stat().st_mtime_ns for path in paths] == times


def test_an_interruption_keeps_what_is_trained(
    folder: StudyFolder, stop_after: Callable[[int], None], tmp_path: Path
) -> None:
    stop_after(2)
    with pytest.raises(Interrupted, match="networks that are trained are kept"):
        train_networks(STUDY, folder, PLAN, quiet=True)
    assert sorted(path.stem for path in (folder.root / "training").iterdir()) == [
        "d01-w003",
        "d03-w003",
    ]

    stop_after(1000)
    elsewhere = StudyFolder(tmp_path / "elsewhere")
    # The same bits whether interrupted or not.
    pd.testing.assert_frame_equal(trained(folder), trained(elsewhere), check_exact=True)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"most_steps": 100}, "most_steps 100, found 1000"),
        ({"threshold": 0.5}, "threshold 0.5, found 1.1"),
        ({"replicas": 8}, "samples 8, found 7"),
        ({"step_grid": (0.1,)}, r"ladder \[0.1\], found \[3.0, 0.1, 0.01\]"),
    ],
)
def test_results_of_another_plan_are_refused(
    change: dict[str, object], fact: str, folder: StudyFolder
) -> None:
    trained(folder)
    other = replace(PLAN, **change)  # type: ignore[arg-type]

    for ask in (train_networks, training_table):
        with pytest.raises(DifferentWork, match=f"expected {fact}"):
            ask(STUDY, folder, other)


def test_results_of_another_study_are_refused(folder: StudyFolder) -> None:
    trained(folder)
    with pytest.raises(DifferentWork, match="expected activation 'relu', found 'tanh'"):
        training_table(small_study(network={"activation": "relu"}), folder, PLAN)


def test_missing_and_damaged_files_are_refused(folder: StudyFolder) -> None:
    with pytest.raises(DamagedResult, match=r"d01-w003\.json: not computed yet"):
        training_table(STUDY, folder, PLAN)
    path = train_networks(STUDY, folder, PLAN, quiet=True)[1]
    content = json.loads(path.read_bytes())
    content["content"]["curvature"]["final_loss"][0] += 1e-9
    path.write_text(json.dumps(content))

    for ask in (train_networks, training_table):
        with pytest.raises(
            DamagedResult, match=r"d03-w003\.json: the numbers are not those of its digest"
        ):
            ask(STUDY, folder, PLAN)


def test_a_threshold_out_of_reach_is_infinite_and_survives_the_file(folder: StudyFolder) -> None:
    table = trained(folder, replace(PLAN, threshold=1e-9, most_steps=5))

    assert table["log10_steps"].tolist() == table["log10_steps_high"].tolist() == [math.inf] * 8
    assert (table["share_reached"] == 0).all()
    # The best step is then the one with the lowest loss, never the one that diverges.
    assert set(table.loc[table["rule"] == "search", "step"]) <= {0.1, 0.01}
    pd.testing.assert_frame_equal(
        pd.read_csv(write_training_table(table, folder)), table, check_exact=True, check_dtype=False
    )


def test_a_start_below_the_threshold_counts_as_one_step(folder: StudyFolder) -> None:
    table = trained(folder, replace(PLAN, threshold=1e6))

    assert set(table["log10_steps"]) == {0.0}
    assert set(table["share_reached"]) == {1.0}


def test_progress_counts_networks_of_earlier_runs(
    folder: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    train_networks(STUDY, folder, replace(PLAN, width=(3,)), quiet=True)
    assert capsys.readouterr().err == ""

    train_networks(STUDY, folder, PLAN)

    assert capsys.readouterr().err.splitlines()[-1].startswith("training: 4 of 4 networks, ")


def test_starts_are_drawn_for_training_alone_and_more_replicas_change_none(
    folder: StudyFolder, tmp_path: Path
) -> None:
    plans = PLAN, replace(PLAN, replicas=9)
    few, many = (
        json.loads(path_of(plan.cells(STUDY)[0], where).read_bytes())["content"]
        for plan, where in zip(plans, (folder, StudyFolder(tmp_path / "more")), strict=True)
        if train_networks(STUDY, where, plan, quiet=True)
    )

    assert many["search"]["runs"][1]["final_loss"][:7] == few["search"]["runs"][1]["final_loss"]
    assert stream_key(0, "training", 1, 3, 1) != stream_key(0, "prior", 1, 3, 1)


def test_the_default_plan_is_part_of_the_default_study() -> None:
    cells = TrainingPlan().cells(Study())

    assert len(cells) == len(TrainingPlan().depth) * len(TrainingPlan().width)
    # A correlation over fewer than 20 networks would have an interval from -0.5 to 0.5 even at rho
    # = 0.
    assert (
        sum(cell.architecture.parameters <= Study().sampling.raw_parameter_limit for cell in cells)
        >= 20
    )
