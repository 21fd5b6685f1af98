"""Importance splitting beside plain sampling of the projected second moment, at equal time.

    python benchmarks/splitting.py > benchmarks/results/splitting.txt

Squared gradients of deep networks are products over layers, so their tail is made layer by layer.
Splitting follows it: M networks grow together, and after every layer those in which tangents have
grown are copied, the others dropped (sequential Monte Carlo with tangents as its guide; Del Moral,
Feynman-Kac Formulae, 2004). A tangent is the change of the hidden units, at some of the data
points, that a random direction of one layer's weights makes. Tangents start at several layers, so
that the squared gradients of all of them gain; their sum over the starts, each divided by its mean
from a pilot, is the guide. Weighted by the guides that were drawn upon, the mean squared gradients
of the survivors are unbiased.

A row gives the relative variance of the mean squared gradient that is known worst, times the
seconds that it took: less is better. Two more rows say what simpler ideas could gain at most:
control variates and a tilted prior, both by the layers' squared norms of weights, whose means are
known.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.projection import projected_samples
from eigenscape.active_subspace.symmetry import project, require_symmetry
from eigenscape.networks.samplers import network_sampler

NETWORKS = ((20, 10), (30, 10), (20, 20), (30, 20))
RESAMPLED_BELOW = 0.5
"""Part of the effective particles below which they are copied and dropped: the usual half."""


@dataclass(frozen=True)
class Plan:
    """How a cloud is split: particles, layers at which tangents start, directions, data points."""

    particles: int
    starts: tuple[int, ...]
    directions: int
    points: np.ndarray


Norms = list[dict[int, float]]
"""For every layer, by start: the log mean squared tangent there."""


class Splitting:
    """One network's prior, from which clouds of parameter vectors are drawn layer by layer."""

    def __init__(self, depth: int, width: int, plan: Plan) -> None:
        self.sampler = network_sampler(depth, width)
        self.symmetry, self.plan = require_symmetry(self.sampler), plan
        self.x = self.sampler.loss.problem.inputs
        self.norms: Norms | None = None

    def cloud(
        self, number: int, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, Norms]:
        """Parameter vectors (M, P), log weights (M,), and log mean squared tangents."""
        plan, activation = self.plan, self.sampler.loss.activation
        layers = self.sampler.architecture.layers
        drawn = self.sampler.parameters(number * plan.particles, plan.particles).copy()
        hidden = np.broadcast_to(self.x, (plan.particles, *self.x.shape))
        tangents: dict[int, np.ndarray] = {}
        guide = np.zeros(plan.particles)  # log, of the path so far
        weight = np.zeros(plan.particles)  # log, since particles were last copied
        constant, norms = 0.0, []
        for number_of_layer, layer in enumerate(layers[:-1], start=1):
            shape = (plan.particles, layer.fan_in, layer.fan_out)
            weights, bias = drawn[:, layer.weight].reshape(shape), drawn[:, layer.bias]
            grown = activation.function(hidden @ weights + bias[:, None])
            slope = activation.derivative_from_output(grown[:, plan.points])[:, None]
            tangents = {start: (t @ weights[:, None]) * slope for start, t in tangents.items()}
            if number_of_layer in plan.starts:
                change = generator.standard_normal((plan.particles, plan.directions, *shape[1:]))
                of_bias = generator.standard_normal((*change.shape[:2], 1, layer.fan_out))
                tangents[number_of_layer] = (
                    hidden[:, None, plan.points] @ change + of_bias
                ) * slope
            hidden = grown
            logs = {
                start: np.log((t**2).sum(axis=(1, 2, 3)) + 1e-300) for start, t in tangents.items()
            }
            norms.append(
                {start: constant + _log_mean(weight - guide + log) for start, log in logs.items()}
            )
            known = norms[-1] if self.norms is None else self.norms[number_of_layer - 1]
            terms = [log - known[start] for start, log in logs.items()]
            terms += [np.zeros(plan.particles)] * (1 + len(plan.starts) - len(logs))
            last, guide = guide, np.logaddexp.reduce(terms, axis=0)
            weight = weight + guide - last
            parts = np.exp(weight - weight.max())
            effective = parts.sum() ** 2 / (parts**2).sum()
            if effective < RESAMPLED_BELOW * plan.particles and layer is not layers[-2]:
                cumulated = np.cumsum(parts) / parts.sum()
                stairs = (np.arange(plan.particles) + generator.uniform()) / plan.particles
                copied = np.minimum(np.searchsorted(cumulated, stairs), plan.particles - 1)
                constant, weight = constant + _log_mean(weight), np.zeros(plan.particles)
                hidden, guide = hidden[copied], guide[copied]
                tangents = {start: tangent[copied] for start, tangent in tangents.items()}
                stop = layer.whole.stop
                drawn[:, :stop] = drawn[copied, :stop]
        return drawn, weight - guide + constant, norms

    def masses(self, number: int, generator: np.random.Generator) -> np.ndarray:
        """The mean squared gradients of one cloud, one number per component of a block."""
        parameters, logs, _ = self.cloud(number, generator)
        gradients, losses = np.empty_like(parameters), np.empty(len(parameters))
        self.sampler.loss.fill(parameters, gradients, losses)
        components = project(gradients, self.sampler.architecture, self.symmetry).component_masses()
        return np.asarray(np.exp(logs) @ np.concatenate(components, axis=1) / len(logs))


def _log_mean(logs: np.ndarray) -> float:
    return float(np.logaddexp.reduce(logs) - np.log(len(logs)))


def relative_variance(masses: np.ndarray) -> float:
    """Of the mean of independent rows (R, components): that of the worst component."""
    return float((masses.var(axis=0, ddof=1) / masses.mean(axis=0) ** 2).max() / len(masses))


def split(depth: int, width: int, plan: Plan, clouds: int) -> tuple[float, float]:
    """Relative variance of the worst mean, and seconds, pilot included."""
    splitting, generator = Splitting(depth, width, plan), np.random.default_rng(0)
    started = time.process_time()
    # The pilot draws far from the clouds that count, so that these stay unbiased.
    splitting.norms = splitting.cloud(10**6, generator)[2]
    masses = np.array([splitting.masses(number, generator) for number in range(clouds)])
    return relative_variance(masses), time.process_time() - started


def main() -> None:
    """Print rows for every network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--particles", type=int, default=500)
    parser.add_argument("--clouds", type=int, default=16)
    options = parser.parse_args()
    for depth, width in NETWORKS:
        sampler = network_sampler(depth, width)
        symmetry, count = require_symmetry(sampler), options.particles * options.clouds
        started = time.process_time()
        components = projected_samples(sampler, count, symmetry).component_masses()
        seconds = time.process_time() - started
        masses = np.concatenate(components, axis=1)
        variance = relative_variance(masses)
        print(f"{depth} x {width}, {count:,} networks")
        print(f"    plain: variance {variance:.3g} in {seconds:.1f} s: {variance * seconds:.3g}")
        every, some = tuple(range(1, depth + 1)), tuple(range(1, depth + 1, 3))
        for starts, directions, points in ((every, 1, 4), (some, 4, 8), (some, 4, 25)):
            chosen = np.linspace(0, sampler.loss.problem.points - 1, points).round().astype(int)
            plan = Plan(options.particles, starts, directions, chosen)
            variance, seconds = split(depth, width, plan, options.clouds)
            print(
                f"    splitting, {len(starts)} starts, {directions} directions, {points} points:"
                f" variance {variance:.3g} in {seconds:.1f} s: {variance * seconds:.3g}",
                flush=True,
            )
        theta = sampler.parameters(0, min(count, 4000))
        layers = sampler.architecture.layers
        norms = np.stack([(theta[:, layer.whole] ** 2).sum(axis=1) for layer in layers], axis=1)
        design = np.c_[np.ones(len(norms)), norms - norms.mean(axis=0)]
        for name, target in (
            ("control variates: ", masses),
            ("tilted prior: log ", np.log(masses)),
        ):
            values = target[: len(norms)]
            rest = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
            explained = 1 - rest.var(axis=0) / values.var(axis=0)
            worst = int((masses.var(axis=0) / masses.mean(axis=0) ** 2).argmax())
            print(f"    {name}mass explained to {explained[worst]:.1%}", flush=True)


if __name__ == "__main__":
    main()
