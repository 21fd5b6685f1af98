"""The stage `large`: what can be known of the spectrum of a network whose C does not fit, over all ranks.

By one of two routes (`cost.large` chooses): all nonzero eigenvalues from the N x N Gram matrix, or the leading ones by block Krylov and a
density by Lanczos. Either way the leading eigenvectors come with residual norms from a pass of their own, and traces by layer. What is
finished is kept: rows of the Gram matrix, or the Krylov space after a pass; the next run goes on from it, with any number of ranks.
"""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.active_subspace import dual, matrix_free, spectral_density, tree
from eigenscape.active_subspace.dual import GramRows
from eigenscape.active_subspace.matrix_free import KrylovState, LeadingPairs
from eigenscape.active_subspace.second_moment import one_blas_thread
from eigenscape.active_subspace.spectral_density import Estimate, LanczosState
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.active_subspace.traces import Traces, pair_products, traces_from_gram, traces_from_pairs
from eigenscape.architecture import Architecture
from eigenscape.distributed.ranks import OneRank, Ranks
from eigenscape.distributed.reduction import owner
from eigenscape.distributed.watchdog import Watchdog
from eigenscape.errors import BadInput, DamagedResult, Interrupted
from eigenscape.large_section import KRYLOV_BLOCK
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.priors import StandardDraw
from eigenscape.networks.sampling import fill_parameters
from eigenscape.seeding import stream_key
from eigenscape.stages import signals
from eigenscape.stages.attempts import Attempt, claimed
from eigenscape.stages.cost.large import LargePlan, LargeRoute, large_cell, plan_large
from eigenscape.stages.large_operator import GradientOperator
from eigenscape.stages.progress import Progress
from eigenscape.stages.second_moment import Execution
from eigenscape.store import array_files, quarantine, receipts
from eigenscape.store.layout import StudyFolder
from eigenscape.study import SLOTS, Cell, Study

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


def large_network(study: Study, label: str) -> Architecture:
    """The large network of that name.

    Raises:
        BadInput: the study has none of that name.
    """
    known = {architecture.label: architecture for architecture in study.large.architectures()}
    if label not in known:
        expected = f"one of {', '.join(known)}" if known else "a network of the section large, which is empty"
        raise BadInput.field("network", expected, label, "choose one of them, or add it to large: {depth: [...], width: [...]}")
    return known[label]


def compute_large(
    study: Study, architecture: Architecture, folder: StudyFolder, ranks: Ranks | None = None, execution: Execution = Execution()
) -> Path:
    """Compute what is known of one network unless a receipt shows that it is there, and verifies; a collective call.

    Returns:
        The receipt.

    Raises:
        DoesNotFit: neither route fits the memory that the study allows.
        DifferentWork: a result of other work is there.
        Interrupted: a signal came; what is finished is kept and the next run resumes.
    """
    ranks = ranks or OneRank()
    plan = plan_large(study, architecture)
    cell = large_cell(study, plan)
    path = folder.large(cell)
    with Watchdog(execution.hang_seconds):
        done = _is_confirmed(path, cell, folder, ranks)
    if done:
        return array_files.receipt_of(path)
    with claimed(cell, folder, ranks, execution.stale_seconds) as claim, Watchdog(execution.hang_seconds) as watchdog, one_blas_thread():
        if not _is_confirmed(path, cell, folder, ranks):
            log.info("%s: %s", cell.folder, plan.reason)
            _Run(study, plan, cell, folder, ranks, execution, watchdog).compute(path, claim)
    return array_files.receipt_of(path)


def read_large(study: Study, architecture: Architecture, folder: StudyFolder) -> Arrays:
    """What is known of one network.

    Raises:
        DamagedResult: it is missing or damaged.
        DifferentWork: it holds other work.
    """
    cell = large_cell(study, plan_large(study, architecture))
    found = array_files.read_arrays(folder.large(cell), cell)
    if found is None:
        raise DamagedResult(f"{folder.large(cell)}: not computed yet; run `snakemake --cores 2` again")
    return found


def _is_confirmed(path: Path, cell: Cell, folder: StudyFolder, ranks: Ranks) -> bool:
    confirmed = False
    if ranks.rank == 0:
        try:
            receipt = receipts.read_receipt(array_files.receipt_of(path))
            reason = ""
            if receipt is not None:
                receipts.require_same_work(receipt, cell, path)
                reason = array_files.damage_of(path, str(receipt["digest"]))
                confirmed = not reason
        except DamagedResult as error:
            reason = str(error)
        if reason:
            quarantine.set_aside([array_files.receipt_of(path), path], folder.quarantine, f"{cell.folder} does not verify: {reason}")
    return ranks.any(confirmed)


@dataclass
class _Run:
    """One attempt at a network on one rank."""

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
    def place(self) -> Path:
        """Where states lie that the next run goes on from."""
        return self.folder.work(self.cell) / "states"

    def compute(self, path: Path, claim: Attempt) -> None:
        started = time.monotonic()
        route = self._dual if self.plan.route is LargeRoute.DUAL else self._matrix_free
        arrays = route()
        of_ranks = self.ranks.gather((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, self.computed))
        if arrays is not None:
            claim.confirm()
            array_files.write_arrays(
                path,
                self.cell,
                arrays,
                route=str(self.plan.route),
                reason=self.plan.reason,
                ranks=self.ranks.size,
                seconds=round(time.monotonic() - started, 3),
                gradients_computed=sum(count for _, count in of_ranks),
                memory={"planned": self.plan.work.memory, "peak_resident": max(peak for peak, _ in of_ranks)},
            )
            with suppress(OSError):
                receipts.discard(self.place)
        self.ranks.barrier()

    def tiles(self, room: int) -> Tiles:
        """The gradients of this network."""
        sampler = GradientSampler.of_study(self.study, self.plan.architecture, self.execution.device)
        return Tiles.of_sampler(sampler, self.plan.samples, room, self.watchdog.progress)

    def interrupted(self) -> Interrupted:
        """What is raised when a signal has come and everything is kept."""
        return Interrupted(f"{self.cell.folder}: interrupted; finished parts are kept in {self.place}, run the same command to resume")

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
        return Progress(f"{self.cell.folder} {label}", dict.fromkeys(names, 1.0), what, done=set(names[:done]))

    # The dual route.

    def _dual(self) -> Arrays | None:
        kept_whole = self.plan.room if self.plan.room >= 8 * self.plan.samples * self.plan.architecture.parameters else 0
        tiles = self.tiles(kept_whole)
        rows = self._all_gram_rows(tiles)
        if not kept_whole:
            self.computed += tiles.computed
            tiles = self.tiles(self.plan.room)
        excluded = np.concatenate([rows[number].excluded for number in sorted(rows)]) if rows else np.zeros(0, dtype=bool)
        counted = self.plan.samples - int(self.ranks.sum(np.array([excluded.sum()]))[0])
        operator = GradientOperator(tiles, counted, self.ranks, self.watchdog, self.interrupted)
        if self.ranks.rank > 0:
            operator.serve()
            self.computed += tiles.computed
            return None
        squares = np.concatenate([rows[number].squares for number in sorted(rows)])
        gram = dual.gram_matrix(rows)
        rows.clear()
        traces = traces_from_gram(gram, squares, ~excluded)
        spectrum = dual.dual_spectrum(gram, self.study.large.leading, counted)
        del gram
        vectors = operator.combination(spectrum.combinations)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        pairs = matrix_free.with_residuals(vectors, operator.product)
        operator.release()
        self.computed += tiles.computed
        bounds = {"rank": np.array(spectrum.rank), "floor": np.array(spectrum.floor)}
        return {"eigenvalues": spectrum.eigenvalues, **bounds, **self._of_pairs(pairs), **_of_traces(traces)}

    def _all_gram_rows(self, tiles: Tiles) -> dict[int, GramRows]:
        """The rows of all tiles on rank 0; nothing elsewhere."""
        found = self._resumed_rows() if self.ranks.rank == 0 else {}
        table = np.zeros(tiles.count, dtype=np.int64)
        table[list(found)] = 1
        missing = np.flatnonzero(self.ranks.sum(table) == 0).tolist()
        per_rank = -(-tiles.count // self.ranks.size)
        blocks = dual.blocks_of_tiles(missing, min(self.plan.held, per_rank))
        mine = {number: block for number, block in enumerate(blocks) if owner(number, self.ranks.size) == self.ranks.rank}
        progress = self.progress("Gram matrix", len(mine), 0, "blocks")
        own: dict[int, GramRows] = {}
        unsaved: dict[int, GramRows] = {}
        for position, block in enumerate(mine.values(), start=1):
            made = dual.gram_rows(tiles, block, self.plan.architecture, signals.stop_requested)
            own |= made
            unsaved |= made
            if self.due():
                self._keep_rows(unsaved)
            if signals.stop_requested():
                break
            if progress:
                progress.finish({str(unit) for unit in range(position)})
        self.watchdog.wait_for_others()
        if self.ranks.any(signals.stop_requested()):
            self._keep_rows(unsaved)
            raise self.interrupted()
        places = {tile: owner(number, self.ranks.size) for number, block in enumerate(blocks) for tile in block}
        for tile, source in sorted(places.items()):
            if source == self.ranks.rank == 0:
                found[tile] = own[tile]
            elif source == self.ranks.rank:
                for array in (own[tile].products, own[tile].squares, own[tile].excluded.astype(np.int64)):
                    self.ranks.send(np.ascontiguousarray(array), 0)
            elif self.ranks.rank == 0:
                found[tile] = self._received_rows(tiles, tile, source)
        return found

    def _received_rows(self, tiles: Tiles, tile: int, source: int) -> GramRows:
        rows = tiles.rows(tile)
        products = np.empty((rows.stop - rows.start, rows.stop))
        squares = np.empty((len(products), len(self.plan.architecture.layers)))
        excluded = np.empty(len(products), dtype=np.int64)
        for array in (products, squares, excluded):
            self.ranks.receive(array, source)
        return GramRows(products, squares, excluded.astype(bool))

    def _keep_rows(self, unsaved: dict[int, GramRows]) -> None:
        for number, part in unsaved.items():
            array_files.write_arrays(self.place / f"gram-{number:06d}.npz", self.cell, vars(part))
        unsaved.clear()

    def _resumed_rows(self) -> dict[int, GramRows]:
        found = {}
        for path in sorted(self.place.glob("gram-*.npz")):
            arrays = array_files.resumed_arrays(path, self.cell, self.folder.quarantine)
            if arrays is not None:
                found[int(path.stem.partition("-")[2])] = GramRows(**arrays)
        if found:
            log.info("%s: resuming from %d tiles of the Gram matrix", self.cell.folder, len(found))
        return found

    # The matrix-free route.

    def _matrix_free(self) -> Arrays | None:
        tiles = self.tiles(self.plan.room)
        squares, pairs, excluded = self._norms(tiles)
        counted = self.plan.samples - int(excluded.sum())
        operator = GradientOperator(tiles, counted, self.ranks, self.watchdog, self.interrupted)
        if self.ranks.rank > 0:
            operator.serve()
            self.computed += tiles.computed
            return None
        traces = traces_from_pairs(squares, pairs, ~excluded)
        found, converged, passes = self._leading(operator)
        density = self._density(operator)
        operator.release()
        self.computed += tiles.computed
        solver = {"converged": np.array(converged), "passes": np.array(passes)}
        rules = {"density_nodes": density.nodes, "density_weights": density.weights}
        estimates = {"probed_trace": _row(density.trace_of()), "probed_square_trace": _row(density.trace_of(power=2.0))}
        return {"eigenvalues": found.values, **solver, **self._of_pairs(found), **rules, **estimates, **_of_traces(traces)}

    def _norms(self, tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Squared norms by layer (N, L + 1), products of disjoint pairs (N // 2,), and which samples are excluded (N,); on every rank."""
        own = []
        for slot in tree.share(list(range(SLOTS)), self.ranks.rank, self.ranks.size):
            for number in tiles.of_slot(slot):
                if signals.stop_requested():
                    break
                gradients = tiles.tile(number)
                squares = dual.squares_by_layer(gradients, self.plan.architecture)
                own.append((number, squares, pair_products(gradients), tiles.excluded(number)))
        self.watchdog.wait_for_others()
        if self.ranks.any(signals.stop_requested()):
            raise self.interrupted()
        every = sorted((part for parts in self.ranks.gather(own) for part in parts), key=lambda part: part[0])
        return (
            np.concatenate([part[1] for part in every]),
            np.concatenate([part[2] for part in every]),
            np.concatenate([part[3] for part in every]),
        )

    def normals(self, purpose: str, count: int) -> np.ndarray:
        """Rows of standard normals (count, P), a function of the seed, the network and the purpose."""
        parameters = self.plan.architecture.parameters
        rows = np.empty((count, parameters))
        key = stream_key(self.study.sampling.seed, "large", purpose, *self.plan.architecture.sizes)
        fill_parameters(rows, 0, key, np.ones(parameters), StandardDraw.NORMAL)
        return rows

    def _leading(self, operator: GradientOperator) -> tuple[LeadingPairs, bool, int]:
        leading = self.study.large.leading
        state = self._resumed_space() or matrix_free.started(self.normals("start", min(KRYLOV_BLOCK, self.plan.samples)), leading)
        progress = self.progress("block Krylov", matrix_free.MOST_PASSES, state.passes, "passes at most")
        while not state.converged(leading) and state.passes < matrix_free.MOST_PASSES:
            try:
                matrix_free.advance(state, operator.product, leading)
            except Interrupted:
                self._keep_space(state)
                raise
            if self.due():
                self._keep_space(state)
            if progress:
                progress.finish({str(unit) for unit in range(state.passes)})
        if not state.converged(leading):
            log.warning("%s: not all of the %d leading pairs converged; their residuals say how far", self.cell.folder, leading)
        try:
            pairs = matrix_free.with_residuals(state.ritz_vectors(state.found(leading)), operator.product)
        except Interrupted:
            self._keep_space(state)
            raise
        return pairs, state.converged(leading), state.passes

    def _keep_space(self, state: KrylovState) -> None:
        if state.passes == 0:
            return
        arrays = {
            "basis": state.basis[: state.size],
            "projected": state.projected,
            "values": state.values,
            "residuals": state.residuals,
            "passes": np.array(state.passes),
        }
        self._keep("krylov", state.passes, arrays)

    def _resumed_space(self) -> KrylovState | None:
        arrays = self._resumed("krylov")
        if arrays is None:
            return None
        size, leading = len(arrays["basis"]), self.study.large.leading
        parameters = self.plan.architecture.parameters
        basis = np.empty((matrix_free.basis_rows(leading, min(KRYLOV_BLOCK, self.plan.samples), parameters), parameters))
        basis[:size] = arrays["basis"]
        return KrylovState(basis, size, arrays["projected"], int(arrays["passes"]), arrays["values"], arrays["residuals"])

    def _density(self, operator: GradientOperator) -> spectral_density.SpectralDensity:
        section = self.study.large
        arrays = self._resumed("density")
        if arrays is None:
            state = spectral_density.started(spectral_density.random_signs(self.normals("probes", section.probes)))
        else:
            state = LanczosState(*(arrays[name] for name in ("current", "previous", "diagonals", "off_diagonals")))
        progress = self.progress("density", section.steps, state.steps, "steps")
        while state.steps < section.steps:
            try:
                spectral_density.advance(state, operator.product)
            except Interrupted:
                self._keep_density(state)
                raise
            if self.due():
                self._keep_density(state)
            if progress:
                progress.finish({str(unit) for unit in range(state.steps)})
        return spectral_density.density_of(state)

    def _keep_density(self, state: LanczosState) -> None:
        if state.steps:
            self._keep("density", state.steps, vars(state))

    def _keep(self, name: str, number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep a state, then forget the older ones: at any moment one is whole."""
        path = self.place / f"{name}-{number:06d}.npz"
        if array_files.receipt_of(path).exists():
            return
        array_files.write_arrays(path, self.cell, arrays)
        for older in self.place.glob(f"{name}-*.npz"):
            if older != path:
                array_files.remove_arrays(older)

    def _resumed(self, name: str) -> Arrays | None:
        for path in sorted(self.place.glob(f"{name}-*.npz"), reverse=True):
            arrays = array_files.resumed_arrays(path, self.cell, self.folder.quarantine)
            if arrays is not None:
                log.info("%s: resuming from %s", self.cell.folder, path.name)
                return arrays
        return None

    def _of_pairs(self, pairs: LeadingPairs) -> Arrays:
        """Leading pairs as stored arrays; the share of each vector in every layer is what figures show of it."""
        shares = dual.squares_by_layer(pairs.vectors, self.plan.architecture)
        return {"leading": pairs.values, "residuals": pairs.residuals, "vectors": pairs.vectors, "layer_shares": shares}


def _row(estimate: Estimate) -> np.ndarray:
    return np.array([estimate.value, estimate.low, estimate.high])


def _of_traces(traces: Traces) -> Arrays:
    square = np.array(np.nan if traces.square_trace is None else traces.square_trace)
    return {
        "trace": _row(traces.trace),
        "layer_masses": traces.layer_masses,
        "square_trace": square,
        "population_square_trace": _row(traces.population_square_trace),
        "population_participation": _row(traces.population_participation),
    }


def summary(receipt: Mapping[str, Any]) -> str:
    """One line for people, of a receipt."""
    memory = receipt["memory"]
    return f"{receipt['reason']}; {receipt['seconds']:.1f} s on {receipt['ranks']} ranks, peak {memory['peak_resident'] / 1e9:.2f} GB"
