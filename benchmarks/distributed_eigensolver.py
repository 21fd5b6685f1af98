"""The headline's eigensolve on 1, 2, ... MPI ranks by ScaLAPACK beside LAPACK's on one core, as
ratios within one run.

    python benchmarks/distributed_eigensolver.py [--ranks 1 2] [--depth 5 --width 35 --samples
    10000]

The second moment is written to a store once; each run reads it from there, chunk by chunk. Seconds
are those of the slowest rank, reading included; processor seconds, per rank, tell a busy machine
(they fall short of seconds) from a slow solver. Memory is what the rank that takes most takes
beside the interpreter and the code of the libraries.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
import zarr

from eigenscape.config.study import Study
from eigenscape.distributed.peak_memory import peak_bytes
from eigenscape.store.second_moments import LowerTriangle, create_array, digest_of_matrix


def work(folder: Path) -> None:
    """One rank: values, then values and vectors; rank 0 prints seconds, megabytes and
    eigenvalues.
    """
    from mpi4py import MPI

    from eigenscape.distributed.eigensolver import diagonal_of, distributed_spectrum
    from eigenscape.distributed.ranks import MpiRanks
    from eigenscape.distributed.scalapack import process_grid

    ranks = MpiRanks(MPI.COMM_WORLD)
    digest = (folder / "digest").read_text()
    found = {}
    with process_grid(ranks) as grid:
        warm = grid.empty(200)
        warm[...] = np.equal.outer(grid.rows_of(200), grid.columns_of(200))
        grid.eigenpairs(warm, 200)  # the library loads its code for this processor
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for kind in ("values", "vectors"):
            ranks.barrier()
            started, started_processor = time.perf_counter(), time.process_time()
            chunks = LowerTriangle(folder / "matrix.zarr", digest)
            size = chunks.parameters
            diagonal = diagonal_of(chunks, size, ranks)
            solved = distributed_spectrum(
                chunks, size, grid, diagonal, vectors=kind == "vectors", samples=None, dust=0.0
            )
            taken = max(ranks.gather(time.perf_counter() - started))
            processor = max(ranks.gather(time.process_time() - started_processor))
            grown = (
                max(ranks.gather(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
                / 1000
            )
            found[kind] = {
                "seconds": taken,
                "processor": processor,
                "megabytes": grown,
                "route": str(solved.spectrum.route),
            }
            (
                np.save(folder / f"{kind}.npy", solved.spectrum.eigenvalues)
                if ranks.rank == 0
                else None
            )
    if ranks.rank == 0:
        (folder / "found.json").write_text(json.dumps(found))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--width", type=int, default=35)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.worker)
        return

    from eigenscape.active_subspace.second_moment import sum_of_samples
    from eigenscape.stages.common.samplers import sampler_of_network

    headline = {"depth": arguments.depth, "width": arguments.width, "samples": arguments.samples}
    study = Study.from_mapping({"headline": headline})
    sampler = sampler_of_network(study, study.headline_cell.architecture)
    matrix = sum_of_samples(sampler, range(arguments.samples)).triangle.matrix(
        1 / arguments.samples
    )
    size = len(matrix)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores; numpy {np.__version__}, scipy"
        f" {scipy.__version__}; load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"P = {size:,}, N = {arguments.samples:,}\n\n"
        f"{'':<34}{'seconds':>9}{'cpu':>9}{'speedup':>9}{'MB/rank':>9}{'bound':>8}{'error':>10}",
        flush=True,
    )

    alone = {}

    def by_scipy(kind: str, work: Callable[[], np.ndarray]) -> np.ndarray:
        started, started_processor = time.perf_counter(), time.process_time()
        found = work()
        alone[kind] = time.perf_counter() - started
        print(
            f"{kind + ', scipy':<34}{alone[kind]:>9.1f}"
            f"{time.process_time() - started_processor:>9.1f}{1:>9.2f}",
            flush=True,
        )
        return found

    expected = by_scipy("values", lambda: scipy.linalg.eigvalsh(matrix)[::-1])
    by_scipy(
        "vectors",
        lambda: scipy.linalg.eigh(
            np.array(matrix, order="F"), driver="evd", overwrite_a=True, check_finite=False
        )[0],
    )

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        group = zarr.create_group(folder / "matrix.zarr")
        create_array(group, "second_moment", matrix.shape, ("parameter", "parameter_"))[...] = (
            matrix
        )
        create_array(group, "gradient_mean", (size,), ("parameter",))[...] = 0.0
        (folder / "digest").write_text(digest_of_matrix(matrix, np.zeros(size)))
        for ranks in arguments.ranks:
            launch = [
                str(Path(sys.executable).with_name("mpiexec")),
                "-n",
                str(ranks),
                sys.executable,
                "-m",
                "mpi4py",
            ]
            subprocess.run([*launch, __file__, "--worker", name], check=True)
            for kind, facts in json.loads((folder / "found.json").read_text()).items():
                error = np.abs(np.load(folder / f"{kind}.npy") - expected).max() / expected[0]
                bound = peak_bytes(size, ranks, vectors=kind == "vectors") / 1e6
                label = f"{kind}, {ranks} rank{'s' * (ranks > 1)}, {facts['route']}"
                times = (
                    f"{facts['seconds']:>9.1f}{facts['processor']:>9.1f}"
                    f"{alone[kind] / facts['seconds']:>9.2f}"
                )
                numbers = f"{times}{facts['megabytes']:>9.0f}{bound:>8.0f}{error:>10.1e}"
                print(f"{label:<34}{numbers}", flush=True)


if __name__ == "__main__":
    main()
