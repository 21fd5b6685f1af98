"""The gradient kernel beside dgemm at several widths, and its three products alone.

    python benchmarks/gradient_kernel.py [--widths 20 35 50 100 200] [--points 50] [--repeats 9]

Rates are GFLOP/s of one core by core-seconds, 6 P n operations a gradient (tanh is not counted, its
time is); shares are of the rate of dgemm that is taken right before, and the median over repeats is
printed. Memory: a block of gradients, as in a run.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numba import njit
from scipy.linalg import blas

from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.networks import kernel
from eigenscape.networks.problems import sine_regression
from eigenscape.stages.common.samplers import sampler_of_network


@njit
def _forward(h, w, d, z, g, times):
    for _ in range(times):
        np.dot(h, w, z)


@njit
def _weights(h, w, d, z, g, times):
    for _ in range(times):
        np.dot(h.T, d, g)


@njit
def _backward(h, w, d, z, g, times):
    for _ in range(times):
        np.dot(d, w.T, z)


PRODUCTS = {"H W": _forward, "H^T D": _weights, "D W^T": _backward}


def core_seconds(work: Callable[[], object]) -> float:
    """Of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Print a row per width."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--widths",
        type=int,
        nargs="+",
        default=[20, 35, 50, 100, 200],
        help="of networks of depth 5",
    )
    parser.add_argument("--points", type=int, default=50, help="data points, n")
    parser.add_argument("--repeats", type=int, default=9, help="turns")
    arguments = parser.parse_args()
    square = np.asfortranarray(np.random.default_rng(0).standard_normal((1024, 1024)))
    print(
        f"{'width':>6}{'GFLOP/s':>9}{'of dgemm (range)':>24}   products in cache, of dgemm: "
        + ", ".join(PRODUCTS)
    )
    for width in arguments.widths:
        architecture = Architecture(5, width)
        sampler = sampler_of_network(Study(), architecture)
        problem, points = sine_regression(points=arguments.points), arguments.points
        count = 256 if width < 100 else 64
        parameters = sampler.parameters(0, count)
        gradients, losses = np.zeros_like(parameters), np.zeros(count)
        flops = 6.0 * architecture.parameters * points * count
        rng = np.random.default_rng(0)
        h, d, z = rng.standard_normal((3, points, width))
        w, g = rng.standard_normal((2, width, width))
        times = 1 + int(2e8 / (2 * points * width**2))
        work: dict[str, tuple[float, Callable[[], object]]] = {
            "kernel": (
                flops,
                lambda: kernel.fill_gradients(
                    parameters,  # noqa: B023
                    gradients,  # noqa: B023
                    losses,  # noqa: B023
                    architecture,  # noqa: B023
                    sampler.loss.activation,  # noqa: B023
                    problem,  # noqa: B023
                ),
            )
        }
        for name, product in PRODUCTS.items():
            work[name] = (
                2.0 * points * width**2 * times,
                lambda product=product: product(h, w, d, z, g, times),  # noqa: B023
            )  # type: ignore[misc]
        for _, each in work.values():
            each()
        rates: list[float] = []
        shares: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(arguments.repeats):
            for name, (operations, each) in work.items():
                dgemm = 2 * 1024**3 / core_seconds(lambda: blas.dgemm(1.0, square, square))
                rate = operations / core_seconds(each)
                shares[name].append(rate / dgemm)
                if name == "kernel":
                    rates.append(rate / 1e9)
        own = shares.pop("kernel")
        told = f"{median(own):.2f} ({min(own):.2f} to {max(own):.2f})"
        print(
            f"{width:>6}{median(rates):>9.1f}{told:>24}   "
            + ", ".join(f"{median(each):.2f}" for each in shares.values()),
            flush=True,
        )


if __name__ == "__main__":
    main()
