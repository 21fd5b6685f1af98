"""The stage `inpca`: all trajectories of an ensemble, compared with each other and embedded
together.

The distances are computed in blocks that ranks share; rank 0 alone holds their matrix. What is read
from it:

============  =============================================================================
spectra       every set of trajectories by itself: explained stress and distance, imaginary
              directions, the ribbon's verdict
eigenvalues   of every set
crossed       how well one family is embedded in the axes of another
trajectories  end, length and progress of every trajectory
equal         distances between trajectories at equal progress: of other seeds, optimisers,
              architectures
============  =============================================================================

and, in a file of arrays, the points of the joint embedding with the geodesic from ignorance to
truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eigenscape.config.study import Study
from eigenscape.distributed.ranks import Ranks
from eigenscape.seeding import stream_key
from eigenscape.sloppiness import geodesic as paths
from eigenscape.sloppiness.distances import (
    bhattacharyya_distances,
    block_distances,
    blocks_of,
    cross_distances,
    enter,
)
from eigenscape.sloppiness.inpca import FULL_LIMIT, Embedding, centred, embed
from eigenscape.sloppiness.resampling import bootstrap_eigenvalues
from eigenscape.sloppiness.ribbon import ribbon
from eigenscape.stages.common.experiments import tables_of
from eigenscape.stages.sloppiness.trajectories import read_trajectories, trajectories_identity
from eigenscape.store.array_files import (
    Digest,
    confirmed_digest,
    read_arrays,
    require_arrays,
    write_arrays,
)
from eigenscape.store.documents import find_document, read_document, write_document
from eigenscape.store.layout import StudyFolder

TABLES = ("spectra", "eigenvalues", "crossed", "trajectories", "equal")

KEPT = 10
"""Coordinates of every point that are kept: more than any figure shows."""

LISTED = 50
"""Eigenvalues of every set that are listed."""

CROSSED = (1, 2, 3, 5, 10)
"""Directions at which one family's axes are tried on another."""

GEODESIC_POINTS = 41
"""Number of points of the drawn geodesic: a smooth line."""

PROGRESSES = np.linspace(0.1, 0.9, 9)
"""Progresses at which trajectories are compared."""


@dataclass(frozen=True)
class Points:
    """All checkpoints of all networks, M of them, one under the other.

    Attributes:
        table: network, family, optimiser, replica, step, trajectory (its number), logarithmic and
            linear (in which spacing).
        log_probabilities: (M, n, C).
        labels: (n,).
        input_slopes: c of the inputs of every network.
    """

    table: pd.DataFrame
    log_probabilities: np.ndarray
    labels: np.ndarray
    input_slopes: dict[str, float]


def compute_inpca(study: Study, folder: StudyFolder, ranks: Ranks) -> None:
    """Embed the ensemble, where no receipt confirms that it is embedded. A collective call.

    Raises:
        DamagedResult: trajectories are missing or damaged.
        DifferentWork: results of other work are there.
    """
    identity = _identity(study, folder)
    done = (
        find_document(_document(folder), identity) is not None
        and read_arrays(folder.embedding, identity, Digest.FILE) is not None
    )
    if not ranks.any(ranks.rank == 0 and not done):
        return
    points = read_points(study, folder)
    distances = distances_over(ranks, points.log_probabilities, study.sloppiness.ensemble.floor)
    if distances is not None:
        tables, arrays = _read(study, points, distances)
        write_arrays(folder.embedding, identity, arrays, Digest.FILE)
        write_document(_document(folder), identity, tables)
    ranks.barrier()


def read_inpca(
    study: Study, folder: StudyFolder
) -> tuple[dict[str, pd.DataFrame], dict[str, np.ndarray]]:
    """The tables, and the arrays of the joint embedding.

    Raises:
        DamagedResult: they are missing or damaged.
        DifferentWork: they hold other work.
    """
    identity = _identity(study, folder)
    tables = tables_of(read_document(_document(folder), identity), TABLES)
    return tables, require_arrays(folder.embedding, identity, Digest.FILE)


def _document(folder: StudyFolder) -> Path:
    return folder.embedding.with_suffix(".json")


def _identity(study: Study, folder: StudyFolder) -> dict[str, Any]:
    section = study.sloppiness.ensemble
    names = section.network_names()
    first = trajectories_identity(study, names[0]) | {
        "kind": "inpca",
        "floor": section.floor,
        "replicates": section.replicates,
    }
    return first | {
        "trajectories": {name: confirmed_digest(folder.trajectories(name)) for name in names}
    }


def read_points(study: Study, folder: StudyFolder) -> Points:
    """All trajectories of the ensemble.

    Raises:
        DamagedResult: some are missing or damaged.
    """
    from eigenscape.sloppiness.training import Spacing, checkpoint_steps  # noqa: PLC0415 - torch

    section = study.sloppiness.ensemble
    logarithmic, linear = (
        checkpoint_steps(section.steps, section.checkpoints, spacing) for spacing in Spacing
    )
    tables, logs, slopes, number = [], [], {}, 0
    labels = np.empty(0, dtype=np.int64)
    for name in section.network_names():
        found = read_trajectories(study, folder, name)
        slopes[name], labels = found.input_slope, found.labels
        logs.append(found.log_probabilities.reshape(-1, *found.log_probabilities.shape[3:]))
        for optimiser in section.optimisers:
            for replica in range(section.seeds):
                rows = {
                    "network": name,
                    "family": name.split("-")[0],
                    "optimiser": optimiser,
                    "replica": replica,
                    "trajectory": number,
                }
                steps = {
                    "step": found.steps,
                    "logarithmic": np.isin(found.steps, logarithmic),
                    "linear": np.isin(found.steps, linear),
                }
                tables.append(pd.DataFrame(rows | steps))
                number += 1
    return Points(pd.concat(tables, ignore_index=True), np.concatenate(logs), labels, slopes)


def distances_over(ranks: Ranks, log_probabilities: np.ndarray, floor: float) -> np.ndarray | None:
    """D (M, M) on rank 0, None on the others; the same bits for any number of ranks. A collective
    call.

    Blocks are dealt out in turn. Rank 0 enters them in their order, so no rank holds more than one
    beside it.
    """
    blocks = blocks_of(len(log_probabilities), least=1 if ranks.size == 1 else 4 * ranks.size)
    found = np.zeros((len(log_probabilities),) * 2) if ranks.rank == 0 else None
    for number, block in enumerate(blocks):
        owner = number % ranks.size
        if owner == ranks.rank:
            values = block_distances(log_probabilities, block, floor=floor)
            if found is None:
                ranks.send(np.ascontiguousarray(values), 0)
        elif found is not None:
            values = np.empty(block.shape)
            ranks.receive(values, owner)
        if found is not None:
            enter(found, block, values)
    return found


def _read(
    study: Study, points: Points, distances: np.ndarray
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    section, table = study.sloppiness.ensemble, points.table
    sets = _sets(table)
    embeddings: dict[str, Embedding] = {}
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for name, members in sets.items():
        own = distances[np.ix_(members, members)]
        again = None
        if len(members) <= FULL_LIMIT and table["trajectory"].iloc[members].nunique() > 1:
            key = stream_key(study.sampling.seed, "sloppiness", "bootstrap", name)
            again = bootstrap_eigenvalues(
                own, table["trajectory"].to_numpy()[members], section.replicates, key
            )
        found = embed(own, overwrite=True)
        # of the others nothing is placed in their axes
        if name == "all" or name.startswith("family "):
            embeddings[name] = found
        row, values = _spectrum(name, found, again)
        row["input_slope"] = points.input_slopes.get(name, float("nan"))
        tables["spectra"].append(row)
        tables["eigenvalues"] += values
    families = [
        name
        for name in ("linear", "nonlinear", "perceptron", "convolutional")
        if f"family {name}" in sets
    ]
    for first in families:
        for second in families:
            if not set(sets[f"family {first}"]) & set(sets[f"family {second}"]):
                tables["crossed"] += _crossed(first, second, sets, embeddings, distances)
    ends = (
        paths.ignorance(len(points.labels), points.log_probabilities.shape[2]),
        paths.truth(points.labels, points.log_probabilities.shape[2]),
    )
    progress = paths.progress(points.log_probabilities, *ends)
    to_truth = cross_distances(points.log_probabilities, ends[1][None], floor=section.floor)[:, 0]
    right = (points.log_probabilities.argmax(axis=2) == points.labels).mean(axis=1)
    tables["trajectories"] = _trajectories(table, distances, progress, to_truth, right)
    tables["equal"] = _equal(table, points.log_probabilities, progress, section.floor)
    joint, members = embeddings["all"], sets["all"]
    line = paths.geodesic(*ends, np.linspace(0, 1, GEODESIC_POINTS))
    placed = joint.place(
        cross_distances(line, points.log_probabilities[members], floor=section.floor)
    )
    arrays = {name: table[name].to_numpy()[members] for name in ("step", "replica", "trajectory")}
    arrays |= {
        name: table[name].to_numpy().astype("U")[members]
        for name in ("network", "family", "optimiser")
    }
    arrays |= {
        "coordinates": joint.coordinates[:, :KEPT],
        "eigenvalues": joint.eigenvalues,
        "geodesic": placed[:, :KEPT],
    }
    arrays |= {
        "progress": progress[members],
        "distance_to_truth": to_truth[members],
        "accuracy": right[members],
    }
    arrays |= {"explained_stress": joint.explained_stress}
    return tables, arrays


def _sets(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Which points are embedded by themselves: all, in both spacings; families; networks. Places in
    the table.
    """
    logarithmic = table["logarithmic"].to_numpy()
    linear = (table["family"] == "linear").to_numpy()
    found = {
        "all": np.flatnonzero(logarithmic),
        "all, linear spacing": np.flatnonzero(table["linear"].to_numpy()),
    }
    for family in dict.fromkeys(table["family"]):
        found[f"family {family}"] = np.flatnonzero(
            logarithmic & (table["family"] == family).to_numpy()
        )
    if table.loc[~linear, "family"].nunique() > 1:
        found["family nonlinear"] = np.flatnonzero(logarithmic & ~linear)
    for network, family in dict.fromkeys(zip(table["network"], table["family"], strict=True)):
        if table.loc[table["family"] == family, "network"].nunique() > 1:  # else it is its family
            found[network] = np.flatnonzero(logarithmic & (table["network"] == network).to_numpy())
    return found


def _spectrum(
    name: str, found: Embedding, again: np.ndarray | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    # Beyond a full decomposition |W|_F^2 stands for the eigenvalues that are not known, and nothing
    # is resampled.
    partial = not found.complete
    ribbon_of_set = ribbon(
        found.eigenvalues, None if partial else again, squares=found.squares if partial else None
    )
    stress, distance = found.explained_stress, found.explained_distance()
    row: dict[str, Any] = {
        "set": name,
        "points": len(found.weights),
        "kind": found.kind.value,
        "verdict": ribbon_of_set.verdict.value,
    }
    for number in ("chi_2", "chi_3", "slope", "r_squared", "decades", "participation_ratio"):
        row |= getattr(ribbon_of_set, number).columns(number)
    row |= {f"chi_{k}": float(stress[min(k, len(stress)) - 1]) for k in (1, 10, 50)}
    row |= {f"distance_{k}": float(distance[min(k, len(distance)) - 1]) for k in (2, 3, 10, 50)}
    squares = np.square(found.eigenvalues)
    row |= {
        "imaginary_directions": int(found.imaginary.sum()),
        "imaginary_share": float(squares[found.imaginary].sum() / found.squares),
    }
    low, high = (
        np.append(ends, np.full(LISTED, np.nan))
        for ends in (ribbon_of_set.widths.low, ribbon_of_set.widths.high)
    )
    values = [
        {
            "set": name,
            "direction": k + 1,
            "eigenvalue": float(e),
            "chi": float(stress[k]),
            "width_low": float(low[k]),
            "width_high": float(high[k]),
        }
        for k, e in enumerate(found.eigenvalues[:LISTED])
    ]
    return row, values


def _crossed(
    first: str,
    second: str,
    sets: dict[str, np.ndarray],
    embeddings: dict[str, Embedding],
    distances: np.ndarray,
) -> list[dict[str, Any]]:
    """Explained stress of one family placed in the axes of another, beside the best that as many
    directions of its own give.
    """
    mine, theirs = sets[f"family {first}"], sets[f"family {second}"]
    own, axes = embeddings[f"family {first}"], embeddings[f"family {second}"]
    w = centred(distances[np.ix_(mine, mine)])
    placed = axes.place(distances[np.ix_(mine, theirs)])
    placed -= placed.mean(axis=0)
    rows = []
    for k in CROSSED:
        if k <= min(placed.shape[1], len(own.eigenvalues)):
            w_k = (placed[:, :k] * axes.signs[:k]) @ placed[:, :k].T
            stress = 1 - float(np.linalg.norm(w - w_k) / np.linalg.norm(w))
            rows.append(
                {
                    "family": first,
                    "axes": second,
                    "directions": k,
                    "stress": stress,
                    "own_stress": float(own.explained_stress[k - 1]),
                }
            )
    return rows


def _trajectories(
    table: pd.DataFrame,
    distances: np.ndarray,
    progress: np.ndarray,
    to_truth: np.ndarray,
    right: np.ndarray,
) -> list[dict[str, Any]]:
    rows = []
    for _, part in table.groupby("trajectory", sort=False):
        indices = part.index.to_numpy()
        first, last = indices[0], indices[-1]
        rows.append(
            {name: part[name].iloc[0] for name in ("network", "family", "optimiser")}
            | {
                "replica": int(part["replica"].iloc[0]),
                "progress": float(progress[last]),
                "start_progress": float(progress[first]),
            }
            | {
                "length": paths.riemann_length(distances[indices[:-1], indices[1:]]),
                "chord": float(2 * np.sqrt(distances[first, last])),
            }
            | {"distance_to_truth": float(to_truth[last]), "accuracy": float(right[last])}
        )
    return rows


def _equal(
    table: pd.DataFrame, log_probabilities: np.ndarray, progress: np.ndarray, floor: float
) -> list[dict[str, Any]]:
    """Mean distances of pairs of trajectories where both have the same progress."""
    parts = [part.index.to_numpy() for _, part in table.groupby("trajectory", sort=False)]
    facts = table.groupby("trajectory", sort=False)[
        ["network", "optimiser", "family", "replica"]
    ].first()
    moved = np.stack(
        [
            paths.at_progress(log_probabilities[indices], progress[indices], PROGRESSES)
            for indices in parts
        ],
        axis=1,
    )
    same = {name: facts[name].to_numpy()[:, None] == facts[name].to_numpy() for name in facts}
    # Seeds differ in every pair: what another optimiser or architecture adds is what exceeds the
    # first kind.
    kinds = {
        "seed": same["network"] & same["optimiser"] & ~same["replica"],
        "optimiser": same["network"] & ~same["optimiser"] & ~same["replica"],
        "architecture": ~same["network"] & same["family"] & same["optimiser"] & ~same["replica"],
        "family": ~same["family"] & same["optimiser"] & ~same["replica"],
    }
    rows = []
    for value, models in zip(PROGRESSES, moved, strict=True):
        there = np.isfinite(models[:, 0, 0])
        if there.sum() < 2:
            continue
        between = bhattacharyya_distances(models[there], floor=floor)
        upper = np.triu(np.ones_like(between, dtype=bool), 1)
        for kind, pairs in kinds.items():
            chosen = between[pairs[np.ix_(there, there)] & upper]
            if len(chosen):
                rows.append(
                    {
                        "progress": float(value),
                        "differ_in": kind,
                        "distance": float(chosen.mean()),
                        "pairs": len(chosen),
                    }
                )
    return rows
