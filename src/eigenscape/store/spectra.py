"""Spectra in Zarr: eigenvalues, eigenvectors where a figure wants them, and what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr

from eigenscape.active_subspace.spectrum import Route, Spectrum, SpectrumStatus
from eigenscape.errors import DamagedResult
from eigenscape.store import receipts
from eigenscape.store.second_moments import create_array

_ARRAYS = {
    "eigenvalues": ("index",),
    "second_moment_diagonal": ("parameter",),
    "eigenvectors": ("parameter", "index"),
}


def write_spectrum(path: Path, spectrum: Spectrum, attributes: dict[str, Any]) -> str:
    """Write a spectrum and read it back.

    Returns:
        The digest of its arrays.

    Raises:
        DamagedResult: an array did not read back as it was written.
    """
    receipts.discard(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "status": str(spectrum.status),
        "route": str(spectrum.route),
        "rank": spectrum.rank,
        "floor": spectrum.floor,
    }
    group = zarr.create_group(path, zarr_format=3, attributes={**attributes, **facts})
    arrays = _arrays_of(spectrum)
    for name, values in arrays.items():
        array = create_array(group, name, values.shape, _ARRAYS[name])
        array[...] = values
        if not np.array_equal(np.asarray(array[...]), values):
            raise DamagedResult(f"{path}: {name} did not read back as written; check the disk")
    return _digest(arrays)


def read_spectrum(path: Path, digest: str | None = None) -> Spectrum:
    """Read a spectrum and, given the digest of its receipt, check it.

    Raises:
        DamagedResult: the store is missing, unreadable or not what the receipt confirms.
    """
    try:
        group = zarr.open_group(path, mode="r")
        arrays = {name: np.asarray(group[name][...]) for name in _ARRAYS if name in group}  # type: ignore[index]
        attributes: dict[str, Any] = dict(group.attrs)
        spectrum = Spectrum(
            eigenvalues=arrays["eigenvalues"],
            eigenvectors=arrays.get("eigenvectors"),
            diagonal=arrays["second_moment_diagonal"],
            rank=int(attributes["rank"]),
            floor=float(attributes["floor"]),
            status=SpectrumStatus(str(attributes["status"])),
            route=Route(str(attributes["route"])),
        )
    except (OSError, ValueError, KeyError) as error:
        raise DamagedResult(f"{path}: cannot be read ({error}); delete the folder above it and run again") from error
    if digest is not None and _digest(arrays) != digest:
        raise DamagedResult(f"{path}: the numbers are not those that the receipt confirms; delete the folder above it and run again")
    return spectrum


def _arrays_of(spectrum: Spectrum) -> dict[str, np.ndarray]:
    arrays = {"eigenvalues": spectrum.eigenvalues, "second_moment_diagonal": spectrum.diagonal}
    if spectrum.eigenvectors is not None:
        arrays["eigenvectors"] = spectrum.eigenvectors
    return arrays


def _digest(arrays: dict[str, np.ndarray]) -> str:
    return receipts.digest_of(*(np.ascontiguousarray(arrays[name]).tobytes() for name in sorted(arrays)))
