"""The study: its defaults, its schema, its cells, and one line for every kind of bad
configuration.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import small_study

from eigenscape.architecture import Architecture
from eigenscape.config.cells import CellStatus
from eigenscape.config.study import Study
from eigenscape.errors import BadInput

ROOT = Path(__file__).parents[3]

BAD = {
    "unknown section": (
        {"gird": {}},
        "gird",
        "study, problem, network",
        "an unknown key",
        "did you mean grid?",
    ),
    "unknown key": (
        {"grid": {"dept": [1]}},
        "grid.dept",
        "one of depth, width",
        "an unknown key",
        "did you mean depth?",
    ),
    "unlike any key": (
        {"zzz": 1},
        "zzz",
        "one of study",
        "an unknown key",
        "remove it or correct its name",
    ),
    "negative width": (
        {"grid": {"width": [-3, 5]}},
        "grid.width.0",
        "a number of at least 1",
        "-3",
        "grid: {width: [5, 10",
    ),
    "zero depth": (
        {"grid": {"depth": [0]}},
        "grid.depth.0",
        "a number of at least 1",
        "0",
        "grid: {depth: [1, 2",
    ),
    "text for a size": (
        {"grid": {"depth": ["three"]}},
        "grid.depth.0",
        "a whole number",
        "'three'",
        "grid: {depth: ",
    ),
    "fraction for a size": (
        {"grid": {"depth": [1.5]}},
        "grid.depth.0",
        "a whole number",
        "1.5",
        "grid: {depth: ",
    ),
    "yes for a size": (
        {"grid": {"depth": [True]}},
        "grid.depth.0",
        "a whole number",
        "True",
        "grid: {depth: ",
    ),
    "number for a grid": ({"grid": {"width": 5}}, "grid.width", "a list", "5", "grid: {width: "),
    "empty grid": (
        {"grid": {"depth": []}},
        "grid.depth",
        "at least one number",
        "[]",
        "grid: {depth: ",
    ),
    "unsorted grid": (
        {"grid": {"depth": [2, 1]}},
        "grid.depth",
        "in increasing order",
        "[2, 1]",
        "grid: {depth: ",
    ),
    "duplicated grid": (
        {"grid": {"width": [5, 5]}},
        "grid.width",
        "each once",
        "[5, 5]",
        "grid: {width: ",
    ),
    "limit too low": (
        {"sampling": {"raw_parameter_limit": 15}},
        "sampling.raw_parameter_limit",
        "at least 16",
        "15",
        "raise the limit",
    ),
    "interval reversed": (
        {"problem": {"interval": [1, -1]}},
        "problem.interval",
        "increasing",
        "[1, -1]",
        "{interval: [-1, 1]}",
    ),
    "interval of one": (
        {"problem": {"interval": [0]}},
        "problem.interval",
        "two",
        "[0]",
        "{interval: [-1, 1]}",
    ),
    "interval of NaN": (
        {"problem": {"interval": [0, float("nan")]}},
        "problem.interval",
        "finite",
        "[0, nan]",
        "{interval: ",
    ),
    "interval infinite": (
        {"problem": {"interval": [0, float("inf")]}},
        "problem.interval",
        "finite",
        "[0, inf]",
        "{interval: ",
    ),
    "interval of text": (
        {"problem": {"interval": [0, "one"]}},
        "problem.interval.1",
        "a number",
        "'one'",
        "{interval: ",
    ),
    "one point": (
        {"problem": {"points": 1}},
        "problem.points",
        "a number of at least 2",
        "1",
        "problem: {points: 50}",
    ),
    "negative seed": (
        {"sampling": {"seed": -1}},
        "sampling.seed",
        "a number of at least 0",
        "-1",
        "sampling: {seed: 0}",
    ),
    "seed too large": (
        {"sampling": {"seed": 2**63}},
        "sampling.seed",
        f"a number below {2**63}",
        str(2**63),
        "sampling: {seed: 0}",
    ),
    "text for a seed": (
        {"sampling": {"seed": "0"}},
        "sampling.seed",
        "a whole number",
        "'0'",
        "sampling: {seed: 0}",
    ),
    "no samples": (
        {"headline": {"samples": 0}},
        "headline.samples",
        "a number of at least 1",
        "0",
        "headline: {samples: 10000}",
    ),
    "unknown activation": (
        {"network": {"activation": "tahn"}},
        "network.activation",
        "'tanh'",
        "'tahn'",
        "{activation: tanh}",
    ),
    "unknown prior": (
        {"prior": {"kind": "normal"}},
        "prior.kind",
        "'he_normal'",
        "'normal'",
        "{kind: standard_normal}",
    ),
    "unknown precision": (
        {"sampling": {"precision": 64}},
        "sampling.precision",
        "'float32'",
        "64",
        "{precision: float64}",
    ),
    "section is a list": (
        {"grid": [1, 2]},
        "grid",
        "a section with keys",
        "[1, 2]",
        "see config.yaml",
    ),
    "section is a number": (
        {"sampling": 5},
        "sampling",
        "a section with keys",
        "5",
        "see config.yaml",
    ),
    "section is empty": (
        {"problem": None},
        "problem",
        "a section with keys",
        "None",
        "see config.yaml",
    ),
    "name leads elsewhere": (
        {"study": "../x"},
        "study",
        "text that matches",
        "'../x'",
        "write study: my-study",
    ),
    "name has a line break": (
        {"study": "a\n"},
        "study",
        "text that matches",
        "'a\\n'",
        "write study: my-study",
    ),
    "key of another method": (
        {"clustering": {"graph": {"rank": 3}}},
        "clustering.graph.rank",
        "null with method sparse",
        "3",
        "write method: shape_interaction, or rank: null",
    ),
    "epochs without the start": (
        {"clustering": {"epochs": [1, 4]}},
        "clustering.epochs",
        "increasing numbers from 0",
        "[1, 4]",
        "write epochs: [0, 1",
    ),
    "no network to embed": (
        {"sloppiness": {"ensemble": {"powers": [], "depth": [], "channels": None}}},
        "sloppiness.ensemble",
        "at least one network",
        "none",
        "write powers: [1.0]",
    ),
    "weights without 0": (
        {"model_constrained": {"alpha": [1.0, 2.0]}},
        "model_constrained.alpha",
        "increasing numbers from 0",
        "[1.0, 2.0]",
        "write alpha: [0.0, 1.0",
    ),
    "name is a number": ({"study": 5}, "study", "text", "5", "write study: my-study"),
}


@pytest.mark.parametrize(("mapping", "name", "expected", "found", "fix"), BAD.values(), ids=BAD)
def test_a_bad_configuration_gives_one_line_of_field_expected_found_and_fix(
    mapping: dict[str, Any], name: str, expected: str, found: str, fix: str
) -> None:
    with pytest.raises(BadInput) as caught:
        Study.from_mapping(mapping)

    message = str(caught.value)
    head, _, rest = message.partition(": expected ")
    before, _, after = rest.partition(", found ")
    assert "\n" not in message
    assert head == name
    assert expected in before
    assert after.startswith(found)
    assert fix in after[len(found) :]


def test_several_findings_are_counted_in_the_one_line() -> None:
    with pytest.raises(BadInput, match=r"\(and 2 more\)$"):
        Study.from_mapping({"grid": {"depth": [0], "width": ["a"]}, "sampling": {"seed": -1}})


def test_a_study_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Study().study = "other"


def test_the_default_study_is_config_yaml() -> None:
    written = yaml.safe_load((ROOT / "config.yaml").read_text())

    assert Study.from_mapping(written) == Study()
    assert Study().model_dump() == written


def test_the_grid_is_walked_width_by_width() -> None:
    cells = [(a.depth, a.width) for a in small_study().grid_architectures()]

    assert cells == [(1, 3), (3, 3), (1, 5), (3, 5)]


def test_cells_over_the_limit_are_not_computed() -> None:
    study = small_study()

    # P = (L - 1) w^2 + (L + 2) w + 1: 10, 34, 16 and 76; the limit is 60.
    assert [study.status(a) is CellStatus.COMPUTED for a in study.grid_architectures()] == [
        True,
        True,
        True,
        False,
    ]
    assert [cell.folder for cell in study.computed_cells()] == [
        "cells/d01-w003",
        "cells/d03-w003",
        "cells/d01-w005",
    ]
    assert [cell.samples for cell in study.computed_cells()] == [40, 136, 64]


def test_a_cell_whose_size_is_the_limit_is_computed() -> None:
    assert (
        small_study(sampling={"raw_parameter_limit": 76}).status(Architecture(3, 5))
        is CellStatus.COMPUTED
    )
    assert (
        small_study(sampling={"raw_parameter_limit": 75}).status(Architecture(3, 5))
        is CellStatus.OVER_LIMIT
    )


def test_cells_are_found_by_their_folder() -> None:
    study = small_study()

    for cell in [study.headline_cell, *study.computed_cells()]:
        assert study.cell(cell.folder) == cell
    with pytest.raises(BadInput, match=r"cell: expected a computed cell .* found cells/d03-w005; "):
        study.cell("cells/d03-w005")


CHANGES = [
    {"sampling": {"seed": 1}},
    {"sampling": {"precision": "float32"}},
    {"sampling": {"samples_per_parameter": 5}},
    {"problem": {"points": 13}},
    {"problem": {"interval": [0, 1]}},
    {"network": {"activation": "relu"}},
    {"prior": {"kind": "he_normal"}},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_whatever_changes_the_numbers_changes_the_fingerprint(change: dict[str, Any]) -> None:
    study, changed = small_study(), small_study(**change)

    for cell, other in zip(study.computed_cells(), changed.computed_cells(), strict=True):
        assert cell.fingerprint != other.fingerprint


GROWTH = [
    {"grid": {"depth": [1, 2, 3]}},
    {"headline": {"samples": 81}},
    {"sampling": {"raw_parameter_limit": 99}},
]


@pytest.mark.parametrize("change", GROWTH, ids=str)
def test_growing_the_grid_changes_no_fingerprint(change: dict[str, Any]) -> None:
    study, changed = small_study(), small_study(**change)

    for cell in study.computed_cells():
        assert changed.cell(cell.folder).fingerprint == cell.fingerprint


def test_fingerprints_are_those_of_results_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written down when cells had no kinds: but for the science schema, then 5, results that were
    computed then are still found.
    """
    monkeypatch.setattr("eigenscape.config.cells.SCIENCE_SCHEMA", 5)
    study = Study()
    cells = [study.headline_cell, *study.computed_cells()[:1], *study.computed_cells()[-1:]]
    for case in study.model_constrained.computed:
        cells += study.model_constrained_cells(case)[:: len(study.model_constrained.alpha) - 1]
    growing = Study.from_mapping({"sampling": {"until_bracket": 0.5}})
    cells += growing.computed_cells()[:1]
    assert [(cell.folder, cell.fingerprint) for cell in cells] == [
        ("headline/d05-w035-n10000", "a9074f0a4ac1ba83"),
        ("cells/d01-w005", "6af52bec68be9ccc"),
        ("cells/d02-w050", "01d0d47beec0803c"),
        ("model_constrained/deconvolution-mcdnn-a0", "f60b4f821f0c77a1"),
        ("model_constrained/deconvolution-mcdnn-a100", "c008a6ba229fc6ec"),
        ("model_constrained/deconvolution-tnet-a0", "eaf3afdbee1812f3"),
        ("model_constrained/deconvolution-tnet-a100", "436e4804d7e5d72f"),
        ("model_constrained/deconvolution-taen-a0", "0ff8c53a359f90ef"),
        ("model_constrained/deconvolution-taen-a100", "7d4b8f917c63e68e"),
        ("model_constrained/heat-tnet-a0", "5adc018a7e0d83dc"),
        ("model_constrained/heat-tnet-a100", "b57b59bfe54d6619"),
        ("model_constrained/burgers-mctangent-a0", "e0f835c81451f991"),
        ("model_constrained/burgers-mctangent-a100", "4893173fc6738c5c"),
        ("cells/d01-w005", "3b5bf0b1d42ea908"),
    ]


def test_fingerprints_of_different_cells_differ() -> None:
    study = Study()
    cells = [study.headline_cell, *study.computed_cells()]

    assert len({cell.fingerprint for cell in cells}) == len(cells)


def test_an_identity_survives_json() -> None:
    identity = small_study().headline_cell.identity

    assert json.loads(json.dumps(identity)) == identity
