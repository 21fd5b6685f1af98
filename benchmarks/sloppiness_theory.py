"""Closed forms beside running the steps: seconds of a core for the spectrum of one cloud, paired in
one run.

python benchmarks/sloppiness_theory.py
"""

from __future__ import annotations

from itertools import islice
from time import process_time

import numpy as np
from threadpoolctl import threadpool_limits

from eigenscape.sloppiness.covariance import cloud_covariance, time_averages, time_averages_at
from eigenscape.sloppiness.linear import GradientDescent
from eigenscape.sloppiness.phase_map import Setting
from eigenscape.sloppiness.sgd import StochasticDescent, sgd_eigenvalues, stable_step
from eigenscape.sloppiness.simulate import data_with_spectrum, descend, simulated_eigenvalues

STARTS = 200


def seconds(work: object) -> float:
    """The least of three."""
    found = []
    for _ in range(3):
        began = process_time()
        work()  # type: ignore[operator]
        found.append(process_time() - began)
    return min(found)


def main() -> None:
    """Print a row per setting."""
    print(f"{'T':>7}{'m':>5}{'doubling':>12}{'sum of powers':>15}{'200 starts, run':>17}")
    for steps in (100, 1000, 10_000):
        setting = Setting(0.2, steps, 0.5, 256)
        rates = setting.step * setting.eigenvalues
        size = len(rates)
        closed = seconds(
            lambda rates=rates, steps=steps, size=size: np.linalg.eigvalsh(
                cloud_covariance(time_averages(rates, steps), np.sqrt(rates), rates)
            )
        )
        powers = seconds(
            lambda rates=rates, steps=steps: time_averages_at(
                GradientDescent(rates), np.arange(steps)
            )
        )
        run = "not run"
        if steps <= 1000:
            draw = np.random.default_rng(0)
            inputs, _ = data_with_spectrum(setting.eigenvalues, size, draw)
            starts = draw.standard_normal((STARTS, size))
            took = seconds(
                lambda inputs=inputs, starts=starts, steps=steps, size=size: simulated_eigenvalues(
                    descend(inputs, np.zeros(size), starts, StochasticDescent(0.5, None)),
                    inputs,
                    steps,
                )
            )
            run = f"{1e3 * took:.0f} ms"
        print(f"{steps:>7}{size:>5}{1e3 * closed:>9.2f} ms{1e3 * powers:>12.2f} ms{run:>17}")
    draw = np.random.default_rng(0)
    inputs, targets = draw.standard_normal((200, 21)), draw.standard_normal(200)
    descent = StochasticDescent(stable_step(inputs, 4), 4)
    exact = seconds(lambda: sgd_eigenvalues(inputs, targets, 0.1, descent, 300))
    paths = seconds(
        lambda: simulated_eigenvalues(
            islice(descend(inputs, targets, np.zeros((42, 21)), descent, draw), 300), inputs, 300
        )
    )
    print(
        f"SGD, n = 200, d = 21, b = 4, 300 steps: recursion {1e3 * exact:.0f} ms, 42 paths"
        f" {1e3 * paths:.0f} ms"
    )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
