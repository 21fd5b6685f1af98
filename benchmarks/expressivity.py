"""How long the exact analysis of one circle takes: what an interactive explorer pays per frame.

python benchmarks/expressivity.py
"""

from __future__ import annotations

from time import perf_counter

from threadpoolctl import threadpool_limits

from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import circle
from eigenscape.expressivity.networks import random_layers
from eigenscape.expressivity.regions import regions
from eigenscape.expressivity.sensitivity import length_sensitivity

REPEATS = 30
"""The least time of so many is what the machine needs; the rest is what else it was doing."""

NETWORKS = [
    (2, 4, 2**0.5, 0.0, "relu"),
    (3, 4, 2**0.5, 0.5, "relu"),
    (10, 64, 2**0.5, 0.0, "relu"),
    (10, 64, 2.0, 0.3, "relu"),
    (5, 64, 2.0, 0.0, "hard_tanh"),
    (10, 64, 2.0, 0.0, "hard_tanh"),
    (3, 16, 2.0, 0.0, "tanh"),
]


def least_milliseconds(work) -> float:
    """The shortest of several calls."""
    times = []
    for _ in range(REPEATS):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return 1e3 * min(times)


def main() -> None:
    """Print a row per network."""
    print(
        "Exact lengths, transitions and patterns of a circle of radius 1; one thread; least of",
        REPEATS,
        "calls\n",
    )
    print(
        f"{'network':32} {'pieces':>7} {'lengths ms':>11} {'sensitivity ms':>15} {'regions ms':>11}"
        f" {'regions':>8}"
    )
    curve = circle(1.0)
    for depth, width, sigma_w, sigma_b, activation in NETWORKS:
        layers = random_layers(depth, width, sigma_w, sigma_b, activation, seed=0)
        found = analyse(layers, curve)
        lengths = least_milliseconds(lambda: analyse(layers, curve))  # noqa: B023 - called at once
        row = (
            f"{f'{depth} x {width} {activation} {sigma_w:.3g} {sigma_b:.3g}':32}"
            f" {max(len(found.edges) - 1, 0):7d} {lengths:11.2f}"
        )
        if layers.piecewise_linear:
            row += f" {least_milliseconds(lambda: length_sensitivity(layers, curve)):15.2f}"  # noqa: B023
            if width <= 16:
                cells = regions(layers, (-5, 5, -5, 5))
                row += (
                    f" {least_milliseconds(lambda: regions(layers, (-5, 5, -5, 5))):11.2f}"  # noqa: B023
                    f" {len(cells):8d}"
                )
        print(row)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
