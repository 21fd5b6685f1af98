"""C in Zarr: reads back bitwise, opens in xarray, and every kind of damage is found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from builders import draws, matrix_of

from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.architecture import Architecture
from eigenscape.config.cells import Cell
from eigenscape.config.sizes import SLOTS
from eigenscape.distributed.ranks import OneRank
from eigenscape.distributed.reduction import finished_bands
from eigenscape.errors import DamagedResult, NotFiniteGradient
from eigenscape.store import receipts, second_moments

SMALL, LARGE = Architecture(2, 4), Architecture(2, 31)
"""33 and 1,086 parameters: one chunk, and four."""


def partial_sum(architecture: Architecture, samples: int = 7) -> PartialSum:
    partial = PartialSum.zero(architecture.parameters)
    gradients = draws(samples, architecture.parameters)
    partial.triangle.add_gram(gradients)
    partial.first_moments[:-1] = gradients.sum(axis=0)
    return partial


def cell_of(architecture: Architecture, samples: int = 7) -> Cell:
    return Cell(architecture, samples, "cells/any", {"seed": 0, "problem": {"interval": (-1, 1)}})


def write(
    path: Path, architecture: Architecture, samples: int = 7, excluded: int = 0
) -> second_moments.Written:
    cell = cell_of(architecture, samples)
    partial = partial_sum(architecture)
    partial.excluded += excluded
    bands = finished_bands({Node(0, SLOTS): partial}, architecture.parameters, SLOTS, OneRank())
    return second_moments.write_second_moment(path, cell, bands, cell.identity, OneRank())


def verify(path: Path, digest: str, architecture: Architecture) -> str:
    receipt = receipts.Receipt(cell_of(architecture).identity, digest, {})
    return second_moments.verify(path, receipt, architecture.parameters, OneRank())


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write(tmp_path / "second_moment.zarr", LARGE)
    return tmp_path / "second_moment.zarr"


def chunk(store: Path, name: str = "second_moment/c/1/0") -> Path:
    assert (store / name).is_file()
    return store / name


@pytest.mark.parametrize(
    "architecture", [SMALL, LARGE], ids=lambda architecture: architecture.label
)
def test_what_was_written_reads_back_bitwise(tmp_path: Path, architecture: Architecture) -> None:
    path = tmp_path / "cells" / "second_moment.zarr"
    digest = write(path, architecture).digest
    partial = partial_sum(architecture)

    matrix, mean = second_moments.read_second_moment(path), second_moments.read_gradient_mean(path)

    assert np.array_equal(matrix, matrix_of(partial.triangle, 1 / 7))
    assert np.array_equal(mean, partial.first_moments[:-1] / 7)
    assert second_moments.digest_of_matrix(matrix, mean) == digest


def test_sums_are_divided_by_the_samples_that_count(tmp_path: Path) -> None:
    path = tmp_path / "second_moment.zarr"

    assert write(path, SMALL, samples=9, excluded=2).excluded == 2

    assert np.array_equal(
        second_moments.read_second_moment(path), matrix_of(partial_sum(SMALL).triangle, 1 / 7)
    )
    assert np.array_equal(
        second_moments.read_gradient_mean(path), partial_sum(SMALL).first_moments[:-1] / 7
    )


def test_no_sample_that_counts_is_no_second_moment(tmp_path: Path) -> None:
    with pytest.raises(NotFiniteGradient, match="no sample has a finite gradient"):
        write(tmp_path / "second_moment.zarr", SMALL, samples=7, excluded=7)


def test_a_store_is_published_whole_and_in_one_step(tmp_path: Path) -> None:
    built, store = (
        tmp_path / "attempt" / "second_moment.zarr",
        tmp_path / "cells" / "second_moment.zarr",
    )
    digest = write(built, LARGE).digest
    store.mkdir(parents=True)
    (store / "left behind").write_text("by a crash before the receipt")

    receipts.publish(built, store)

    assert not built.exists()
    assert not (store / "left behind").exists()
    assert verify(store, digest, LARGE) == ""


def set_nan(store: Path) -> None:
    zarr.open_group(store)["second_moment"][1030, 3] = np.nan


def set_other(store: Path) -> None:
    """As a lost update would: both mirror images, with valid checksums."""
    matrix = zarr.open_group(store)["second_moment"]
    matrix[1030, 3] = matrix[3, 1030] = 1.0


def set_above_the_diagonal(store: Path) -> None:
    zarr.open_group(store)["second_moment"][3, 1030] = 1.0


def set_mean(store: Path) -> None:
    zarr.open_group(store)["gradient_mean"][5] = 1.0


def lose_chunk(store: Path) -> None:
    chunk(store, "second_moment/c/0/1").unlink()


def flip_byte(store: Path) -> None:
    data = bytearray(chunk(store, "second_moment/c/0/1").read_bytes())
    data[77] ^= 1
    chunk(store, "second_moment/c/0/1").write_bytes(data)


def spoil_metadata(store: Path) -> None:
    """Zarr opens such a group without a word."""
    (store / "zarr.json").write_text("{}")


def lose_all(store: Path) -> None:
    shutil.rmtree(store)


@pytest.mark.parametrize(
    "damage",
    [
        set_nan,
        set_other,
        set_above_the_diagonal,
        set_mean,
        lose_chunk,
        flip_byte,
        spoil_metadata,
        lose_all,
    ],
)
def test_verification_finds_every_kind_of_damage(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    store = tmp_path / "second_moment.zarr"
    digest = write(store, LARGE).digest
    assert verify(store, digest, LARGE) == ""

    damage(store)

    assert verify(store, digest, LARGE) != ""


def test_a_store_of_another_size_does_not_verify(tmp_path: Path) -> None:
    store = tmp_path / "second_moment.zarr"
    digest = write(store, SMALL).digest

    assert "expected sizes" in verify(store, digest, Architecture(1, 11))


def test_xarray_reads_names_numbers_and_attributes(store: Path) -> None:
    with xr.open_zarr(store, consolidated=False) as dataset:
        assert dataset["second_moment"].dims == ("parameter", "parameter_")
        assert dataset["gradient_mean"].dims == ("parameter",)
        assert dataset.attrs["seed"] == 0
        assert np.array_equal(
            dataset["second_moment"].to_numpy(), second_moments.read_second_moment(store)
        )


def test_an_older_store_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "second_moment.zarr"
    write(path, LARGE)
    write(path, SMALL)

    assert second_moments.read_second_moment(path).shape == (33, 33)


@pytest.mark.parametrize("position", [0, 4_000, -1])
def test_a_flipped_byte_is_damage(store: Path, position: int) -> None:
    data = bytearray(chunk(store).read_bytes())
    data[position] ^= 1
    chunk(store).write_bytes(data)

    with pytest.raises(
        DamagedResult,
        match=r"second_moment\.zarr: cannot be read .*; delete the folder above it and run again$",
    ):
        second_moments.read_second_moment(store)


@pytest.mark.parametrize("kept", [0, 3, 100])
def test_a_truncated_chunk_is_damage(store: Path, kept: int) -> None:
    chunk(store).write_bytes(chunk(store).read_bytes()[:kept])

    with pytest.raises(DamagedResult, match=r"second_moment\.zarr"):
        second_moments.read_second_moment(store)


def test_a_missing_chunk_does_not_pass_for_zeros(store: Path) -> None:
    chunk(store).unlink()

    with pytest.raises(
        DamagedResult, match="found missing chunks; delete the folder above it and run again"
    ):
        second_moments.read_second_moment(store)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("zarr.json", None),
        ("zarr.json", b""),
        *[("second_moment/zarr.json", content) for content in (None, b"", b"{", b"{}", b"[]")],
    ],
)
def test_missing_or_garbage_metadata_is_damage(
    store: Path, name: str, content: bytes | None
) -> None:
    (store / name).unlink()
    if content is not None:
        (store / name).write_bytes(content)

    with pytest.raises(DamagedResult):
        second_moments.read_second_moment(store)


def test_no_store_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedResult, match="cannot be read"):
        second_moments.read_second_moment(tmp_path / "none.zarr")


@pytest.mark.parametrize("entry", [(0, 0), (1085, 0), (1085, 1085), (1030, 1024)])
def test_the_digest_sees_every_entry_of_the_lower_triangle(
    store: Path, entry: tuple[int, int]
) -> None:
    matrix, mean = (
        second_moments.read_second_moment(store),
        second_moments.read_gradient_mean(store),
    )
    before = second_moments.digest_of_matrix(matrix, mean)
    matrix[entry] = np.nextafter(matrix[entry], np.inf)

    assert second_moments.digest_of_matrix(matrix, mean) != before


def test_the_digest_sees_the_mean() -> None:
    assert second_moments.digest_of_matrix(
        np.eye(3), np.zeros(3)
    ) != second_moments.digest_of_matrix(np.eye(3), np.array([0, 0, 1e-300]))


def test_a_disk_that_does_not_keep_what_is_written_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_moments.zarr.Array, "__setitem__", lambda *arguments: None)

    with pytest.raises(DamagedResult, match="did not read back as it was written; check the disk"):
        write(tmp_path / "second_moment.zarr", SMALL)
