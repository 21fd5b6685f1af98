"""Streamed Bhattacharyya distances beside the dense evaluation with scipy's cdist: time and peak
memory, in one run.

    python benchmarks/sloppiness.py [models] [samples] [classes]

Dense, as it is commonly written: the overlap of two models at a sample is 1 - |sqrt P - sqrt Q|^2 /
2, so `cdist` gives the overlaps of all pairs at one sample; their logarithms are added over samples
("by sample", three M x M arrays beside D), or all samples are kept and reduced at the end ("all at
once", 2 n M x M arrays: at a tenth of the models, for it would not fit).

Counts first. Per pair and sample all routes take 2 C operations for the overlap. A dense route
walks several times a sample through M x M arrays, which lie in memory (32 MB each for M = 2,000),
takes one logarithm per pair and sample, and does every pair twice. The streamed route takes the
lower triangle and one logarithm per 16 samples, and its tiles stay in the cache.

Times are the least of three, interleaved, of one thread; memory is what tracemalloc sees beyond the
input.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import platform
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import log_softmax

from eigenscape.sloppiness.distances import bhattacharyya_distances


def by_sample(logs: np.ndarray) -> np.ndarray:
    """D with cdist, one sample after the other."""
    roots = np.exp(0.5 * logs.astype(np.float64))
    found = np.zeros((len(logs),) * 2)
    for sample in range(logs.shape[1]):
        found -= np.log(1 - cdist(roots[:, sample], roots[:, sample], "sqeuclidean") / 2)
    return found / logs.shape[1]


def all_at_once(logs: np.ndarray) -> np.ndarray:
    """D from the overlaps of all samples together."""
    roots = np.exp(0.5 * logs.astype(np.float64)).transpose(1, 0, 2)
    return -np.log(np.stack([1 - cdist(one, one, "sqeuclidean") / 2 for one in roots])).mean(axis=0)


def products(logs: np.ndarray) -> np.ndarray:
    """D with one BLAS product per sample in place of cdist: the fairer rival in time."""
    roots = np.ascontiguousarray(np.exp(0.5 * logs.astype(np.float64)).transpose(1, 0, 2))
    found, overlap = np.zeros((len(logs),) * 2), np.empty((len(logs),) * 2)
    for one in roots:
        np.matmul(one, one.T, out=overlap)
        np.log(overlap, out=overlap)
        found -= overlap
    return found / logs.shape[1]


def measured(route: Callable[[np.ndarray], np.ndarray], logs: np.ndarray) -> int:
    """Peak bytes beyond the input."""
    tracemalloc.start()
    route(logs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    """Print both."""
    models, samples, classes = (
        int(given) for given in [*sys.argv[1:], *["2000", "200", "10"][len(sys.argv) - 1 :]]
    )
    logs = log_softmax(
        np.random.default_rng(0).normal(scale=3, size=(models, samples, classes)), axis=2
    ).astype(np.float32)
    few = logs[: max(models // 10, 2)]
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.processor() or platform.machine()}, numpy"
        f" {np.__version__}, one thread"
    )
    print(
        f"M = {models}, n = {samples}, C = {classes}; D itself takes {8 * models**2 / 1e6:.0f} MB"
    )
    routes = {
        "streamed": bhattacharyya_distances,
        "cdist by sample": by_sample,
        "products by sample": products,
    }
    times: dict[str, list[float]] = {name: [] for name in routes}
    results = {name: route(logs[:300]) for name, route in routes.items()}
    for name, result in results.items():
        off = np.abs(result - results["streamed"])
        np.fill_diagonal(off, 0.0)  # float32 sums are scaled to 1 by the streamed route alone
        print(f"  {name}: largest difference {off.max():.1e}")
    for _ in range(3):
        for name, route in routes.items():
            start = time.process_time()
            route(logs)
            times[name].append(time.process_time() - start)
    memory = {name: measured(route, logs) for name, route in routes.items()}
    for name, taken in times.items():
        per = min(taken) / (models**2 / 2 * samples) * 1e9
        ratio, more = min(taken) / min(times["streamed"]), memory[name] / memory["streamed"]
        print(
            f"{name:20s} {min(taken):8.2f} s {per:7.2f} ns/pair/sample {memory[name] / 1e6:9.1f} MB"
            f"   x{ratio:.1f} time, x{more:.1f} memory"
        )
    dense, streamed = measured(all_at_once, few), measured(bhattacharyya_distances, few)
    print(
        f"all at once, M = {len(few)}: {dense / 1e6:.1f} MB against {streamed / 1e6:.1f} MB"
        f" streamed: x{dense / streamed:.1f}"
    )


if __name__ == "__main__":
    main()
