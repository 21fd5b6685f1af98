"""What model-constrained networks make: what the weight of a model's equations in the loss changes.

Small cells are computed one after the other by the job of their case. Large ones are first jobs of
their own, over MPI ranks, by the steps `second_moment` and `spectrum`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from eigenscape.catalogue.active_subspace.steps import SPECTRUM, memory_of
from eigenscape.catalogue.rows import (
    MB,
    Family,
    Results,
    Science,
    Step,
    by_name,
    figure,
    schema_of_results,
)
from eigenscape.config.cells import ModelConstrainedCell
from eigenscape.config.study import Study
from eigenscape.planning import batches as planning

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CHAPTER = "model-constrained"


def _cases(study: Study) -> dict[str, list[ModelConstrainedCell]]:
    return {case: study.model_constrained_cells(case) for case in study.model_constrained.cases}


def _case_of(cases: Mapping[str, list[ModelConstrainedCell]], name: str) -> str | None:
    """The case of a cell, by its folder."""
    folder = f"model_constrained/{name.partition('/')[0]}"
    return next(
        (case for case, cells in cases.items() if any(cell.folder == folder for cell in cells)),
        None,
    )


MODEL_CONSTRAINED = Step(
    name="model_constrained",
    does=(
        "Every weight of one case: second moments and spectra that are not there yet, the"
        " projection, and training."
    ),
    leaves=("ledger/model_constrained/{}.json",),
    wildcard="case",
    jobs=_cases,
    reads=lambda job: [
        SPECTRUM.target(cell.folder) for cell in planning.large_weights(job.study, job.value)
    ],
    makes={
        "model_constrained/{}/second_moment.zarr": _case_of,
        "model_constrained/{}/spectrum.zarr": _case_of,
        "model_constrained/{}.json": by_name,
    },
    memory=lambda job: 1500 * MB + memory_of(job.study, job.about, vectors=True),
    minutes=240,
    decides={
        "fingerprints": lambda job: [cell.fingerprint for cell in job.about],
        "training": lambda job: [
            job.study.model_constrained.replicas,
            job.study.model_constrained.training_steps,
            job.study.model_constrained.least_steps,
        ],
        "projection": lambda job: job.study.projection.model_dump(),
    },
)

MODEL_CONSTRAINED_TABLE = Step(
    name="model_constrained_table",
    does="All cases in tables.",
    leaves=(
        "tables/model_constrained.nc",
        "tables/model_constrained.csv",
        "tables/model_constrained_layers.csv",
    ),
    reads=lambda job: map(MODEL_CONSTRAINED.target, job.study.model_constrained.cases),
    memory=1000 * MB,
    minutes=10,
    decides={
        "cases": lambda job: job.study.model_constrained.cases,
        "science_schema": schema_of_results,
    },
)

MODELS = Family("models", CHAPTER, reads=lambda _: MODEL_CONSTRAINED_TABLE.targets())


def _table(results: Results) -> pd.DataFrame:
    """A row per case and weight of its model."""
    from eigenscape.stages.model_constrained.cases import (
        model_constrained_table,
        read_model_constrained,
    )

    return model_constrained_table(results.read(read_model_constrained))


@figure(MODELS, "Condition number against the weight of the model")
def model_condition(results: Results) -> Figure:
    """Condition numbers, their change from the grey band, and the layers' shares of tr C, against
    the weight α of a model's equations in the loss. The band is α = 0, or the least α above it
    where a loss without its model sees no data.
    """
    from eigenscape.figures.model_constrained.model_weight import model_condition_figure
    from eigenscape.stages.model_constrained.cases import (
        model_constrained_layers,
        read_model_constrained,
    )

    layers = model_constrained_layers(results.read(read_model_constrained))
    return model_condition_figure(_table(results), layers)


@figure(MODELS, "How far the leading subspace turns")
def model_subspace(results: Results) -> Figure:
    """Overlap and angle of the leading subspace with that in the grey band (α = 0, or the least
    above it), beside what two halves of the samples give.
    """
    from eigenscape.figures.model_constrained.model_weight import model_subspace_figure

    return model_subspace_figure(_table(results))


@figure(MODELS, "Training with a model in the loss")
def model_training(results: Results) -> Figure:
    """The excess of the loss over the least that was found, after a fixed number of steps over
    before, and the error on data not seen, against α.
    """
    from eigenscape.figures.model_constrained.model_weight import model_training_figure

    section = results.study.model_constrained
    words = f"{section.training_steps:,} steps of gradient descent, {section.replicas} networks"
    return model_training_figure(_table(results), words)


SCIENCE = Science(
    name="model_constrained",
    steps=(MODEL_CONSTRAINED, MODEL_CONSTRAINED_TABLE),
    figures=(model_condition, model_subspace, model_training),
    evidence=lambda _: ["tables/model_constrained.csv"],
    methods={
        CHAPTER: "<b>Model-constrained networks.</b> A model's equations enter the loss with a"
        " weight α; the condition number, the leading subspace and training are followed over α."
    },
    enabled=lambda study: study.model_constrained.enabled,
)
