"""The matrix-free route of the stage `large`: leading eigenpairs of C by block Krylov and a density
by Lanczos, over all ranks.

Every product with C is a pass over the gradients that all ranks share. The Krylov space after a
pass, and the Lanczos vectors after a step, are kept on rank 0, which alone holds them.
"""

from __future__ import annotations

import logging

import numpy as np

from eigenscape.active_subspace import dual, matrix_free, spectral_density, tree
from eigenscape.active_subspace.matrix_free import KrylovState, LeadingPairs
from eigenscape.active_subspace.spectral_density import LanczosState
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.active_subspace.traces import pair_products, traces_from_pairs
from eigenscape.config.large import KRYLOV_BLOCK
from eigenscape.config.sizes import SLOTS
from eigenscape.errors import Interrupted
from eigenscape.stages.active_subspace.large_operator import GradientOperator
from eigenscape.stages.active_subspace.large_run import LargeRun, of_traces
from eigenscape.stages.common import signals
from eigenscape.store.array_files import Arrays

log = logging.getLogger(__name__)


def matrix_free_arrays(run: LargeRun) -> Arrays | None:
    """What is stored of the network, on rank 0; None elsewhere. A collective call.

    Raises:
        Interrupted: a signal came; the Krylov space or the Lanczos vectors are kept.
    """
    tiles = run.tiles(run.plan.cache_bytes)
    squares, pairs, excluded = _norms(run, tiles)
    counted = run.plan.samples - int(excluded.sum())
    operator = GradientOperator(tiles, counted, run.ranks, run.watchdog, run.interrupted)
    if run.ranks.rank > 0:
        operator.serve()
        run.computed += tiles.computed
        return None
    traces = traces_from_pairs(squares, pairs, ~excluded)
    found, converged, passes = _leading(run, operator)
    density = _density(run, operator)
    operator.release()
    run.computed += tiles.computed
    solver = {"converged": np.array(converged), "passes": np.array(passes)}
    rules = {"density_nodes": density.nodes, "density_weights": density.weights}
    estimates = {
        "probed_trace": np.array([*density.trace_of()]),
        "probed_square_trace": np.array([*density.trace_of(power=2.0)]),
    }
    return {
        "eigenvalues": found.values,
        **solver,
        **run.of_pairs(found),
        **rules,
        **estimates,
        **of_traces(traces),
    }


def _norms(run: LargeRun, tiles: Tiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squared norms by layer (N, L + 1), products of disjoint pairs (N // 2,), and which samples
    are excluded (N,); on every rank.
    """
    own = []
    for slot in tree.share(list(range(SLOTS)), run.ranks.rank, run.ranks.size):
        for number in tiles.of_slot(slot):
            if signals.stop_requested():
                break
            gradients = tiles.tile(number)
            squares = dual.squares_by_layer(gradients, run.plan.architecture)
            own.append((number, squares, pair_products(gradients), tiles.excluded(number)))
    run.watchdog.wait_for_others()
    if run.ranks.any(signals.stop_requested()):
        raise run.interrupted()
    every = sorted(
        (part for parts in run.ranks.gather(own) for part in parts), key=lambda part: part[0]
    )
    return (
        np.concatenate([part[1] for part in every]),
        np.concatenate([part[2] for part in every]),
        np.concatenate([part[3] for part in every]),
    )


def _leading(run: LargeRun, operator: GradientOperator) -> tuple[LeadingPairs, bool, int]:
    leading = run.study.large.leading
    state = _resumed_space(run) or matrix_free.init_state(
        run.normals("start", min(KRYLOV_BLOCK, run.plan.samples)), leading
    )
    progress = run.progress("block Krylov", matrix_free.MOST_PASSES, state.passes, "passes at most")
    while not state.converged(leading) and state.passes < matrix_free.MOST_PASSES:
        try:
            matrix_free.step(state, operator.product, leading)
        except Interrupted:
            _keep_space(run, state)
            raise
        if run.due():
            _keep_space(run, state)
        if progress:
            progress.finish({str(unit) for unit in range(state.passes)})
    if not state.converged(leading):
        log.warning(
            "%s: not all of the %d leading pairs converged; their residuals say how far",
            run.cell.folder,
            leading,
        )
    try:
        pairs = matrix_free.with_residuals(
            state.ritz_vectors(state.count_found(leading)), operator.product
        )
    except Interrupted:
        _keep_space(run, state)
        raise
    return pairs, state.converged(leading), state.passes


def _keep_space(run: LargeRun, state: KrylovState) -> None:
    if state.passes == 0:
        return
    arrays = {
        "basis": state.basis[: state.size],
        "projected": state.projected,
        "values": state.values,
        "residuals": state.residuals,
        "passes": np.array(state.passes),
    }
    run.keep("krylov", state.passes, arrays)


def _resumed_space(run: LargeRun) -> KrylovState | None:
    arrays = run.resumed("krylov")
    if arrays is None:
        return None
    size, leading = len(arrays["basis"]), run.study.large.leading
    parameters = run.plan.architecture.parameters
    basis = np.empty(
        (
            matrix_free.basis_rows(leading, min(KRYLOV_BLOCK, run.plan.samples), parameters),
            parameters,
        )
    )
    basis[:size] = arrays["basis"]
    return KrylovState(
        basis,
        size,
        arrays["projected"],
        int(arrays["passes"]),
        arrays["values"],
        arrays["residuals"],
    )


def _density(run: LargeRun, operator: GradientOperator) -> spectral_density.SpectralDensity:
    section = run.study.large
    arrays = run.resumed("density")
    if arrays is None:
        state = spectral_density.init_state(
            spectral_density.random_signs(run.normals("probes", section.probes))
        )
    else:
        state = LanczosState(
            *(arrays[name] for name in ("current", "previous", "diagonals", "off_diagonals"))
        )
    progress = run.progress("density", section.steps, state.steps, "steps")
    while state.steps < section.steps:
        try:
            spectral_density.step(state, operator.product)
        except Interrupted:
            _keep_density(run, state)
            raise
        if run.due():
            _keep_density(run, state)
        if progress:
            progress.finish({str(unit) for unit in range(state.steps)})
    return spectral_density.density_of(state)


def _keep_density(run: LargeRun, state: LanczosState) -> None:
    if state.steps:
        run.keep("density", state.steps, vars(state))
