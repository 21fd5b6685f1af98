"""Networks trained by several optimisers, and all their trajectories embedded together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eigenscape.catalogue.rows import (
    MB,
    Family,
    Results,
    Step,
    figure,
    of_the_one,
    schema_of_results,
    seed,
)
from eigenscape.planning import sloppiness

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CHAPTER = "sloppiness"

TRAJECTORIES = Step(
    name="trajectories",
    does="Networks of one kind trained by every optimiser, and their predictions along the way.",
    leaves=("ledger/trajectories/{}.json",),
    wildcard="group",
    jobs=lambda study: study.sloppiness.ensemble.network_groups(),
    files=lambda study: (
        [study.sloppiness.ensemble.data] * (study.sloppiness.ensemble.data != "digits")
    ),
    makes={
        "sloppiness/trajectories/{}.npz": lambda groups, network: next(
            (group for group, networks in groups.items() if network in networks), None
        ),
    },
    memory=lambda job: (
        1500 * MB
        + job.study.sloppiness.ensemble.points()
        * job.study.sloppiness.ensemble.inputs_per_class
        // 1000
        * MB
    ),
    minutes=120,
    decides={
        "settings": lambda job: job.study.sloppiness.ensemble.model_dump(
            exclude={"powers", "depth", "width", "channels", "floor", "replicates"}
        ),
        "networks": lambda job: job.about,
        "seed": seed,
        "science_schema": schema_of_results,
    },
)

INPCA = Step(
    name="inpca",
    does="All trajectories embedded together, over MPI ranks, and their tables.",
    leaves=(
        "tables/sloppiness.nc",
        "tables/sloppiness_spectra.csv",
        "tables/sloppiness_eigenvalues.csv",
        "tables/sloppiness_crossed.csv",
        "tables/sloppiness_trajectories.csv",
        "tables/sloppiness_equal.csv",
        "tables/sloppiness_points.csv",
    ),
    reads=lambda job: map(TRAJECTORIES.target, job.study.sloppiness.ensemble.network_groups()),
    makes={"sloppiness/embedding.*": of_the_one},
    ranks=lambda study: sloppiness.ranks(study.sloppiness.ensemble),
    memory=lambda job: job.ranks * sloppiness.rank_memory(job.study.sloppiness.ensemble),
    minutes=240,
    decides={
        "settings": lambda job: job.study.sloppiness.ensemble.model_dump(),
        "seed": seed,
        "science_schema": schema_of_results,
    },
)

EMBEDDED = Family("trajectories", CHAPTER, reads=lambda _: INPCA.targets())


def _tables(results: Results) -> dict[str, pd.DataFrame]:
    """The tables of the embedding, and one row per embedded model."""
    from eigenscape.stages.sloppiness.inpca import read_inpca
    from eigenscape.stages.sloppiness.inpca_tables import points_table

    tables, arrays = results.read(read_inpca)
    return {**tables, "points": points_table(arrays)}


def _measured(results: Results) -> str:
    """What was measured, for a title."""
    section = results.study.sloppiness.ensemble
    data = "digits" if section.data == "digits" else Path(section.data).name
    data += f" with {section.label_noise:.0%} random labels" * (section.label_noise > 0)
    where = "inputs that were trained" if section.measured == "training" else "held-out inputs"
    return f"{data}, {section.inputs_per_class} {where} of each class"


@figure(EMBEDDED, "Training trajectories, embedded together")
def trajectory_embedding(results: Results) -> Figure:
    """Predictions of all networks along their training, placed by InPCA in two and three
    dimensions, with the geodesic from ignorance to truth.
    """
    from eigenscape.figures.sloppiness.embedding import embedding_figure
    from eigenscape.figures.sloppiness.scree import beside_published
    from eigenscape.figures.style import message_figure
    from eigenscape.stages.sloppiness.inpca import read_inpca

    _, arrays = results.read(read_inpca)
    if arrays["coordinates"].shape[1] < 3:
        return message_figure(
            "The trajectories have fewer than three directions: there is nothing to draw."
        )
    tables = _tables(results)
    return embedding_figure(
        tables["points"],
        arrays["geodesic"],
        arrays["eigenvalues"],
        arrays["explained_stress"],
        _measured(results),
        beside_published(tables["spectra"]),
    )


@figure(EMBEDDED, "Eigenvalues of the embedding")
def inpca_scree(results: Results) -> Figure:
    """Scree plots of all trajectories and of every family, imaginary directions marked, with the
    fitted slope of a hyper-ribbon.
    """
    from eigenscape.figures.sloppiness.scree import scree_figure

    tables = _tables(results)
    return scree_figure(tables["eigenvalues"], tables["spectra"], _measured(results))


@figure(
    EMBEDDED,
    "What few directions explain",
)
def explained_stress(results: Results) -> Figure:
    """Explained stress of two and three directions with intervals, and that of one family in the
    axes of another. Two directions explain about 0.71 of published networks on CIFAR-10, whose
    inputs and classes are harder than digits.
    """
    from eigenscape.figures.sloppiness.scree import explained_stress_figure

    tables = _tables(results)
    return explained_stress_figure(tables["spectra"], tables["crossed"], _measured(results))


@figure(EMBEDDED, "Progress from ignorance to truth")
def training_progress(results: Results) -> Figure:
    """Progress over steps, the length of trajectories against it, and how far trajectories are
    apart at equal progress.
    """
    from eigenscape.figures.sloppiness.progress import progress_figure

    tables = _tables(results)
    return progress_figure(
        tables["points"], tables["trajectories"], tables["equal"], _measured(results)
    )


STEPS = (TRAJECTORIES, INPCA)
FIGURES = (trajectory_embedding, inpca_scree, explained_stress, training_progress)
