"""The stage `clustering`: one architecture's replicas trained, and the graphs of their layers read,
kept as one document.

============  =============================================================================
layers        every graph: modularity, its null, same-class mass, components, certificates;
              clusters at the start and end
convergence   similarity of every layer's graph to its final state
similarity    layer by layer similarity of graphs and of activations, at the start and end
blocks        contiguous blocks of similar layers, and their null
inputs        neighbourhood purity in the last hidden layer beside the margin of the output
sensitivity   what each similarity sees of singular directions that are taken out
training      accuracies
============  =============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import numpy as np

from eigenscape.clustering.blocks import layer_blocks
from eigenscape.clustering.gram import Columns
from eigenscape.clustering.graphs import spectral_clustering
from eigenscape.clustering.modularity import ModularityStatus, label_purity, modularity
from eigenscape.clustering.similarity import Similarity, cka, cosine, linear_cka, unbiased_cka
from eigenscape.clustering.spectral import least_squares_cka, without_directions
from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.config.clustering import ClusteringSection
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.seeding import stream_key
from eigenscape.stages.clustering.layer_graphs import LayerGraph, layer_graph
from eigenscape.stages.common import signals
from eigenscape.stages.common.experiments import Rows, Tables, tables_of
from eigenscape.stages.common.labelled_inputs import data_identity, labelled_inputs
from eigenscape.store.documents import cached, read_document, remove_unusable
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    from eigenscape.clustering.training import Trajectory
    from eigenscape.networks.labelled_data import LabelledData
    from eigenscape.networks.replicas import Network

TABLES = ("layers", "convergence", "similarity", "blocks", "inputs", "sensitivity", "training")

LEAST_SQUARES_PENALTIES = (1e-4, 1e-2, 1.0)
"""lambda / s_1^2 of the LSR similarities: from nearly the overlap of spans to nearly linear CKA."""


def compute_clustering(study: Study, folder: StudyFolder, name: str) -> Tables:
    """The tables of one architecture, computed where no document holds them yet.

    Every replica is kept when it is done, so that a run that ends early goes on from there.

    Raises:
        BadInput: no architecture of that name, or data that cannot be used.
        DifferentWork: a document of other work is there.
        Interrupted: a signal came.
    """
    network = _network(study, name)
    identity, parts = _identity(study, name), folder.clustering_parts(name)

    def compute() -> dict[str, Rows]:
        replicas = list(_replicas(study, network, parts, identity))
        return {table: [row for rows in replicas for row in rows[table]] for table in TABLES}

    content = cached(folder.clustering(name), identity, compute)
    rmtree(parts, ignore_errors=True)
    return tables_of(content, TABLES)


def read_clustering(study: Study, folder: StudyFolder, name: str) -> Tables:
    """The tables of one architecture from its document.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it holds other work.
    """
    return tables_of(read_document(folder.clustering(name), _identity(study, name)), TABLES)


def _network(study: Study, name: str) -> Network:
    from eigenscape.networks.replicas import Convolutional, Perceptron  # noqa: PLC0415 - torch

    section = study.clustering
    if not section.enabled:
        raise BadInput.field(
            "clustering.enabled",
            "true, for graphs of layers",
            "false",
            "write clustering: {enabled: true}",
        )
    every: list[Network] = [
        Perceptron(depth, width) for depth in section.depth for width in section.width
    ]
    if section.channels is not None:
        every.append(Convolutional(section.channels, dense=4 * section.channels))
    for network in every:
        if network.label == name:
            return network
    raise BadInput.field(
        "network", f"one of {', '.join(section.network_names())}", name, "choose one of them"
    )


def _identity(study: Study, name: str) -> dict[str, Any]:
    settings = study.clustering.model_dump()
    # other networks of the study are other work
    for key in (
        "enabled",
        "depth",
        "width",
        "channels",
    ):
        del settings[key]
    return {
        "kind": f"clustering {name}",
        "science_schema": SCIENCE_SCHEMA,
        "seed": study.sampling.seed,
        **settings,
        **data_identity(settings["data"]),
    }


def _replicas(
    study: Study, network: Network, parts: Path, identity: dict[str, Any]
) -> Iterator[dict[str, Rows]]:
    """The rows of every replica, of those with true labels first; from its part where that is
    kept.
    """
    section = study.clustering
    seeds = [
        stream_key(study.sampling.seed, "clustering", "replica", number) >> 1
        for number in range(section.seeds)
    ]
    for variant in ("true", "shuffled")[: 1 + section.shuffled_twin]:
        # all replicas at once, and only where one is missing
        train = cache(partial(_trained, study, network, seeds, variant))
        for replica in range(section.seeds):
            part = parts / f"{variant}-{replica}.json"
            remove_unusable(part, identity)
            yield cached(part, identity, partial(_train_and_read, train, replica))


def _train_and_read(train: Callable[[], list[_Reading]], replica: int) -> dict[str, Rows]:
    return _read_replica(train()[replica])


def _trained(study: Study, network: Network, seeds: list[int], variant: str) -> list[_Reading]:
    """All replicas of one kind of labels, trained together."""
    from eigenscape.clustering.training import shuffled_labels, train  # noqa: PLC0415 - torch

    section, data = study.clustering, labelled_inputs(study)
    labels = data.train_labels
    if variant == "shuffled":
        labels = shuffled_labels(labels, seeds)
    stop = partial(_stop_if_asked, network.label)
    run = train(network, data, labels, seeds, section.epochs, section.rate, stop)
    return [
        _Reading(
            section,
            network,
            data,
            run,
            replica,
            {"network": network.label, "labels": variant, "replica": replica},
            seed % 2**32,
        )
        for replica, seed in enumerate(seeds)
    ]


def _stop_if_asked(name: str) -> None:
    signals.leave_if_asked("finished replicas are kept", of=name)


@dataclass(frozen=True)
class _Reading:
    """One replica's trajectory, and what its rows are named."""

    section: ClusteringSection
    network: Network
    data: LabelledData
    run: Trajectory
    replica: int
    names: dict[str, Any]
    seed: int

    def at(self, layer: int, epoch_index: int) -> np.ndarray:
        """Activations (N, ...) of a layer at a recorded epoch."""
        return np.asarray(self.run.activations[layer][epoch_index, self.replica], float)

    @property
    def epoch_indices(self) -> list[int]:
        """Recorded epochs that are read: of the twin only the last, for its start is the
        other's.
        """
        last = len(self.section.epochs) - 1
        return list(range(last + 1)) if self.names["labels"] == "true" else [last]


def _read_replica(reading: _Reading) -> dict[str, Rows]:
    tables: dict[str, Rows] = {table: [] for table in TABLES}
    last, layers = len(reading.section.epochs) - 1, range(len(reading.network.layers))
    graphs = {}
    for epoch_index in reading.epoch_indices:
        for layer in layers:
            _stop_if_asked(reading.network.label)
            graphs[epoch_index, layer] = layer_graph(
                reading.at(layer, epoch_index), reading.section.graph
            )
    for (epoch_index, layer), found in graphs.items():
        where = reading.names | {"epoch": reading.section.epochs[epoch_index], "layer": layer + 1}
        tables["layers"].append(
            where | _read_outs(reading, found, clusters=epoch_index in (0, last))
        )
        if reading.names["labels"] == "true":
            tables["convergence"].append(
                where | _similarities(reading, found, graphs[last, layer], layer, epoch_index)
            )
    for epoch_index in reading.epoch_indices:
        epoch = reading.names | {"epoch": reading.section.epochs[epoch_index]}
        accuracies = {
            "train_accuracy": reading.run.train_accuracy,
            "accuracy": reading.run.accuracy,
        }
        tables["training"].append(
            epoch
            | {
                name: float(values[epoch_index, reading.replica])
                for name, values in accuracies.items()
            }
        )
        if epoch_index in (0, last):
            rows = _between_layers(
                reading, [graphs[epoch_index, layer] for layer in layers], epoch_index
            )
            tables["similarity"] += [epoch | row for row in rows]
            tables["blocks"].append(epoch | _blocks(reading, rows))
    if reading.names["labels"] == "true":
        tables["inputs"] += _inputs(reading, graphs[last, layers[-1]])
        if reading.replica == 0:
            for layer in sorted({layers[0], layers[-1]}):
                tables["sensitivity"] += _sensitivity(reading, layer, graphs[last, layer])
    return tables


def _read_outs(reading: _Reading, found: LayerGraph, *, clusters: bool) -> dict[str, Any]:
    names = (
        "modularity",
        "modularity_maximum",
        "modularity_relative",
        "same_class_mass",
        "null_low",
        "null_median",
        "null_high",
        "p_value",
    )
    row: dict[str, Any] = found.facts | dict.fromkeys(
        (*names, "clustering_accuracy", "mutual_information")
    )
    if found.graph is None:
        return row
    labels = reading.data.labels
    section = reading.section
    q = modularity(
        found.graph.weights,
        labels,
        resolution=section.resolution,
        permutations=section.permutations,
        seed=reading.seed,
    )
    if q.status is ModularityStatus.NO_EDGES:
        return row
    scale = q.maximum if q.maximum > 0 else 1.0
    low, median, high = np.quantile(q.null / scale, [0.025, 0.5, 0.975])
    row |= dict(
        zip(
            names,
            map(
                float,
                (q.value, q.maximum, q.relative, q.same_class_mass, low, median, high, q.p_value),
            ),
            strict=True,
        )
    )
    if clusters:
        clustering = spectral_clustering(found.graph.weights, labels, reading.seed)
        row |= {
            "clustering_accuracy": clustering.accuracy,
            "mutual_information": clustering.mutual_information,
        }
    return row


def _graph_similarity(first: LayerGraph, second: LayerGraph, measure: Any) -> float | None:
    if first.graph is None or second.graph is None:
        return None
    found: Similarity = measure(first.graph.weights, second.graph.weights)
    return found.value


def _similarities(
    reading: _Reading, found: LayerGraph, final: LayerGraph, layer: int, epoch_index: int
) -> dict[str, Any]:
    last = len(reading.section.epochs) - 1
    measures = {"cka": cka, "unbiased_cka": unbiased_cka, "cosine": cosine}
    row: dict[str, Any] = {
        name: _graph_similarity(found, final, measure) for name, measure in measures.items()
    }
    return row | {
        "linear_cka": linear_cka(reading.at(layer, epoch_index), reading.at(layer, last)).value
    }


def _between_layers(reading: _Reading, graphs: list[LayerGraph], epoch_index: int) -> Rows:
    return [
        {
            "layer": first + 1,
            "other": second + 1,
            "cka": _graph_similarity(graphs[first], graphs[second], cka),
            "linear_cka": linear_cka(
                reading.at(first, epoch_index), reading.at(second, epoch_index)
            ).value,
        }
        for first in range(len(graphs))
        for second in range(len(graphs))
    ]


def _blocks(reading: _Reading, rows: Rows) -> dict[str, Any]:
    values = [row["cka"] for row in rows]
    count = len(reading.network.layers)
    if any(value is None for value in values):
        return {"layers": count, "blocks": "", "score": None, "banded": None}
    found = layer_blocks(np.array(values).reshape(count, count))
    return {
        "layers": count,
        "blocks": " ".join(map(str, found.edges)),
        "score": found.score,
        "banded": found.banded,
    }


def _inputs(reading: _Reading, final: LayerGraph) -> Rows:
    from eigenscape.clustering.training import margins  # noqa: PLC0415 - torch

    if final.graph is None:
        return []
    purity = label_purity(final.graph.weights, reading.data.labels)
    margin = margins(reading.run.outputs[-1, reading.replica], reading.data.labels)
    return [
        reading.names
        | {
            "input": number,
            "class": int(label),
            "purity": float(share),
            "margin": float(m),
        }
        for number, (label, share, connected, m) in enumerate(
            zip(reading.data.labels, purity.shares, purity.connected, margin, strict=True)
        )
        if connected
    ]


def _sensitivity(reading: _Reading, layer: int, whole: LayerGraph) -> Rows:
    """Similarity of a layer with itself without the singular directions 1, 2, 3-4, 5-8, ..."""
    x = reading.at(layer, len(reading.section.epochs) - 1)
    x = x.reshape(len(x), -1)
    mean = x.mean(axis=0)
    full = Columns.of((x - mean).T)
    energy = np.square(full.singular_values)
    rows, first = [], 0
    while first < len(energy) - 1:
        end = min(max(2 * first, 1), len(energy))
        rest = without_directions(x, first, end)
        kept = Columns.of(rest.T)
        row = reading.names | {
            "layer": layer + 1,
            "first": first + 1,
            "last": end,
            "energy": float(energy[first:end].sum() / energy.sum()),
        }
        row |= {
            "graph_cka": _graph_similarity(
                whole, layer_graph(rest + mean, reading.section.graph), cka
            )
        }
        row |= {"linear_cka": linear_cka(x, rest).value}
        row |= {
            f"least_squares_cka_{penalty:g}": least_squares_cka(full, kept, penalty).value
            for penalty in LEAST_SQUARES_PENALTIES
        }
        rows.append(row)
        first = end
    return rows
