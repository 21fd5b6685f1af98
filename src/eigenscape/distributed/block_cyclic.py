"""The block-cyclic distribution of a matrix over a grid of ranks, as ScaLAPACK defines it.

Along each dimension, block b of ``block`` consecutive indices belongs to line ``b mod lines`` of
the grid, and each line keeps its blocks one after the other. Rows and columns are distributed
independently. This module does not use MPI. See Blackford et al., ScaLAPACK Users' Guide, SIAM
1997, section 4.3.
"""

from __future__ import annotations

import math

import numpy as np

BLOCK = 64
"""Side length of the blocks: ScaLAPACK's usual choice, wide enough for matrix products and narrow
enough to spread a matrix of some hundred rows over the grid."""


def grid_shape(ranks: int) -> tuple[int, int]:
    """Return the lines and columns of the most square grid that uses every rank. The grid never has
    more lines than columns, and is 1 x R for a prime R.

    Example:
        >>> [grid_shape(ranks) for ranks in (1, 2, 3, 4, 6, 12)]
        [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 4)]
    """
    lines = next(lines for lines in range(math.isqrt(ranks), 0, -1) if ranks % lines == 0)
    return lines, ranks // lines


def holder(indices: np.ndarray, lines: int, block: int = BLOCK) -> np.ndarray:
    """Return the line of the grid that holds each global index.

    Example:
        >>> holder(np.arange(7), lines=2, block=2)
        array([0, 0, 1, 1, 0, 0, 1])
    """
    line: np.ndarray = indices // block % lines
    return line


def local_index(indices: np.ndarray, lines: int, block: int = BLOCK) -> np.ndarray:
    """Return the local index of each global index on the line that holds it.

    Example:
        >>> local_index(np.arange(7), lines=2, block=2)
        array([0, 1, 0, 1, 2, 3, 2])
    """
    local: np.ndarray = indices // (block * lines) * block + indices % block
    return local


def held_indices(size: int, line: int, lines: int, block: int = BLOCK) -> np.ndarray:
    """Return the global indices below ``size`` that a line holds, in their local order.

    Example:
        >>> held_indices(7, line=0, lines=2, block=2)
        array([0, 1, 4, 5])
    """
    return np.flatnonzero(holder(np.arange(size), lines, block) == line)


def held_count(size: int, line: int, lines: int, block: int = BLOCK) -> int:
    """Count the indices below ``size`` that a line holds; equivalent to ScaLAPACK's ``numroc``.

    Example:
        >>> [held_count(7, line, lines=2, block=2) for line in (0, 1)]
        [4, 3]
    """
    whole_rounds, rest = divmod(size, block * lines)
    return whole_rounds * block + min(max(rest - line * block, 0), block)
