"""Arrays with a receipt: read back as written, and refused when damaged, unconfirmed or of other work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store.bundles import damage_of_bundle, digest_of_bundle, read_bundle, receipt_of, write_bundle

IDENTITY = {"kind": "test", "seed": 3, "list": [1, 2.5]}


def test_arrays_come_back_with_their_types_and_bits(tmp_path: Path) -> None:
    arrays = {"x": np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32), "names": np.array(["a", "bc"]), "flag": np.array(True)}
    path = tmp_path / "deep" / "a.npz"
    digest = write_bundle(path, IDENTITY, arrays)
    found = read_bundle(path, IDENTITY)
    assert found is not None
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes()
    assert digest_of_bundle(path) == digest
    assert write_bundle(tmp_path / "again.npz", IDENTITY, arrays) == digest  # no date in the file


def test_without_a_receipt_there_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert read_bundle(path, IDENTITY) is None
    write_bundle(path, IDENTITY, {"x": np.arange(3)})
    receipt_of(path).unlink()  # a run killed between the file and its receipt
    assert read_bundle(path, IDENTITY) is None
    assert digest_of_bundle(path) == ""


def test_damage_and_other_work_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_bundle(path, IDENTITY, {"x": np.arange(300)})
    with pytest.raises(DifferentWork, match="expected seed 4, found 3"):
        read_bundle(path, IDENTITY | {"seed": 4})
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert "not those of its receipt" in damage_of_bundle(path)
    with pytest.raises(DamagedResult, match=r"delete a\.receipt\.json"):
        read_bundle(path, IDENTITY)
    path.unlink()
    with pytest.raises(DamagedResult, match="missing"):
        read_bundle(path, IDENTITY)
