"""What Cholesky's factors of the default map are worth: the bound P eps / lambda_min(A) of the
relative error of every eigenvalue, for every raw network and for half of its samples.

    python benchmarks/trust_of_factors.py [--decades 7]

C = D A D with D the root of diag C. The bound is computed as the graded route computes it, by
Lanczos' method on the factor's inverse, and beside it from LAPACK's estimate of the condition
number in the 1-norm, squared, which was the rule before. Networks whose spectrum has fewer decades
than asked for, by the diagonal of C alone, are left out.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse

import numpy as np
from scipy.linalg import lapack

from eigenscape.active_subspace.graded import TRUSTED_ERROR, smallest_singular_value
from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.config.study import Study
from eigenscape.stages.common.samplers import sampler_of_network

EPSILON = float(np.finfo(np.float64).eps)


def bounds(second_moment: np.ndarray) -> tuple[float, float]:
    """P eps / lambda_min(A), and the same with the square of LAPACK's reciprocal condition."""
    size = len(second_moment)
    lower, pivots, rank, _ = lapack.dpstrf(second_moment, tol=0.0, lower=1)
    if rank < size:
        return np.inf, np.inf
    deviations = np.sqrt(np.diagonal(second_moment)[pivots - 1])
    scaled = np.tril(lower) / deviations[:, None]
    in_one_norm, _ = lapack.dtrcon(scaled, norm="1", uplo="L")
    smallest = smallest_singular_value(scaled, lower=True)
    return size * EPSILON / smallest**2, size * EPSILON / in_one_norm**2


def main() -> None:
    """Print a row per network and number of samples."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--decades", type=float, default=0.0, help="least decades of diag C")
    least = parser.parse_args().decades
    study = Study()
    print(f"trusted up to {TRUSTED_ERROR}")
    print(
        f"{'network':<9}{'P':>6}{'N':>8}{'decades of diag C':>19}{'by lambda_min':>15}"
        f"{'1-norm':>10}"
    )
    worst = refused = 0.0
    for cell in study.computed_cells():
        architecture, samples = cell.architecture, cell.samples
        sampler = sampler_of_network(study, architecture)
        half = sum_of_samples(sampler, range(samples // 2)).triangle.matrix(2 / samples)
        rest = sum_of_samples(sampler, range(samples // 2, samples)).triangle.matrix(2 / samples)
        for count, matrix in ((samples, (half + rest) / 2), (samples // 2, half)):
            diagonal = np.diagonal(matrix)
            decades = float(np.log10(diagonal.max() / diagonal.min()))
            if decades < least:
                continue
            bound, before = bounds(matrix)
            worst, refused = max(worst, bound), refused + (before > TRUSTED_ERROR)
            name = f"{architecture.depth}x{architecture.width}"
            print(
                f"{name:<9}{architecture.parameters:>6,}{count:>8,}{decades:>19.2f}{bound:>15.1e}"
                f"{before:>10.1e}",
                flush=True,
            )
    print(f"\nworst bound: {worst:.1e}; refused by the 1-norm: {refused:.0f}")


if __name__ == "__main__":
    main()
