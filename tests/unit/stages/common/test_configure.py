"""Configuration files: merged in order, refused in one line, never mixed in one folder."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders import small_study

from eigenscape.config.study import Study
from eigenscape.errors import BadInput, DifferentWork
from eigenscape.stages.common.configure import (
    load_study,
    read_study,
    require_same_science,
    write_study,
)
from eigenscape.store.layout import StudyFolder


def file(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_later_files_win_key_by_key_and_lists_are_replaced(tmp_path: Path) -> None:
    base = file(
        tmp_path / "base.yaml",
        "study: base\ngrid: {depth: [1, 2], width: [5, 6]}\nsampling: {seed: 3}\n",
    )
    mine = file(
        tmp_path / "mine.yaml", "study: mine\ngrid: {depth: [4]}\nnetwork: {activation: relu}\n"
    )

    study = read_study([base, mine])

    assert (study.study, study.grid.depth, study.grid.width) == ("mine", [4], [5, 6])
    assert (study.sampling.seed, study.network.activation) == (3, "relu")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_an_empty_file_is_the_default_study(tmp_path: Path, text: str) -> None:
    assert read_study([file(tmp_path / "empty.yaml", text)]) == Study()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("grid: [1, 2", r"bad\.yaml: expected YAML, found .*line 1.*; fix that line"),
        ("a: b: c", r"bad\.yaml: expected YAML, found "),
        ("\tgrid: 1", r"bad\.yaml: expected YAML, found "),
        (
            "- grid\n- sampling\n",
            r"bad\.yaml: expected sections such as grid and sampling, found list; see config\.yaml",
        ),
        ("just text", r"bad\.yaml: expected sections such as grid and sampling, found str; "),
        (
            "grid: {dept: [1]}",
            (
                r"bad\.yaml: grid\.dept: expected one of depth, width, found an unknown key; did"
                r" you mean depth\?"
            ),
        ),
        (
            "sampling: {seed: -1}",
            r"bad\.yaml: sampling\.seed: expected a number of at least 0, found -1; ",
        ),
        ("1: 2", r"bad\.yaml: 1: expected "),
        ("study: \x00", r"bad\.yaml: expected YAML, found "),
    ],
)
def test_a_bad_file_gives_one_line_with_its_path(tmp_path: Path, text: str, expected: str) -> None:
    path = file(tmp_path / "bad.yaml", text)

    with pytest.raises(BadInput, match=expected) as caught:
        read_study([path])
    assert "\n" not in str(caught.value)


def test_a_missing_folder_or_binary_file_is_refused_by_path(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput,
        match=r"none\.yaml: expected a configuration file, found no such file; check the path",
    ):
        read_study([tmp_path / "none.yaml"])
    with pytest.raises(BadInput, match="expected a readable configuration file"):
        read_study([tmp_path])
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(BadInput, match=r"binary\.yaml: expected a readable configuration file"):
        read_study([tmp_path / "binary.yaml"])


def test_a_written_study_reads_back_with_every_default_spelled_out(folder: StudyFolder) -> None:
    write_study(small_study(), folder)

    assert load_study(folder) == small_study()
    assert json.loads(folder.study.read_bytes())["problem"]["loss"] == "mse"


@pytest.mark.parametrize("content", [None, "{", '{"gird": {}}'])
def test_a_missing_or_spoilt_study_is_refused_with_a_way_out(
    folder: StudyFolder, content: str | None
) -> None:
    if content is not None:
        folder.root.mkdir(parents=True)
        folder.study.write_text(content)

    with pytest.raises(
        BadInput,
        match=r"study\.json: expected the configuration of a study, found .*; (run|delete) ",
    ):
        load_study(folder)


SCIENCE = [
    ({"sampling": {"seed": 1}}, "seed"),
    ({"sampling": {"precision": "float32"}}, "precision"),
    ({"sampling": {"samples_per_parameter": 5}}, "samples_per_parameter"),
    ({"problem": {"interval": [0, 1]}}, "problem"),
    ({"network": {"activation": "relu"}}, "activation"),
    ({"prior": {"kind": "he_normal"}}, "prior"),
]


@pytest.mark.parametrize(("change", "fact"), SCIENCE)
def test_a_different_study_in_the_same_folder_is_refused_by_naming_the_fact(
    folder: StudyFolder, change: dict[str, dict[str, Any]], fact: str
) -> None:
    write_study(small_study(), folder)
    before = folder.study.read_bytes()

    with pytest.raises(DifferentWork, match=f"^{fact}: expected .* give this study another name"):
        write_study(small_study(**change), folder)
    assert folder.study.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"grid": {"depth": [1, 2, 3]}},
        {"headline": {"samples": 90}},
        {"sampling": {"raw_parameter_limit": 99}},
    ],
)
def test_grid_headline_and_limit_may_change(
    folder: StudyFolder, change: dict[str, dict[str, Any]]
) -> None:
    write_study(small_study(), folder)

    write_study(small_study(**change), folder)

    assert load_study(folder) == small_study(**change)


def test_an_empty_folder_takes_any_study(folder: StudyFolder) -> None:
    require_same_science(small_study(), folder)
