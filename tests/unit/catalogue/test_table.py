"""The rows that hold for a study: jobs, what they wait for, and what a path says."""

import subprocess
import sys

import pytest
from builders import small_study

from eigenscape.catalogue import FIGURES, Catalogue
from eigenscape.catalogue.sciences import SCIENCES
from eigenscape.cli._group import COMMANDS
from eigenscape.config.study import Study
from eigenscape.stages.expressivity import experiments
from eigenscape.stages.sloppiness import theory

CATALOGUE = Catalogue(Study())
COMPANIONS = {"expressivity", "clustering", "sloppiness", "model_constrained"}
ONLY = small_study(**{name: {"enabled": False} for name in COMPANIONS})


def test_a_science_has_the_name_of_its_section_and_nothing_has_two_rows() -> None:
    assert {science.name for science in SCIENCES} == COMPANIONS | {"active_subspace"}
    steps = [step.name for step in CATALOGUE.steps]
    assert len(steps) == len(set(steps))
    assert len(FIGURES) == sum(len(science.figures) for science in SCIENCES)


def test_every_step_has_a_command() -> None:
    assert {step.command for step in CATALOGUE.steps} <= set(COMMANDS)


def test_the_parts_of_a_step_are_those_of_its_stage() -> None:
    assert set(CATALOGUE.jobs_of["expressivity"]) == set(experiments.EXPERIMENTS)
    assert set(CATALOGUE.jobs_of["sloppiness_theory"]) == set(theory.EXPERIMENTS)


@pytest.mark.parametrize("study", [Study(), small_study(), ONLY], ids=["default", "small", "only"])
def test_no_job_stands_before_one_that_it_waits_for(study: Study) -> None:
    catalogue = Catalogue(study)
    names = [job.name for job in catalogue.jobs]
    assert len(names) == len(set(names))
    for position, name in enumerate(names):
        assert set(catalogue.after[name]) <= set(names[:position])


def test_whatever_a_job_leaves_is_told_from_its_place() -> None:
    for job in CATALOGUE.jobs:
        for target in job.targets:
            if target != job.step.note.replace("{}", job.value):
                made = CATALOGUE.made_by(target)
                assert made is not None
                assert (made.step, made.value) == (job.step, job.value)


@pytest.mark.parametrize(
    ("path", "notes"),
    [
        (
            "cells/d01-w005/second_moment.zarr",
            [
                "ledger/second_moment/cells/d01-w005.json",
                "ledger/cells/w005-d01to10.json",
            ],
        ),
        (
            "model_constrained/burgers-mctangent-a0/spectrum.zarr",
            [
                "ledger/spectrum/model_constrained/burgers-mctangent-a0.json",
                "ledger/model_constrained/burgers-mctangent.json",
            ],
        ),
        ("projection/d01-w010.json", ["ledger/projection/w10.json"]),
        ("projection/notes (copy).json", []),
        ("headline/d05-w035-n10000/importance.json", ["ledger/importance.json"]),
        ("training/d01-w005.json", ["ledger/training.json"]),
        ("sensitivity/d05-w020/1.json", ["tables/sensitivity.csv"]),
        ("large/d04-w100-n512/spectrum.npz", ["ledger/large/d04-w100.json"]),
        ("sloppiness/trajectories/linear.npz", ["ledger/trajectories/linear.json"]),
        ("sloppiness/embedding.npz", ["tables/sloppiness.nc"]),
        ("logs/importance.log", []),
        ("ledger/importance.json", []),
    ],
)
def test_what_snakemake_looks_at_is_told_from_a_path(path: str, notes: list[str]) -> None:
    assert CATALOGUE.notes_of(path) == notes


def test_a_study_has_the_families_of_what_it_leaves_in() -> None:
    every = {row.family.name for row in FIGURES.values()}
    assert Catalogue(small_study()).families.keys() == every - {"large_networks"}
    assert set(Catalogue(ONLY).families) == {
        "headline",
        "importance",
        "criticality",
        "maps",
        "sensitivity",
        "training",
    }
    assert "training" not in Catalogue(small_study(training={"depth": [7]})).families


def test_a_result_of_a_science_that_is_left_out_says_which() -> None:
    catalogue = Catalogue(ONLY)
    for path in ("clustering/any.json", "tables/clustering_layers.csv"):
        science = catalogue.science_left_out(path)
        assert science is not None
        assert science.name == "clustering"
    assert catalogue.science_left_out("tables/condition_number.csv") is None


def test_the_rows_load_nothing_heavy() -> None:
    """Snakemake reads them in every job."""
    program = (
        "import sys, eigenscape.catalogue as c; from eigenscape.config.study import Study;"
        " catalogue = c.Catalogue(Study()); catalogue.after; [j.memory for j in catalogue.jobs];"
        " print({'matplotlib', 'torch', 'zarr', 'scipy', 'numba', 'pandas'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "set()", run.stderr
