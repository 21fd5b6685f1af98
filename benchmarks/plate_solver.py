"""The plate's linear solves: one at a time by the compiled band solver, all at once by batched
blocks, and by LAPACK's band solver.

    python benchmarks/plate_solver.py

Core-seconds of one thread for 400 plates, the best of five runs, routes in turn so that a busy
machine hits all alike.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import time

import numpy as np
import torch
from scipy.linalg import solveh_banded

from eigenscape.model_constrained.heat import Heat, solve_in_blocks, solve_one_by_one

PLATES = 400


def by_lapack(conductivity: torch.Tensor, load: torch.Tensor) -> np.ndarray:
    """Dpbsv by scipy, a plate at a time, assembled without loops over squares."""
    e = conductivity.shape[-1]
    nodes = e * (e + 1)
    number = np.arange((e + 1) * (e + 1)).reshape(e + 1, e + 1) - (e + 1)
    corners = np.stack(
        [number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], axis=-1
    ).reshape(-1, 4)
    local = np.array([[4.0, -1, -2, -1], [-1, 4, -1, -2], [-2, -1, 4, -1], [-1, -2, -1, 4]]) / 6
    found = []
    for c, f in zip(conductivity.numpy(), load.numpy(), strict=True):
        band = np.zeros((e + 3, nodes))
        for a in range(4):
            for b in range(4):
                row, column = corners[:, a], corners[:, b]
                kept = (column >= 0) & (row >= column)
                np.add.at(
                    band, (row[kept] - column[kept], column[kept]), (c.ravel() * local[a, b])[kept]
                )
        found.append(solveh_banded(band, f.ravel(), lower=True, check_finite=False))
    return np.stack(found)


def main() -> None:
    """Print a row for every size."""
    torch.set_num_threads(1)
    print(
        "elements  one by one, us  batched blocks, us  LAPACK bands, us  largest relative"
        " difference"
    )
    for elements in (4, 8, 16, 32):
        plate = Heat(elements, 15, 10)
        conductivity = plate.conductivity(
            torch.randn(PLATES, 15, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        )
        load = torch.from_numpy(plate.load).expand(PLATES, -1, -1)
        routes = (solve_one_by_one, solve_in_blocks, by_lapack)
        results = [np.asarray(route(conductivity, load)).reshape(PLATES, -1) for route in routes]
        times = [[] for _ in routes]
        for _ in range(5):
            for route, own in zip(routes, times, strict=True):
                started = time.process_time()
                route(conductivity, load)
                own.append(time.process_time() - started)
        micro = [1e6 * min(own) / PLATES for own in times]
        apart = (
            max(np.abs(other - results[0]).max() for other in results[1:])
            / np.abs(results[0]).max()
        )
        print(f"{elements:8d}  {micro[0]:14.1f}  {micro[1]:18.1f}  {micro[2]:16.1f}  {apart:.1e}")


if __name__ == "__main__":
    main()
