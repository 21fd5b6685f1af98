"""One attempt at a large network on one rank: what both routes share, and how what is finished is
kept for the next attempt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.active_subspace.dual import squares_by_layer
from eigenscape.active_subspace.matrix_free import LeadingPairs
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.active_subspace.traces import Traces
from eigenscape.config.cells import Cell
from eigenscape.config.study import Study
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import Interrupted
from eigenscape.networks.priors import StandardDraw
from eigenscape.networks.sampling import fill_parameters
from eigenscape.planning.large import LargePlan
from eigenscape.seeding import stream_key
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.progress import Progress
from eigenscape.stages.common.rounding import note_of_rounding
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.store import array_files
from eigenscape.store.array_files import Arrays
from eigenscape.store.layout import StudyFolder

log = logging.getLogger(__name__)


@dataclass
class LargeRun:
    """One attempt on one rank.

    Attributes:
        study: the configuration.
        plan: the network, its route and its memory.
        cell: the identity of the work.
        folder: of the study's results.
        ranks: that share the work.
        execution: how it runs.
        watchdog: told of progress.
        computed: gradients that this rank has computed.
        kept_at: when states were kept the last time.
    """

    study: Study
    plan: LargePlan
    cell: Cell
    folder: StudyFolder
    ranks: Ranks
    execution: Execution
    watchdog: Watchdog
    computed: int = 0
    kept_at: float = field(default_factory=time.monotonic)

    @property
    def states_folder(self) -> Path:
        """The folder of the states that the next run goes on from."""
        return self.folder.work(self.cell) / "states"

    def tiles(self, cache_bytes: int) -> Tiles:
        """The gradients of this network."""
        sampler = sampler_of_network(self.study, self.plan.architecture, self.execution.device)
        return Tiles.of_sampler(sampler, self.plan.samples, cache_bytes, self.watchdog.progress)

    def rounding(self) -> dict[str, Any]:
        """How far rounding grows in this network."""
        sampler = sampler_of_network(self.study, self.plan.architecture, self.execution.device)
        return note_of_rounding(sampler, self.cell.folder)

    def normals(self, purpose: str, count: int) -> np.ndarray:
        """Rows of standard normals (count, P), a function of the seed, the network and the
        purpose.
        """
        parameters = self.plan.architecture.parameters
        rows = np.empty((count, parameters))
        key = stream_key(self.study.sampling.seed, "large", purpose, *self.plan.architecture.sizes)
        fill_parameters(rows, 0, key, np.ones(parameters), StandardDraw.NORMAL)
        return rows

    def interrupted(self) -> Interrupted:
        """What is raised when a signal has come and everything is kept."""
        return Interrupted(
            f"{self.cell.folder}: interrupted; finished parts are kept in {self.states_folder}, run"
            " the same command to resume"
        )

    def due(self) -> bool:
        """Whether it is time to keep what there is; then the clock starts anew."""
        due = time.monotonic() - self.kept_at > self.execution.checkpoint_seconds
        if due:
            self.kept_at = time.monotonic()
        return due

    def progress(self, label: str, units: int, done: int, what: str) -> Progress | None:
        """The line of progress, on one rank."""
        if self.ranks.rank > 0 or self.execution.quiet:
            return None
        names = [str(unit) for unit in range(units)]
        return Progress(
            f"{self.cell.folder} {label}", dict.fromkeys(names, 1.0), what, done=set(names[:done])
        )

    def keep(self, name: str, number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep a state, then forget the older ones: at any moment one is whole."""
        path = self.states_folder / f"{name}-{number:06d}.npz"
        if array_files.receipt_of(path).exists():
            return
        array_files.write_arrays(path, self.cell.identity, arrays)
        for older in self.states_folder.glob(f"{name}-*.npz"):
            if older != path:
                array_files.remove_arrays(older)

    def resumed(self, name: str) -> Arrays | None:
        """The newest state of that name that verifies."""
        for path in sorted(self.states_folder.glob(f"{name}-*.npz"), reverse=True):
            arrays = array_files.resumed_arrays(path, self.cell.identity, self.folder.quarantine)
            if arrays is not None:
                log.info("%s: resuming from %s", self.cell.folder, path.name)
                return arrays
        return None

    def of_pairs(self, pairs: LeadingPairs) -> Arrays:
        """Leading pairs as stored arrays; the share of each vector in every layer is what figures
        show of it.
        """
        shares = squares_by_layer(pairs.vectors, self.plan.architecture)
        return {
            "leading": pairs.values,
            "residuals": pairs.residuals,
            "vectors": pairs.vectors,
            "layer_shares": shares,
        }


def of_traces(traces: Traces) -> Arrays:
    """Traces as stored arrays."""
    square = np.array(np.nan if traces.square_trace is None else traces.square_trace)
    return {
        "trace": np.array([*traces.trace]),
        "layer_masses": traces.layer_masses,
        "square_trace": square,
        "population_square_trace": np.array([*traces.population_square_trace]),
        "population_participation": np.array([*traces.population_participation]),
    }
