"""Shards: believed only where the receipt of every band verifies, otherwise set aside and computed
again.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import draws, small_study

from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.config.cells import Cell
from eigenscape.store.shards import OpenSlot, Shards

NODE = Node(4, 2)
BAND = Path("node-04-02") / "band-000"


@pytest.fixture
def cell() -> Cell:
    return small_study().headline_cell


@pytest.fixture
def kept(tmp_path: Path, cell: Cell) -> Shards:
    return Shards(tmp_path / "shards", cell, tmp_path / "quarantine")


def of_two_bands(tmp_path: Path) -> tuple[Cell, Shards]:
    """A cell of 1,291 parameters."""
    cell = small_study(headline={"depth": 3, "width": 24}).headline_cell
    assert 1024 < cell.architecture.parameters < 2048
    return cell, Shards(tmp_path / "shards", cell, tmp_path / "quarantine")


def partial_sum(cell: Cell, bands: list[int] | None = None) -> PartialSum:
    partial = PartialSum.zero(cell.architecture.parameters, bands)
    partial.triangle.add_gram(draws(3, cell.architecture.parameters))
    partial.first_moments[...] = draws(1, cell.architecture.parameters + 1)[0]
    partial.excluded += 2
    return partial


def same(one: PartialSum, other: PartialSum) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.arrays(), other.arrays(), strict=True))


@pytest.mark.parametrize("what", [NODE, OpenSlot(7, 512)])
def test_a_shard_reads_back_bitwise(kept: Shards, cell: Cell, what: Node | OpenSlot) -> None:
    kept.save(what, partial_sum(cell))

    loaded = kept.load(what)

    assert loaded is not None
    assert same(loaded, partial_sum(cell))
    assert [*kept.nodes(), *kept.open_slots()] == [what]


def test_a_loaded_shard_can_be_added_to(kept: Shards, cell: Cell) -> None:
    kept.save(NODE, partial_sum(cell))

    loaded = kept.load(NODE)

    assert loaded is not None
    doubled = loaded.add(partial_sum(cell))
    assert all(
        np.array_equal(a, 2 * b)
        for a, b in zip(doubled.arrays(), partial_sum(cell).arrays(), strict=True)
    )


def test_bands_saved_by_several_ranks_are_one_shard(tmp_path: Path) -> None:
    cell, kept = of_two_bands(tmp_path)
    kept.save(NODE, partial_sum(cell, [1]))
    assert kept.nodes() == []
    kept.save(NODE, partial_sum(cell, [0]))
    assert kept.nodes() == [NODE]

    whole, second = kept.load(NODE), kept.load(NODE, [1])

    assert whole is not None
    assert second is not None
    assert same(whole, partial_sum(cell))
    assert same(second, partial_sum(cell, [1]))


def flip(folder: Path) -> None:
    data = bytearray((folder / BAND).with_suffix(".bin").read_bytes())
    data[100] ^= 0x80
    (folder / BAND).with_suffix(".bin").write_bytes(data)


def truncate(folder: Path) -> None:
    path = (folder / BAND).with_suffix(".bin")
    path.write_bytes(path.read_bytes()[:-8])


def empty_data(folder: Path) -> None:
    (folder / BAND).with_suffix(".bin").write_bytes(b"")


def lose_data(folder: Path) -> None:
    (folder / BAND).with_suffix(".bin").unlink()


def spoil_receipt(folder: Path) -> None:
    (folder / BAND).with_suffix(".json").write_text('{"fingerprint"')


def empty_receipt(folder: Path) -> None:
    (folder / BAND).with_suffix(".json").write_text("{}")


def list_receipt(folder: Path) -> None:
    (folder / BAND).with_suffix(".json").write_text("[]")


@pytest.mark.parametrize(
    "damage", [flip, truncate, empty_data, lose_data, spoil_receipt, empty_receipt, list_receipt]
)
def test_a_damaged_shard_is_set_aside_and_named(
    kept: Shards,
    tmp_path: Path,
    cell: Cell,
    damage: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept.save(NODE, partial_sum(cell))
    damage(kept.folder)

    with caplog.at_level(logging.WARNING):
        assert kept.load(NODE) is None

    assert list(kept.folder.iterdir()) == []
    (set_aside,) = (tmp_path / "quarantine").iterdir()
    assert (set_aside / "node-04-02" / "band-000.json").exists()
    assert "node-04-02" in json.loads((set_aside / "reason.json").read_text())["reason"]
    assert "node-04-02" in caplog.text


def test_a_shard_of_other_work_is_not_believed(kept: Shards, tmp_path: Path, cell: Cell) -> None:
    kept.save(NODE, partial_sum(cell))

    other = Shards(
        kept.folder, small_study(sampling={"seed": 1}).headline_cell, tmp_path / "quarantine"
    )
    assert other.load(NODE) is None
    assert kept.nodes() == []


def test_data_without_a_receipt_are_not_a_shard(kept: Shards, cell: Cell) -> None:
    kept.save(NODE, partial_sum(cell))
    (kept.folder / BAND).with_suffix(".json").unlink()

    assert kept.nodes() == []


def test_a_node_replaces_what_lies_under_it_and_nothing_else(kept: Shards, cell: Cell) -> None:
    for what in (
        Node(4, 1),
        Node(5, 1),
        Node(6, 2),
        Node(0, 4),
        OpenSlot(5, 256),
        OpenSlot(9, 256),
    ):
        kept.save(what, partial_sum(cell))
    kept.save(NODE, partial_sum(cell))

    kept.remove_covered(NODE)

    assert kept.nodes() == [Node(0, 4), NODE, Node(6, 2)]
    assert kept.open_slots() == [OpenSlot(9, 256)]


def test_more_of_a_slot_replaces_less_of_it(kept: Shards, cell: Cell) -> None:
    for part in (OpenSlot(5, 256), OpenSlot(5, 768), OpenSlot(6, 256)):
        kept.save(part, partial_sum(cell))

    kept.remove_covered(OpenSlot(5, 768))

    assert kept.open_slots() == [OpenSlot(5, 768), OpenSlot(6, 256)]


def test_no_folder_holds_no_shards(kept: Shards) -> None:
    assert kept.nodes() == kept.open_slots() == []
