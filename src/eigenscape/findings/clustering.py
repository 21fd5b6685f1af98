"""The findings of Saini, Devineni, Papalexakis, arXiv 2107.01296, assessed on the tables of the
stage `clustering`.

The unit of replication is the replica, a network trained from its own seed: layers of one network
are not exchangeable, for neighbours are alike. So each replica gives one number (the rank
correlation of a layer's value with its place; how much higher blocks score in it than neighbourhood
alone does), and the sign-flip test asks whether these are positive (`replicas`). Few replicas leave
no p-value below `verdicts.SIGNIFICANT`, whatever the graphs are: then the verdict is *not
testable*, and the condition names the smallest p. Inputs are the unit of their own finding.
"""

from __future__ import annotations

import math
from math import comb

import numpy as np
import pandas as pd
import scipy

from eigenscape.clustering.blocks import block_excess
from eigenscape.config.study import Study
from eigenscape.findings.replicas import rank_trends, sign_flip_p, smallest_p
from eigenscape.findings.verdicts import SIGNIFICANT, Finding, Verdict, of_settings
from eigenscape.stages.clustering.tables import clustering_tables
from eigenscape.store.layout import StudyFolder

REACHED = 0.9
"""CKA with the final graph from which a layer counts as arrived. Source: this project's choice."""


def clustering_findings(study: Study, folder: StudyFolder) -> list[Finding]:
    """The four published findings on this study's graphs.

    Raises:
        DamagedResult: an architecture is missing or damaged.
    """
    return assess_clustering(clustering_tables(study, folder))


def assess_clustering(tables: dict[str, pd.DataFrame]) -> list[Finding]:
    """Assess the four published findings of Saini, Devineni, Papalexakis, arXiv 2107.01296, on
    these tables.
    """
    return [_depth(tables), _order(tables), _blocks(tables), _inputs(tables)]


def by_layer(table: pd.DataFrame, column: str) -> np.ndarray:
    """A column as (replicas, layers); NaN where a graph is missing."""
    return np.asarray(table.pivot(index="replica", columns="layer", values=column).to_numpy(float))


def arrival_epochs(convergence: pd.DataFrame) -> pd.DataFrame:
    """The first recorded epoch from which on CKA with the final graph stays at least `REACHED`, per
    replica and layer.

    Example:
        >>> rows = {
        ...     "network": "a", "replica": 0, "layer": 1,
        ...     "epoch": [0, 1, 5], "cka": [0.95, 0.5, 1.0],
        ... }
        >>> arrival_epochs(pd.DataFrame(rows))["epoch"].tolist()
        [5.0]
    """
    found = []
    for keys, rows in convergence.groupby(["network", "replica", "layer"], sort=False):
        rows = rows.sort_values("epoch")
        below = np.flatnonzero(~(rows["cka"].to_numpy(float) >= REACHED))
        index = below[-1] + 1 if len(below) else 0
        epoch = float(rows["epoch"].iloc[index]) if index < len(rows) else np.nan
        found.append(
            dict(zip(("network", "replica", "layer"), keys, strict=True)) | {"epoch": epoch}
        )
    return pd.DataFrame(found)


def _verdict(tests: list[tuple[float, float]]) -> Verdict:
    """The verdict of tests that could have been significant, each with its p for and against."""
    return of_settings(
        sum(more < SIGNIFICANT for more, _ in tests),
        sum(less < SIGNIFICANT for _, less in tests),
        len(tests),
    )


def _both_sides(values: np.ndarray) -> tuple[float, float]:
    return sign_flip_p(values), sign_flip_p(-values)


def _too_few(replicas: int) -> str:
    """What is missing where no outcome could be significant; nothing where one could."""
    least = smallest_p(replicas)
    if least < SIGNIFICANT:
        return ""
    needed = math.ceil(-math.log2(SIGNIFICANT))
    return f"{replicas} replicas have no p-value below {least:.2g}; {needed} would"


def _trend_words(trends: np.ndarray) -> str:
    return (
        f"rank correlation with the layer {trends.mean():+.2f}"
        f" [{trends.min():+.2f}, {trends.max():+.2f}], p = {sign_flip_p(trends):.2g}"
    )


NEARER = (
    "in part no event in time: the first layer is nearer to its final graph before training starts"
)

NO_TREND = "no network with a graph in each of two layers or more in every replica"

REPLICAS = "replicas; brackets are their range"
"""The unit of trends and blocks."""


def _depth(tables: dict[str, pd.DataFrame]) -> Finding:
    """Holds where Q/Q_max of the final graphs rises over the layers in every network."""
    tests, words, by_training, few = [], [], [], ""
    for network, rows in tables["layers"].groupby("network", sort=False):
        last = rows["epoch"].max()
        states = {"start": ("true", 0), "end": ("true", last), "shuffled": ("shuffled", last)}
        found = {
            state: by_layer(
                rows[(rows["labels"] == labels) & (rows["epoch"] == epoch)], "modularity_relative"
            )
            for state, (labels, epoch) in states.items()
        }
        if not _complete(found["end"]):
            continue
        trends = rank_trends(found["end"])
        few = _too_few(len(trends))
        tests += [] if few else [_both_sides(trends)]
        by_training.append(
            all(
                _rise(found["end"]) > _rise(other)
                for other in (found["start"], found["shuffled"])
                if other.size
            )
        )
        twin = (
            f", {_change(found['shuffled'])} on shuffled labels" if found["shuffled"].size else ""
        )
        words.append(
            f"{network}: {_change(found['end'])} ({_trend_words(trends)});"
            f" {_change(found['start'])} before training{twin}"
        )
    more = (
        "more after training on the true labels than before it and than on shuffled labels"
        * all(by_training)
        if words
        else ""
    )
    return Finding(
        "affinity to inputs of the same class increases with depth",
        _verdict(tests),
        "Q/Q_max, last layer minus first: " + "; ".join(words) if words else NO_TREND,
        "; ".join(filter(None, (more, few))),
        replication=REPLICAS,
    )


def _complete(values: np.ndarray) -> bool:
    """Whether every replica has a number in each of at least two layers."""
    return values.shape[1] > 1 and bool(np.isfinite(values).all())


def _rise(values: np.ndarray) -> float:
    return float(np.mean(values[:, -1] - values[:, 0]))


def _change(values: np.ndarray) -> str:
    return f"{_rise(values):+.2f}"


def _order(tables: dict[str, pd.DataFrame]) -> Finding:
    """Holds where the epoch of arrival rises over the layers in every network that has one before
    the last recorded epoch.
    """
    convergence, tests, words, nearer, few = tables["convergence"], [], [], [], ""
    for network, rows in arrival_epochs(convergence).groupby("network", sort=False):
        epochs = by_layer(rows, "epoch")
        if not _complete(epochs):
            continue
        if (epochs == convergence["epoch"].max()).all():
            words.append(f"{network}: no layer before the last recorded epoch")
            continue
        trends = rank_trends(epochs)
        few = _too_few(len(trends))
        tests += [] if few else [_both_sides(trends)]
        start = by_layer(
            convergence[(convergence["network"] == network) & (convergence["epoch"] == 0)], "cka"
        ).mean(axis=0)
        nearer.append(start[0] > start[-1])
        words.append(
            f"{network}: epochs {', '.join(f'{epoch:.3g}' for epoch in epochs.mean(axis=0))}"
            f" ({_trend_words(trends)}; before training CKA is {start[0]:.2f} in the first layer,"
            f" {start[-1]:.2f} in the last)"
        )
    return Finding(
        "shallow layers reach their final graph earlier than deep ones",
        _verdict(tests),
        (
            f"mean recorded epoch from which CKA stays above {REACHED:g}, by layer: "
            + "; ".join(words)
            if words
            else NO_TREND
        ),
        "; ".join(
            filter(
                None,
                (
                    "resolved no finer than the recorded epochs" if nearer else "",
                    NEARER if nearer and all(nearer) else "",
                    few,
                ),
            )
        ),
        replication=REPLICAS,
    )


def _blocks(tables: dict[str, pd.DataFrame]) -> Finding:
    """Of the deepest perceptrons: holds where the widest shows blocks, and scores higher than the
    narrowest.

    Blocks are shown where those of the other replicas score higher in a replica than its means by
    distance do; not testable where one of the two questions could not have been answered, however
    the similarities are.
    """
    blocks, similarity = (_final(tables[name], "perceptron") for name in ("blocks", "similarity"))
    claim = "larger networks arrange their layers in blocks of mutually similar ones"
    if blocks.empty:
        return Finding(claim, Verdict.NOT_TESTABLE, "no perceptron", replication=REPLICAS)
    layers = int(blocks["layers"].max())
    final = blocks[blocks["layers"] == layers]
    networks = sorted(final["network"].unique())
    words, presence = [], {}
    for network in networks:
        rows = final[final["network"] == network]
        excess = block_excess(_matrices(similarity[similarity["network"] == network], layers))
        if rows["score"].isna().to_numpy().any() or not np.isfinite(excess).all():
            words.append(f"{network}: no score, for a graph or a block is missing")
            continue
        presence[network] = sign_flip_p(excess)
        score, banded = (rows[column].astype(float).mean() for column in ("score", "banded"))
        words.append(
            f"{network}: score {score:.2f} (of means by distance {banded:.2f}); blocks of the other"
            f" replicas exceed neighbourhood by {excess.mean():+.3f} [{excess.min():+.3f},"
            f" {excess.max():+.3f}], p = {presence[network]:.2g}"
        )
    widest, narrowest = networks[-1], networks[0]
    replicas = int((final["network"] == widest).sum())
    least_between = 1 / comb(2 * replicas, replicas) if len(networks) > 1 else 1.0
    notes = [f"{replicas} replicas of {layers} layers"]
    few = _too_few(replicas)
    if few:
        notes.append(f"whether there are blocks is not testable: {few}")
    shown = widest in presence and presence[widest] < SIGNIFICANT
    more, fewer = (
        _wider(final, narrowest, widest)
        if {widest, narrowest} <= presence.keys() and len(networks) > 1
        else (1.0, 1.0)
    )
    if least_between >= SIGNIFICANT:
        reason = (
            f"the smallest p is {least_between:.2g}" if len(networks) > 1 else "one width alone"
        )
        notes.append(f"whether more than in {narrowest} is not testable: {reason}")
    else:
        words.append(f"{widest} above {narrowest}: p = {more:.2g}, below: p = {fewer:.2g}")
    verdict = Verdict.NOT_SHOWN
    if few or (shown and least_between >= SIGNIFICANT):
        verdict = Verdict.NOT_TESTABLE
    elif shown and more < SIGNIFICANT:
        verdict = Verdict.HOLDS
    elif fewer < SIGNIFICANT:
        verdict = Verdict.DOES_NOT
    return Finding(claim, verdict, "; ".join(words), "; ".join(notes), replication=REPLICAS)


def _final(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Rows of networks of a kind that were trained on the true labels, at the last epoch."""
    last = table["epoch"].max()
    own = table["network"].astype(str).str.startswith(kind)
    rows: pd.DataFrame = table[(table["labels"] == "true") & (table["epoch"] == last) & own]
    return rows


def _matrices(similarity: pd.DataFrame, layers: int) -> np.ndarray:
    """CKA of graphs (R, L, L), NaN where one is missing."""
    ordered = similarity.sort_values(["replica", "layer", "other"])["cka"]
    return ordered.to_numpy(dtype=np.float64).reshape(-1, layers, layers)


def _wider(final: pd.DataFrame, narrowest: str, widest: str) -> tuple[float, float]:
    """P-values for scores of the widest above, and below, those of the narrowest (Mann and
    Whitney). Unit of replication: the replica.
    """
    scores = [
        final[final["network"] == network]["score"].to_numpy(float)
        for network in (widest, narrowest)
    ]
    above, below = (
        float(scipy.stats.mannwhitneyu(*scores, alternative=side).pvalue)
        for side in ("greater", "less")
    )
    return above, below


def _inputs(tables: dict[str, pd.DataFrame]) -> Finding:
    """Holds where purity rises with the margin in every network. Unit of replication: the held-out
    input, by its means over replicas.
    """
    tests, words = [], []
    for network, rows in tables["inputs"].groupby("network", sort=False):
        # The replicas see the same inputs: only the means of an input are independent of each
        # other.
        means = rows.groupby("input")[["purity", "margin"]].mean()
        rank, reverse = (
            scipy.stats.spearmanr(means["purity"], means["margin"], alternative=side)
            for side in ("greater", "less")
        )
        tests.append((float(rank.pvalue), float(reverse.pvalue)))
        words.append(
            f"{network}: Spearman {rank.statistic:.2f} with the margin (p = {rank.pvalue:.2g}), AUC"
            f" {_auc_words(rows)} for being right"
        )
    return Finding(
        "the neighbourhood in the last hidden layer tells if an input is classified correctly",
        _verdict(tests),
        "; ".join(words) if words else "no graph in the last hidden layer",
        replication="held-out inputs, by their means over replicas; they share a graph",
    )


def auc(purity: np.ndarray, right: np.ndarray) -> float | None:
    """The probability that a rightly classified input has the purer neighbourhood (ties half); None
    if all are right or wrong.

    It is also the AUC of a logistic regression on purity alone, which is monotone in it.

    Example:
        >>> auc(np.array([0.9, 0.4, 0.5]), np.array([True, True, False]))
        0.5
    """
    if right.all() or not right.any():
        return None
    statistic = scipy.stats.mannwhitneyu(purity[right], purity[~right]).statistic
    return float(statistic / (right.sum() * (~right).sum()))


def _auc_words(rows: pd.DataFrame) -> str:
    found = auc(rows["purity"].to_numpy(float), rows["margin"].to_numpy(float) > 0)
    return "undefined" if found is None else f"{found:.2f}"
