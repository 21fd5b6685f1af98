"""Arrays in one file: whole with their receipt, or not at all; damage and other work are told
apart, whatever the digest is of.
"""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store import array_files
from eigenscape.store.array_files import Digest

IDENTITY = {"kind": "test", "seed": 3, "list": [1, 2.5]}
ARRAYS = {
    "values": np.arange(1000.0),
    "single": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    "count": np.array(3),
    "flags": np.array([True, False]),
    "names": np.array(["a", "bc"]),
    "empty": np.zeros((0, 4)),
}

both = pytest.mark.parametrize("of", list(Digest), ids=str)


@both
def test_what_is_written_is_read_with_its_types_and_bits(tmp_path: Path, of: Digest) -> None:
    path = tmp_path / "deep" / "state.npz"
    digest = array_files.write_arrays(path, IDENTITY, ARRAYS, of, note="of a test")
    found = array_files.read_arrays(path, IDENTITY, of)
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape, found[name].tobytes()) == (
            array.dtype,
            array.shape,
            array.tobytes(),
        )
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "state.npz",
        "state.receipt.json",
    ]
    assert array_files.confirmed_digest(path) == digest
    # no date in the file
    assert array_files.write_arrays(tmp_path / "again.npz", IDENTITY, ARRAYS, of) == digest


def test_digests_are_those_of_the_format(tmp_path: Path) -> None:
    """Blake2b of 16 bytes: of the arrays in the order of their names, or of the file. Results that
    are there keep their receipts.
    """
    path = tmp_path / "state.npz"
    numbers = b"".join(ARRAYS[name].tobytes() for name in sorted(ARRAYS))
    assert (
        array_files.write_arrays(path, IDENTITY, ARRAYS)
        == hashlib.blake2b(numbers, digest_size=16).hexdigest()
    )
    assert (
        array_files.write_arrays(path, IDENTITY, ARRAYS, Digest.FILE)
        == hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    )


@both
def test_without_a_receipt_there_is_nothing(tmp_path: Path, of: Digest) -> None:
    path = tmp_path / "state.npz"
    assert array_files.read_arrays(path, IDENTITY, of) is None
    array_files.write_arrays(path, IDENTITY, ARRAYS, of)
    array_files.receipt_of(path).unlink()  # a run killed between the file and its receipt
    assert array_files.read_arrays(path, IDENTITY, of) is None
    assert array_files.confirmed_digest(path) == ""
    assert array_files.array_damage(path, of) == "no receipt"
    array_files.write_arrays(path, IDENTITY, {"values": np.ones(2)}, of)
    found = array_files.read_arrays(path, IDENTITY, of)
    assert found is not None
    assert list(found) == ["values"]


@both
@pytest.mark.parametrize("harm", ["flipped", "truncated", "gone", "exchanged"])
def test_damage_is_noticed(tmp_path: Path, harm: str, of: Digest) -> None:
    path = tmp_path / "state.npz"
    array_files.write_arrays(path, IDENTITY, ARRAYS, of)
    assert array_files.array_damage(path, of) == ""
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
    assert array_files.array_damage(path, of)
    with pytest.raises(
        DamagedResult, match="missing" if harm == "gone" else r"delete state\.receipt\.json"
    ):
        array_files.read_arrays(path, IDENTITY, of)


def test_a_damaged_state_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    array_files.write_arrays(path, IDENTITY, ARRAYS)
    path.write_bytes(path.read_bytes()[:-200])
    assert array_files.resumed_arrays(path, IDENTITY, tmp_path / "quarantine") is None
    assert not array_files.receipt_of(path).exists()
    assert len(list((tmp_path / "quarantine").iterdir())) == 1


def test_other_work_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    array_files.write_arrays(path, IDENTITY, ARRAYS)
    with pytest.raises(DifferentWork, match="expected seed 4, found 3"):
        array_files.read_arrays(path, IDENTITY | {"seed": 4})


@both
def test_arrays_are_computed_once(tmp_path: Path, of: Digest) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(DamagedResult, match=r"a\.npz: not computed yet; run `snakemake"):
        array_files.require_arrays(path, IDENTITY, of)
    new = array_files.cached_arrays(path, IDENTITY, lambda: ARRAYS, of)
    again = array_files.cached_arrays(path, IDENTITY, lambda: pytest.fail("computed again"), of)
    assert new.keys() == again.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(new[name], array)
        np.testing.assert_array_equal(again[name], array)
    with pytest.raises(DifferentWork, match="expected seed 4, found 3"):
        array_files.cached_arrays(path, IDENTITY | {"seed": 4}, lambda: ARRAYS, of)
