"""How far rounding grows in the networks of the default map, what that leaves of float32 gradients,
and how far a condition number moves for it.

    python benchmarks/rounding.py

First, by depth, the range over widths of the median growth of eight samples and the largest growth;
the networks in which float32 does not suffice; the core-seconds that measuring all networks takes.
Then, for some networks and two seeds, log10 of the projected condition number from the same
parameter vectors in float64, with its interval, and how far it moves in float32 and, from fewer
parameter vectors, when torch takes the sums in another order.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import time
import warnings

import eigenscape
from eigenscape.config.study import Study
from eigenscape.networks.rounding import RoundingGrowth, rounding_growth
from eigenscape.stages.common.samplers import sampler_of_network

DEPTHS = (1, 2, 3, 5, 8, 10, 12, 15, 20, 30)
MOVED = ((5, 35, 200), (20, 20, 200), (30, 20, 100), (30, 50, 24))
"""Depth, width, and parameter vectors for torch, which is slow."""

SAMPLES = 1_000
"""Parameter vectors of a projected network, the default study's."""


def grown(precision: str) -> tuple[dict[tuple[int, int], RoundingGrowth], float]:
    """The growth in every network of the default map, and core-seconds."""
    study = Study.model_validate({"sampling": {"precision": precision}})
    networks = list(study.grid_architectures())
    rounding_growth(sampler_of_network(study, networks[0]))  # compiles
    began = time.process_time()
    found = {
        (network.depth, network.width): rounding_growth(sampler_of_network(study, network))
        for network in networks
    }
    return found, time.process_time() - began


def condition(
    depth: int, width: int, seed: int, samples: int, **options: str
) -> eigenscape.Projection:
    """The projected spectrum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of float32, which is what is looked at
        sampler = eigenscape.network_sampler(depth, width, seed=seed, **options)  # type: ignore[arg-type]
    return eigenscape.project(sampler, samples)


def main() -> None:
    """Print the tables."""
    double, seconds = grown("float64")
    single, _ = grown("float32")
    print(f"{len(double)} networks, {seconds:.1f} core-seconds in float64")
    print(f"{'depth':>5}{'median growth over widths':>30}{'largest':>10}")
    for depth in DEPTHS:
        of_depth = [growth for (d, _), growth in double.items() if d == depth]
        medians = [growth.median for growth in of_depth]
        largest = max(growth.largest for growth in of_depth)
        print(f"{depth:>5}{min(medians):>18.1e} to {max(medians):<8.1e}{largest:>10.1e}")
    print(
        f"largest gradient error in float64: {max(g.gradient_error for g in double.values()):.1e}"
    )
    too_large = [network for network, growth in single.items() if growth.is_too_large]
    print(f"float32 does not suffice in {len(too_large)} networks; at each width from depth")
    for width in sorted({width for _, width in single}):
        depths = [depth for depth, w in too_large if w == width]
        print(f"{width:>5}  {min(depths) if depths else 'none'}")
    heads = ("float64", "interval", "float32 moves it by", "another order by")
    print(f"\n{'network':<9}{'seed':>4}{heads[0]:>9}{heads[1]:>16}{heads[2]:>21}{heads[3]:>18}")
    for depth, width, few in MOVED:
        for seed in (0, 1):
            whole = condition(depth, width, seed, SAMPLES)
            rounded = condition(depth, width, seed, SAMPLES, precision="float32")
            part = condition(depth, width, seed, few)
            reordered = condition(depth, width, seed, few, device="torch")
            low, high = whole.interval
            print(
                f"{f'{depth}x{width}':<9}{seed:>4}{whole.log10_condition:>9.2f}"
                f"{f'{low:.2f} to {high:.2f}':>16}"
                f"{rounded.log10_condition - whole.log10_condition:>+21.1e}"
                f"{reordered.log10_condition - part.log10_condition:>+18.0e}",
                flush=True,
            )


if __name__ == "__main__":
    main()
