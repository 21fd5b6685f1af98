"""Quarantine keeps what it is given, under a name of its own, with the reason."""

import json
from pathlib import Path

from eigenscape.store.quarantine import set_aside


def damaged(folder: Path) -> list[Path]:
    (folder / "second_moment.zarr").mkdir(parents=True)
    (folder / "second_moment.zarr" / "zarr.json").write_text("?")
    (folder / "second_moment.receipt.json").write_text("{}")
    return [folder / "second_moment.receipt.json", folder / "second_moment.zarr"]


def test_everything_moves_with_its_reason(tmp_path: Path) -> None:
    paths = damaged(tmp_path / "cells" / "d01-w003")

    quarantined = set_aside(paths, tmp_path / "quarantine", "a flipped byte")

    assert not any(path.exists() for path in paths)
    assert (quarantined / "second_moment.zarr" / "zarr.json").read_text() == "?"
    assert (quarantined / "second_moment.receipt.json").read_text() == "{}"
    assert json.loads((quarantined / "reason.json").read_text())["reason"] == "a flipped byte"


def test_the_same_result_twice_in_a_second_gets_two_places(tmp_path: Path) -> None:
    quarantined = {
        set_aside(damaged(tmp_path / "cells"), tmp_path / "quarantine", "again") for _ in range(3)
    }

    assert len(quarantined) == 3


def test_what_is_gone_already_is_passed_over(tmp_path: Path) -> None:
    paths = damaged(tmp_path / "cells")
    paths[0].unlink()

    quarantined = set_aside(paths, tmp_path / "quarantine", "no receipt")

    assert sorted(path.name for path in quarantined.iterdir()) == [
        "reason.json",
        "second_moment.zarr",
    ]
