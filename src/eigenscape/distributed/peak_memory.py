"""The peak memory of a rank in a distributed eigensolve: known beforehand, and enforced by a
test.
"""

from __future__ import annotations

from eigenscape.distributed.block_cyclic import BLOCK, grid_shape, held_count

WORKING_CHUNKS = 6
"""Number of chunks that a rank holds at a time besides its part of the matrix: its own and a
received one, a file's bytes, a copy of the entries that are its own, a comparison, and what the MPI
library buffers."""

WORKING_VECTORS = 64
"""Number of vectors of length P that a rank holds at a time: index tables, eigenvalues, the
libraries' work space."""

PARTS_WITH_VECTORS = 6
"""Number of matrix parts with eigenvectors: C's part, the vectors' part, ScaLAPACK's work space of
two, and up to 1.5 that were observed in addition (P = 3,600 and 5,146)."""

LIBRARY_BYTES = 16 * 2**20
"""Bytes of code and message buffers that ScaLAPACK and MPI load as they go (10 MB were observed for
an empty matrix)."""


def peak_bytes(parameters: int, ranks: int, *, vectors: bool) -> int:
    """Return the peak memory of a rank in an eigensolve in bytes, without the interpreter.

    The peak is the sum of the rank's part of C, about P^2 / R numbers; with vectors
    `PARTS_WITH_VECTORS` times that, and on grids of several lines the panels of 1.2 P numbers a
    column that MKL needs (`scalapack.vectors_work_space`); `WORKING_CHUNKS` chunks;
    `WORKING_VECTORS` vectors; four rows of blocks; `LIBRARY_BYTES`.

    Example:
        >>> f"{peak_bytes(50_000, 16, vectors=False) / 1e9:.1f} GB of {8 * 50_000**2 / 1e9:.0f} GB"
        '1.4 GB of 20 GB'
    """
    from eigenscape.active_subspace.triangle import BAND  # noqa: PLC0415

    lines, columns = grid_shape(ranks)
    rows, width = held_count(parameters, 0, lines), held_count(parameters, 0, columns)
    panels = 6 * parameters * width // 5 if lines > 1 else 0
    matrices = PARTS_WITH_VECTORS * rows * width + panels if vectors else rows * width
    chunk = min(BAND, parameters) ** 2
    return (
        8
        * (
            matrices
            + WORKING_CHUNKS * chunk
            + WORKING_VECTORS * parameters
            + 4 * BLOCK * max(rows, width)
        )
        + LIBRARY_BYTES
    )
