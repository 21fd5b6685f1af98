"""The stage `clustering-table`: the graphs of all architectures in tables; `findings.clustering`
assesses them.
"""

from __future__ import annotations

import pandas as pd

from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.stages.clustering.networks import TABLES, read_clustering
from eigenscape.stages.common.tables import write_csv, write_netcdf
from eigenscape.store.layout import StudyFolder


def clustering_tables(study: Study, folder: StudyFolder) -> dict[str, pd.DataFrame]:
    """The tables of all architectures, one under the other.

    Raises:
        BadInput: the study leaves them out.
        DamagedResult: an architecture is missing or damaged.
    """
    if not study.clustering.enabled:
        raise BadInput.field(
            "clustering.enabled",
            "true, for graphs of layers",
            "false",
            "write clustering: {enabled: true}",
        )
    every = [read_clustering(study, folder, name) for name in study.clustering.network_names()]
    return {
        table: pd.concat(
            [found[table] for found in every if len(found[table])] or [every[0][table]]
        )
        for table in TABLES
    }


def write_clustering_tables(study: Study, folder: StudyFolder) -> None:
    """Write every table as csv, and the read-outs of graphs as NetCDF too."""
    tables, tables_folder = clustering_tables(study, folder), folder.root / "tables"
    for name, table in tables.items():
        write_csv(table, tables_folder / f"clustering_{name}.csv")
    keys = ["network", "labels", "replica", "epoch", "layer"]
    both = tables["layers"].merge(tables["convergence"], on=keys, how="left").set_index(keys)
    numbers = both.drop(columns="verdict").apply(pd.to_numeric, errors="coerce").astype(float)
    write_netcdf(
        numbers.to_xarray(),
        tables_folder / "clustering.nc",
        DESCRIPTIONS,
        study=study.study,
        data=study.clustering.data,
        graph=repr(study.clustering.graph.model_dump()),
    )


DESCRIPTIONS = {
    "modularity": "Q of the graph on the true labels",
    "modularity_maximum": "largest Q that these degrees allow",
    "modularity_relative": "Q / Q_max",
    "same_class_mass": "share of the affinity within classes",
    "residual": "what self-expression leaves of the activations, relative Frobenius norm",
    "neighbours": "coefficients that are not zero, per input",
    "components": "connected components",
    "isolated": "inputs without neighbours",
    "silent": "inputs at which the whole layer is zero",
    "relative_gap": "largest duality gap of an input over its objective",
    "kkt_violation": "largest violation of the optimality conditions",
    "clustering_accuracy": "of spectral clustering, under the best naming",
    "mutual_information": "of spectral clustering with the labels, normalised",
    "cka": "centred kernel alignment of the graph with the same layer's final graph",
    "unbiased_cka": "the same with the unbiased estimate",
    "cosine": "cosine of the graph with the same layer's final graph",
    "linear_cka": "linear CKA of the activations with the same layer's final ones",
}
