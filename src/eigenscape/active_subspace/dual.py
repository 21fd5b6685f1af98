"""The N x N Gram matrix of gradients, whose eigenvalues are the nonzero ones of C where N < P.

With G (N, P) the gradients, C = G^T G / N and K = G G^T / N share their nonzero eigenvalues, and an
eigenvector u of K gives the eigenvector v = G^T u / sqrt(N lambda) of C. K is computed tile by
tile: a rank holds some tiles (a block), computes the earlier ones one after the other, and
multiplies each with all tiles that it holds. With blocks of m tiles every gradient is computed
about N / (128 m) times; memory is that of the block, one more tile and the current rows of K.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.eigensolvers import eigenpairs
from eigenscape.active_subspace.tiles import Tiles
from eigenscape.architecture import Layout

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class GramRows:
    """The rows of K that belong to one tile.

    Attributes:
        products: (B, s), products of its B gradients with all samples up to its own last, number s
            - 1.
        squares: (B, L + 1), squared norm of every gradient by layer, or (B, 1) where layers are
            unknown.
        excluded: (B,), which of its samples are excluded.
    """

    products: np.ndarray
    squares: np.ndarray
    excluded: np.ndarray


def gram_rows(
    tiles: Tiles,
    held: Sequence[int],
    architecture: Layout | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[int, GramRows]:
    """Compute the rows of N K that belong to some tiles, up to the diagonal; fewer rows, or none,
    if ``stop`` returns true.

    Each product of two tiles is one ``dgemm`` on arrays of one shape, so the bits do not depend on
    the other tiles in memory.

    Args:
        tiles: the tiles of the gradients.
        held: numbers of the tiles that are held at a time, ascending.
        architecture: the network whose layers the squares refer to.
        stop: called before every tile; the computation ends if it returns true.

    Returns:
        The rows by the number of their tile.

    Example:
        >>> rows = gram_rows(Tiles.of_gradients(np.array([[1.0, 2.0], [0.0, 3.0]])), range(1))
        >>> rows[0].products
        array([[5., 6.],
               [6., 9.]])
    """
    blocks: dict[int, np.ndarray] = {}
    rows: dict[int, GramRows] = {}
    for number in held:
        if stop():
            return {}
        blocks[number] = tiles.tile_copy(number)
        products = np.empty((len(blocks[number]), tiles.rows(number).stop))
        rows[number] = GramRows(
            products, squares_by_layer(blocks[number], architecture), tiles.excluded(number)
        )
    for other in range(held[-1] + 1):
        if stop():
            return {}
        columns = blocks[other] if other in blocks else tiles.tile(other)
        for number in held:
            if other <= number:
                np.matmul(
                    blocks[number], columns.T, out=rows[number].products[:, tiles.rows(other)]
                )
    return rows


def squares_by_layer(gradients: np.ndarray, architecture: Layout | None) -> np.ndarray:
    """Return the squared norm of every gradient (B, P) in every layer, (B, L + 1); the whole norm,
    (B, 1), if layers are unknown.

    Example:
        >>> squares_by_layer(np.array([[3.0, 4.0]]), None)
        array([[25.]])
    """
    slices = (
        [slice(None)] if architecture is None else [layer.whole for layer in architecture.layers]
    )
    return np.stack(
        [np.einsum("ni,ni->n", gradients[:, part], gradients[:, part]) for part in slices], axis=1
    )


def gram_matrix(rows: Mapping[int, GramRows]) -> np.ndarray:
    """Assemble K (N, N) from the rows of all tiles; excluded samples, whose rows are zero, do not
    count in its 1/N.

    Example:
        >>> gram_matrix(gram_rows(Tiles.of_gradients(np.array([[1.0, 2.0], [0.0, 3.0]])), range(1)))
        array([[2.5, 3. ],
               [3. , 4.5]])
    """
    samples = sum(len(part.products) for part in rows.values())
    gram = np.empty((samples, samples))
    first = 0
    for number in sorted(rows):
        products = rows[number].products
        stop = first + len(products)
        gram[first:stop, :stop] = products
        gram[:first, first:stop] = products[:, :first].T
        first = stop
    gram /= samples - sum(int(part.excluded.sum()) for part in rows.values())
    return gram


@dataclass(frozen=True)
class DualSpectrum:
    """The nonzero spectrum of C, computed from K.

    Attributes:
        eigenvalues: (N,), descending; those at or below the floor are given as 0.
        rank: number of eigenvalues above the floor.
        floor: N eps lambda_1, below which an eigenvalue is indistinguishable from rounding error.
        combinations: (k, N), row j is u_j / sqrt(N lambda_j): the leading eigenvectors of C are
            these combinations of gradients.
    """

    eigenvalues: np.ndarray
    rank: int
    floor: float
    combinations: np.ndarray


def dual_spectrum(gram: np.ndarray, leading: int, counted: int | None = None) -> DualSpectrum:
    """Compute the eigenvalues of K and the coefficients of the leading eigenvectors of C.

    Args:
        gram: K, (N, N).
        leading: k, the number of eigenvectors; fewer are returned if the rank is smaller.
        counted: number of samples that are not excluded; N by default.

    Raises:
        EigensolverFailure: the solver reports no convergence.

    Example:
        >>> gradients = np.array([[3.0, 0.0, 4.0], [0.0, 2.0, 0.0]])
        >>> found = dual_spectrum(gradients @ gradients.T / 2, leading=1)
        >>> found.eigenvalues, np.abs(found.combinations @ gradients).round(12)
        (array([12.5,  2. ]), array([[0.6, 0. , 0.8]]))
    """
    values, vectors = eigenpairs(gram)
    floor = len(values) * _EPSILON * max(float(values[0]), 0.0)
    rank = int(np.count_nonzero(values > floor))
    values = np.where(values > floor, values, 0.0)
    count = min(leading, rank)
    samples = len(gram) if counted is None else counted
    return DualSpectrum(
        values,
        rank,
        floor,
        np.ascontiguousarray((vectors[:, :count] / np.sqrt(samples * values[:count])).T),
    )


def blocks_of_tiles(missing: Sequence[int], held: int) -> list[Sequence[int]]:
    """Group tiles that are held together, the longest rows first, given the ascending numbers of
    the missing tiles.

    Example:
        >>> blocks_of_tiles([0, 1, 2, 5, 6], 2)
        [[5, 6], [1, 2], [0]]
    """
    return [missing[max(stop - held, 0) : stop] for stop in range(len(missing), 0, -held)]
