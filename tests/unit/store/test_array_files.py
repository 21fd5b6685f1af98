"""Arrays in one file: whole with their receipt, or not at all; damage and other work are told apart."""

from pathlib import Path

import numpy as np
import pytest
from builders import small_study

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store import array_files
from eigenscape.study import Study

CELL = small_study().headline_cell
ARRAYS = {"values": np.arange(1000.0), "count": np.array(3), "flags": np.array([True, False]), "empty": np.zeros((0, 4))}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.npz"
    array_files.write_arrays(path, CELL, ARRAYS, note="of a test")
    found = array_files.read_arrays(path, CELL)
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    assert all(found[name].tobytes() == array.tobytes() and found[name].shape == array.shape for name, array in ARRAYS.items())
    assert sorted(file.name for file in path.parent.iterdir()) == ["state.npz", "state.receipt.json"]


def test_data_without_a_receipt_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    array_files.write_arrays(path, CELL, ARRAYS)
    array_files.receipt_of(path).unlink()
    assert array_files.read_arrays(path, CELL) is None
    array_files.write_arrays(path, CELL, {"values": np.ones(2)})
    found = array_files.read_arrays(path, CELL)
    assert found is not None
    assert list(found) == ["values"]


@pytest.mark.parametrize("harm", ["flipped", "truncated", "gone", "exchanged"])
def test_damage_is_noticed(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "state.npz"
    array_files.write_arrays(path, CELL, ARRAYS)
    data = bytearray(path.read_bytes())
    if harm == "flipped":
        data[len(data) // 3] ^= 4
        path.write_bytes(data)
    elif harm == "truncated":
        path.write_bytes(data[:-200])
    elif harm == "gone":
        path.unlink()
    else:
        np.savez(path, **{**ARRAYS, "values": np.arange(1000.0)[::-1]})
    with pytest.raises(DamagedResult):
        array_files.read_arrays(path, CELL)
    assert array_files.resumed_arrays(path, CELL, tmp_path / "quarantine") is None
    assert not array_files.receipt_of(path).exists()
    assert len(list((tmp_path / "quarantine").iterdir())) == 1


def test_other_work_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    array_files.write_arrays(path, CELL, ARRAYS)
    with pytest.raises(DifferentWork):
        array_files.read_arrays(path, Study().headline_cell)
