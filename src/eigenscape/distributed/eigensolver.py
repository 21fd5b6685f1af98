"""The spectrum of a distributed second moment: chunks are read from the store straight into
ScaLAPACK's layout.

Ranks take turns: each reads the next chunk of the lower triangle that is assigned to it, and
broadcasts it; every rank keeps its own entries, mirrored ones too. So each chunk is read once by
one rank, and a rank holds only a few chunks besides its part of the matrix. Parameters are sorted
by descending ``diag C`` on the way, those with a null gradient last: the order alone gains `eigh`
decades of accuracy on graded matrices. Where the spectrum spans more decades than `eigh` resolves,
the eigenvalues are the squared singular values of the Cholesky factor of the sorted matrix, as on
one rank (`active_subspace.spectrum`) but without pivoting, which ScaLAPACK lacks: where the
factorisation breaks down, the spectrum is reported to end below the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eigenscape.active_subspace import spectrum
from eigenscape.active_subspace.graded import lost_pivots, trusts_factor
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.active_subspace.triangle import BAND, band_count
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.block_cyclic import holder, local_index
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.reduction import owner
from eigenscape.distributed.scalapack import ProcessGrid, require_countable


class StoredChunks(Protocol):
    """The lower triangle of a symmetric matrix in chunks of `BAND` x `BAND`, as a store provides
    it.
    """

    def diagonal_chunk(self, band: int) -> np.ndarray:
        """Return the chunk of a band on the diagonal."""

    def chunk(self, band: int, row: int) -> np.ndarray:
        """Return the chunk of a band that starts at a row, C-contiguous; rows are requested from
        the diagonal down.
        """

    def confirm(self, ranks: Ranks) -> None:
        """Verify, after every chunk was read, that the chunks are those that were written; a
        collective call.
        """


@dataclass(frozen=True)
class DistributedEigenvectors:
    """Eigenvectors that are distributed over the ranks.

    Attributes:
        grid: the grid over which they are distributed.
        size: P.
        position: (P,), where the sorted order keeps each parameter.
        signs: (P,) by ascending eigenvalue: the sign that makes the largest component of each
            vector positive.
        local: this rank's part: rows in the sorted order, columns by ascending eigenvalue.
    """

    grid: ProcessGrid
    size: int
    position: np.ndarray
    signs: np.ndarray
    local: np.ndarray

    def chunk(self, rows: range, columns: range, to: int) -> np.ndarray:
        """Return the components of the parameters ``rows`` of the vectors ``columns``, counted by
        descending eigenvalue; a collective call.

        Returns:
            (rows, columns) on rank ``to``; elsewhere the array has no meaning.
        """
        part = np.zeros((len(rows), len(columns)))
        rows_here, local_rows = _held_positions(
            self.position[rows.start : rows.stop], self.grid.line, self.grid.lines
        )
        ascending = self.size - 1 - np.arange(columns.start, columns.stop)
        columns_here, local_columns = _held_positions(
            ascending, self.grid.column, self.grid.columns
        )
        part[np.ix_(rows_here, columns_here)] = (
            self.local[np.ix_(local_rows, local_columns)] * self.signs[ascending[columns_here]]
        )
        return self.grid.ranks.sum_to(part, to)


@dataclass(frozen=True)
class DistributedSpectrum:
    """A spectrum whose eigenvectors, if computed, are distributed over the ranks.

    Attributes:
        spectrum: the same on every rank, without eigenvectors.
        eigenvectors: this rank's part, or None.
    """

    spectrum: Spectrum
    eigenvectors: DistributedEigenvectors | None


def distributed_spectrum(
    chunks: StoredChunks,
    size: int,
    grid: ProcessGrid,
    diagonal: np.ndarray,
    *,
    vectors: bool,
    samples: int | None,
    dust: np.ndarray | float,
) -> DistributedSpectrum:
    """Compute the spectrum of C by the route that resolves it; a collective call.

    Args:
        chunks: C, as a store provides it.
        size: P.
        grid: the grid of all ranks.
        diagonal: diag C, (P,), as `diagonal_of` reads it.
        vectors: also compute the eigenvectors, by ``eigh`` as on one rank.
        samples: N, when C is an average over N gradients.
        dust: see `active_subspace.spectrum.spectrum_of`.

    Returns:
        The same spectrum on every rank, with this rank's part of the eigenvectors. The peak of
        memory is `peak_memory.peak_bytes`.

    Raises:
        DamagedResult: a chunk cannot be read or is not what was written; on every rank.
        DoesNotFit: the part of a rank has more entries than the library can count.
        EigensolverFailure: no convergence, or C is not finite or not symmetric; on every rank.
    """
    require_countable(size, grid.ranks.size, vectors=vectors)
    null = diagonal <= dust
    order = np.lexsort((-diagonal, null))
    position = np.empty(size, dtype=np.int64)
    position[order] = np.arange(size)

    local = read_sorted(chunks, position, grid)
    eigenvectors = None
    if vectors:
        ascending, local = grid.eigenpairs(local, size)
        eigenvectors = DistributedEigenvectors(
            grid, size, position, _signs(local, size, grid), local
        )
    else:
        ascending = grid.eigenvalues(local, size)
    del local
    values = ascending[::-1].copy()

    if spectrum.resolves_all(values, diagonal, dust, samples):
        return DistributedSpectrum(
            spectrum.spectrum_by_eigh(values, None, diagonal, samples), eigenvectors
        )
    carrying = size - int(np.count_nonzero(null))
    factored = None
    if carrying and (samples is None or samples >= carrying):
        factored = _by_factor(
            read_sorted(chunks, position, grid), order[:carrying], diagonal, dust, grid
        )
    if factored is None:
        return DistributedSpectrum(
            spectrum.spectrum_without_factor(values, None, diagonal, samples, dust), eigenvectors
        )
    return DistributedSpectrum(
        spectrum.spectrum_by_factor(*factored, None, diagonal, samples, dust), eigenvectors
    )


def diagonal_of(chunks: StoredChunks, size: int, ranks: Ranks) -> np.ndarray:
    """Return the diagonal of C, (P,), on every rank; a collective call."""
    diagonal = np.zeros(size)

    def read() -> None:
        for band in range(ranks.rank, band_count(size), ranks.size):
            diagonal[band * BAND : (band + 1) * BAND] = np.diagonal(chunks.diagonal_chunk(band))

    raise_on_all_ranks(ranks, read)
    return ranks.sum(diagonal)


def read_sorted(chunks: StoredChunks, position: np.ndarray, grid: ProcessGrid) -> np.ndarray:
    """Return the part of C that this rank holds, with the parameters in another order; a collective
    call.

    Args:
        chunks: C.
        position: (P,), where the new order keeps each parameter.
        grid: the grid of all ranks.

    Returns:
        The part, in Fortran order.
    """
    ranks, size = grid.ranks, len(position)
    local = grid.empty(size)
    assigned = [_assigned_chunks(size, rank, ranks.size) for rank in range(ranks.size)]
    received = np.empty(BAND * BAND)
    for turn in range(max(len(own_chunks) for own_chunks in assigned)):
        own_chunks = assigned[ranks.rank]
        own_chunk = raise_on_all_ranks(
            ranks,
            lambda turn=turn, own_chunks=own_chunks: (  # type: ignore[misc]
                chunks.chunk(*own_chunks[turn]) if turn < len(own_chunks) else None
            ),
        )
        for source in range(ranks.size):
            if turn >= len(assigned[source]):
                continue
            band, row = assigned[source][turn]
            rows, columns = (
                range(row, min(row + BAND, size)),
                range(band * BAND, min((band + 1) * BAND, size)),
            )
            shape = len(rows), len(columns)
            buffer = received[: shape[0] * shape[1]].reshape(shape)
            chunk = own_chunk if source == ranks.rank and own_chunk is not None else buffer
            ranks.broadcast(chunk, source)
            _copy_own(
                local,
                chunk,
                position[rows.start : rows.stop],
                position[columns.start : columns.stop],
                grid,
            )
            if rows != columns:
                _copy_own(
                    local,
                    chunk.T,
                    position[columns.start : columns.stop],
                    position[rows.start : rows.stop],
                    grid,
                )
    chunks.confirm(ranks)
    return local


def _assigned_chunks(size: int, rank: int, ranks: int) -> list[tuple[int, int]]:
    """Return band and first row of the chunks that a rank reads: whole bands from the diagonal
    down, as they were written.
    """
    bands = [band for band in range(band_count(size)) if owner(band, ranks) == rank]
    return [(band, row) for band in bands for row in range(band * BAND, size, BAND)]


def _held_positions(positions: np.ndarray, line: int, lines: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which positions a line of the grid holds, and their local indices."""
    positions_here = np.flatnonzero(holder(positions, lines) == line)
    return positions_here, local_index(positions[positions_here], lines)


def _copy_own(
    local: np.ndarray, chunk: np.ndarray, rows: np.ndarray, columns: np.ndarray, grid: ProcessGrid
) -> None:
    """Copy the entries of a chunk that this rank holds to their positions in the new order."""
    rows_here, local_rows = _held_positions(rows, grid.line, grid.lines)
    columns_here, local_columns = _held_positions(columns, grid.column, grid.columns)
    local[np.ix_(local_rows, local_columns)] = chunk[np.ix_(rows_here, columns_here)]


def _signs(local: np.ndarray, size: int, grid: ProcessGrid) -> np.ndarray:
    """Return, per vector (P,) by ascending eigenvalue, the sign of its largest component, on
    whichever rank that lies.
    """
    largest = np.zeros((grid.lines, size))
    columns = grid.columns_of(size)
    if len(local):
        for along, column in enumerate(columns):
            component = np.abs(local[:, along]).argmax()
            largest[grid.line, column] = local[component, along]
    largest = grid.ranks.sum(largest)
    signs: np.ndarray = np.sign(largest[np.abs(largest).argmax(axis=0), np.arange(size)])
    return signs


def _by_factor(
    local: np.ndarray,
    leading: np.ndarray,
    variances: np.ndarray,
    dust: np.ndarray | float,
    grid: ProcessGrid,
) -> tuple[np.ndarray, bool] | None:
    """Return the singular values of the Cholesky factor of the leading rows and columns, and
    whether the small ones are to be trusted.

    The result is None where the factorisation breaks down: the matrix is not positive definite to
    working precision.
    """
    size, carrying, own_variances = len(variances), len(leading), variances[leading]
    if not grid.cholesky(local, size, carrying):
        return None
    rows, columns = grid.rows_of(size), grid.columns_of(size)
    pivots = np.zeros(carrying)
    for along, column in enumerate(columns):
        diagonal = np.searchsorted(rows, column)
        local[:diagonal, along] = 0.0
        if column < carrying and diagonal < len(rows) and rows[diagonal] == column:
            pivots[column] = local[diagonal, along]
    pivots = grid.ranks.sum(pivots)
    if lost_pivots(pivots, own_variances, carrying, np.broadcast_to(dust, size)[leading]).any():
        return None
    scale = np.ones(len(rows))
    inside = rows < carrying
    scale[inside] = np.sqrt(own_variances[rows[inside]])
    local /= scale[:, None]
    trusted = trusts_factor(carrying, grid.smallest_singular_value(local, size, carrying))
    local *= scale[:, None]
    return grid.singular_values(local, size, carrying), trusted
