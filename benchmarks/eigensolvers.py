"""All eigenvalues of second moments by every driver at hand, on one core: core-seconds and errors.

    python benchmarks/eigensolvers.py [--widths 15 20 27 35] [--repeats 3]

The matrices are second moments of tanh networks of depth 5 (default study, N = 2 P), their rows sorted by diagonal as
`spectrum_of` sorts them. Drivers take turns. Errors: the largest difference from the squared singular values of the Cholesky
factor (each accurate relative to itself), in units of eps lambda_1, and the relative error of the smallest eigenvalue.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import ctypes
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import scipy.linalg
import torch
from threadpoolctl import threadpool_info

from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.architecture import Architecture
from eigenscape.errors import EigenscapeError
from eigenscape.networks.gradients import GradientSampler
from eigenscape.study import Study

Solver = Callable[[np.ndarray], np.ndarray]


def by_two_stages() -> Solver | None:
    """LAPACK's `dsyevd_2stage` (dense to band to tridiagonal), values only, in the OpenBLAS that SciPy loaded."""
    path = next((found["filepath"] for found in threadpool_info() if "scipy.libs" in found["filepath"]), None)
    routine = getattr(ctypes.CDLL(path), "scipy_dsyevd_2stage_", None) if path else None
    if routine is None:
        return None

    def solve(matrix: np.ndarray) -> np.ndarray:
        own, values = np.array(matrix, order="F"), np.empty(len(matrix))
        size, info, one, minus = ctypes.c_int(len(own)), ctypes.c_int(), ctypes.c_int(1), ctypes.c_int(-1)
        job, triangle, query, integers = ctypes.c_char(b"N"), ctypes.c_char(b"L"), np.zeros(1), np.zeros(1, np.int32)

        def call(work: np.ndarray, length: ctypes.c_int, count: ctypes.c_int) -> None:
            by = ctypes.byref
            addresses = [ctypes.c_void_p(array.ctypes.data) for array in (own, values, work, integers)]
            routine(
                by(job),
                by(triangle),
                by(size),
                addresses[0],
                by(size),
                addresses[1],
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


def main() -> None:
    """Print a row per matrix and driver."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="+", default=[10, 15, 20, 27, 35], help="of the networks")
    parser.add_argument("--repeats", type=int, default=3, help="turns of every driver")
    parser.add_argument("--no-reference", action="store_true", help="leave the errors out: the reference is the dearest part")
    arguments = parser.parse_args()
    solvers: dict[str, Solver | None] = {
        "numpy eigvalsh (OpenBLAS dsyevd)": np.linalg.eigvalsh,
        "scipy eigh evr (OpenBLAS dsyevr)": lambda c: scipy.linalg.eigh(c, eigvals_only=True, driver="evr", check_finite=False),
        "OpenBLAS dsyevd_2stage": by_two_stages(),
        "torch eigvalsh (MKL dsyevd)": lambda c: torch.linalg.eigvalsh(torch.from_numpy(c)).numpy(),
        "ScaLAPACK pdsyev, one process (MKL)": by_scalapack(),
    }
    present = {name: solver for name, solver in solvers.items() if solver is not None}
    for solver in present.values():
        solver(np.eye(64))
    print(f"\n{'P':>6}  {'driver':<38}{'core-seconds (range)':>26}{'error / eps lambda_1':>22}{'error of lambda_P':>19}", flush=True)
    for width in arguments.widths:
        architecture = Architecture(5, width)
        samples = 2 * architecture.parameters
        sampler = GradientSampler.of_study(Study(), architecture)
        moment = sum_of_samples(sampler, range(samples)).triangle.matrix(1 / samples)
        order = np.argsort(-np.diagonal(moment), kind="stable")
        moment = np.ascontiguousarray(moment[np.ix_(order, order)])
        reference = None
        if not arguments.no_reference:
            reference = scipy.linalg.svdvals(np.linalg.cholesky(moment), check_finite=False)[::-1] ** 2
        taken: dict[str, list[float]] = {name: [] for name in present}
        found: dict[str, np.ndarray] = {}
        for _ in range(arguments.repeats):
            for name, solver in present.items():
                began = time.process_time()
                found[name] = solver(moment)
                taken[name].append(time.process_time() - began)
        for name, each in taken.items():
            row = f"{len(moment):>6,}  {name:<38}{f'{median(each):.3f} ({min(each):.3f} to {max(each):.3f})':>26}"
            if reference is not None:
                absolute = np.abs(found[name] - reference).max() / (np.finfo(float).eps * reference[-1])
                row += f"{absolute:>22.1f}{abs(found[name][0] / reference[0] - 1):>19.1e}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
