"""C in chunked Zarr: written in parallel, one writer a chunk, read back and verified.

``second_moment.zarr`` is a Zarr v3 group with ``second_moment`` (parameter, parameter_), the full
symmetric matrix in chunks of 1,024 x 1,024 float64 (8 MB), and ``gradient_mean`` (parameter). The
owner of a band of columns writes the chunks of that band from the diagonal down, and their
transposes, which no other rank touches. Every chunk carries a crc32c and is read back before the
receipt is written. The fill value is NaN: a missing chunk cannot pass for zeros.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec

from eigenscape.active_subspace.triangle import BAND, band_columns, band_count
from eigenscape.config.cells import Cell
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.reduction import FinishedBand, owned_bands
from eigenscape.errors import DamagedResult, NotFiniteGradient
from eigenscape.store import receipts
from eigenscape.store.receipts import Receipt


@dataclass(frozen=True)
class Written:
    """What `write_second_moment` wrote: the digest of the stored numbers, and how many samples
    count for nothing.
    """

    digest: str
    excluded: int


def create_array(
    group: zarr.Group, name: str, shape: tuple[int, ...], dimensions: tuple[str, ...]
) -> zarr.Array[Any]:
    """A float64 array with checksums, named dimensions, NaN fill and chunks of at most 1,024 a
    side.
    """
    return group.create_array(
        name,
        shape=shape,
        chunks=tuple(max(1, min(BAND, size)) for size in shape),
        dtype="float64",
        fill_value=float("nan"),
        dimension_names=dimensions,
        serializer=BytesCodec(),
        compressors=[Crc32cCodec()],
        filters=[],
        config={"write_empty_chunks": True},
    )


def write_second_moment(
    path: Path,
    cell: Cell,
    bands: Sequence[FinishedBand],
    attributes: dict[str, Any],
    ranks: Ranks,
    samples: int | None = None,
) -> Written:
    """Write C and the gradient mean of a cell; a collective call.

    Args:
        path: the store, in a folder of this attempt; `publish` moves it to its path.
        cell: of the result.
        bands: the sums that this rank owns.
        attributes: all that defines the result; kept in the store.
        ranks: of the run.
        samples: N; that of the cell unless it has grown. The sums are divided by N less the samples
            that are excluded.

    Returns:
        What was written, the same on every rank and for every number of ranks.

    Raises:
        DamagedResult: a chunk did not read back as it was written.
        NotFiniteGradient: no sample has a finite gradient.
    """
    parameters = cell.architecture.parameters
    excluded = int(ranks.sum(np.array([sum(band.excluded or 0 for band in bands)]))[0])
    count = (cell.samples if samples is None else samples) - excluded
    if count == 0:
        raise NotFiniteGradient(
            f"{cell.folder}: no sample has a finite gradient; choose a prior with smaller weights"
            " or float64"
        )
    if ranks.rank == 0:
        receipts.discard(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        group = zarr.create_group(path, zarr_format=3, attributes=attributes)
        create_array(group, "second_moment", (parameters, parameters), ("parameter", "parameter_"))
        create_array(group, "gradient_mean", (parameters,), ("parameter",))
    ranks.barrier()
    group = zarr.open_group(path, mode="r+")
    matrix, mean = _array(group, "second_moment"), _array(group, "gradient_mean")
    digests = np.zeros((band_count(parameters), 2), dtype=np.int64)
    for finished in bands:
        columns = band_columns(finished.strips, 1.0 / count)
        _write_band(matrix, finished.band, columns)
        digests[finished.band, 0] = _hash(columns)
        if finished.first_moments is not None:
            gradient_mean = finished.first_moments[:-1] / count
            mean[:] = gradient_mean
            digests[0, 1] = _hash(gradient_mean)
            if not np.array_equal(np.asarray(mean[:]), gradient_mean):
                raise DamagedResult(
                    f"{path}: the gradient mean did not read back as it was written; check the disk"
                )
    return Written(receipts.digest_of(ranks.sum(digests).tobytes()), excluded)


def verify(path: Path, receipt: Receipt, parameters: int, ranks: Ranks) -> str:
    """Whether a stored second moment is what its receipt confirms; a collective call, each rank
    reading the bands that it owns.

    Every chunk is read, those above the diagonal too, a row of chunks at a time.

    Returns:
        What is wrong with it, the same on every rank, or nothing.
    """
    try:
        chunks, reason = LowerTriangle(path, receipt.digest), ""
        reason = receipts.strange_attribute(
            dict(zarr.open_group(path, mode="r").attrs), receipt.identity
        )
        if not reason and chunks.parameters != parameters:
            reason = f"expected {parameters} rows, found {chunks.parameters}"
        if not reason:
            chunks.read_with_mirror(owned_bands(chunks.parameters, ranks))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = f"{error}"
    if ranks.any(bool(reason)):
        return reason or "a chunk that another rank read is damaged"
    try:
        chunks.confirm(ranks)
    except DamagedResult as error:
        return f"{error}"
    return ""


def _write_band(matrix: zarr.Array[Any], band: int, columns: np.ndarray) -> None:
    """The chunks of one band from the diagonal down, with their transposes, each read back."""
    start, parameters = band * BAND, matrix.shape[0]
    stop = start + columns.shape[1]
    for row in range(start, parameters, BAND):
        chunk = columns[row - start : row - start + BAND]
        here, mirrored = (
            (slice(row, row + len(chunk)), slice(start, stop)),
            (slice(start, stop), slice(row, row + len(chunk))),
        )
        matrix[here] = chunk
        matrix[mirrored] = chunk.T
        if not (np.array_equal(matrix[here], chunk) and np.array_equal(matrix[mirrored], chunk.T)):
            raise DamagedResult(
                f"{matrix.store_path}: chunk at row {row}, column {start} did not read back as it"
                " was written; check the disk"
            )


def read_second_moment(path: Path) -> np.ndarray:
    """The full matrix (P, P).

    Raises:
        DamagedResult: chunks are missing or fail their checksum.
    """
    return _read(path, "second_moment")


def read_gradient_mean(path: Path) -> np.ndarray:
    """The mean gradient (P,).

    Raises:
        DamagedResult: chunks are missing or fail their checksum.
    """
    return _read(path, "gradient_mean")


def _read(path: Path, name: str) -> np.ndarray:
    try:
        values = np.asarray(_array(zarr.open_group(path, mode="r"), name)[...])
    except (OSError, ValueError, KeyError) as error:
        raise DamagedResult(
            f"{path}: cannot be read ({name}: {error}); delete the folder above it and run again"
        ) from error
    if not np.isfinite(values).all():
        raise DamagedResult(
            f"{path}: expected finite numbers in {name}, found missing chunks; delete the folder"
            " above it and run again"
        )
    return values


def digest_of_matrix(matrix: np.ndarray, mean: np.ndarray) -> str:
    """The digest that `write_second_moment` returns, from the numbers themselves.

    Example:
        >>> digest_of_matrix(np.eye(2), np.zeros(2)) == digest_of_matrix(np.eye(2), np.ones(2))
        False
    """
    digests = np.zeros((band_count(len(matrix)), 2), dtype=np.int64)
    for band in range(len(digests)):
        start = band * BAND
        digests[band, 0] = _hash(matrix[start:, start : start + BAND])
    digests[0, 1] = _hash(mean)
    return receipts.digest_of(digests.tobytes())


def _array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    array = group[name]
    if not isinstance(array, zarr.Array):
        raise DamagedResult(
            f"{group.store_path}: expected an array {name}, found a group; delete the folder above"
            " it and run again"
        )
    return array


def _hash(array: np.ndarray) -> int:
    """Eight bytes of Blake2b as a signed number, which sums over ranks like any other."""
    state = _hash_state()
    state.update(np.ascontiguousarray(array).data)
    return _signed(state)


def _hash_state() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=8)


def _signed(state: hashlib.blake2b) -> int:
    return int.from_bytes(state.digest(), "little", signed=True)


class LowerTriangle:
    """C as ranks read it together: each takes chunks of the lower triangle, none holds them all.

    The chunks of a band are asked for by one rank, from the diagonal down, as they were written; so
    the hash of every band is taken on the way, and what was computed with is what the receipt
    confirms.

    Attributes:
        path: the store.
        digest: that its receipt confirms.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self.path, self.digest = path, digest
        self._hashes: dict[int, hashlib.blake2b] = {}
        try:
            self._matrix = _array(zarr.open_group(path, mode="r"), "second_moment")
        except (OSError, ValueError, KeyError) as error:
            raise DamagedResult(
                f"{path}: cannot be read ({error}); delete the folder above it and run again"
            ) from error

    @property
    def parameters(self) -> int:
        """P."""
        return int(self._matrix.shape[0])

    def diagonal_chunk(self, band: int) -> np.ndarray:
        """The chunk on the diagonal that belongs to a band.

        Raises:
            DamagedResult: it is missing, fails its checksum or is not symmetric.
        """
        chunk = self._read(band * BAND, band * BAND)
        if not np.array_equal(chunk, chunk.T):
            raise DamagedResult(
                f"{self.path}: expected a symmetric matrix, found an asymmetric one; delete the"
                " folder above it and run again"
            )
        return chunk

    def chunk(self, band: int, row: int) -> np.ndarray:
        """The chunk of a band that starts at a row; asked for from the diagonal down.

        Raises:
            DamagedResult: it is missing or fails its checksum.
        """
        chunk = self._read(row, band * BAND)
        if row == band * BAND:
            self._hashes[band] = _hash_state()
        self._hashes[band].update(chunk.data)
        return chunk

    def read_with_mirror(self, bands: Sequence[int]) -> None:
        """Read some bands, and the chunks above the diagonal that mirror theirs.

        Raises:
            DamagedResult: a chunk is missing, fails its checksum or is not its mirror's transpose.
        """
        for band in bands:
            for row in range(band * BAND, self.parameters, BAND):
                if not np.array_equal(self.chunk(band, row), self._read(band * BAND, row).T):
                    raise DamagedResult(
                        f"{self.path}: expected a symmetric matrix, found chunk ({row},"
                        f" {band * BAND}) unlike its mirror"
                    )

    def confirm(self, ranks: Ranks) -> None:
        """See that all chunks, asked for once by some rank, are those of the receipt; a collective
        call.

        Raises:
            DamagedResult: they are not; on every rank.
        """
        digests = np.zeros((band_count(self.parameters), 2), dtype=np.int64)
        for band, state in self._hashes.items():
            digests[band, 0] = _signed(state)
        mean = raise_on_all_ranks(
            ranks, lambda: read_gradient_mean(self.path) if 0 in self._hashes else None
        )
        if mean is not None:
            digests[0, 1] = _hash(mean)
        if receipts.digest_of(ranks.sum(digests).tobytes()) != self.digest:
            raise DamagedResult(
                f"{self.path}: the numbers are not those that the receipt confirms; delete"
                f" {self.path.parent} and run again"
            )
        self._hashes.clear()

    def _read(self, row: int, column: int) -> np.ndarray:
        advice = f"(row {row}, column {column}); delete {self.path.parent} and run again"
        try:
            chunk = np.ascontiguousarray(self._matrix[row : row + BAND, column : column + BAND])
        except (OSError, ValueError, KeyError) as error:
            raise DamagedResult(f"{self.path}: cannot be read: {error} {advice}") from error
        if not np.isfinite(chunk).all():
            raise DamagedResult(
                f"{self.path}: expected finite numbers, found a missing chunk {advice}"
            )
        return chunk
