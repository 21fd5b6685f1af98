"""Experiments: computed once, read ever after, refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from builders import small_study

from eigenscape.errors import BadInput, DamagedResult, DifferentWork
from eigenscape.stages.common.experiments import Experiment, experiment_named

STUDY = small_study()
SQUARES = Experiment(
    "test squares",
    lambda study: study.headline,
    lambda study: {
        "squares": [{"n": n, "square": n * n} for n in range(study.headline.depth)],
        "notes": [],
    },
    ("squares", "notes"),
)


def test_tables_are_computed_once_and_read_ever_after(tmp_path: Path) -> None:
    document = tmp_path / "squares.json"
    with pytest.raises(DamagedResult, match=r"squares\.json: not computed yet"):
        SQUARES.read(STUDY, document)
    tables = SQUARES.run(STUDY, document)
    assert list(tables) == ["squares", "notes"]
    assert len(tables["squares"]) == STUDY.headline.depth
    assert tables["notes"].empty
    kept = replace(SQUARES, compute=lambda _: pytest.fail("computed again"))
    for ask in (kept.run, kept.read):
        assert ask(STUDY, document)["squares"].equals(tables["squares"])
    with pytest.raises(DifferentWork, match="expected kind 'test cubes', found 'test squares'"):
        replace(SQUARES, kind="test cubes").run(STUDY, document)


def test_an_unknown_experiment_is_refused_by_name() -> None:
    assert experiment_named({"squares": SQUARES}, "squares") is SQUARES
    with pytest.raises(BadInput, match="experiment: expected one of squares, found cubes"):
        experiment_named({"squares": SQUARES}, "cubes")
