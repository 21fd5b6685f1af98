"""How often 95 % intervals of the projected condition number cover, under several constructions.

    python benchmarks/coverage_of_condition.py > benchmarks/results/coverage_of_condition.txt

For depth 3, 5, 10, 20, 30 and width 5, 10, 20, 50 (tanh, standard normal prior, the default data),
40 seeds each draw samples as the default study does: 500, doubled while the status is heavy_tailed
and the budget lasts. From the same samples come six intervals:

- product: the semiparametric bootstrap of `active_subspace.staircase`, as the tables have it;
- percentile: bootstrap of the largest over the smallest plateau (Efron 1981);
- studentised: bootstrap-t of log10 (Hall 1988);
- BCa (Efron 1987);
- subsampling: N/8 out of N (Politis, Romano 1994), with the rate sqrt(N);
- log-normal: Cox's interval of both means (Land 1972).

The reference is the mean over other seeds' samples; its own effective N and standard error are
shown, for where those are poor no coverage can be told. Counts are given of all seeds, and of those
whose status is finite. About fifteen minutes of one core.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from eigenscape.active_subspace.projection import (
    projected_samples,
    projection_of,
    samples_until_enough,
)
from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.active_subspace.staircase import along
from eigenscape.active_subspace.symmetry import ProjectedSamples, require_symmetry
from eigenscape.active_subspace.tails import tail_of
from eigenscape.config.sampling import ProjectionSection
from eigenscape.networks.samplers import network_sampler

DEPTHS, WIDTHS = (3, 5, 10, 20, 30), (5, 10, 20, 50)
REPLICATES = 200
REFERENCE_SEEDS = range(1000, 1040)
REFERENCE_ENTRIES = 40_000_000
"""Of gradients per reference seed, which is 800 to 16,000 samples."""


def extremes(samples: ProjectedSamples) -> tuple[np.ndarray, np.ndarray]:
    """Contributions (N,) of every sample to the largest and to the smallest eigenvalue."""
    solved = [np.linalg.eigh(mean[0]) for mean in samples.means()]
    values = [(value, block, i) for block, (v, _) in enumerate(solved) for i, value in enumerate(v)]
    (_, most, first), (_, least, last) = max(values), min(values)
    return (
        along(samples.contributions[most], solved[most][1][:, first]),
        along(samples.contributions[least], solved[least][1][:, last]),
    )


def intervals(a: np.ndarray, b: np.ndarray, seed: int) -> dict[str, tuple[float, float]]:
    """Intervals of log10(mean a / mean b) by the other constructions."""
    n, generator = len(a), np.random.default_rng(seed)
    a, b = a / a.mean(), b / b.mean()  # the estimate is 0
    counts = generator.multinomial(n, np.full(n, 1 / n), size=REPLICATES) / n
    mean_a, mean_b = counts @ a, counts @ b
    replicates = np.log(mean_a / mean_b)
    error = math.sqrt(((a - b) ** 2).mean() / n)
    variances = counts @ a**2 / mean_a**2 + counts @ b**2 / mean_b**2
    variances -= 2 * (counts @ (a * b)) / (mean_a * mean_b)
    studentised = replicates / np.sqrt(np.maximum(variances, 1e-12) / n)
    low, high = np.quantile(studentised, [0.025, 0.975])
    bias = norm.ppf(np.clip((replicates < 0).mean(), 0.001, 0.999))
    acceleration = ((a - b) ** 3).sum() / (6 * ((a - b) ** 2).sum() ** 1.5)
    z = bias + norm.ppf([0.025, 0.975])
    size = n // 8
    parts = [generator.choice(n, size, replace=False) for _ in range(REPLICATES)]
    fewer = np.log([a[part].mean() / b[part].mean() for part in parts]) * math.sqrt(size / n)
    log_a, log_b = np.log(a), np.log(b)
    centre = log_a.mean() + log_a.var() / 2 - log_b.mean() - log_b.var() / 2
    squares = (log_a - log_a.mean()) ** 2 / 2 - (log_b - log_b.mean()) ** 2 / 2
    spread = 1.96 * math.sqrt(np.var(log_a - log_b + squares) / n)
    ends = {
        "percentile": np.quantile(replicates, [0.025, 0.975]),
        "studentised": np.array([-high, -low]) * error,
        "BCa": np.quantile(replicates, norm.cdf(bias + z / (1 - acceleration * z))),
        "subsampling": -np.quantile(fewer, [0.975, 0.025]),
        "log-normal": np.array([centre - spread, centre + spread]),
    }
    return {name: tuple(pair / math.log(10)) for name, pair in ends.items()}


@dataclass(frozen=True)
class Trial:
    """What one seed found: status, N, value, and the ends of every interval."""

    status: SpectrumStatus
    samples: int
    effective: float
    value: float
    ends: dict[str, tuple[float, float]]


def trial(depth: int, width: int, seed: int) -> Trial:
    """One seed, as the default study would draw it."""
    section, sampler = ProjectionSection(), network_sampler(depth, width, seed=seed)
    symmetry = require_symmetry(sampler)
    most = section.most_samples_of(sampler.architecture.parameters)
    drawn = samples_until_enough(sampler, section.samples, most, symmetry)
    found = projection_of(drawn, sampler, symmetry, replicates=REPLICATES, seed=seed)
    value = found.log10_condition
    others = intervals(*extremes(drawn), seed=seed)
    ends = {name: (value + low, value + high) for name, (low, high) in others.items()}
    return Trial(
        found.status,
        found.samples,
        found.effective_samples,
        value,
        {"product": found.interval, **ends},
    )


def reference(depth: int, width: int) -> tuple[float, float, float]:
    """The value from all reference seeds, its standard error in decades, and its effective N."""
    sums, masses = None, []
    for seed in REFERENCE_SEEDS:
        sampler = network_sampler(depth, width, seed=seed)
        count = min(16_000, REFERENCE_ENTRIES // sampler.architecture.parameters)
        drawn = projected_samples(sampler, count, require_symmetry(sampler))
        means = [mean[0] for mean in drawn.means()]
        sums = means if sums is None else [s + m for s, m in zip(sums, means, strict=True)]
        masses.append(np.concatenate(drawn.component_masses(), axis=1))
    values = np.concatenate([np.linalg.eigvalsh(block) for block in sums])
    effective = min(tail_of(component).effective_samples for component in np.vstack(masses).T)
    error = math.sqrt(2 / effective) / math.log(10)
    return float(np.log10(values.max() / values.min())), error, effective


def main() -> None:
    """Print a row per network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS)
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    options = parser.parse_args()
    print(f"{options.seeds} seeds; covered of all (of those with status finite), median width")
    for width in options.widths:
        for depth in options.depths:
            truth, error, effective = reference(depth, width)
            started = time.process_time()
            trials = [trial(depth, width, seed) for seed in range(options.seeds)]
            seconds = (time.process_time() - started) / options.seeds
            finite = [one for one in trials if one.status is SpectrumStatus.FINITE]
            samples = sum(one.samples for one in trials) / len(trials)
            worst = np.median([one.effective for one in trials])
            print(
                f"{depth} x {width}: reference {truth:.2f} +- {error:.2f} (effective N"
                f" {effective:,.0f}); finite {len(finite)} of {len(trials)}; mean N {samples:,.0f},"
                f" effective {worst:.0f}; median error"
                f" {np.median([one.value for one in trials]) - truth:+.3f}; {seconds:.2f} s a seed"
            )
            for name in trials[0].ends:
                covered = [
                    sum(one.ends[name][0] <= truth <= one.ends[name][1] for one in chosen)
                    for chosen in (trials, finite)
                ]
                width_of = np.median([one.ends[name][1] - one.ends[name][0] for one in trials])
                print(f"    {name:<12} {covered[0]:>3} ({covered[1]})  {width_of:.2f}", flush=True)


if __name__ == "__main__":
    main()
