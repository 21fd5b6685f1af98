"""Program of the tests: solve a stored matrix on a grid of ranks, and write what came out.

    mpiexec -n 4 python -m mpi4py solve_on_grid.py FOLDER LINES COLUMNS [values|vectors] [samples]

FOLDER holds ``matrix.zarr`` and ``matrix.digest``; rank 0 writes ``solved.npz``, and every rank
``peak-<rank>.txt``: the bytes by which its memory grew at most.
"""

import resource
import sys
from pathlib import Path

import numpy as np


def peak() -> int:
    """The most memory that this process has taken so far, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    from mpi4py import MPI

    from eigenscape.active_subspace.triangle import BAND
    from eigenscape.distributed.eigensolver import diagonal_of, distributed_spectrum
    from eigenscape.distributed.ranks import MpiRanks
    from eigenscape.distributed.scalapack import process_grid
    from eigenscape.store.second_moments import LowerTriangle

    folder, lines, columns, kind = (
        Path(sys.argv[1]),
        int(sys.argv[2]),
        int(sys.argv[3]),
        sys.argv[4],
    )
    samples = int(sys.argv[5]) if len(sys.argv) > 5 else None
    ranks, vectors = MpiRanks(MPI.COMM_WORLD), kind == "vectors"
    with process_grid(ranks, (lines, columns)) as grid:
        warm = grid.empty(200)
        warm[...] = np.equal.outer(grid.rows_of(200), grid.columns_of(200))
        # the library loads its code for this processor
        (grid.eigenpairs if vectors else grid.eigenvalues)(warm, 200)
        chunks = LowerTriangle(folder / "matrix.zarr", (folder / "matrix.digest").read_text())
        chunks.diagonal_chunk(0)[0, 0]
        size = chunks.parameters
        ranks.barrier()
        before = peak()
        diagonal = diagonal_of(chunks, size, ranks)
        solved = distributed_spectrum(
            chunks, size, grid, diagonal, vectors=vectors, samples=samples, dust=0.0
        )
        (folder / f"peak-{ranks.rank}.txt").write_text(str(peak() - before))
        basis = np.empty((size, size)) if vectors and ranks.rank == 0 else np.empty((0, 0))
        if solved.eigenvectors is not None:
            parts = [range(start, min(start + BAND, size)) for start in range(0, size, BAND)]
            for rows in parts:
                for across in parts:
                    chunk = solved.eigenvectors.chunk(rows, across, to=0)
                    if ranks.rank == 0:
                        basis[rows.start : rows.stop, across.start : across.stop] = chunk
        if ranks.rank == 0:
            found = solved.spectrum
            facts = {
                "status": str(found.status),
                "rank": found.rank,
                "route": str(found.route),
                "floor": found.floor,
            }
            np.savez(folder / "solved.npz", values=found.eigenvalues, vectors=basis, **facts)


if __name__ == "__main__":
    main()
