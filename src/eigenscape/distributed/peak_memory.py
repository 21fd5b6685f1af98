"""What a rank needs to hold for a distributed eigensolve: known before it starts, and held to by a
test.
"""

from __future__ import annotations

from eigenscape.distributed.block_cyclic import BLOCK, grid_shape, held_count

WORKING_CHUNKS = 6
"""Chunks that a rank holds at a time beside its part of the matrix: its own and a received one, a
file's bytes, a copy of the entries that are its own, a comparison, and what the MPI library
buffers."""

WORKING_VECTORS = 64
"""Vectors of P numbers that a rank holds at a time: index tables, eigenvalues, the libraries' work
space."""

PARTS_WITH_VECTORS = 6
"""C's part, the vectors' part, ScaLAPACK's work space of two, and up to 1.5 that it was seen to
take inside (P = 3,600 and 5,146)."""

LIBRARY_BYTES = 16 * 2**20
"""Of code and message buffers that ScaLAPACK and MPI load and take as they go (10 MB were seen
where the matrix is nothing)."""


def peak_bytes(parameters: int, ranks: int, *, vectors: bool) -> int:
    """The most memory that a rank takes for an eigensolve, the interpreter aside, in bytes.

    Its part of C, about P^2 / R numbers; with vectors `PARTS_WITH_VECTORS` times that, and on grids
    of several lines the panels of 1.2 P numbers a column that MKL asks for
    (`scalapack.vectors_work_space`); `WORKING_CHUNKS` chunks; `WORKING_VECTORS` vectors; four rows
    of blocks; `LIBRARY_BYTES`.

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
