"""The findings of Saini, Devineni, Papalexakis, arXiv 2107.01296, assessed on the tables of the
stage `clustering`.

A trend over layers is tested by Page's test over replicas (E. Page, JASA 58, 1963), blocks of
layers by permuted layers, whose p-values are combined over replicas by Fisher's method. Few
replicas of few layers leave no p-value below `verdicts.SIGNIFICANT`, whatever the graphs are: then
the verdict is *not testable*, and the evidence names the smallest p.
"""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
import scipy

from eigenscape.config.study import Study
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


def smallest_trend(replicas: int, layers: int) -> float:
    """The smallest p-value of Page's test: all replicas rise over the layers. 1 where there is no
    test.

    Example:
        >>> round(smallest_trend(2, 3), 4), smallest_trend(3, 2)
        (0.0278, 1.0)
    """
    if layers < 3 or replicas < 2:
        return 1.0
    return float(scipy.stats.page_trend_test(np.tile(np.arange(layers), (replicas, 1))).pvalue)


def _trend(values: np.ndarray) -> float | None:
    """Page's p-value for an increase over columns; None where there are gaps, or no p could have
    been significant.
    """
    if not np.isfinite(values).all() or smallest_trend(*values.shape) >= SIGNIFICANT:
        return None
    return float(scipy.stats.page_trend_test(values).pvalue)


def _verdict(p_values: list[float]) -> Verdict:
    return of_settings(
        sum(p < SIGNIFICANT for p in p_values),
        sum(p > 1 - SIGNIFICANT for p in p_values),
        len(p_values),
    )


NEARER = (
    "in part no event in time: the first layer is nearer to its final graph before training starts"
)

NO_TREND = (
    "no network with a graph in each of so many layers and replicas that a trend over them could be"
    " significant"
)


def _depth(tables: dict[str, pd.DataFrame]) -> Finding:
    """Holds where Q/Q_max of the final graphs rises over the layers in every network."""
    p_values, words, by_training = [], [], []
    for network, rows in tables["layers"].groupby("network", sort=False):
        last = rows["epoch"].max()
        states = {"start": ("true", 0), "end": ("true", last), "shuffled": ("shuffled", last)}
        found = {
            state: by_layer(
                rows[(rows["labels"] == labels) & (rows["epoch"] == epoch)], "modularity_relative"
            )
            for state, (labels, epoch) in states.items()
        }
        p = _trend(found["end"])
        if p is not None:
            p_values.append(p)
            by_training.append(
                all(
                    _rise(found["end"]) > _rise(other)
                    for other in (found["start"], found["shuffled"])
                    if other.size
                )
            )
            twin = (
                f", {_change(found['shuffled'])} on shuffled labels"
                if found["shuffled"].size
                else ""
            )
            words.append(
                f"{network}: {_change(found['end'])} (p = {p:.2g}); {_change(found['start'])}"
                f" before training{twin}"
            )
    return Finding(
        "affinity to inputs of the same class increases with depth",
        _verdict(p_values),
        "Q/Q_max, last layer minus first: " + "; ".join(words) if words else NO_TREND,
        "an effect of training on the true labels: more than before it and than on shuffled labels"
        * (bool(words) and all(by_training)),
    )


def _rise(values: np.ndarray) -> float:
    return float(np.mean(values[:, -1] - values[:, 0]))


def _change(values: np.ndarray) -> str:
    return f"{_rise(values):+.2f}"


def _order(tables: dict[str, pd.DataFrame]) -> Finding:
    """Holds where the epoch of arrival rises over the layers in every network that has one before
    the last recorded epoch.
    """
    convergence, p_values, words, nearer = tables["convergence"], [], [], []
    for network, rows in arrival_epochs(convergence).groupby("network", sort=False):
        epochs = by_layer(rows, "epoch")
        p = _trend(epochs)
        if p is None:
            continue
        if (epochs == convergence["epoch"].max()).all():
            words.append(f"{network}: no layer before the last recorded epoch")
            continue
        p_values.append(p)
        start = by_layer(
            convergence[(convergence["network"] == network) & (convergence["epoch"] == 0)], "cka"
        ).mean(axis=0)
        nearer.append(start[0] > start[-1])
        words.append(
            f"{network}: epochs {', '.join(f'{epoch:.3g}' for epoch in epochs.mean(axis=0))} (p ="
            f" {p:.2g}; before training CKA is {start[0]:.2f} in the first layer, {start[-1]:.2f}"
            " in the last)"
        )
    return Finding(
        "shallow layers reach their final graph earlier than deep ones",
        _verdict(p_values),
        (
            f"mean recorded epoch from which CKA stays above {REACHED:g}, by layer: "
            + "; ".join(words)
            if words
            else NO_TREND
        ),
        "; ".join(
            ["resolved no finer than the recorded epochs"] * bool(p_values)
            + [NEARER] * (bool(nearer) and all(nearer))
        ),
    )


def _blocks(tables: dict[str, pd.DataFrame]) -> Finding:
    """Of the deepest perceptrons: holds where the widest shows blocks, and scores higher than the
    narrowest.

    Blocks are shown where the p-values of the replicas, combined, are significant; not testable
    where neither question could have been answered, however the similarities are.
    """
    blocks = tables["blocks"][tables["blocks"]["labels"] == "true"]
    final = blocks[
        (blocks["epoch"] == blocks["epoch"].max())
        & blocks["network"].astype(str).str.startswith("perceptron")
    ]
    final = final[final["layers"] == final["layers"].max()]
    networks = sorted(final["network"].unique())
    claim = "larger networks arrange their layers in blocks of mutually similar ones"
    if not networks:
        return Finding(claim, Verdict.NOT_TESTABLE, "no perceptron")
    layers, words, presence = int(final["layers"].iloc[0]), [], {}
    for network in networks:
        rows = final[final["network"] == network]
        if rows[["score", "p_value"]].isna().to_numpy().any():
            words.append(f"{network}: no score, for a graph or a block is missing")
            continue
        presence[network] = _combined(rows["p_value"].to_numpy(float))
        score, banded = (rows[column].astype(float).mean() for column in ("score", "banded"))
        words.append(
            f"{network}: score {score:.2f} (of means by distance {banded:.2f}), above permuted"
            f" layers p = {presence[network]:.2g}"
        )
    replicas, widest, narrowest = (
        int((final["network"] == networks[-1]).sum()),
        networks[-1],
        networks[0],
    )
    least = _combined(np.full(replicas, float(final["smallest_p"].max())))
    least_between = 1 / comb(2 * replicas, replicas) if len(networks) > 1 else 1.0
    notes = [f"{replicas} replicas of {layers} layers"]
    if least >= SIGNIFICANT:
        notes.append(
            f"no order of so few layers has a p-value below {least:.2g}: whether there are blocks"
            " is not testable"
        )
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
    if least >= SIGNIFICANT or (shown and least_between >= SIGNIFICANT):
        verdict = Verdict.NOT_TESTABLE
    elif shown and more < SIGNIFICANT:
        verdict = Verdict.HOLDS
    elif fewer < SIGNIFICANT:
        verdict = Verdict.DOES_NOT
    return Finding(claim, verdict, "; ".join(words), "; ".join(notes))


def _combined(p_values: np.ndarray) -> float:
    """Fisher's combination; conservative, for p-values of few permutations come in steps."""
    return float(scipy.stats.combine_pvalues(p_values).pvalue)


def _wider(final: pd.DataFrame, narrowest: str, widest: str) -> tuple[float, float]:
    """P-values for scores of the widest above, and below, those of the narrowest (Mann and
    Whitney).
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
    p_values, words = [], []
    for network, rows in tables["inputs"].groupby("network", sort=False):
        # The replicas see the same inputs: only the means of an input are independent of each
        # other.
        means = rows.groupby("input")[["purity", "margin"]].mean()
        rank = scipy.stats.spearmanr(means["purity"], means["margin"], alternative="greater")
        p_values.append(float(rank.pvalue))
        words.append(
            f"{network}: Spearman {rank.statistic:.2f} with the margin (p = {rank.pvalue:.2g}), AUC"
            f" {_auc_words(rows)} for being right"
        )
    return Finding(
        "the neighbourhood in the last hidden layer tells if an input is classified correctly",
        _verdict(p_values),
        "; ".join(words) if words else "no graph in the last hidden layer",
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
