"""Distances between models by their predictions, in streamed blocks of pairs.

The Bhattacharyya distance of two models that give sample i the probabilities P[i, y] and Q[i, y] is

    d_B(P, Q) = -(1/n) sum_i log sum_y sqrt(P[i, y] Q[i, y]),

a mean over samples, so that it does not grow with their number (K. Quinn et al., PNAS 116, 2019,
doi 10.1073/pnas.1817218116). Since the logarithm stands outside the sum over classes, n products of
M x C matrices are needed where one product would do for a plain kernel; per pair and sample that is
2C operations and one logarithm. Two things make it fast: overlaps of `GROUP` samples are multiplied
before one logarithm is taken of them, and tiles are small enough that everything stays in the
processor's cache. In addition to the distances only `scratch_bytes` are needed, whatever the
numbers of models and samples.

An overlap is at least exp(-745) only if no class of either model lies below it, and a product of
`GROUP` overlaps may be below the smallest float64 long before. Such pairs are detected by their
product and computed again, one sample at a time, in the log domain: log sum_y exp((log P + log Q) /
2). So nothing is clipped unless a floor is requested, and two models that exclude each other have
an infinite distance, which is refused.

The bits of a distance depend on its position in the tiles, which lie at multiples of `TILE`, and
not on the rank that computes its block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eigenscape.errors import BadInput

GROUP = 16
"""Number of samples per logarithm. Their product stays a normal number while overlaps are above
e^-44 in the geometric mean; between a network that is certain of one class and another that is
certain of the next, 20 nats are much already."""

TILE = 128
"""Number of models per side of a tile: two tiles of numbers (262 kB) and the rows of one sample (20
kB) fit in a second-level cache. Measured on one core of an EPYC Zen 4, ns per pair and sample, C =
10: 1.3 at 64, 0.83 at 128, 0.80 at 256, 0.98 at 512."""

BLOCK = 1024
"""Number of models per side of a block, for which square roots of probabilities are computed
together: 1/512 exponential per pair, sample and class."""

SUM_TOLERANCE = 1e-3
"""Tolerance of probabilities that should sum to 1: log-softmax of single-precision logits as large
as 10^4. They are scaled to sum to 1."""

_SMALLEST = float(np.finfo(np.float64).tiny)
"""The number below which float64 loses digits."""


@dataclass(frozen=True)
class Block:
    """Rows and columns of the distance matrix that are computed together, at or below its diagonal.

    Attributes:
        rows: first row, and the end of the rows.
        columns: first column, and the end of the columns.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]


def blocks_of(models: int, least: int = 1) -> list[Block]:
    """Return blocks that cover the lower triangle of an M x M matrix, in a fixed order.

    Args:
        models: M.
        least: smallest number of blocks, for ranks to share; blocks become smaller for it, down to
            a tile.

    Example:
        >>> [block.shape for block in blocks_of(1100)]
        [(1024, 1024), (76, 1024), (76, 76)]
        >>> len(blocks_of(1100, least=4))
        6
    """
    side = BLOCK
    while side > TILE and _triangle(-(-models // side)) < least:
        side //= 2
    edges = [*range(0, models, side), models]
    spans = list(pairwise(edges))
    return [
        Block(rows, columns) for number, rows in enumerate(spans) for columns in spans[: number + 1]
    ]


def _triangle(side: int) -> int:
    return side * (side + 1) // 2


def scratch_bytes(classes: int) -> int:
    """Return an upper bound of the memory of `block_distances`, including its result, in bytes.

    The terms are the result B^2 and a byte per entry for finiteness; square roots of both sides for
    one group of samples with the copies from which they are computed, 2 B G C each; and three
    tiles. One twentieth is added for temporaries of numpy.

    Example:
        >>> scratch_bytes(10) // 10**6
        15
    """
    return int(1.05 * (9 * BLOCK**2 + 8 * (4 * BLOCK * GROUP * classes + 3 * TILE**2)))


def bhattacharyya_distances(log_probabilities: np.ndarray, *, floor: float = 0.0) -> np.ndarray:
    """Compute all distances between M models.

    Args:
        log_probabilities: (M, n, C), natural logarithms, float32 or float64; -inf for a probability
            of zero.
        floor: smallest overlap of a sample; smaller ones are replaced by it; 0 for none. Codes of
            the method's authors use 1e-6 to 1e-9.

    Returns:
        D (M, M), symmetric, zero on the diagonal.

    Raises:
        BadInput: probabilities do not sum to 1, the floor is out of range, or two models exclude
            each other and there is no floor.

    Example:
        >>> uniform, sure = np.full((1, 2), -np.log(2)), np.array([[0.0, -np.inf]])
        >>> found = bhattacharyya_distances(np.stack([uniform, sure]))[0, 1]
        >>> found.round(12) == np.round(np.log(2) / 2, 12)
        np.True_
    """
    require_log_probabilities(log_probabilities)
    distances = np.zeros((len(log_probabilities),) * 2)
    for block in blocks_of(len(log_probabilities)):
        enter(distances, block, block_distances(log_probabilities, block, floor=floor))
    return distances


def enter(distances: np.ndarray, block: Block, values: np.ndarray) -> None:
    """Copy the values of a block into the matrix D (M, M), on both sides of the diagonal."""
    (top, bottom), (left, right) = block.rows, block.columns
    distances[top:bottom, left:right] = values
    distances[left:right, top:bottom] = values.T


def block_distances(
    log_probabilities: np.ndarray, block: Block, *, floor: float = 0.0
) -> np.ndarray:
    """Compute the distances of one block (rows, columns).

    Args:
        log_probabilities: (M, n, C), all models; only those of the block are read.
        block: one of the blocks of `blocks_of`.
        floor: as in `bhattacharyya_distances`.

    Raises:
        BadInput: two models exclude each other and there is no floor, or the floor is out of range.
    """
    rows, columns = (log_probabilities[first:last] for first, last in (block.rows, block.columns))
    diagonal = block.rows == block.columns
    distances = _distances(rows, columns, floor, diagonal=diagonal)
    if diagonal:
        for row in range(len(distances)):
            distances[row, row] = 0.0
            distances[: row + 1, row] = distances[row, : row + 1]
    return distances


def cross_distances(first: np.ndarray, second: np.ndarray, *, floor: float = 0.0) -> np.ndarray:
    """Compute the distances of the models (Q, n, C) from the models (M, n, C), as (Q, M), for an
    out-of-sample embedding.

    Raises:
        BadInput: as `bhattacharyya_distances`, or samples or classes differ.

    Example:
        >>> even, skew = np.log([[0.5, 0.5]]), np.log([[0.9, 0.1]])
        >>> cross_distances(np.stack([even]), np.stack([even, skew])).shape
        (1, 2)
    """
    for array in (first, second):
        require_log_probabilities(array)
    if first.shape[1:] != second.shape[1:]:
        raise BadInput.field(
            "log_probabilities",
            f"{second.shape[1:]} samples and classes in both",
            f"{first.shape[1:]}",
            "give one set of samples",
        )
    distances = np.empty((len(first), len(second)))
    for rows in _spans(len(first), BLOCK):
        for columns in _spans(len(second), BLOCK):
            distances[rows, columns] = _distances(
                first[rows], second[columns], floor, diagonal=False
            )
    return distances


def gaussian_distances(outputs: np.ndarray, deviation: float = 1.0) -> np.ndarray:
    """Return d_B = |f_k - f_l|^2 / (8 sigma^2 n) between models whose predictions are N(f, sigma^2)
    at each of n samples.

    It is a squared Euclidean distance, so W is the centred Gram matrix of the outputs over 8
    sigma^2 n and InPCA is PCA of the outputs (this project's remark).

    Args:
        outputs: f (M, n).
        deviation: sigma.

    Raises:
        BadInput: the shape is wrong, numbers are not finite, or the deviation is not positive.

    Example:
        >>> gaussian_distances(np.array([[0.0, 0.0], [4.0, 0.0]])).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    if outputs.ndim != 2 or 0 in outputs.shape or not np.isfinite(outputs).all():
        raise BadInput.field(
            "outputs",
            "finite numbers, a row per model",
            f"shape {outputs.shape}",
            "give (models, samples)",
        )
    if not deviation > 0:
        raise BadInput.field("deviation", "a number above 0", repr(deviation), "write 1.0")
    # About their mean: the Gram matrix's cancellation is then that of the distances themselves.
    centred = np.asarray(outputs, dtype=np.float64) - np.mean(outputs, axis=0, dtype=np.float64)
    gram = centred @ centred.T
    squares = np.diag(gram)
    distances = np.maximum(squares[:, None] + squares - 2 * gram, 0.0) / (
        8 * deviation**2 * outputs.shape[1]
    )
    np.fill_diagonal(distances, 0.0)
    return np.asarray((distances + distances.T) / 2)


def require_log_probabilities(values: np.ndarray) -> None:
    """Refuse values that are not logarithms of probabilities.

    Raises:
        BadInput: the shape is wrong, there is a NaN, or sums over classes are not 1.
    """
    if values.ndim != 3 or 0 in values.shape or values.dtype.kind != "f":
        found = f"shape {values.shape}, {values.dtype}"
        raise BadInput.field(
            "log_probabilities",
            "floating-point numbers (models, samples, classes)",
            found,
            "give log-softmax outputs",
        )
    for span in _spans(len(values), TILE):
        off = np.abs(np.exp(values[span].astype(np.float64)).sum(axis=2) - 1)
        if not off.max() <= SUM_TOLERANCE:
            worst = float(np.nanmax(off)) if np.isfinite(off).any() else float("nan")
            raise BadInput.field(
                "log_probabilities",
                "probabilities that sum to 1 over classes",
                f"a sum that is off by {worst:.3g}",
                "take log_softmax of logits",
            )


def _spans(count: int, side: int) -> Iterator[slice]:
    for first in range(0, count, side):
        yield slice(first, min(first + side, count))


def _distances(
    rows: np.ndarray, columns: np.ndarray, floor: float, *, diagonal: bool
) -> np.ndarray:
    """Compute (R, Q) distances; of a block on the diagonal only the tiles at or below it."""
    if not 0 <= floor < 1:
        raise BadInput.field(
            "floor", "a number from 0, below 1", repr(floor), "write 0.0 for none, or 1e-9"
        )
    samples = rows.shape[1]
    distances = np.zeros((len(rows), len(columns)))
    product, overlap = np.empty((2, TILE * TILE))
    for group in _spans(samples, GROUP):
        upper = _roots(rows[:, group])
        lower = upper if diagonal else _roots(columns[:, group])
        for high in _spans(len(rows), TILE):
            for wide in _spans(len(columns), TILE):
                if diagonal and wide.start > high.start:
                    continue
                shape = (high.stop - high.start, wide.stop - wide.start)
                total, one = (
                    buffer[: shape[0] * shape[1]].reshape(shape) for buffer in (product, overlap)
                )
                _multiply_overlaps(upper[:, high], lower[:, wide], floor, total, one)
                lost = (
                    np.argwhere(total < _SMALLEST)
                    if total.min() < _SMALLEST
                    else np.empty((0, 2), dtype=np.intp)
                )
                with np.errstate(divide="ignore"):
                    np.log(total, out=total)
                for pair in lost:
                    total[tuple(pair)] = _log_overlaps(
                        rows[high.start + pair[0], group],
                        columns[wide.start + pair[1], group],
                        floor,
                    )
                distances[high, wide] -= total
    if not np.isfinite(distances).all():
        fix = "give a floor such as 1e-9, or leave out models that are certain"
        raise BadInput.field(
            "log_probabilities",
            "models that share a class at every sample",
            "two that exclude each other",
            fix,
        )
    # Rounding may leave an overlap with itself a few ulp above 1.
    distances /= samples
    np.maximum(distances, 0.0, out=distances)
    return distances


def _roots(logs: np.ndarray) -> np.ndarray:
    """Return sqrt P (G, R, C) in float64, of unit length over classes, from (R, G, C)."""
    roots: np.ndarray = np.exp(0.5 * logs.transpose(1, 0, 2).astype(np.float64, order="C"))
    # Single precision leaves sums that are off by 1e-7, as if a model had a distance from itself.
    roots /= np.sqrt(np.einsum("grc,grc->gr", roots, roots))[:, :, None]
    return roots


def _multiply_overlaps(
    upper: np.ndarray, lower: np.ndarray, floor: float, total: np.ndarray, one: np.ndarray
) -> None:
    """Multiply the overlaps of the samples of a group; ``total`` and ``one`` (R, Q) are written."""
    for sample in range(len(upper)):
        into = one if sample else total
        np.matmul(upper[sample], lower[sample].T, out=into)
        if floor:
            np.maximum(into, floor, out=into)
        if sample:
            np.multiply(total, one, out=total)


def _log_overlaps(first: np.ndarray, second: np.ndarray, floor: float) -> float:
    """Return the sum over the samples of log sum_y sqrt(P Q), from log-probabilities (G, C)
    each.
    """
    halves = 0.5 * (first.astype(np.float64) + second)
    with np.errstate(divide="ignore"):
        logs = np.logaddexp.reduce(halves, axis=1)
        return float(np.maximum(logs, np.log(floor)).sum())
