"""Spectra in Zarr: what was computed is what is read, and damage is found."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from builders import graded_matrix

from eigenscape.active_subspace.spectrum import Spectrum, spectrum_of
from eigenscape.errors import DamagedResult
from eigenscape.store.spectra import read_spectrum, write_spectrum

SPECTRA = {
    "finite": spectrum_of(graded_matrix(8, 3), vectors=True),
    "graded": spectrum_of(graded_matrix(8, 26)),
    "rank deficient": spectrum_of(np.diag([4.0, 0.0, 1.0]), vectors=True),
}


@pytest.mark.parametrize("spectrum", SPECTRA.values(), ids=SPECTRA)
def test_what_was_written_reads_back(tmp_path: Path, spectrum: Spectrum) -> None:
    digest = write_spectrum(tmp_path / "spectrum.zarr", spectrum, {"seed": 3})

    read = read_spectrum(tmp_path / "spectrum.zarr", digest)

    for name in ("rank", "floor", "status", "route", "log10_condition"):
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
        assert (dataset.attrs["status"], dataset.attrs["route"], dataset.attrs["seed"]) == ("finite", "eigh", 3)


@pytest.mark.parametrize("array", ["eigenvalues/c/0", "eigenvectors/c/0/0", "second_moment_diagonal/c/0"])
def test_a_flipped_byte_is_damage(tmp_path: Path, array: str) -> None:
    digest = write_spectrum(tmp_path / "spectrum.zarr", SPECTRA["finite"], {})
    chunk = tmp_path / "spectrum.zarr" / array
    data = bytearray(chunk.read_bytes())
    data[9] ^= 1
    chunk.write_bytes(data)

    with pytest.raises(DamagedResult, match=r"spectrum\.zarr: cannot be read"):
        read_spectrum(tmp_path / "spectrum.zarr", digest)


@pytest.mark.parametrize(
    "array", ["eigenvalues/c/0", "eigenvectors/c/0/0", "second_moment_diagonal/c/0", "eigenvalues/zarr.json", "zarr.json"]
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
