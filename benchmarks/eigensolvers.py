"""Eigenvalues, or eigenvectors too, of second moments by every driver at hand, on one core:
core-seconds and errors.

    python benchmarks/eigensolvers.py [--widths 15 20 27 35] [--repeats 3] [--bands 16 32 48 64]
    [--vectors]

The matrices are second moments of tanh networks of depth 5 (default study, N = 2 P), their rows
sorted by diagonal as `spectrum_of` sorts them. Drivers take turns. Errors: the largest difference
from the squared singular values of the Cholesky factor (each accurate relative to itself), in units
of eps lambda_1, and the relative error of the smallest eigenvalue. With vectors: the largest entry
of V^T V - 1 in units of eps, and of C V - V Lambda in units of eps lambda_1.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import ctypes
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np
import scipy.linalg
import torch

from eigenscape.active_subspace import two_stage
from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.tridiagonal import eigenpairs_by_steps
from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.errors import EigenscapeError
from eigenscape.stages.common.samplers import sampler_of_network

Solver = Callable[[np.ndarray], np.ndarray]
EPSILON = float(np.finfo(float).eps)


def by_two_stages(band: int) -> Solver:
    """The project's route, with a band of another width."""

    def solve(matrix: np.ndarray) -> np.ndarray:
        two_stage.BAND = band
        return two_stage.eigenvalues_in_two_stages(np.array(matrix, order="F"))

    return solve


def by_lapacks_two_stages() -> Solver | None:
    """LAPACK's own driver `dsyevd_2stage` of the same library, which chooses the width of the
    band.
    """
    library = two_stage.library()
    if library is None:
        return None

    def solve(matrix: np.ndarray) -> np.ndarray:
        own, values = np.array(matrix, order="F"), np.empty(len(matrix))
        size, info, one, minus = (
            ctypes.c_int(len(own)),
            ctypes.c_int(),
            ctypes.c_int(1),
            ctypes.c_int(-1),
        )
        query, integers = np.zeros(1), np.zeros(1, np.int32)

        def call(work: np.ndarray, length: ctypes.c_int, count: ctypes.c_int) -> None:
            by = ctypes.byref
            addresses = [
                ctypes.c_void_p(array.ctypes.data) for array in (own, values, work, integers)
            ]
            matrix_and_values = (by(size), addresses[0], by(size), addresses[1])
            library.scipy_dsyevd_2stage_(
                b"N",
                b"L",
                *matrix_and_values,
                addresses[2],
                by(length),
                addresses[3],
                by(count),
                by(info),
            )

        call(query, minus, minus)
        call(np.empty(int(query[0])), ctypes.c_int(int(query[0])), one)
        if info.value != 0:
            raise SystemExit(f"dsyevd_2stage: expected info = 0, found {info.value}")
        return values

    return solve


def by_scalapack() -> Solver | None:
    """ScaLAPACK's `pdsyev` on one process, where the extra `scalapack` is installed."""
    try:
        from mpi4py import MPI

        from eigenscape.distributed.ranks import MpiRanks
        from eigenscape.distributed.scalapack import process_grid

        ranks = MpiRanks(MPI.COMM_SELF)
        with process_grid(ranks):
            pass
    except (EigenscapeError, ImportError) as error:
        print(f"ScaLAPACK: left out ({error})")
        return None

    def solve(matrix: np.ndarray) -> np.ndarray:
        with process_grid(ranks) as grid:
            local = grid.empty(len(matrix))
            local[...] = matrix
            return grid.eigenvalues(local, len(matrix))

    return solve


def second_moment_of(width: int) -> np.ndarray:
    """C of a network of depth 5, sorted by its diagonal."""
    architecture = Architecture(5, width)
    samples = 2 * architecture.parameters
    sampler = sampler_of_network(Study(), architecture)
    moment = sum_of_samples(sampler, range(samples)).triangle.matrix(1 / samples)
    order = np.argsort(-np.diagonal(moment), kind="stable")
    return np.ascontiguousarray(moment[np.ix_(order, order)])


def timed(
    solvers: dict[str, Callable[[np.ndarray], Any]], matrix: np.ndarray, repeats: int
) -> Iterator[tuple[str, str, Any]]:
    """Turns of all solvers: name, core-seconds as text, and what the last turn found."""
    taken: dict[str, list[float]] = {name: [] for name in solvers}
    found: dict[str, Any] = {}
    for _ in range(repeats):
        for name, solver in solvers.items():
            found.pop(name, None)
            began = time.process_time()
            found[name] = solver(matrix)
            taken[name].append(time.process_time() - began)
    for name, each in taken.items():
        yield name, f"{median(each):.3f} ({min(each):.3f} to {max(each):.3f})", found[name]


def compare_values(arguments: argparse.Namespace) -> None:
    """Print a row per matrix and driver of values."""
    solvers: dict[str, Solver | None] = {
        "numpy eigvalsh (OpenBLAS dsyevd)": np.linalg.eigvalsh,
        "scipy eigh evr (OpenBLAS dsyevr)": lambda c: scipy.linalg.eigh(
            c, eigvals_only=True, driver="evr", check_finite=False
        ),
        "torch eigvalsh (MKL dsyevd)": lambda c: torch.linalg.eigvalsh(torch.from_numpy(c)).numpy(),
        "ScaLAPACK pdsyev, one process (MKL)": None if arguments.no_scalapack else by_scalapack(),
        "LAPACK dsyevd_2stage": by_lapacks_two_stages(),
    }
    present: dict[str, Callable[[np.ndarray], Any]] = {
        name: solver for name, solver in solvers.items() if solver is not None
    }
    if two_stage.library() is not None:
        present |= {f"two stages, band {band}": by_two_stages(band) for band in arguments.bands}
    for solver in present.values():
        solver(np.eye(64))
    print(
        f"\n{'P':>6}  {'driver':<38}{'core-seconds (range)':>26}{'error / eps lambda_1':>22}"
        f"{'error of lambda_P':>19}",
        flush=True,
    )
    for width in arguments.widths:
        moment = second_moment_of(width)
        reference = None
        if not arguments.no_reference:
            reference = (
                scipy.linalg.svdvals(np.linalg.cholesky(moment), check_finite=False)[::-1] ** 2
            )
        for name, taken, values in timed(present, moment, arguments.repeats):
            row = f"{len(moment):>6,}  {name:<38}{taken:>26}"
            if reference is not None:
                absolute = np.abs(values - reference).max() / (EPSILON * reference[-1])
                row += f"{absolute:>22.1f}{abs(values[0] / reference[0] - 1):>19.1e}"
            print(row, flush=True)


def compare_vectors(arguments: argparse.Namespace) -> None:
    """Print a row per matrix and driver of values and vectors."""
    solvers: dict[str, Callable[[np.ndarray], Any]] = {
        "LAPACK's steps, wide blocks": lambda c: eigenpairs_by_steps(np.array(c, order="F")),
        "scipy eigh evd (OpenBLAS dsyevd)": lambda c: scipy.linalg.eigh(
            c, driver="evd", check_finite=False
        ),
        "scipy eigh evr (OpenBLAS dsyevr)": lambda c: scipy.linalg.eigh(
            c, driver="evr", check_finite=False
        ),
    }
    print(
        f"\n{'P':>6}  {'driver':<38}{'core-seconds (range)':>26}{'orthogonality / eps':>22}"
        f"{'residual / eps lambda_1':>25}",
        flush=True,
    )
    for width in arguments.widths:
        moment = second_moment_of(width)
        for name, taken, (values, vectors) in timed(solvers, moment, arguments.repeats):
            orthogonality = np.abs(vectors.T @ vectors - np.eye(len(moment))).max() / EPSILON
            residual = np.abs(moment @ vectors - vectors * values).max() / (EPSILON * values[-1])
            print(
                f"{len(moment):>6,}  {name:<38}{taken:>26}{orthogonality:>22.1f}{residual:>25.1f}",
                flush=True,
            )


def main() -> None:
    """Print the table that was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--widths", type=int, nargs="+", default=[10, 15, 20, 27, 35], help="of the networks"
    )
    parser.add_argument("--repeats", type=int, default=3, help="turns of every driver")
    parser.add_argument(
        "--bands",
        type=int,
        nargs="*",
        default=[16, 32, 48, 64],
        help="widths of the band between the two stages",
    )
    parser.add_argument(
        "--vectors", action="store_true", help="compare the drivers of vectors instead"
    )
    parser.add_argument(
        "--no-reference",
        action="store_true",
        help="leave the errors out: the reference is the dearest part",
    )
    parser.add_argument("--no-scalapack", action="store_true", help="leave ScaLAPACK out")
    arguments = parser.parse_args()
    compare_vectors(arguments) if arguments.vectors else compare_values(arguments)


if __name__ == "__main__":
    main()
