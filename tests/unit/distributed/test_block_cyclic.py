"""Who holds which entry: every index once, local order kept, counts as ScaLAPACK has them."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from eigenscape.distributed.block_cyclic import (
    grid_shape,
    held_count,
    held_indices,
    holder,
    local_index,
)

SIZES, LINES, BLOCKS = some.integers(0, 400), some.integers(1, 9), some.integers(1, 70)


@given(SIZES, LINES, BLOCKS)
def test_every_index_is_held_once(size: int, lines: int, block: int) -> None:
    everything = np.concatenate([held_indices(size, line, lines, block) for line in range(lines)])
    assert sorted(everything.tolist()) == list(range(size))


@given(SIZES, LINES, BLOCKS)
def test_local_indices_are_places_among_what_a_line_holds(
    size: int, lines: int, block: int
) -> None:
    for line in range(lines):
        mine = held_indices(size, line, lines, block)
        assert (holder(mine, lines, block) == line).all()
        assert local_index(mine, lines, block).tolist() == list(range(len(mine)))
        assert held_count(size, line, lines, block) == len(mine)


@given(SIZES, LINES, BLOCKS)
def test_dealing_blocks_out_one_by_one_gives_the_same(size: int, lines: int, block: int) -> None:
    """By hand: block after block to line after line."""
    dealt: list[list[int]] = [[] for _ in range(lines)]
    for number, start in enumerate(range(0, size, block)):
        dealt[number % lines].extend(range(start, min(start + block, size)))
    assert [held_indices(size, line, lines, block).tolist() for line in range(lines)] == dealt


@given(some.integers(1, 2000))
def test_a_grid_uses_every_rank_and_no_shape_is_more_square(ranks: int) -> None:
    lines, columns = grid_shape(ranks)
    assert lines * columns == ranks
    assert lines <= columns
    assert not any(ranks % other == 0 for other in range(lines + 1, math.isqrt(ranks) + 1))
