"""What subspace clustering makes: graphs of what the layers of trained networks hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eigenscape.catalogue.rows import (
    MB,
    Family,
    Results,
    Science,
    Step,
    by_name,
    figure,
    schema_of_results,
    seed,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

CHAPTER = "subspace clustering"

CLUSTERING = Step(
    name="clustering",
    does="Replicas of one architecture, trained, and the graphs of their layers at given epochs.",
    leaves=("ledger/clustering/{}.json",),
    wildcard="network",
    jobs=lambda study: dict.fromkeys(study.clustering.network_names()),
    files=lambda study: [study.clustering.data] * (study.clustering.data != "digits"),
    makes={"clustering/{}.json": by_name},
    memory=2000 * MB,
    minutes=60,
    decides={
        "settings": lambda job: job.study.clustering.model_dump(
            exclude={"enabled", "depth", "width", "channels"}
        ),
        "seed": seed,
        "science_schema": schema_of_results,
    },
)

CLUSTERING_TABLE = Step(
    name="clustering_table",
    does="All graphs in tables.",
    leaves=(
        "tables/clustering.nc",
        "tables/clustering_layers.csv",
        "tables/clustering_convergence.csv",
        "tables/clustering_similarity.csv",
        "tables/clustering_blocks.csv",
        "tables/clustering_inputs.csv",
        "tables/clustering_sensitivity.csv",
        "tables/clustering_training.csv",
    ),
    reads=lambda job: map(CLUSTERING.target, job.study.clustering.network_names()),
    memory=1000 * MB,
    minutes=10,
    decides={
        "networks": lambda job: job.study.clustering.network_names(),
        "science_schema": schema_of_results,
    },
)

GRAPHS = Family("graphs", CHAPTER, reads=lambda _: CLUSTERING_TABLE.targets())


def _tables(results: Results) -> dict[str, pd.DataFrame]:
    """All architectures, table by table."""
    from eigenscape.stages.clustering.tables import clustering_tables

    return results.read(clustering_tables)


@figure(GRAPHS, "Classes as communities of a layer's graph")
def graph_modularity(results: Results) -> Figure:
    """Modularity of the self-expression graphs on the true labels by layer: before training, after
    it, and after training on shuffled labels.
    """
    from eigenscape.figures.clustering.graph_read_outs import graph_modularity_figure

    section = results.study.clustering
    data = "digits" if section.data == "digits" else Path(section.data).name
    words = (
        f"{section.graph.method.replace('_', ' ')}; {section.inputs_per_class} held-out inputs"
        f" of each class, {data}"
    )
    return graph_modularity_figure(_tables(results)["layers"], words)


@figure(GRAPHS, "When layers reach their final graph")
def graph_convergence(results: Results) -> Figure:
    """Similarity (CKA) of every layer's graph with its final state over epochs, and below it the
    same for activations.
    """
    from eigenscape.figures.clustering.graph_similarity import graph_convergence_figure

    return graph_convergence_figure(_tables(results)["convergence"])


@figure(GRAPHS, "Blocks of similar layers")
def layer_similarity(results: Results) -> Figure:
    """Similarity (CKA) of the graphs of all pairs of layers: before training, after it, and after
    training on shuffled labels.
    """
    from eigenscape.figures.clustering.graph_similarity import layer_similarity_figure

    tables = _tables(results)
    return layer_similarity_figure(tables["similarity"], tables["blocks"])


@figure(GRAPHS, "Neighbourhood and margin")
def neighbourhoods(results: Results) -> Figure:
    """The margin of the output against the purity of an input's neighbourhood in the graph of the
    last hidden layer; wrongly classified inputs lie below the line.
    """
    from eigenscape.figures.clustering.graph_read_outs import neighbourhood_figure
    from eigenscape.figures.style import message_figure

    inputs = _tables(results)["inputs"]
    if inputs.empty:
        return message_figure(
            "No network's last hidden layer has subspace structure: there are no neighbourhoods"
            " to draw."
        )
    return neighbourhood_figure(inputs)


@figure(GRAPHS, "What each similarity can see")
def similarity_sensitivity(results: Results) -> Figure:
    """How far similarities of graphs and of activations fall when bands of singular directions are
    taken out of a layer.
    """
    from eigenscape.figures.clustering.graph_similarity import similarity_sensitivity_figure

    return similarity_sensitivity_figure(_tables(results)["sensitivity"])


SCIENCE = Science(
    name="clustering",
    steps=(CLUSTERING, CLUSTERING_TABLE),
    figures=(
        graph_modularity,
        graph_convergence,
        layer_similarity,
        neighbourhoods,
        similarity_sensitivity,
    ),
    evidence=lambda _: ["tables/clustering_layers.csv"],
    methods={
        CHAPTER: "<b>Subspace clustering.</b> Each layer's activations of held-out inputs are"
        " expressed by one another; the coefficients make a graph, whose modularity on the true"
        " labels says how far classes are communities."
    },
    enabled=lambda study: study.clustering.enabled,
)
