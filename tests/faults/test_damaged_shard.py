"""A shard is damaged.

Injection: a run is killed; the data of one of its shards is then truncated, emptied, flipped in one
bit or deleted, or its receipt is damaged. Promise: the shard is not believed, is set aside with the
reason, and its samples are computed again: the same bits.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.harness import interrupted

pytestmark = [pytest.mark.mpi, pytest.mark.faults]


def truncate(receipt: Path) -> None:
    data = receipt.with_suffix(".bin")
    data.write_bytes(data.read_bytes()[:-8])


def empty(receipt: Path) -> None:
    receipt.with_suffix(".bin").write_bytes(b"")


def flip(receipt: Path) -> None:
    data = receipt.with_suffix(".bin")
    flipped = bytearray(data.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    data.write_bytes(flipped)


def delete(receipt: Path) -> None:
    receipt.with_suffix(".bin").unlink()


def damage_receipt(receipt: Path) -> None:
    receipt.write_bytes(receipt.read_bytes()[:20])


@pytest.mark.parametrize("damage", [truncate, empty, flip, delete, damage_receipt])
def test_a_damaged_shard_is_computed_again(
    runs, case, undisturbed, damage: Callable[[Path], None]
) -> None:
    shard = interrupted(runs, case)[0]
    damage(shard)

    resumed = runs.second_moment(case, 1)
    assert resumed.wait() == 0, resumed.output
    assert case.bits() == undisturbed(case)
    (set_aside,) = case.folder.quarantine.iterdir()
    assert set_aside.name.endswith(shard.parent.name)
    assert "does not verify" in json.loads((set_aside / "reason.json").read_text())["reason"]
    assert "moved to" in resumed.output, "the user is told"
