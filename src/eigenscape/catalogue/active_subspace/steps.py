"""From the configuration to second moments, spectra and tables.

Stores and receipts are not what Snakemake waits for: it deletes the declared outputs of a failed
job, and a confirmed result must survive that. It sees notes of finished jobs; the commands pass
over everything that a receipt confirms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eigenscape.architecture import Architecture
from eigenscape.catalogue.rows import MB, Job, Step, by_name, of_the_one, schema_of_results, seed
from eigenscape.config.cells import Cell, GridCell, HeadlineCell, ModelConstrainedCell, StudyCell
from eigenscape.config.study import Study
from eigenscape.planning import batches as planning
from eigenscape.planning import memory as stage_memory
from eigenscape.planning import solver_choice

CHAPTER = "active subspace"

SINE_ONLY = "it varies the sine and its fully connected networks"
NO_SYMMETRY = (
    "it needs the symmetries or the mean field of fully connected networks, which a module need not"
    " have"
)
LEAST_DEPTH_OF_PROFILE = 4
"""Three layers from hidden to hidden, as in `stages.active_subspace.importance`."""
NO_PROFILE = (
    "the headline network has fewer than three layers from hidden to hidden, so there is no profile"
    " of layers to compare"
)
TOO_MANY_INPUTS = (
    "the projection would hold more than 1 GB for so many inputs; lower projection.samples or give"
    " fewer inputs"
)


def sine_only(study: Study) -> str:
    """Why studies on a user's data or modules do not have a row."""
    return SINE_ONLY if study.problem.is_user_defined else ""


def no_symmetry(study: Study) -> str:
    """Why studies of a user's modules do not have a row."""
    return NO_SYMMETRY if study.problem.kind == "module" else ""


def no_profile(study: Study) -> str:
    """Why studies whose headline has few layers of one law do not have a row."""
    if reason := no_symmetry(study):
        return reason
    shallow = study.headline_cell.architecture.depth < LEAST_DEPTH_OF_PROFILE
    return NO_PROFILE if shallow else ""


def not_projected(study: Study) -> str:
    """Why studies without projected spectra do not have a row."""
    if not study.problem.is_user_defined or study.projected_architectures():
        return ""
    return no_symmetry(study) or TOO_MANY_INPUTS


def memory_of(study: Study, cells: Iterable[Cell], *, vectors: bool) -> int:
    """Bytes at the peak of a job that takes some cells one after the other, without the
    interpreter.
    """
    peak = max(planning.cost_of(study, cell, vectors=vectors).memory for cell in cells)
    return 800 * MB + peak


def _large_cells(study: Study) -> dict[str, StudyCell]:
    """The cells that are jobs of their own, by folder: the headline, and large ones."""
    cells: list[StudyCell] = [
        study.headline_cell,
        *planning.large_cells(study),
        *(
            cell
            for case in study.model_constrained.computed
            for cell in planning.large_weights(study, case)
        ),
    ]
    return {cell.folder: cell for cell in cells}


def _wants_vectors(job: Job[StudyCell]) -> bool:
    """Whether something reads the eigenvectors of a cell."""
    return isinstance(job.about, HeadlineCell | ModelConstrainedCell)


def _fingerprint(job: Job[StudyCell]) -> object:
    return job.about.fingerprint


ANY_CELL = r"(cells|headline|model_constrained)/[^/]+"
"""One may ask for any cell alone, also for those that are computed in batches."""

SECOND_MOMENT = Step(
    name="second_moment",
    does="Gradients of one large cell over MPI ranks, reduced into C.",
    leaves=("ledger/second_moment/{}.json",),
    wildcard="cell",
    jobs=_large_cells,
    pattern=ANY_CELL,
    any_job=Study.cell,
    makes={"{}/second_moment.zarr": by_name},
    ranks=solver_choice.RANKS,
    told={"device": "cpu", "checkpoint_seconds": 60},
    # Asked for with gpu=...; the Slurm plugin's default is all tasks on every GPU.
    resources={"tasks_per_gpu": 1},
    priority=10**9,
    memory=lambda job: job.ranks * memory_of(job.study, [job.about], vectors=False),
    minutes=30,
    decides={"fingerprint": _fingerprint},
)

SPECTRUM = Step(
    name="spectrum",
    does="Eigenvalues of one large cell; for the headline eigenvectors too.",
    leaves=("ledger/spectrum/{}.json",),
    wildcard="cell",
    jobs=_large_cells,
    pattern=ANY_CELL,
    any_job=Study.cell,
    reads=lambda job: SECOND_MOMENT.targets(job.value),
    makes={"{}/spectrum.zarr": by_name},
    flags={"vectors": _wants_vectors},
    told={"device": "cpu"},
    priority=10**9,
    memory=lambda job: memory_of(job.study, [job.about], vectors=True),
    minutes=60,
    decides={"fingerprint": _fingerprint},
)


def _batch_of(batches: Mapping[str, list[GridCell]], folder: str) -> str | None:
    return next(
        (name for name, cells in batches.items() if any(cell.folder == folder for cell in cells)),
        None,
    )


CELLS = Step(
    name="cells",
    does="Second moments and spectra of a batch of small cells: one process, largest first.",
    leaves=("ledger/cells/{}.json",),
    wildcard="batch",
    jobs=planning.batches,
    makes={"{}/second_moment.zarr": _batch_of, "{}/spectrum.zarr": _batch_of},
    told={"device": "cpu"},
    priority=lambda job: max(cell.architecture.parameters for cell in job.about),
    memory=lambda job: memory_of(job.study, job.about, vectors=False),
    alike=True,
    minutes=60,
    decides={"fingerprints": lambda job: [cell.fingerprint for cell in job.about]},
)


def projected_widths(study: Study) -> dict[str, list[Architecture]]:
    """The networks of every width that are projected."""
    networks = study.projected_architectures()
    return {
        f"{width}": [network for network in networks if network.width == width]
        for width in sorted({network.width for network in networks})
    }


def _width_of(_widths: Mapping[str, list[Architecture]], name: str) -> str | None:
    depth, _, width = name.partition("-w")
    known = depth.startswith("d") and depth[1:].isdecimal() and width.isdecimal()
    return str(int(width)) if known else None


PROJECTION = Step(
    name="projection",
    does="Symmetry-projected spectra of all networks of one width: O(P) work a sample, no P x P"
    " matrix.",
    leaves=("ledger/projection/w{}.json",),
    job_name="projection/w{}",
    wildcard="width",
    jobs=projected_widths,
    option="--width",
    makes={"projection/{}.json": _width_of},
    priority=lambda job: int(job.value),
    memory=2000 * MB,
    minutes=30,
    decides={
        "networks": lambda job: [network.label for network in job.about],
        "settings": lambda job: job.study.projection.model_dump(),
        "science_schema": schema_of_results,
    },
)

CONDITION_NUMBER_TABLE = Step(
    name="condition_number_table",
    does="All cells of the grid in one table, those not computed too.",
    leaves=(
        "tables/condition_number.csv",
        "tables/condition_number.nc",
        "tables/layers.csv",
    ),
    reads=lambda job: [
        *map(CELLS.target, planning.batches(job.study)),
        *(SPECTRUM.target(cell.folder) for cell in planning.large_cells(job.study)),
        *map(PROJECTION.target, projected_widths(job.study)),
    ],
    memory=1000 * MB,
    minutes=10,
    decides={
        "grid": lambda job: job.study.grid.model_dump(),
        "limit": lambda job: job.study.sampling.raw_parameter_limit,
        "science_schema": schema_of_results,
    },
)

IMPORTANCE = Step(
    name="importance",
    does="Which layers of the headline network matter, under two priors; order and purity of its"
    " eigenvectors.",
    leaves=("ledger/importance.json",),
    reads=lambda job: SPECTRUM.targets(job.study.headline_cell.folder),
    makes=dict.fromkeys(
        ("headline/*/importance.json", "tables/importance.csv", "tables/headline.csv"), of_the_one
    ),
    memory=lambda job: 800 * MB + stage_memory.importance(job.study),
    minutes=30,
    decides={
        "fingerprint": lambda job: job.study.headline_cell.fingerprint,
        "science_schema": schema_of_results,
    },
)

CRITICALITY = Step(
    name="criticality",
    does="The slope of layer importance as the scale of the weights goes through chi_1 = 1.",
    leaves=("ledger/criticality.json",),
    makes=dict.fromkeys(("criticality.json", "tables/criticality.csv"), of_the_one),
    memory=1500 * MB,
    minutes=30,
    decides={
        "settings": lambda job: job.study.criticality.model_dump(),
        "science_schema": schema_of_results,
    },
    left_out=sine_only,
)

TRAINING = Step(
    name="training",
    does="Steps of gradient descent to a loss threshold, over a sub-grid of networks.",
    leaves=("ledger/training.json", "tables/training.csv"),
    jobs=lambda study: {"": None} if study.trained_architectures() else {},
    makes={"training/*.json": of_the_one},
    memory=1500 * MB,
    minutes=30,
    decides={
        "networks": lambda job: [network.label for network in job.study.trained_architectures()],
        "science_schema": schema_of_results,
    },
)

SENSITIVITY = Step(
    name="sensitivity",
    does="One network's projected condition number under every input interval, number of points,"
    " loss, prior and activation.",
    leaves=("tables/sensitivity.csv",),
    makes={"sensitivity/*.json": of_the_one},
    memory=1500 * MB,
    minutes=10,
    decides={
        "seed": seed,
        "precision": lambda job: job.study.sampling.precision,
        "science_schema": schema_of_results,
    },
    left_out=sine_only,
)

SECOND_MOMENT_KINDS = Step(
    name="second_moment_kinds",
    does="Condition numbers of one network under other second moments than the default C.",
    leaves=("tables/second_moment_kinds.csv",),
    memory=1500 * MB,
    minutes=10,
    decides={"facts": lambda job: job.study.facts, "science_schema": schema_of_results},
    left_out=sine_only,
)

STEPS = (
    SECOND_MOMENT,
    SPECTRUM,
    CELLS,
    PROJECTION,
    CONDITION_NUMBER_TABLE,
    IMPORTANCE,
    CRITICALITY,
    TRAINING,
    SENSITIVITY,
    SECOND_MOMENT_KINDS,
)
