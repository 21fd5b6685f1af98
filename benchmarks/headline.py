"""The headline cell stage by stage: core-seconds and GFLOP/s beside the BLAS rate of this machine,
and beside the floor.

    python benchmarks/headline.py [--samples 10000] [--repeats 3]

Everything runs on one core. The floor of a stage is its operations over the rate of `dgemm`, which
is measured again before every stage. Operations: 6 P n N for the gradients, P^2 N for the second
moment (a triangle), 4/3 P^3 for the reduction to tridiagonal form, 4 P^3 with vectors. Half of a
reduction's operations are matrix-vector products, which memory holds far below dgemm's rate: no
one-stage solver comes near that floor. The second moment is timed in turn with LAPACK's own `dsyrk`
on the same gradients, and the ratio of their rates is taken pair by pair, since machines are shared
and drift.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy
from scipy.linalg import blas

from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.spectrum import Spectrum, spectrum_of
from eigenscape.active_subspace.triangle import Triangle, assemble, band_count
from eigenscape.config.sizes import BLOCK
from eigenscape.config.study import Study
from eigenscape.figures.active_subspace.eigenvalues import eigenvalues_figure
from eigenscape.figures.active_subspace.eigenvectors import eigenvectors_figure
from eigenscape.figures.active_subspace.layer_importance import layer_importance_figure
from eigenscape.figures.style import save
from eigenscape.networks import kernel
from eigenscape.stages.common.samplers import sampler_of_network


def seconds(work: Callable[[], object]) -> float:
    """Core-seconds of one call, on one thread."""
    started = time.process_time()
    work()
    return time.process_time() - started


def dgemm_rate(size: int = 2048) -> float:
    """GFLOP/s of a square matrix product on this core, the best of three."""
    matrix = np.asfortranarray(np.random.default_rng(0).standard_normal((size, size)))
    return max(
        2 * size**3 / seconds(lambda: blas.dgemm(1.0, matrix, matrix)) / 1e9 for _ in range(3)
    )


def by_dsyrk(gradients: np.ndarray, total: np.ndarray) -> None:
    """The same sum by LAPACK's rank-k update, in place, block by block."""
    for first in range(0, len(gradients), BLOCK):
        blas.dsyrk(
            1.0, gradients[first : first + BLOCK].T, beta=1.0, c=total, overwrite_c=1, lower=1
        )


def by_triangle(gradients: np.ndarray, triangle: Triangle) -> None:
    """The sum as eigenscape takes it."""
    for first in range(0, len(gradients), BLOCK):
        triangle.add_gram(gradients[first : first + BLOCK])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=10_000,
        help="N of the stages that are timed (default: the published 10,000)",
    )
    parser.add_argument("--repeats", type=int, default=3, help="pairs of second moment and dsyrk")
    arguments = parser.parse_args()

    study = Study()
    architecture, points, samples = (
        study.headline_cell.architecture,
        study.problem.points,
        arguments.samples,
    )
    size = architecture.parameters
    sampler = sampler_of_network(study, architecture)
    sampler.block(0, 1)  # compiles, or loads the compiled kernel
    rates = [dgemm_rate()]
    versions = (
        f"python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    )
    print(f"{platform.machine()}, one core; {versions}; dgemm {rates[0]:.1f} GFLOP/s")
    print(
        f"depth {architecture.depth}, width {architecture.width}, P = {size:,}, N = {samples:,}, n"
        f" = {points}\n"
    )
    print(
        f"{'stage':<28}{'seconds':>9}{'GFLOP/s':>9}{'of dgemm':>10}{'floor':>9}{'times floor':>13}"
    )
    floors: dict[str, tuple[float, float]] = {}

    def show(stage: str, taken: float, flops: float = 0.0) -> None:
        rates.append(dgemm_rate())
        rate = (rates[-1] + rates[-2]) / 2  # before and after the stage
        floors[stage] = taken, flops / rate / 1e9
        told = (
            f"{flops / taken / 1e9:>9.1f}{flops / taken / 1e9 / rate:>10.2f}"
            f"{floors[stage][1]:>9.2f}{taken / floors[stage][1]:>13.2f}"
            if flops
            else ""
        )
        print(f"{stage:<28}{taken:>9.2f}{told}", flush=True)

    blocks = [(first, min(BLOCK, samples - first)) for first in range(0, samples, BLOCK)]
    gradients = np.empty((samples, size))
    buffer, losses = np.zeros((BLOCK, size)), np.zeros(BLOCK)  # reused and touched, as in the stage
    sampling = differentiating = 0.0
    for first, count in blocks:
        started = time.process_time()
        parameters = sampler.parameters(first, count)
        sampled = time.process_time()
        kernel.fill_gradients(
            parameters,
            buffer[:count],
            losses[:count],
            architecture,
            sampler.loss.activation,
            sampler.loss.problem,
        )
        sampling += sampled - started
        differentiating += time.process_time() - sampled
        gradients[first : first + count] = buffer[:count]
    show("sampling", sampling)
    show("gradients", differentiating, 6.0 * size * points * samples)

    flops = float(size) ** 2 * samples
    ours, theirs, ratios = [], [], []
    total = np.zeros((size, size), order="F")
    for _ in range(arguments.repeats):
        partial = PartialSum.zero(size)
        ours.append(seconds(lambda partial=partial: by_triangle(gradients, partial.triangle)))  # type: ignore[misc]
        total[...] = 0
        theirs.append(seconds(lambda: by_dsyrk(gradients, total)))
        ratios.append(theirs[-1] / ours[-1])
    show("second moment", statistics.median(ours), flops)
    show("  the same by dsyrk", statistics.median(theirs), flops)
    print(
        f"  rate as a share of dsyrk's: median {statistics.median(ratios):.2f}, {min(ratios):.2f}"
        f" to {max(ratios):.2f}"
    )

    second_moment = assemble(
        size, {band: partial.triangle.band(band) for band in range(band_count(size))}, 1.0 / samples
    )
    lower = np.tril(total) / samples
    difference = np.abs(np.tril(second_moment) - lower).max() / lower.max()
    print(f"  largest difference from dsyrk's, relative to the largest entry: {difference:.1e}")

    spectra: list[Spectrum] = []
    show("eigenvalues", seconds(lambda: spectrum_of(second_moment)), 4.0 / 3.0 * float(size) ** 3)
    show(
        "eigenvalues and vectors",
        seconds(lambda: spectra.append(spectrum_of(second_moment, vectors=True))),
        4.0 * float(size) ** 3,
    )

    def draw(folder: Path) -> None:
        save(eigenvalues_figure(spectra[0], architecture, samples), folder, "eigenvalues")
        save(eigenvectors_figure(spectra[0], architecture), folder, "eigenvectors")
        save(layer_importance_figure(spectra[0].diagonal, architecture), folder, "layer_importance")

    with tempfile.TemporaryDirectory() as folder:
        show("three figures", seconds(lambda: draw(Path(folder))))

    for name, last in (("values only", "eigenvalues"), ("with vectors", "eigenvalues and vectors")):
        stages = ["sampling", "gradients", "second moment", last]
        taken, floor = (sum(floors[stage][part] for stage in stages) for part in (0, 1))
        print(f"{'headline, ' + name:<28}{taken:>9.2f}{'':>19}{floor:>9.2f}{taken / floor:>13.2f}")


if __name__ == "__main__":
    main()
