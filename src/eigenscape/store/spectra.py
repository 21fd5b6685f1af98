"""Spectra in Zarr: eigenvalues, eigenvectors where a figure wants them, and what they are worth."""

from __future__ import annotations

import hashlib
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from eigenscape.active_subspace.spectrum import Route, Spectrum, SpectrumStatus
from eigenscape.active_subspace.triangle import BAND
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.eigensolver import DistributedSpectrum
from eigenscape.distributed.ranks import Ranks
from eigenscape.errors import DamagedResult
from eigenscape.store import receipts
from eigenscape.store.receipts import Receipt
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
    arrays = _arrays_of(spectrum)
    group = _create(path, spectrum, attributes, vectors="eigenvectors" in arrays)
    for name, values in arrays.items():
        _write(path, group, name, ..., values)
    return _digest(arrays)


def write_distributed_spectrum(
    path: Path, solved: DistributedSpectrum, attributes: dict[str, Any], ranks: Ranks
) -> str:
    """Write a spectrum whose eigenvectors are dealt out over the ranks, chunk by chunk; a
    collective call.

    Ranks take turns at the chunks: the entries of one come together on the rank that writes it and
    reads it back. Beside its part of the eigenvectors a rank holds a few chunks, and rank 0, which
    takes the digest of what is stored, 1,024 rows.

    Returns:
        The digest of its arrays, on every rank; that of `write_spectrum` for the same numbers.

    Raises:
        DamagedResult: an array did not read back as it was written; on every rank.
    """
    spectrum, eigenvectors = solved.spectrum, solved.eigenvectors

    def write_values() -> None:
        if ranks.rank == 0:
            group = _create(path, spectrum, attributes, vectors=eigenvectors is not None)
            for name, values in _arrays_of(spectrum).items():
                _write(path, group, name, ..., values)

    raise_on_all_ranks(ranks, write_values)
    if eigenvectors is not None:
        group = zarr.open_group(path, mode="r+")
        parts = [
            range(start, min(start + BAND, eigenvectors.size))
            for start in range(0, eigenvectors.size, BAND)
        ]
        failures: list[Exception] = []
        for turn, (rows, columns) in enumerate(product(parts, parts)):
            writer = turn % ranks.size
            chunk = eigenvectors.chunk(rows, columns, to=writer)
            if ranks.rank == writer and not failures:
                try:
                    _write(
                        path,
                        group,
                        "eigenvectors",
                        (slice(rows.start, rows.stop), slice(columns.start, columns.stop)),
                        chunk,
                    )
                except Exception as error:  # the others wait for this rank's part of the next chunk
                    failures.append(error)
        raise_on_all_ranks(ranks, lambda: _raise_first(failures))
    digest: str = ranks.gather(
        raise_on_all_ranks(ranks, lambda: _stored_digest(path) if ranks.rank == 0 else "")
    )[0]
    return digest


def _create(
    path: Path, spectrum: Spectrum, attributes: dict[str, Any], *, vectors: bool
) -> zarr.Group:
    """The store in the place of an older one, without its numbers."""
    receipts.discard(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "status": str(spectrum.status),
        "route": str(spectrum.route),
        "rank": spectrum.rank,
        "floor": spectrum.floor,
        "resolved": spectrum.resolved,
    }
    group = zarr.create_group(path, zarr_format=3, attributes={**attributes, **facts})
    size = len(spectrum.eigenvalues)
    for name, dimensions in _ARRAYS.items():
        if vectors or name != "eigenvectors":
            create_array(group, name, (size,) * len(dimensions), dimensions)
    return group


def _write(path: Path, group: zarr.Group, name: str, where: Any, values: np.ndarray) -> None:
    """Write and read back; a whole array by 1,024 rows, so that what comes back is no second one of
    its size.
    """
    if where is ... and len(values) > BAND:
        for start in range(0, len(values), BAND):
            _write(path, group, name, slice(start, start + BAND), values[start : start + BAND])
        return
    array: Any = group[name]
    array[where] = values
    if not np.array_equal(np.asarray(array[where]), values):
        raise DamagedResult(f"{path}: {name} did not read back as written; check the disk")


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
            resolved=bool(
                attributes.get("resolved", attributes["status"] != SpectrumStatus.BELOW_FLOOR)
            ),
        )
    except (OSError, ValueError, KeyError) as error:
        raise DamagedResult(
            f"{path}: cannot be read ({error}); delete the folder above it and run again"
        ) from error
    if digest is not None and _digest(arrays) != digest:
        raise DamagedResult(
            f"{path}: the numbers are not those that the receipt confirms; delete the folder above"
            " it and run again"
        )
    return spectrum


def spectrum_damage(path: Path, receipt: Receipt, parameters: int) -> str:
    """What is wrong with a stored spectrum, given its receipt; at most 1,024 rows of the
    eigenvectors are held at a time.
    """
    try:
        group: Any = zarr.open_group(path, mode="r")
        strange = receipts.strange_attribute(dict(group.attrs), receipt.identity)
        if strange:
            return strange
        if group.attrs.get("status") != receipt.status:
            return (
                f"expected status {receipt.status!r} among its attributes, found"
                f" {group.attrs.get('status')!r}"
            )
        if _stored_digest(path) != receipt.digest:
            return "the numbers are not those of its digest"
        values = np.asarray(group["eigenvalues"][...])
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        return f"cannot be read ({error})"
    if (
        values.shape != (parameters,)
        or not np.isfinite(values).all()
        or np.any(np.diff(values) > 0)
    ):
        return f"expected {parameters} finite eigenvalues in descending order, found others"
    return ""


def _arrays_of(spectrum: Spectrum) -> dict[str, np.ndarray]:
    arrays = {"eigenvalues": spectrum.eigenvalues, "second_moment_diagonal": spectrum.diagonal}
    if spectrum.eigenvectors is not None:
        arrays["eigenvectors"] = spectrum.eigenvectors
    return arrays


def _raise_first(failures: list[Exception]) -> None:
    if failures:
        raise failures[0]


def _stored_digest(path: Path) -> str:
    """`_digest` of what is stored, without holding it: 1,024 rows at a time."""
    group: Any = zarr.open_group(path, mode="r")
    state = hashlib.blake2b(digest_size=receipts.DIGEST_BYTES)
    for name in sorted(set(_ARRAYS) & set(group)):
        for start in range(0, group[name].shape[0], BAND):
            state.update(np.ascontiguousarray(group[name][start : start + BAND]).data)
    return state.hexdigest()


def _digest(arrays: dict[str, np.ndarray]) -> str:
    return receipts.digest_of(*(np.ascontiguousarray(arrays[name]).data for name in sorted(arrays)))
