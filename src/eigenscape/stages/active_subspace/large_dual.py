"""The dual route of the stage `large`: all nonzero eigenvalues of C from the N x N Gram matrix of
the gradients, over all ranks.

Ranks share the tiles of the Gram matrix, whose finished rows are kept; rank 0 gathers and solves
it, and asks all ranks for the leading eigenvectors and their residuals.
"""

from __future__ import annotations

import logging

import numpy as np

from eigenscape.active_subspace import dual, matrix_free
from eigenscape.active_subspace.dual import GramRows
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.active_subspace.traces import traces_from_gram
from eigenscape.distributed.reduction import owner
from eigenscape.stages.active_subspace.large_operator import GradientOperator
from eigenscape.stages.active_subspace.large_run import LargeRun, of_traces
from eigenscape.stages.common import signals
from eigenscape.store import array_files
from eigenscape.store.array_files import Arrays

log = logging.getLogger(__name__)


def dual_arrays(run: LargeRun) -> Arrays | None:
    """What is stored of the network, on rank 0; None elsewhere. A collective call.

    Raises:
        Interrupted: a signal came; finished rows of the Gram matrix are kept.
    """
    plan, ranks = run.plan, run.ranks
    whole_cache = (
        plan.cache_bytes
        if plan.cache_bytes >= 8 * plan.samples * plan.architecture.parameters
        else 0
    )
    tiles = run.tiles(whole_cache)
    rows = _all_gram_rows(run, tiles)
    if not whole_cache:
        run.computed += tiles.computed
        tiles = run.tiles(plan.cache_bytes)
    excluded = (
        np.concatenate([rows[number].excluded for number in sorted(rows)])
        if rows
        else np.zeros(0, dtype=bool)
    )
    counted = plan.samples - int(ranks.sum(np.array([excluded.sum()]))[0])
    operator = GradientOperator(tiles, counted, ranks, run.watchdog, run.interrupted)
    if ranks.rank > 0:
        operator.serve()
        run.computed += tiles.computed
        return None
    squares = np.concatenate([rows[number].squares for number in sorted(rows)])
    gram = dual.gram_matrix(rows)
    rows.clear()
    traces = traces_from_gram(gram, squares, ~excluded)
    spectrum = dual.dual_spectrum(gram, run.study.large.leading, counted)
    del gram
    vectors = operator.combination(spectrum.combinations)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = matrix_free.with_residuals(vectors, operator.product)
    operator.release()
    run.computed += tiles.computed
    bounds = {"rank": np.array(spectrum.rank), "floor": np.array(spectrum.floor)}
    return {
        "eigenvalues": spectrum.eigenvalues,
        **bounds,
        **run.of_pairs(pairs),
        **of_traces(traces),
    }


def _all_gram_rows(run: LargeRun, tiles: Tiles) -> dict[int, GramRows]:
    """The rows of all tiles on rank 0; nothing elsewhere."""
    ranks = run.ranks
    found = _resumed_rows(run) if ranks.rank == 0 else {}
    table = np.zeros(tiles.count, dtype=np.int64)
    table[list(found)] = 1
    missing = np.flatnonzero(ranks.sum(table) == 0).tolist()
    per_rank = -(-tiles.count // ranks.size)
    blocks = dual.blocks_of_tiles(missing, min(run.plan.tiles_held, per_rank))
    mine = {
        number: block
        for number, block in enumerate(blocks)
        if owner(number, ranks.size) == ranks.rank
    }
    progress = run.progress("Gram matrix", len(mine), 0, "blocks")
    own: dict[int, GramRows] = {}
    unsaved: dict[int, GramRows] = {}
    for position, block in enumerate(mine.values(), start=1):
        made = dual.gram_rows(tiles, block, run.plan.architecture, signals.stop_requested)
        own |= made
        unsaved |= made
        if run.due():
            _keep_rows(run, unsaved)
        if signals.stop_requested():
            break
        if progress:
            progress.finish({str(unit) for unit in range(position)})
    run.watchdog.wait_for_others()
    if ranks.any(signals.stop_requested()):
        _keep_rows(run, unsaved)
        raise run.interrupted()
    owners = {
        tile: owner(number, ranks.size) for number, block in enumerate(blocks) for tile in block
    }
    for tile, source in sorted(owners.items()):
        if source == ranks.rank == 0:
            found[tile] = own[tile]
        elif source == ranks.rank:
            for array in (
                own[tile].products,
                own[tile].squares,
                own[tile].excluded.astype(np.int64),
            ):
                ranks.send(np.ascontiguousarray(array), 0)
        elif ranks.rank == 0:
            found[tile] = _received_rows(run, tiles, tile, source)
    return found


def _received_rows(run: LargeRun, tiles: Tiles, tile: int, source: int) -> GramRows:
    rows = tiles.rows(tile)
    products = np.empty((rows.stop - rows.start, rows.stop))
    squares = np.empty((len(products), len(run.plan.architecture.layers)))
    excluded = np.empty(len(products), dtype=np.int64)
    for array in (products, squares, excluded):
        run.ranks.receive(array, source)
    return GramRows(products, squares, excluded.astype(bool))


def _keep_rows(run: LargeRun, unsaved: dict[int, GramRows]) -> None:
    for number, part in unsaved.items():
        array_files.write_arrays(
            run.states_folder / f"gram-{number:06d}.npz", run.cell.identity, vars(part)
        )
    unsaved.clear()


def _resumed_rows(run: LargeRun) -> dict[int, GramRows]:
    found = {}
    for path in sorted(run.states_folder.glob("gram-*.npz")):
        arrays = array_files.resumed_arrays(path, run.cell.identity, run.folder.quarantine)
        if arrays is not None:
            found[int(path.stem.partition("-")[2])] = GramRows(**arrays)
    if found:
        log.info("%s: resuming from %d tiles of the Gram matrix", run.cell.folder, len(found))
    return found
