"""Spectra in Zarr: what was computed is what is read, and damage is found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from builders import graded_matrix
from scipy.linalg import hilbert

from eigenscape.active_subspace.spectrum import Route, Spectrum, SpectrumStatus, spectrum_of
from eigenscape.distributed.eigensolver import DistributedSpectrum
from eigenscape.distributed.ranks import OneRank
from eigenscape.errors import DamagedResult
from eigenscape.store.spectra import read_spectrum, write_distributed_spectrum, write_spectrum

SPECTRA = {
    "finite": spectrum_of(graded_matrix(8, 3), vectors=True),
    "graded": spectrum_of(graded_matrix(8, 26)),
    "rank deficient": spectrum_of(np.diag([4.0, 0.0, 1.0]), vectors=True),
    "indistinguishable from rounding error": spectrum_of(hilbert(12)),
}


@pytest.mark.parametrize("spectrum", SPECTRA.values(), ids=SPECTRA)
def test_what_was_written_reads_back(tmp_path: Path, spectrum: Spectrum) -> None:
    digest = write_spectrum(tmp_path / "spectrum.zarr", spectrum, {"seed": 3})

    read = read_spectrum(tmp_path / "spectrum.zarr", digest)

    for name in ("rank", "floor", "status", "route", "resolved", "log10_condition"):
        assert getattr(read, name) == getattr(spectrum, name)
    assert np.array_equal(read.eigenvalues, spectrum.eigenvalues)
    assert np.array_equal(read.diagonal, spectrum.diagonal)
    assert (read.eigenvectors is None) == (spectrum.eigenvectors is None)
    if spectrum.eigenvectors is not None and read.eigenvectors is not None:
        assert np.array_equal(read.eigenvectors, spectrum.eigenvectors)


def test_xarray_reads_names_and_facts(tmp_path: Path) -> None:
    write_spectrum(tmp_path / "spectrum.zarr", SPECTRA["finite"], {"seed": 3})

    with xr.open_zarr(tmp_path / "spectrum.zarr", consolidated=False) as dataset:
        assert dataset["eigenvalues"].dims == ("index",)
        assert dataset["eigenvectors"].dims == ("parameter", "index")
        assert dataset["second_moment_diagonal"].dims == ("parameter",)
        assert (dataset.attrs["status"], dataset.attrs["route"], dataset.attrs["seed"]) == (
            "finite",
            "eigh",
            3,
        )


@pytest.mark.parametrize(
    "array", ["eigenvalues/c/0", "eigenvectors/c/0/0", "second_moment_diagonal/c/0"]
)
def test_a_flipped_byte_is_damage(tmp_path: Path, array: str) -> None:
    digest = write_spectrum(tmp_path / "spectrum.zarr", SPECTRA["finite"], {})
    chunk = tmp_path / "spectrum.zarr" / array
    data = bytearray(chunk.read_bytes())
    data[9] ^= 1
    chunk.write_bytes(data)

    with pytest.raises(DamagedResult, match=r"spectrum\.zarr: cannot be read"):
        read_spectrum(tmp_path / "spectrum.zarr", digest)


@pytest.mark.parametrize(
    "array",
    [
        "eigenvalues/c/0",
        "eigenvectors/c/0/0",
        "second_moment_diagonal/c/0",
        "eigenvalues/zarr.json",
        "zarr.json",
    ],
)
def test_a_missing_file_is_damage(tmp_path: Path, array: str) -> None:
    digest = write_spectrum(tmp_path / "spectrum.zarr", SPECTRA["finite"], {})
    (tmp_path / "spectrum.zarr" / array).unlink()

    with pytest.raises(DamagedResult, match=r"spectrum\.zarr: .* run again$"):
        read_spectrum(tmp_path / "spectrum.zarr", digest)


def test_numbers_of_another_run_are_damage(tmp_path: Path) -> None:
    digest = write_spectrum(tmp_path / "one.zarr", SPECTRA["finite"], {})
    write_spectrum(tmp_path / "other.zarr", SPECTRA["graded"], {})

    with pytest.raises(DamagedResult, match="not those that the receipt confirms"):
        read_spectrum(tmp_path / "other.zarr", digest)


class InOnePart:
    """Eigenvectors of which one rank holds all; chunks as several ranks would make them."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors, self.size = vectors, len(vectors)

    def chunk(self, rows: range, columns: range, to: int) -> np.ndarray:
        assert to == 0
        return self.vectors[rows.start : rows.stop, columns.start : columns.stop]


@pytest.mark.parametrize("size", [8, 1030])
def test_written_in_chunks_it_has_the_digest_of_the_whole(tmp_path: Path, size: int) -> None:
    """1,030 parameters make four chunks of eigenvectors, three of them narrow."""
    vectors = np.random.default_rng(0).standard_normal((size, size))
    whole = Spectrum(
        np.linspace(2, 1, size),
        vectors,
        np.ones(size),
        size,
        0.0,
        SpectrumStatus.FINITE,
        Route.EIGH,
    )
    parts = DistributedSpectrum(replace(whole, eigenvectors=None), InOnePart(vectors))  # type: ignore[arg-type]

    digest = write_distributed_spectrum(tmp_path / "parts.zarr", parts, {"seed": 3}, OneRank())

    assert digest == write_spectrum(tmp_path / "whole.zarr", whole, {"seed": 3})
    read = read_spectrum(tmp_path / "parts.zarr", digest)
    assert read.eigenvectors is not None
    assert np.array_equal(read.eigenvectors, vectors)


def test_values_alone_written_by_ranks_have_the_digest_of_one(tmp_path: Path) -> None:
    spectrum = SPECTRA["graded"]
    digest = write_distributed_spectrum(
        tmp_path / "parts.zarr", DistributedSpectrum(spectrum, None), {}, OneRank()
    )
    assert digest == write_spectrum(tmp_path / "whole.zarr", spectrum, {})
