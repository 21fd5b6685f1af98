"""Shards: believed only where their receipt verifies, otherwise removed and computed again."""

import logging
from pathlib import Path

import numpy as np
import pytest
from builders import draws, small_study

from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.store.shards import load_shard, save_shard, saved_nodes
from eigenscape.study import Cell

NODE = Node(4, 2)


@pytest.fixture
def cell() -> Cell:
    return small_study().headline_cell


def partial_sum(cell: Cell) -> PartialSum:
    partial = PartialSum.zero(cell.architecture.parameters)
    partial.triangle.add_gram(draws(3, cell.architecture.parameters))
    partial.first_moments[...] = draws(1, cell.architecture.parameters + 1)[0]
    return partial


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_shard_reads_back_bitwise(tmp_path: Path, cell: Cell) -> None:
    partial = partial_sum(cell)
    save_shard(tmp_path, cell, NODE, partial)

    loaded = load_shard(tmp_path, cell, NODE)

    assert loaded is not None
    assert all(np.array_equal(a, b) for a, b in zip(loaded.arrays(), partial.arrays(), strict=True))
    assert saved_nodes(tmp_path) == [NODE]


def test_a_loaded_shard_can_be_added_to(tmp_path: Path, cell: Cell) -> None:
    save_shard(tmp_path, cell, NODE, partial_sum(cell))

    loaded = load_shard(tmp_path, cell, NODE)

    assert loaded is not None
    doubled = loaded.add(partial_sum(cell))
    assert all(np.array_equal(a, 2 * b) for a, b in zip(doubled.arrays(), partial_sum(cell).arrays(), strict=True))


def flip(folder: Path) -> None:
    data = bytearray((folder / "node-04-02.bin").read_bytes())
    data[100] ^= 0x80
    (folder / "node-04-02.bin").write_bytes(data)


def truncate(folder: Path) -> None:
    (folder / "node-04-02.bin").write_bytes((folder / "node-04-02.bin").read_bytes()[:-8])


def lose_data(folder: Path) -> None:
    (folder / "node-04-02.bin").unlink()


def spoil_receipt(folder: Path) -> None:
    (folder / "node-04-02.json").write_text('{"fingerprint"')


def empty_receipt(folder: Path) -> None:
    (folder / "node-04-02.json").write_text("{}")


def list_receipt(folder: Path) -> None:
    (folder / "node-04-02.json").write_text("[]")


@pytest.mark.parametrize("damage", [flip, truncate, lose_data, spoil_receipt, empty_receipt, list_receipt])
def test_a_damaged_shard_is_not_believed_but_removed_and_logged(
    tmp_path: Path, cell: Cell, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    save_shard(tmp_path, cell, NODE, partial_sum(cell))
    damage(tmp_path)  # type: ignore[operator]

    with caplog.at_level(logging.WARNING):
        assert load_shard(tmp_path, cell, NODE) is None

    assert names(tmp_path) == []
    assert "node-04-02" in caplog.text


def test_a_shard_of_other_work_is_not_believed_but_removed(tmp_path: Path, cell: Cell) -> None:
    save_shard(tmp_path, cell, NODE, partial_sum(cell))

    assert load_shard(tmp_path, small_study(sampling={"seed": 1}).headline_cell, NODE) is None
    assert names(tmp_path) == []


def test_data_without_a_receipt_are_not_a_shard(tmp_path: Path, cell: Cell) -> None:
    save_shard(tmp_path, cell, NODE, partial_sum(cell))
    (tmp_path / "node-04-02.json").unlink()

    assert saved_nodes(tmp_path) == []


def test_a_node_replaces_the_nodes_under_it_and_no_others(tmp_path: Path, cell: Cell) -> None:
    for node in (Node(4, 1), Node(5, 1), Node(6, 2), Node(0, 4)):
        save_shard(tmp_path, cell, node, partial_sum(cell))

    save_shard(tmp_path, cell, Node(4, 2), partial_sum(cell))

    assert saved_nodes(tmp_path) == [Node(0, 4), Node(4, 2), Node(6, 2)]
    assert len(names(tmp_path)) == 6


def test_no_folder_holds_no_shards(tmp_path: Path) -> None:
    assert saved_nodes(tmp_path / "none") == []


def test_strangers_in_the_folder_are_passed_over(tmp_path: Path) -> None:
    for name in ("node-x.json", "node-01-01.json.partial", "notes.txt"):
        (tmp_path / name).write_text("")

    assert saved_nodes(tmp_path) == []
