"""Small results as documents: whole or not at all, and refused where they are not what is asked."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store.documents import read_document, write_document

IDENTITY = {"kind": "test", "sizes": [1, 2]}
CONTENT = {
    "value": 0.1,
    "span": [math.inf, -math.inf, 1.5],
    "deep": [{"none": None, "words": "text"}],
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_document(tmp_path / "a.json", IDENTITY, CONTENT)
    assert read_document(tmp_path / "a.json", IDENTITY) == CONTENT


def test_nan_survives_in_a_file_of_plain_json(tmp_path: Path) -> None:
    write_document(tmp_path / "a.json", IDENTITY, {"x": math.nan})
    text = (tmp_path / "a.json").read_text()
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    found = read_document(tmp_path / "a.json", IDENTITY)
    assert found is not None
    assert math.isnan(found["x"])


def test_nothing_is_there_before_it_is_written(tmp_path: Path) -> None:
    assert read_document(tmp_path / "a.json", IDENTITY) is None


def test_other_work_is_refused_by_name(tmp_path: Path) -> None:
    write_document(tmp_path / "a.json", IDENTITY, CONTENT)
    with pytest.raises(DifferentWork, match=r"expected sizes \[1, 3\], found \[1, 2\]"):
        read_document(tmp_path / "a.json", {"kind": "test", "sizes": [1, 3]})


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"content": 1}', "{"])
def test_what_is_no_document_is_damage(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DamagedResult, match="delete the file and run again"):
        read_document(tmp_path / "a.json", IDENTITY)


def test_a_changed_number_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_document(path, IDENTITY, CONTENT)
    path.write_text(path.read_text().replace("0.1", "0.2"))
    with pytest.raises(DamagedResult, match="digest"):
        read_document(path, IDENTITY)
