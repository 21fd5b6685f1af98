"""ScaLAPACK: a grid of ranks, and the four solvers that spectra need.

The binding is scalapack4py (pure Python over ctypes); `scalapack_library` finds and loads the
library. Both are optional packages: a run on one rank does not need them.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.active_subspace.graded import smallest_by_solves
from eigenscape.distributed.agreement import raise_on_all_ranks
from eigenscape.distributed.block_cyclic import BLOCK, grid_shape, held_count, held_indices
from eigenscape.distributed.ranks import Ranks
from eigenscape.distributed.scalapack_library import load
from eigenscape.errors import DoesNotFit, EigensolverFailure

LARGEST_INTEGER = 2**31 - 1
"""Largest number of array elements: ScaLAPACK's usual builds count them in 32 bits, and their
answers to work space queries wrap silently beyond."""


@dataclass(frozen=True)
class ProcessGrid:
    """The ranks of a run as a grid of lines and columns, with the library that computes on it.

    Attributes:
        ranks: the ranks of the run, numbered line by line.
        lines: number of lines of the grid.
        columns: number of columns of the grid.
        line: the line of this rank.
        column: the column of this rank.
        library: scalapack4py's binding.
        context: BLACS' number of this grid.
    """

    ranks: Ranks
    lines: int
    columns: int
    line: int
    column: int
    library: Any
    context: int

    def rows_of(self, size: int) -> np.ndarray:
        """Return the global rows of a matrix of ``size`` rows that this rank holds."""
        return held_indices(size, self.line, self.lines)

    def columns_of(self, size: int) -> np.ndarray:
        """Return the global columns of a matrix of ``size`` columns that this rank holds."""
        return held_indices(size, self.column, self.columns)

    def empty(self, size: int) -> np.ndarray:
        """Allocate this rank's part of a (P, P) matrix: float64, in Fortran order."""
        return np.empty(
            (held_count(size, self.line, self.lines), held_count(size, self.column, self.columns)),
            order="F",
        )

    def _descriptor(self, size: int) -> Any:
        return self.library.make_blacs_desc(self.context, size, size, BLOCK, BLOCK)

    def eigenvalues(self, local: np.ndarray, size: int) -> np.ndarray:
        """Compute all eigenvalues of a symmetric matrix, (P,) ascending, on every rank, by
        tridiagonalisation and QR (``pdsyev``).

        Args:
            local: this rank's part; destroyed. The lower triangle is read.
            size: P.

        Raises:
            EigensolverFailure: on every rank, where the library reports no convergence.
        """
        values, unused, info, descriptor = (
            np.zeros(size),
            np.zeros((1, 1), order="F"),
            ctypes.c_int(),
            self._descriptor(size),
        )

        def call(work: np.ndarray, length: int) -> None:
            self.library.pdsyev(
                "N",
                "L",
                size,
                local,
                1,
                1,
                descriptor,
                values,
                unused,
                1,
                1,
                descriptor,
                work,
                length,
                info,
            )

        query = np.zeros(3)
        call(query, -1)
        length = max(int(query[0]), 5 * size + 3 * BLOCK * (len(local) + BLOCK + 1))
        call(np.empty(length), length)
        self._require_success("pdsyev", info, size)
        return values

    def eigenpairs(self, local: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Compute the eigenvalues, (P,) ascending, on every rank, and this rank's part of the
        eigenvectors, by divide and conquer (``pdsyevd``).

        Args:
            local: this rank's part; destroyed. The lower triangle is read.
            size: P.

        Raises:
            EigensolverFailure: on every rank, where the library reports no convergence.
            DoesNotFit: the work space cannot be counted in 32 bits.
        """
        values, vectors, info, descriptor = (
            np.zeros(size),
            np.zeros_like(local, order="F"),
            ctypes.c_int(),
            self._descriptor(size),
        )

        def call(work: np.ndarray, length: int, integers: np.ndarray, count: int) -> None:
            arguments = (
                local,
                1,
                1,
                descriptor,
                values,
                vectors,
                1,
                1,
                descriptor,
                work,
                length,
                integers,
                count,
                info,
            )
            self.library.pdsyevd("V", "L", size, *arguments)

        query, integer_query = np.zeros(3), np.zeros(3, dtype=np.int32)
        call(query, -1, integer_query, -1)
        length = max(
            int(query[0]), vectors_work_space(size, len(local), local.shape[1], self.lines)
        )
        count = max(int(integer_query[0]), 7 * size + 8 * self.columns + 2)
        call(np.empty(length), length, np.empty(count, dtype=np.int32), count)
        self._require_success("pdsyevd", info, size)
        return values, vectors

    def cholesky(self, local: np.ndarray, size: int, order: int) -> bool:
        """Replace the leading ``order`` rows and columns by their lower Cholesky factor
        (``pdpotrf``).

        Returns:
            Whether they are positive definite; if not, the contents are undefined.
        """
        info = ctypes.c_int()
        self.library.pdpotrf("L", order, local, 1, 1, self._descriptor(size), info)
        return not self.ranks.any(info.value != 0)

    def singular_values(self, local: np.ndarray, size: int, order: int) -> np.ndarray:
        """Compute the singular values, (order,) descending, of the leading square of a matrix,
        which is destroyed (``pdgesvd``).
        """
        values, unused, info, descriptor = (
            np.zeros(order),
            np.zeros((1, 1), order="F"),
            ctypes.c_int(),
            self._descriptor(size),
        )

        def call(work: np.ndarray, length: int) -> None:
            arguments = (
                local,
                1,
                1,
                descriptor,
                values,
                unused,
                1,
                1,
                descriptor,
                unused,
                1,
                1,
                descriptor,
                work,
                length,
                info,
            )
            self.library.pdgesvd("N", "N", order, order, *arguments)

        query = np.zeros(3)
        call(query, -1)
        length = int(query[0])
        call(np.empty(length), length)
        self._require_success("pdgesvd", info, size)
        return values

    def smallest_singular_value(self, local: np.ndarray, size: int, order: int) -> float:
        """Compute sigma_min of the leading square of a lower triangular matrix
        (`active_subspace.graded`); a collective call.
        """

        def solve(right: np.ndarray) -> np.ndarray:
            middle = self._solve(local, size, order, right, b"N")
            return self._solve(local, size, order, middle, b"T")

        return smallest_by_solves(solve, order)

    def _solve(
        self, local: np.ndarray, size: int, order: int, right: np.ndarray, transposed: bytes
    ) -> np.ndarray:
        """Solve with the leading square of a lower triangular matrix, or with its transpose
        (``pdtrtrs``, which scalapack4py lacks), for a right side (order,) that every rank has.
        """
        rows = self.rows_of(size)
        inside = rows[rows < order]
        column = np.zeros(max(len(rows), 1))
        if self.column == 0:
            column[: len(inside)] = right[inside]
        info, one = ctypes.c_int(), ctypes.byref(ctypes.c_int(1))
        count = ctypes.byref(ctypes.c_int(order))
        self.library.blacs.pdtrtrs_(
            *(ctypes.c_char_p(letter) for letter in (b"L", transposed, b"N")),
            *(count, one, ctypes.c_void_p(local.ctypes.data), one, one),
            ctypes.byref(self._descriptor(size)),
            *(ctypes.c_void_p(column.ctypes.data), one, one),
            ctypes.byref(self.library.make_blacs_desc(self.context, size, 1, BLOCK, BLOCK)),
            ctypes.byref(info),
        )
        self._require_success("pdtrtrs", info, size)
        solution = np.zeros(order)
        if self.column == 0:
            solution[inside] = column[: len(inside)]
        # Of one rank each, so every rank has the same bits and stops at the same step.
        return self.ranks.sum(solution)

    def _require_success(self, routine: str, info: ctypes.c_int, size: int) -> None:
        """Raise the same error on every rank, whichever rank the library reported it to."""
        codes = [value for value in self.ranks.gather(info.value) if value]
        if codes:
            raise EigensolverFailure(
                f"the distributed eigensolver failed on a {size} x {size} matrix: {routine}"
                f" returned info = {codes[0]}"
            )


@contextmanager
def process_grid(ranks: Ranks, shape: tuple[int, int] | None = None) -> Iterator[ProcessGrid]:
    """Arrange all ranks of the run as a grid, as square as their number allows unless ``shape`` is
    given; a collective call.

    Raises:
        BadInput: no ScaLAPACK library fits the MPI library.
    """
    library = raise_on_all_ranks(ranks, load)
    lines, columns = grid_shape(ranks.size) if shape is None else shape
    context = library.make_blacs_context(library.get_default_system_context(), lines, columns)
    try:
        yield ProcessGrid(ranks, lines, columns, *divmod(ranks.rank, columns), library, context)
    finally:
        library.close_blacs_context(context)


def vectors_work_space(size: int, rows: int, columns: int, lines: int) -> int:
    """Return the size of the work array of ``pdsyevd`` for a local part of rows x columns, in
    numbers; Python's integers do not wrap.

    The manual gives max(1 + 6 P + 2 rows columns, 3 P + max(nb (rows + 1), 3 nb)) + 2 P. MKL asks
    for 2 P more, and for matrices of few blocks even its own answer is too small for the last step
    (``pdormtr``: (rows + columns) nb + nb^2), which then fails without setting ``info``; so that is
    added. On grids of several lines MKL asks for up to 1.05 P columns more from P = 5,000 on
    (observed at 5,146 and 8,000 on 2 and 4 ranks); a little more than that is counted.
    """
    last_step = BLOCK * (rows + columns + 2 * BLOCK)
    panels = 6 * size * columns // 5 if lines > 1 else 0
    return (
        max(1 + 6 * size + 2 * rows * columns, 3 * size + BLOCK * (rows + 3))
        + 4 * size
        + last_step
        + panels
    )


def require_countable(size: int, ranks: int, *, vectors: bool) -> None:
    """Refuse a matrix whose part per rank the library cannot count in 32 bits.

    Raises:
        DoesNotFit: the matrix is too large; the message names a number of ranks that is enough.

    Example:
        >>> require_countable(50_000, 16, vectors=True)
    """

    def largest(ranks: int) -> int:
        lines, columns = grid_shape(ranks)
        rows, width = held_count(size, 0, lines), held_count(size, 0, columns)
        return vectors_work_space(size, rows, width, lines) if vectors else rows * width

    if largest(ranks) > LARGEST_INTEGER:
        enough = next(
            more for more in range(ranks + 1, size + 1) if largest(more) <= LARGEST_INTEGER
        )
        raise DoesNotFit.field(
            "ranks",
            f"at least {enough} for {size:,} parameters",
            str(ranks),
            "ScaLAPACK counts in 32 bits: start more ranks",
        )
