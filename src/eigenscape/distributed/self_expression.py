"""Sparse self-expression of many columns on several ranks.

Columns are independent: blocks of fixed size are assigned to the ranks in turn, and all ranks
gather the sparse solutions. The arithmetic of a block does not depend on its rank, and every rank
works on the matrix of rank 0: on processors of one kind, C and its certificate have the same bits
on any number of ranks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from eigenscape.clustering.gram import Columns
from eigenscape.clustering.sparse import (
    Penalty,
    Route,
    SelfExpression,
    SolvedBlock,
    assemble,
    column_blocks,
    penalties,
    solve_block,
)
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.ranks import Ranks


def distributed_self_expression(
    matrix: np.ndarray,
    penalty: Penalty,
    ranks: Ranks,
    *,
    route: Route | None = None,
    tolerance: float = 1e-4,
    most_iterations: int | None = None,
) -> SelfExpression:
    """Compute `clustering.sparse.sparse_self_expression` on all ranks; a collective call that
    returns the result on every rank.

    Every rank holds X and X^T X (N^2 numbers), and in the end C; only the solving is distributed.

    Args:
        matrix: X (D, N), of unit columns; the values of rank 0 are used, and all ranks need the
            same shape.
        penalty: the objective.
        ranks: the ranks of the run.
        route: as for one rank.
        tolerance: as for one rank.
        most_iterations: as for one rank.

    Raises:
        EigenscapeError: the error of the first rank that failed, raised on every rank.

    Example:
        >>> from eigenscape.distributed.ranks import OneRank
        >>> distributed_self_expression(
        ...     np.array([[1.0, 1.0]]), Penalty(10.0), OneRank()
        ... ).coefficients
        array([[0. , 0.9],
               [0.9, 0. ]])
    """
    shared = np.array(matrix, float, order="C")
    ranks.broadcast(shared, 0)
    columns = raise_on_all_ranks(ranks, lambda: Columns.of(shared))
    own_blocks = column_blocks(columns.count)[ranks.rank :: ranks.size]
    options: Any = {"route": route, "tolerance": tolerance, "most_iterations": most_iterations}
    strengths = penalties(columns, penalty)
    solved = raise_on_all_ranks(
        ranks,
        lambda: [
            _packed(solve_block(columns, penalty, strengths, chosen, **options))
            for chosen in own_blocks
        ],
    )
    return assemble(
        columns,
        strengths,
        [_unpacked(block, sparse) for part in ranks.gather(solved) for block, sparse in part],
    )


def _packed(block: SolvedBlock) -> tuple[SolvedBlock, csc_array]:
    """Return the block with its coefficients, most of which are zero, in sparse form."""
    nothing = np.zeros((0, len(block.chosen)))
    return replace(block, solution=replace(block.solution, coefficients=nothing)), csc_array(
        block.solution.coefficients
    )


def _unpacked(block: SolvedBlock, sparse: csc_array) -> SolvedBlock:
    return replace(block, solution=replace(block.solution, coefficients=sparse.toarray()))
