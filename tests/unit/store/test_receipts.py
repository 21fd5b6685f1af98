"""Receipts: written whole or not at all, refused where they are garbage or of other work."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from builders import small_study

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store import receipts


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole_and_leaves_no_partial_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    receipts.write_atomically(path, b"old")
    receipts.write_atomically(path, b"new bytes")

    assert path.read_bytes() == b"new bytes"
    assert names(path.parent) == ["file.json"]


def test_a_failure_before_the_rename_keeps_the_old_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    receipts.write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receipts.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        receipts.write_atomically(path, b"new")

    assert path.read_bytes() == b"old"


def test_json_is_sorted_and_ends_in_a_line_break(tmp_path: Path) -> None:
    receipts.write_json(tmp_path / "a.json", {"b": [1], "a": 0.1})

    assert (tmp_path / "a.json").read_text() == '{\n "a": 0.1,\n "b": [\n  1\n ]\n}\n'


def test_the_digest_is_of_all_parts_in_order() -> None:
    assert receipts.digest_of(b"ab", b"c") == receipts.digest_of(b"abc")
    assert (
        len({receipts.digest_of(*parts) for parts in [(b"abc",), (b"acb",), (b"abcd",), ()]}) == 4
    )
    assert len(receipts.digest_of()) == 32


def test_a_receipt_reads_back_and_confirms_its_own_work(tmp_path: Path) -> None:
    path, cell = tmp_path / "receipt.json", small_study().headline_cell
    receipts.write_receipt(path, cell.identity, "d1", status="finite")

    receipt = receipts.read_receipt(path)

    assert receipt is not None
    assert (receipt.digest, receipt.status, receipt.identity) == (
        "d1",
        "finite",
        cell.identity,
    )
    receipts.require_same_work(receipt, cell.identity, path)


def test_no_receipt_is_none(tmp_path: Path) -> None:
    assert receipts.read_receipt(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"\xff\xfe", b"[]", b"3", b"null", b"{}", b'{"identity": {}}', b'{"digest": ""}'],
)
def test_a_garbage_receipt_is_damage_with_a_way_out(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(garbage)

    with pytest.raises(
        DamagedResult, match=r"receipt\.json: expected a receipt .*; delete the file and run again$"
    ):
        receipts.read_receipt(path)


@pytest.mark.parametrize(
    ("change", "fact", "asked", "made"),
    [
        ({"sampling": {"seed": 7}}, "seed", "7", "0"),
        ({"sampling": {"precision": "float32"}}, "precision", "'float32'", "'float64'"),
        ({"network": {"activation": "relu"}}, "activation", "'relu'", "'tanh'"),
        ({"headline": {"samples": 81}}, "samples", "81", "80"),
        ({"headline": {"width": 6}}, "sizes", r"\[1, 6, 6, 1\]", r"\[1, 4, 4, 1\]"),
        (
            {"prior": {"kind": "he_normal"}},
            "prior",
            "{'kind': 'he_normal'}",
            "{'kind': 'standard_normal'}",
        ),
    ],
)
def test_other_work_is_refused_by_naming_the_fact(
    tmp_path: Path, change: dict[str, dict[str, object]], fact: str, asked: str, made: str
) -> None:
    path = tmp_path / "receipt.json"
    receipts.write_receipt(path, small_study().headline_cell.identity, "d1")
    receipt = receipts.read_receipt(path)
    assert receipt is not None

    with pytest.raises(
        DifferentWork,
        match=f"expected {fact} {asked}, found {made}; give the study another name .* or delete ",
    ):
        receipts.require_same_work(receipt, small_study(**change).headline_cell.identity, path)


def test_a_receipt_that_lacks_a_fact_is_of_other_work(tmp_path: Path) -> None:
    cell = small_study().headline_cell
    identity = {key: value for key, value in cell.identity.items() if key != "block"}
    older = receipts.Receipt(identity, "", {})

    with pytest.raises(DifferentWork, match="expected block 256, found None"):
        receipts.require_same_work(older, cell.identity, tmp_path / "receipt.json")


def test_discard_removes_a_store_and_forgives_its_absence(tmp_path: Path) -> None:
    (tmp_path / "store" / "c").mkdir(parents=True)
    receipts.discard(tmp_path / "store")
    receipts.discard(tmp_path / "store")

    assert names(tmp_path) == []


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receipts.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        receipts.write_atomically(tmp_path / "a.json", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_cleared_away_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an overlapping attempt does, here between the data and the rename."""
    path = tmp_path / "shard" / "band-000.bin"
    flushed, times = os.fsync, []

    def clear_away_once(descriptor: int) -> None:
        flushed(descriptor)
        times.append(descriptor)
        if len(times) == 1:
            shutil.rmtree(path.parent)

    monkeypatch.setattr(os, "fsync", clear_away_once)
    receipts.write_atomically(path, b"data")
    assert path.read_bytes() == b"data"


def test_partial_files_are_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / "a" / "file.json", tmp_path / "a" / "file.partial", tmp_path / ".hidden"]
    left = [tmp_path / ".file.json.7.partial", tmp_path / "a" / "b" / ".band-000.bin.7.partial"]
    for path in kept + left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{")

    receipts.remove_partial_files(tmp_path)
    receipts.remove_partial_files(tmp_path / "not there")

    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


def test_a_receipt_is_waited_for_only_where_a_note_promises_it(tmp_path: Path) -> None:
    path, note = tmp_path / "store.receipt.json", tmp_path / "note.json"
    assert receipts.promised_receipt(path, note, seconds=600) is None

    note.write_text("{}")
    assert receipts.promised_receipt(path, note, seconds=0.2) is None

    late = threading.Timer(0.3, lambda: receipts.write_json(path, {"identity": {}, "digest": "d"}))
    late.start()
    assert receipts.promised_receipt(path, note, seconds=60) == receipts.Receipt({}, "d", {})
    late.join()
