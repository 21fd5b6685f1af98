"""The stage `clustering-table`: all architectures in tables, and the published findings judged on them.

Verdicts come from the rules written here. A trend over layers is tested by Page's test over replicas (E. Page, JASA 58,
1963), whose smallest p-value with three replicas of three layers is 0.005.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import mannwhitneyu, page_trend_test, spearmanr

from eigenscape.stages.clustering import TABLES, read_clustering
from eigenscape.stages.condition_numbers import write_csv
from eigenscape.stages.findings import SIGNIFICANT, Finding, Verdict
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically
from eigenscape.study import Study

REACHED = 0.9
"""CKA with the final graph from which a layer counts as arrived. Source: this project's choice."""


def clustering_tables(study: Study, folder: StudyFolder) -> dict[str, pd.DataFrame]:
    """The tables of all architectures, one under the other.

    Raises:
        DamagedResult: an architecture is missing or damaged.
    """
    every = [read_clustering(study, folder, name) for name in study.clustering.network_names()]
    return {table: pd.concat([found[table] for found in every if len(found[table])] or [every[0][table]]) for table in TABLES}


def write_clustering_tables(study: Study, folder: StudyFolder) -> None:
    """Write every table as csv, the read-outs of graphs as NetCDF too, and the findings."""
    tables, place = clustering_tables(study, folder), folder.root / "tables"
    for name, table in tables.items():
        write_csv(table, place / f"clustering_{name}.csv")
    keys = ["network", "labels", "replica", "epoch", "layer"]
    both = tables["layers"].merge(tables["convergence"], on=keys, how="left").set_index(keys)
    numbers = both.drop(columns="verdict").apply(pd.to_numeric, errors="coerce").astype(float)
    dataset: xr.Dataset = numbers.to_xarray()
    for name, description in DESCRIPTIONS.items():
        dataset[name].attrs["long_name"] = description
    dataset.attrs = {"study": study.study, "data": study.clustering.data, "graph": repr(study.clustering.graph.model_dump())}
    write_atomically(place / "clustering.nc", bytes(dataset.to_netcdf(engine="scipy", format="NETCDF3_64BIT")))
    write_csv(pd.DataFrame([asdict(finding) for finding in judged(tables)]), place / "clustering_findings.csv")


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


def judged(tables: dict[str, pd.DataFrame]) -> list[Finding]:
    """The four published findings of Saini, Devineni, Papalexakis, arXiv 2107.01296, on these tables."""
    return [_depth(tables), _order(tables), _blocks(tables), _inputs(tables)]


def by_layer(table: pd.DataFrame, column: str) -> np.ndarray:
    """A column as (replicas, layers); NaN where a graph is missing."""
    return np.asarray(table.pivot(index="replica", columns="layer", values=column).to_numpy(float))


def arrival_epochs(convergence: pd.DataFrame) -> pd.DataFrame:
    """The first recorded epoch from which on CKA with the final graph stays at least `REACHED`, per replica and layer.

    Example:
        >>> rows = {"network": "a", "replica": 0, "layer": 1, "epoch": [0, 1, 5], "cka": [0.95, 0.5, 1.0]}
        >>> arrival_epochs(pd.DataFrame(rows))["epoch"].tolist()
        [5.0]
    """
    found = []
    for keys, rows in convergence.groupby(["network", "replica", "layer"]):
        rows = rows.sort_values("epoch")
        below = np.flatnonzero(~(rows["cka"].to_numpy(float) >= REACHED))
        place = below[-1] + 1 if len(below) else 0
        epoch = float(rows["epoch"].iloc[place]) if place < len(rows) else np.nan
        found.append(dict(zip(("network", "replica", "layer"), keys, strict=True)) | {"epoch": epoch})
    return pd.DataFrame(found)


def _trend(values: np.ndarray) -> float | None:
    """Page's p-value for an increase over columns; None where there are fewer than three, or gaps."""
    if values.shape[1] < 3 or len(values) < 2 or not np.isfinite(values).all():
        return None
    return float(page_trend_test(values).pvalue)


def _verdict(p_values: list[float]) -> Verdict:
    if not p_values:
        return Verdict.NOT_SHOWN
    holds = [p < SIGNIFICANT for p in p_values]
    if all(holds):
        return Verdict.HOLDS
    if any(holds):
        return Verdict.CONDITION
    return Verdict.DOES_NOT if all(p > 1 - SIGNIFICANT for p in p_values) else Verdict.NOT_SHOWN


def _depth(tables: dict[str, pd.DataFrame]) -> Finding:
    layers = tables["layers"][tables["layers"]["labels"] == "true"]
    p_values, words = [], []
    for network, rows in layers.groupby("network", sort=False):
        start, end = (by_layer(rows[rows["epoch"] == epoch], "modularity_relative") for epoch in (0, rows["epoch"].max()))
        p = _trend(end)
        if p is not None:
            p_values.append(p)
            words.append(f"{network}: {_change(end)} over the layers (p = {p:.2g}), {_change(start)} before training")
    return Finding(
        "Affinity to inputs of the same class increases with depth",
        _verdict(p_values),
        "Q/Q_max, last layer minus first: " + "; ".join(words) if words else "no network of three layers with all graphs",
        "trained networks: see the change before training",
    )


def _change(values: np.ndarray) -> str:
    return f"{float(np.mean(values[:, -1] - values[:, 0])):+.2f}"


def _order(tables: dict[str, pd.DataFrame]) -> Finding:
    arrived, p_values, words = arrival_epochs(tables["convergence"]), [], []
    for network, rows in arrived.groupby("network", sort=False):
        epochs = by_layer(rows, "epoch")
        p = _trend(epochs)
        if p is not None:
            p_values.append(p)
            words.append(f"{network}: epochs {', '.join(f'{epoch:.3g}' for epoch in epochs.mean(axis=0))} (p = {p:.2g})")
    return Finding(
        "Shallow layers reach their final graph earlier than deep ones",
        _verdict(p_values),
        f"mean recorded epoch from which CKA stays above {REACHED:g}, by layer: " + "; ".join(words)
        if words
        else "no network of three layers",
        "resolved no finer than the recorded epochs",
    )


def _blocks(tables: dict[str, pd.DataFrame]) -> Finding:
    blocks = tables["blocks"][tables["blocks"]["labels"] == "true"]
    final = blocks[blocks["epoch"] == blocks["epoch"].max()]
    words = []
    every = {str(network): rows["score"].to_numpy(float) for network, rows in final.groupby("network", sort=False)}
    scores = {network: score for network, score in every.items() if np.isfinite(score).all()}  # two layers have no blocks
    for network, score in scores.items():
        above = final[final["network"] == network]
        share = float((above["score"].astype(float) > above["null_high"].astype(float)).mean())
        words.append(f"{network}: score {np.mean(score):.2f}, above its null in {share:.0%} of replicas")
    deepest = sorted(name for name in scores if name.startswith("perceptron"))
    deepest = [name for name in deepest if name.split("-w")[0] == deepest[-1].split("-w")[0]]
    verdict = Verdict.NOT_SHOWN
    if len(deepest) > 1:
        sides = [float(mannwhitneyu(scores[deepest[-1]], scores[deepest[0]], alternative=side).pvalue) for side in ("greater", "less")]
        words.append(f"{deepest[-1]} above {deepest[0]}: p = {sides[0]:.2g}, below: p = {sides[1]:.2g}")
        verdict = Verdict.HOLDS if sides[0] < SIGNIFICANT else Verdict.DOES_NOT if sides[1] < SIGNIFICANT else Verdict.NOT_SHOWN
    return Finding(
        "Larger networks arrange their layers in blocks of mutually similar ones",
        verdict,
        "; ".join(words) or "no network of three layers with all graphs",
        "needs more than two layers, and more replicas than the default study has",
    )


def _inputs(tables: dict[str, pd.DataFrame]) -> Finding:
    p_values, words = [], []
    for network, rows in tables["inputs"].groupby("network", sort=False):
        # The replicas see the same inputs: only the means of an input are independent of each other.
        means = rows.groupby("input")[["purity", "margin"]].mean()
        rank = spearmanr(means["purity"], means["margin"], alternative="greater")
        p_values.append(float(rank.pvalue))
        words.append(
            f"{network}: Spearman {rank.statistic:.2f} with the margin (p = {rank.pvalue:.2g}), AUC {_auc_words(rows)} for being right"
        )
    return Finding(
        "An input's neighbourhood in the last hidden layer tells whether it is classified rightly",
        _verdict(p_values),
        "; ".join(words) if words else "no graph in the last hidden layer",
    )


def auc(purity: np.ndarray, right: np.ndarray) -> float | None:
    """The probability that a rightly classified input has the purer neighbourhood (ties half); None if all are right or wrong.

    It is also the AUC of a logistic regression on purity alone, which is monotone in it.

    Example:
        >>> auc(np.array([0.9, 0.4, 0.5]), np.array([True, True, False]))
        0.5
    """
    if right.all() or not right.any():
        return None
    statistic = mannwhitneyu(purity[right], purity[~right]).statistic
    return float(statistic / (right.sum() * (~right).sum()))


def _auc_words(rows: pd.DataFrame) -> str:
    found = auc(rows["purity"].to_numpy(float), rows["margin"].to_numpy(float) > 0)
    return "undefined" if found is None else f"{found:.2f}"
