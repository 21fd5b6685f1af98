"""Small results as documents: whole or not at all, and refused where they are not what is asked."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store.documents import (
    cached,
    find_document,
    read_document,
    remove_unusable,
    write_document,
)

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
    assert math.isnan(found["x"])


def test_nothing_is_there_before_it_is_written(tmp_path: Path) -> None:
    assert find_document(tmp_path / "a.json", IDENTITY) is None
    with pytest.raises(DamagedResult, match=r"a\.json: not computed yet; run `snakemake"):
        read_document(tmp_path / "a.json", IDENTITY)


def test_a_document_is_computed_once_and_reads_the_same_ever_after(tmp_path: Path) -> None:
    path, computed = tmp_path / "a.json", {"second": (1.5, math.inf), "first": 0}
    new = cached(path, IDENTITY, lambda: computed)
    assert new == {"first": 0, "second": [1.5, math.inf]}
    assert list(new) == ["first", "second"], "as a file is read, not as it was computed"
    assert cached(path, IDENTITY, lambda: pytest.fail("computed again")) == new
    with pytest.raises(DifferentWork, match="expected kind 'other', found 'test'"):
        cached(path, IDENTITY | {"kind": "other"}, lambda: computed)


def test_what_is_kept_of_unfinished_work_is_removed_where_it_cannot_be_used(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.json"
    remove_unusable(path, IDENTITY)
    write_document(path, IDENTITY, CONTENT)
    remove_unusable(path, IDENTITY)
    assert path.exists()
    remove_unusable(path, IDENTITY | {"kind": "other"})
    assert not path.exists()
    path.write_text("{")
    remove_unusable(path, IDENTITY)
    assert not path.exists()


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
