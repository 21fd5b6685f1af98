"""What `sampling: {precision: float32}` gains and costs: rate of the gradients, error of C and of
the condition number.

    python benchmarks/precision.py [--repeats 7]

The draws are made in float64 and rounded, gradients are float32, sums and the eigensolve float64.
Rates are taken in turn, so that a busy machine hits both; core-seconds on one thread. The condition
number is log10(lambda_1 / lambda_P) of the raw C.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import time
from statistics import median

import numpy as np

from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.spectrum import rounding_variance, spectrum_of
from eigenscape.architecture import Architecture
from eigenscape.config.sizes import BLOCK
from eigenscape.config.study import Study
from eigenscape.networks import kernel
from eigenscape.networks.sampler import Sampler
from eigenscape.stages.common.samplers import sampler_of_network

CELLS = [
    (Architecture(2, 5), 10_000),
    (Architecture(5, 10), 10_000),
    (Architecture(5, 20), 10_000),
    (Architecture(5, 35), 10_000),
]


def sampler_of(architecture: Architecture, precision: str) -> Sampler:
    """Of the default study in that precision."""
    return sampler_of_network(
        Study.model_validate({"sampling": {"precision": precision}}), architecture
    )


def seconds_of_gradients(sampler: Sampler) -> float:
    """Core-seconds of one block of 256 gradients."""
    parameters, loss = sampler.parameters(0, BLOCK), sampler.loss
    gradients, losses = np.zeros_like(parameters), np.zeros(BLOCK, parameters.dtype)
    began = time.process_time()
    kernel.fill_gradients(
        parameters, gradients, losses, sampler.architecture, loss.activation, loss.problem
    )
    return time.process_time() - began


def main() -> None:
    """Print a row per network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=7, help="pairs of timings")
    repeats = parser.parse_args().repeats
    names = (
        f"{'network':<8}{'P':>6}{'gradients, float64 / float32':>38}"
        f"{'error of C':>12}{'log10 kappa':>13}"
    )
    print(f"{names}{'difference':>12}{'between halves':>16}")
    for architecture, samples in CELLS:
        double, single = sampler_of(architecture, "float64"), sampler_of(architecture, "float32")
        seconds_of_gradients(double), seconds_of_gradients(single)
        ratios = [
            seconds_of_gradients(double) / seconds_of_gradients(single) for _ in range(repeats)
        ]
        moments = [
            sum_of_samples(sampler, range(samples)).triangle.matrix(1 / samples)
            for sampler in (double, single)
        ]
        error = np.linalg.norm(moments[1] - moments[0]) / np.linalg.norm(moments[0])
        conditions = [
            spectrum_of(
                moment,
                samples=samples,
                dust=rounding_variance(np.diagonal(moment), architecture, sampler.relative_noise),
            ).log10_condition
            for moment, sampler in zip(moments, (double, single), strict=True)
        ]
        half = sum_of_samples(double, range(samples // 2)).triangle.matrix(2 / samples)
        sampling = np.linalg.norm(half - moments[0]) / np.linalg.norm(moments[0])
        speed = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(
            f"{architecture.depth}x{architecture.width:<6}{architecture.parameters:>6,}{speed:>38}{error:>12.1e}{conditions[0]:>13.4f}"
            f"{conditions[1] - conditions[0]:>+12.1e}{sampling:>16.2f}",
            flush=True,
        )
    print(
        "\nbetween halves: relative Frobenius distance of C from C of its first half, for scale:"
        " what sampling does."
    )


if __name__ == "__main__":
    main()
