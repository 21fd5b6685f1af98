"""The jobs of a study with the work of each.

Names, cores and what waits for what are the catalogue's; here stands what a job of each step takes.
What is arithmetic is counted; what is not (drawing a figure, writing a table) is a few seconds of
plain Python, measured once on the reference machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from eigenscape.architecture import Architecture
from eigenscape.catalogue import Catalogue, rows
from eigenscape.catalogue.active_subspace.steps import CHAPTER as ACTIVE
from eigenscape.catalogue.sloppiness.ensemble import CHAPTER as TRAJECTORIES
from eigenscape.config.cells import GridCell, ModelConstrainedCell, StudyCell
from eigenscape.config.sizes import (
    JACKKNIFE_GROUPS,
    LANCZOS_STEPS,
    MOST_TRAINING_STEPS,
    PERMUTATIONS,
    TRAINING_STARTS,
    TRAINING_STEP_GRID,
)
from eigenscape.config.study import Study
from eigenscape.forecast import clustering, expressivity, sloppiness, sloppiness_theory
from eigenscape.planning import cells as cost
from eigenscape.planning import memory, model_constrained
from eigenscape.planning.work import NOTHING, Kind, Work


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Attributes:
        name: rule and wildcard, such as ``projection/w10``.
        stage: the rule.
        work: of one core; ``cores`` of them do as much at the same time.
        cores: that it holds.
        after: names of the jobs whose results it reads.
        priority: higher ones start first among those that may start.
    """

    name: str
    stage: str
    work: Work
    cores: int = 1
    after: tuple[str, ...] = ()
    priority: float = 0.0

    @property
    def total(self) -> Work:
        """The work of all its cores."""
        return self.cores * self.work


def start(heavy: float = 1.0) -> Work:
    """An interpreter with the libraries of a stage; 1 is one that loads kernels and stores."""
    return Work({Kind.START: heavy})


def jobs_of(study: Study) -> list[Job]:
    """Every job of the workflow.

    Example:
        >>> [job.name for job in jobs_of(Study()) if job.stage == "second moment"]
        ['second_moment/headline/d05-w035-n10000']
    """
    catalogue = Catalogue(study)
    return [
        Job(job.name, *_forecast(job), job.ranks, tuple(catalogue.after[job.name]), job.priority)
        for job in catalogue.jobs
    ]


def _forecast(job: rows.Job[Any]) -> tuple[str, Work]:
    """The line of the plan that a job counts for, and the work of one of its ranks."""
    if job.step.called == "figure":
        return "figures", start(0.7) + figures(job.study, job.about)
    stage, heavy, work = WORK.get(job.step.name, (job.step.name, 1.0, _written))
    return stage, start(heavy) + work(job)


def small_cells(study: Study, cells: Iterable[GridCell]) -> Work:
    """Second moment, spectrum and bracket of some cells, one after the other on one core."""
    return sum(
        (
            cost.second_moment(cell, study.problem.points)
            + cost.spectrum(cell, study, vectors=False)
            for cell in cells
        ),
        NOTHING,
    )


def _staircase(depth: int, samples: int, replicates: int) -> Work:
    """Plateaus and layer shares of L layers with R bootstrap replicates: about 2 L + 1 blocks of 1
    to 9 numbers a sample, each with a fitted tail.
    """
    blocks, numbers = 2 * depth + 1, 2 * depth + 12
    return Work(
        {
            Kind.RESAMPLE: 1.0 * samples * replicates,
            Kind.PRODUCT: 2.0 * samples * replicates * numbers,
            Kind.COLUMN: 2.0 * replicates * (depth + 4),
            Kind.SCALAR: blocks * SECONDS_PER_PLATEAU,
        }
    )


SECONDS_PER_PLATEAU = 0.5e-3
"""numpy calls for a block of a projected C: fitted tails, quantiles, labels, statuses."""


def projected_samples(study: Study, architecture: Architecture) -> int:
    """How many samples a projection will probably draw: it doubles N while tails are heavy.

    Of N samples of a squared gradient some N exp(-0.14 L - 5/w - 0.9) are effective, and 150 of
    those lead to a tail index below its limit: fitted to tanh networks under the standard normal
    prior (benchmarks/coverage_of_condition.py), and taken for all.
    """
    section = study.projection
    wanted = 150.0 * math.exp(min(0.14 * architecture.depth + 5.0 / architecture.width + 0.9, 50.0))
    samples, most = section.samples, study.most_projected_samples(architecture)
    while samples < wanted and 2 * samples <= most:
        samples *= 2
    return samples


def projection(study: Study, architecture: Architecture) -> Work:
    """The projected spectrum of one network: a pass over the gradients, O(P) numbers a sample read
    thrice, no P x P matrix.
    """
    section, samples = study.projection, projected_samples(study, architecture)
    work = cost.gradients(architecture, study.problem.points, samples)
    work += Work({Kind.STREAM: 24.0 * samples * architecture.parameters, Kind.STORE: 0.1})
    work += _staircase(architecture.depth, samples, section.replicates)
    most = study.most_projected_samples(architecture)
    return Work(work.counts, memory.projection(architecture, most, section.replicates))


def importance(study: Study) -> Work:
    """Layers of the headline under two priors, eight eigensolves of its jackknife, one of its
    random-sign null, the purity test.

    Five passes over the gradients and two Gram sums; 2 (L + 1) P^2 flops for each of 999
    relabellings; R weighted Gram matrices of 4 w coordinates.
    """
    cell, replicates = study.headline_cell, study.projection.replicates
    architecture, size, samples, points = (
        cell.architecture,
        cell.architecture.parameters,
        cell.samples,
        study.problem.points,
    )
    square = float(size) ** 2
    directions = min(4 * architecture.width, size)
    passes = 3 * cost.gradients(architecture, points, samples) + 2 * cost.summed(
        architecture, points, samples
    )
    signs = Work({Kind.DRAW: float(samples * size), Kind.STREAM: 3.0 * cost.FLOAT * samples * size})
    solves = (JACKKNIFE_GROUPS + 1) * (cost.eigensolve(size, vectors=False) + cost.assembled(size))
    # Eight sums without a group: C and the group's part are read, their difference written and
    # divided.
    deletions = Work({Kind.STREAM: 8 * 6 * cost.FLOAT * square})
    purity = Work(
        {
            Kind.GRAM: 2.0 * PERMUTATIONS * len(architecture.layers) * square,
            Kind.READ: cost.FLOAT * square,
        }
    )
    coordinates = Work({Kind.PRODUCT: 2.0 * samples * size * directions})
    turned = cost.resampled_grams(samples, replicates, directions) + Work(
        {Kind.RESAMPLE: float(samples * replicates)}
    )
    rotations = Work({Kind.PRODUCT: 30.0 * replicates * directions**3})
    everything = passes + signs + solves + deletions + purity + coordinates + turned + rotations
    return Work(everything.counts, memory.importance(study))


def criticality(study: Study) -> Work:
    """The sweep of the weights' scale: one pass over the gradients a scale, for all data points and
    for one.
    """
    section = study.criticality
    architecture = Architecture(section.depth, section.width)
    passes = sum(
        (
            cost.gradients(architecture, points, section.samples)
            for points in (study.problem.points, 1)
        ),
        NOTHING,
    )
    resampled = Work({Kind.RESAMPLE: float(section.samples * study.projection.replicates)})
    everything = (
        len(section.weight_std) * (passes + Work({Kind.SCALAR: SECONDS_PER_SCALE})) + resampled
    )
    return Work(everything.counts, memory.criticality(study))


SECONDS_PER_SCALE = 0.05
"""Seconds of the mean field's two-dimensional quadratures and quantiles for one scale of the
weights."""

SHARE_OF_STEPS, SHARE_OF_LOOPS = 0.44, 0.67
"""Fractions of the most steps that a replica takes before the threshold or divergence, and that the
last of twelve takes: means over the 2,304 runs of the default sub-grid, read from its results."""

SECONDS_PER_STEP = 20e-6
"""numpy calls of one step of all replicas: 13 to 46 us beside the kernel on five networks."""

SECONDS_PER_HESSIAN_LAYER = 1.5e-3
"""A layer of one Hessian-vector product of all replicas through `torch.func`."""


def training(study: Study) -> Work:
    """Gradient descent of the sub-grid's networks with a grid of seven step sizes and one by
    curvature.
    """
    most = (len(TRAINING_STEP_GRID) + 1.0) * MOST_TRAINING_STEPS
    work = Work({Kind.START: 0.6})  # torch
    for architecture in study.trained_architectures():
        descent = cost.gradients(
            architecture, study.problem.points, SHARE_OF_STEPS * most * TRAINING_STARTS, drawn=False
        )
        curvature = LANCZOS_STEPS * (architecture.depth + 2) * SECONDS_PER_HESSIAN_LAYER
        held = memory.training(architecture, study.problem.points, TRAINING_STARTS, LANCZOS_STEPS)
        work += Work(
            {**descent.counts, Kind.SCALAR: SHARE_OF_LOOPS * most * SECONDS_PER_STEP + curvature},
            held,
        )
    return work


def sensitivity(study: Study) -> Work:
    """5 x 20 under 4 intervals, 20, 50 and 200 points, 5 priors and 4 activations: 240 passes of
    300 samples, 480 staircases.
    """
    architecture, samples, replicates = Architecture(5, 20), 300, 200
    passes = sum(
        (80 * cost.gradients(architecture, points, samples) for points in (20, 50, 200)), NOTHING
    )
    projected = 480 * Work({Kind.STREAM: 24.0 * samples * architecture.parameters})
    everything = passes + projected + 480 * _staircase(architecture.depth, samples, replicates)
    return Work(everything.counts, memory.sensitivity(architecture, samples, replicates))


def kinds(study: Study) -> Work:
    """3 x 10, 2,500 samples: two second moments, two more over all data points, 20,000 steps of
    descent, a local prior.
    """
    architecture, samples, points = Architecture(3, 10), 2500, study.problem.points
    size = architecture.parameters
    whole = 3 * cost.summed(architecture, points, samples)
    per_datum = 2 * (
        cost.gradients(architecture, 1, samples * points)
        + Work({Kind.GRAM: cost.gram_flops(size, samples * points)})
    )
    # Gradients of single points are written into every 50th row of a large array, and divided once
    # more for Jacobians.
    scattered = Work({Kind.REORDER: 3.0 * samples * points * size / 10})
    descent = cost.gradients(architecture, points, 20_000, drawn=False) + Work(
        {Kind.SCALAR: 20_000 * SECONDS_PER_STEP}
    )
    everything = whole + per_datum + scattered + descent + 8 * cost.eigensolve(size, vectors=True)
    return Work(everything.counts, memory.kinds(architecture))


TABLE_SECONDS_PER_NETWORK = 6e-3
"""A row of the table: its documents are read and checked, and, for raw cells, its spectrum."""


def findings(study: Study) -> Work:
    """The table of published findings: reads the tables and the headline's spectrum."""
    size = study.headline_cell.architecture.parameters
    return Work({Kind.READ: float(cost.FLOAT * size * size), Kind.SCALAR: 1.5})


SECONDS_PER_FIGURE = 3.3
"""matplotlib with its fonts, PDF and PNG: mean over the thirteen figures of the default study,
whose heaviest takes twice that."""


SECONDS_PER_CURVE_FIGURE = 2.0
"""Figures of curves are small, 2.4 to 3.6 s each with the start of the interpreter."""


def figures(study: Study, drawn: tuple[rows.FigureRow, ...]) -> Work:
    """The figures of one family; those of the headline read its spectrum with all eigenvectors,
    once.
    """
    names = {row.name for row in drawn}
    each = (
        SECONDS_PER_FIGURE
        if drawn[0].caption.chapter in (ACTIVE, TRAJECTORIES)
        else SECONDS_PER_CURVE_FIGURE
    )
    work = Work({Kind.SCALAR: each * len(names)})
    cell = study.headline_cell
    size = cell.architecture.parameters
    if {"eigenvalues", "sufficient_summary"} & names:
        work += Work({Kind.READ: float(cost.FLOAT * size * size)})
    if "sufficient_summary" in names:
        work += cost.gradients(cell.architecture, study.problem.points, min(2000, cell.samples))
    return Work(work.counts, max(memory.figure(study, name) for name in names))


def _written(_job: rows.Job[Any]) -> Work:
    """The work of a table, beside its start."""
    return NOTHING


def _second_moment(job: rows.Job[StudyCell]) -> Work:
    if isinstance(job.about, ModelConstrainedCell):
        seconds = model_constrained.sampling_seconds(job.study, job.about)
        return 1 / job.ranks * Work({Kind.SCALAR: seconds})
    return cost.second_moment(job.about, job.study.problem.points, job.ranks)


def _spectrum(job: rows.Job[StudyCell]) -> Work:
    return cost.spectrum(job.about, job.study, vectors=job.about.vectors)


def _projection(job: rows.Job[list[Architecture]]) -> Work:
    return sum((projection(job.study, network) for network in job.about), NOTHING)


def _condition_number_table(job: rows.Job[None]) -> Work:
    networks = len(list(job.study.grid_architectures()))
    return Work({Kind.SCALAR: networks * TABLE_SECONDS_PER_NETWORK})


WORK: dict[str, tuple[str, float, Callable[[rows.Job[Any]], Work]]] = {
    "second_moment": ("second moment", 1.25, _second_moment),
    "spectrum": ("spectrum", 1.0, _spectrum),
    "cells": ("raw map", 1.0, lambda job: small_cells(job.study, job.about)),
    "projection": ("projected map", 1.0, _projection),
    "condition_number_table": ("tables and findings", 0.7, _condition_number_table),
    "importance": ("importance", 1.0, lambda job: importance(job.study)),
    "criticality": ("criticality", 1.0, lambda job: criticality(job.study)),
    "training": ("training", 1.0, lambda job: training(job.study)),
    "sensitivity": ("sensitivity", 1.0, lambda job: sensitivity(job.study)),
    "second_moment_kinds": ("second-moment kinds", 1.0, lambda job: kinds(job.study)),
    "large": ("large networks", 1.0, lambda job: 1 / job.ranks * job.about.work),
    "expressivity": (
        "expressivity",
        1.0,
        lambda job: expressivity.experiments(job.study)[job.value],
    ),
    "clustering": ("clustering", 1.6, lambda job: clustering.networks(job.study)[job.value]),
    "clustering_table": ("clustering", 1.0, _written),
    "sloppiness_theory": (
        "sloppiness theory",
        1.3,
        lambda job: sloppiness_theory.parts(job.study)[job.value],
    ),
    "sloppiness_theory_table": ("sloppiness theory", 1.0, _written),
    "trajectories": ("sloppiness", 1.6, lambda job: sloppiness.groups(job.study)[job.value]),
    "inpca": ("sloppiness", 1.6, lambda job: sloppiness.inpca(job.study)),
    "model_constrained": (
        "model-constrained",
        1.6,
        lambda job: model_constrained.cases(job.study)[job.value],
    ),
    "model_constrained_table": ("model-constrained", 1.0, _written),
    "findings": ("tables and findings", 0.7, lambda job: findings(job.study)),
    "report": ("tables and findings", 0.4, _written),
}
"""What a job of each step takes: the line of the plan that it counts for, its start (`start`) and
the work of one of its ranks. A step that is not here, of a science that was added, counts as a
start alone."""
