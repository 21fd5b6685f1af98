"""The jobs of the default workflow: the work of each, its cores, and what it waits for.

Names and dependencies are those of ``workflow/rules``. What is arithmetic is counted; what is not
(drawing a figure, writing a table) is a few seconds of plain Python, measured once on the reference
machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from eigenscape.architecture import Architecture
from eigenscape.catalogue.drawing import Family, families_of
from eigenscape.catalogue.left_out import left_out
from eigenscape.config.study import GridCell, Study
from eigenscape.forecast import curves, ensembles, graphs, trajectories
from eigenscape.planning import cells as cost
from eigenscape.planning import memory, models
from eigenscape.planning.ensembles import ranks as ensemble_ranks
from eigenscape.planning.large import plans_of
from eigenscape.planning.work import NOTHING, Kind, Work

RANKS = 2
"""Of a large cell's second moment, as in the rule."""


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


def jobs_of(study: Study, batches: dict[str, list[GridCell]], large: list[GridCell]) -> list[Job]:
    """Every job of the workflow.

    Args:
        study: the configuration.
        batches: small cells of the map, dealt into jobs (`planning.batches`).
        large: cells of the map that are jobs of their own (`planning.large_cells`).
    """
    headline = study.headline_cell
    found: list[Job] = []
    for cell in [headline, *large]:
        moment = cost.second_moment(cell, study.problem.points, RANKS)
        found.append(
            Job(
                f"second_moment/{cell.folder}",
                "second moment",
                start(1.25) + moment,
                cores=RANKS,
                priority=1e9,
            )
        )
        solved = cost.spectrum(cell, study, vectors=cell is headline)
        found.append(
            Job(
                f"spectrum/{cell.folder}",
                "spectrum",
                start() + solved,
                after=(found[-1].name,),
                priority=1e9,
            )
        )
    for name, cells in batches.items():
        largest = max(cell.architecture.parameters for cell in cells)
        found.append(
            Job(f"cells/{name}", "raw map", start() + small_cells(study, cells), priority=largest)
        )
    projected = study.projected_architectures()
    for width in sorted({network.width for network in projected}):
        work = sum(
            (projection(study, network) for network in projected if network.width == width), NOTHING
        )
        found.append(Job(f"projection/w{width}", "projected map", start() + work, priority=width))
    jobs = [*found, *_single_jobs(study), *_tables_and_figures(study, found)]
    unmade = left_out(study)
    # a job, and a figure of that name
    kept = {job.name for job in jobs} - set(unmade) | {"importance"}
    return [
        replace(job, after=tuple(name for name in job.after if name in kept))
        for job in jobs
        if job.name in kept
    ]


def _single_jobs(study: Study) -> list[Job]:
    headline = f"spectrum/{study.headline_cell.folder}"
    jobs = [
        Job("importance", "importance", start() + importance(study), after=(headline,)),
        Job("criticality", "criticality", start() + criticality(study)),
        Job("sensitivity", "sensitivity", start() + sensitivity(study)),
        Job("second_moment_kinds", "second-moment kinds", start() + kinds(study)),
    ]
    for name, work in curves.experiments(study).items():
        jobs.append(Job(f"expressivity/{name}", "expressivity", start() + work))
    for name, work in graphs.networks(study).items():
        jobs.append(Job(f"clustering/{name}", "clustering", start(1.6) + work))
    if study.clustering.enabled:
        jobs.append(
            Job(
                "clustering_table",
                "clustering",
                start(1.0),
                after=tuple(f"clustering/{name}" for name in graphs.networks(study)),
            )
        )
    theory = trajectories.parts(study)
    jobs += [
        Job(f"sloppiness_theory/{name}", "sloppiness theory", start(1.3) + work)
        for name, work in theory.items()
    ]
    if theory:
        jobs.append(
            Job(
                "sloppiness_theory_table",
                "sloppiness theory",
                start(1.0),
                after=("sloppiness_theory/phase_map",),
            )
        )
    for name, work in models.cases(study).items():
        jobs.append(Job(f"model_constrained/{name}", "model-constrained", start(1.6) + work))
    constrained = tuple(f"model_constrained/{name}" for name in models.cases(study))
    if constrained:
        jobs.append(
            Job("model_constrained_table", "model-constrained", start(1.0), after=constrained)
        )
    for group, work in ensembles.groups(study).items():
        jobs.append(Job(f"trajectories/{group}", "sloppiness", start(1.6) + work))
    ranks, trained = (
        ensemble_ranks(study.sloppiness.ensemble),
        tuple(f"trajectories/{group}" for group in ensembles.groups(study)),
    )
    if trained:
        jobs.append(
            Job(
                "inpca",
                "sloppiness",
                start(1.6) + ensembles.inpca(study),
                cores=ranks,
                after=trained,
            )
        )
    for plan in plans_of(study):
        jobs.append(Job(f"large/{plan.architecture.label}", "large networks", start() + plan.work))
    if study.trained_architectures():
        jobs.append(Job("training", "training", start() + training(study)))
    return jobs


def _tables_and_figures(study: Study, computed: list[Job]) -> list[Job]:
    spectrum, table = f"spectrum/{study.headline_cell.folder}", "condition_number_table"
    projected = f"projection/w{study.headline_cell.architecture.width}"  # none for modules
    trained = ("training",) if study.trained_architectures() else ()
    headline_only = {f"second_moment/{study.headline_cell.folder}", spectrum}
    networks = len(list(study.grid_architectures()))
    stores = Work({Kind.SCALAR: networks * TABLE_SECONDS_PER_NETWORK})
    jobs = [
        Job(
            table,
            "tables and findings",
            start(0.7) + stores,
            after=tuple(j.name for j in computed if j.name not in headline_only),
        )
    ]
    sciences = (
        *(f"expressivity/{name}" for name in curves.experiments(study)),
        *(("clustering_table",) * study.clustering.enabled),
        *(f"sloppiness_theory/{name}" for name in trajectories.parts(study)),
        *(("inpca",) * study.sloppiness.enabled),
        *(("model_constrained_table",) * study.model_constrained.enabled),
    )
    judged = (table, "importance", spectrum, *trained, *sciences)
    jobs.append(Job("findings", "tables and findings", start(0.7) + findings(study), after=judged))
    waits = {
        "headline": (spectrum, projected),
        "importance": ("importance", spectrum),
        "criticality": ("criticality",),
        "maps": (table,),
        "training": (table, *trained),
        "sensitivity": ("sensitivity",),
        **{
            family: (f"expressivity/{experiment}",) for family, experiment in CURVE_FAMILIES.items()
        },
        "polytopes": (),
        "graphs": ("clustering_table",),
        **{part: (f"sloppiness_theory/{part}",) for part in ("phase_map", "kernel", "sgd")},
        "trajectories": ("inpca",),
        "models": ("model_constrained_table",),
        "large_networks": tuple(
            f"large/{architecture.label}" for architecture in study.large.architectures()
        ),
    }
    for name, family in families_of(study).items():
        jobs.append(
            Job(
                f"figures/{name}", "figures", start(0.7) + figures(study, family), after=waits[name]
            )
        )
    read = (
        "findings",
        "second_moment_kinds",
        *(job.name for job in jobs if job.name.startswith("figures/")),
    )
    jobs.append(Job("report", "tables and findings", start(0.4), after=read))
    return jobs


CURVE_FAMILIES = {
    "growth": "growth",
    "length_sensitivity": "sensitivity",
    "dichotomies": "dichotomies",
    "digits": "digits",
}
"""Which experiment each family of figures of curves reads, as in ``workflow/rules/figures.smk``."""


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
    to 9 numbers a sample.

    The replicates are drawn twice, once for the plateaus and once for the shares.
    """
    blocks, numbers = 2 * depth + 1, 2 * depth + 12
    return Work(
        {
            Kind.RESAMPLE: 2.0 * samples * replicates,
            Kind.PRODUCT: 4.0 * samples * replicates * numbers,
            Kind.COLUMN: 2.0 * replicates * (depth + 4),
            Kind.SCALAR: blocks * SECONDS_PER_PLATEAU,
        }
    )


SECONDS_PER_PLATEAU = 0.4e-3
"""numpy calls for a block of a projected C: quantiles, labels, statuses."""


def projection(study: Study, architecture: Architecture) -> Work:
    """The projected spectrum of one network: a pass over the gradients, O(P) numbers a sample read
    thrice, no P x P matrix.
    """
    samples = study.projection.samples
    work = cost.gradients(architecture, study.problem.points, samples)
    work += Work({Kind.STREAM: 24.0 * samples * architecture.parameters, Kind.STORE: 0.1})
    work += _staircase(architecture.depth, samples, study.projection.replicates)
    return Work(work.counts, memory.projection(architecture, samples, study.projection.replicates))


PERMUTATIONS = 999
"""Relabellings of the purity test (`active_subspace.importance_tests.PERMUTATIONS`)."""

JACKKNIFE_SOLVES = 8
"""Eigensolves behind the headline's intervals: eight times without one group of samples; that of
all of them is there."""


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
    solves = (JACKKNIFE_SOLVES + 1) * (cost.eigensolve(size, vectors=False) + cost.assembled(size))
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
"""Two-dimensional quadratures of the mean field, and quantiles, for one scale of the weights."""

REPLICAS, LADDER, MOST_STEPS = 12, 7, 3000
"""Of `stages.active_subspace.training.TrainingPlan`; a test keeps them equal."""

SHARE_OF_STEPS, SHARE_OF_LOOPS = 0.44, 0.67
"""Of the most steps, how many a replica takes before the threshold or divergence, and how many the
last of twelve takes: means over the 2,304 runs of the default sub-grid, read from its results."""

SECONDS_PER_STEP = 20e-6
"""numpy calls of one step of all replicas: 13 to 46 us beside the kernel on five networks."""

LANCZOS_STEPS = 24
"""Hessian-vector products for the step by curvature (`networks.training.LANCZOS_STEPS`)."""

SECONDS_PER_HESSIAN_LAYER = 1.5e-3
"""A layer of one Hessian-vector product of all replicas through `torch.func`."""


def training(study: Study) -> Work:
    """Gradient descent of the sub-grid's networks with seven steps of a ladder and one by
    curvature.
    """
    most = (LADDER + 1.0) * MOST_STEPS
    work = Work({Kind.START: 0.6})  # torch
    for architecture in study.trained_architectures():
        descent = cost.gradients(
            architecture, study.problem.points, SHARE_OF_STEPS * most * REPLICAS, drawn=False
        )
        curvature = LANCZOS_STEPS * (architecture.depth + 2) * SECONDS_PER_HESSIAN_LAYER
        held = memory.training(architecture, study.problem.points, REPLICAS, LANCZOS_STEPS)
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


def figures(study: Study, family: Family) -> Work:
    """The figures of one family; those of the headline read its spectrum with all eigenvectors,
    once.
    """
    each = (
        SECONDS_PER_FIGURE
        if family.room in ("headline", "maps", "trajectories", "large_networks")
        else SECONDS_PER_CURVE_FIGURE
    )
    work = Work({Kind.SCALAR: each * len(family.figures)})
    cell = study.headline_cell
    size = cell.architecture.parameters
    if {"eigenvalues", "sufficient_summary"} & set(family.figures):
        work += Work({Kind.READ: float(cost.FLOAT * size * size)})
    if "sufficient_summary" in family.figures:
        work += cost.gradients(cell.architecture, study.problem.points, min(2000, cell.samples))
    return Work(work.counts, max(memory.figure(study, name) for name in family.figures))
