"""Tests of statements about the layers of eigenvectors: their block purity against permuted labels,
and the order of their centroids.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.association import rank_correlations
from eigenscape.active_subspace.bootstrap import percentile_interval
from eigenscape.active_subspace.importance import block_masses, block_purity, random_basis_purity
from eigenscape.architecture import Layout
from eigenscape.config.sizes import PERMUTATIONS
from eigenscape.errors import BadInput
from eigenscape.interval import LEVEL, Interval

_REPLICATES = 64
"""Number of resampled orders that are ranked at a time."""

_COLUMNS, _LABELLINGS = 512, 64
"""Numbers of eigenvectors and labellings in one matrix product: 20 MB of squares at P = 5,146,
whatever the number of permutations."""

_TIE = 1e-12
"""Relative precision to which purities are equal: they are rounded sums of P numbers of order
one."""


@dataclass(frozen=True)
class PurityTest:
    """The test whether eigenvectors concentrate on layers more than on random sets of rows of the
    same sizes.

    Attributes:
        purity: T of the layers.
        random_basis: expectation of T for a random orthogonal basis.
        null: (R,), T under permuted row labels.
        p_value: (1 + number of null values at least T) / (1 + R).
    """

    purity: float
    random_basis: float
    null: np.ndarray
    p_value: float


def purity_test(
    eigenvectors: np.ndarray, architecture: Layout, key: int, permutations: int = PERMUTATIONS
) -> PurityTest:
    """Test the block purity T by permutations of the row labels. Unit of replication: the row, a
    parameter of the network.

    Under the null hypothesis rows are exchangeable: a basis of single coordinates is pure under
    every labelling, and not significant. The p-value counts the observed labelling, so it is never
    0 (B. Phipson and G. K. Smyth, Permutation p-values should never be zero, Stat. Appl. Genet.
    Mol. Biol. 9, 2010). The cost is 2 R (L + 1) P k operations.

    Args:
        eigenvectors: (P, k), unit vectors in the columns.
        architecture: the network whose parameters the rows are.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.
        permutations: R.

    Raises:
        BadInput: the number of rows is not P, or there are no permutations.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> purity_test(np.eye(7), Architecture(depth=1, width=2), key=0, permutations=9).p_value
        1.0
    """
    if permutations < 1:
        raise BadInput.field(
            "permutations", "a whole number of at least 1", str(permutations), "write 999"
        )
    purity = block_purity(block_masses(eigenvectors, architecture))
    generator = np.random.Generator(np.random.Philox(key=key))
    labels = np.repeat(
        np.arange(len(architecture.layers)), [layer.parameters for layer in architecture.layers]
    )
    nulls = []
    for first in range(0, permutations, _LABELLINGS):
        count = min(_LABELLINGS, permutations - first)
        shuffled = np.stack([generator.permutation(labels) for _ in range(count)])
        nulls.append(
            _purities(
                np.asarray(eigenvectors, dtype=np.float64), shuffled, len(architecture.layers)
            )
        )
    null = np.concatenate(nulls)
    exceeding = int(np.sum(null >= purity * (1 - _TIE)))
    return PurityTest(
        purity, random_basis_purity(architecture), null, (1 + exceeding) / (1 + permutations)
    )


def purity_interval(
    blocks: np.ndarray,
    key: int,
    block_length: int | None = None,
    replicates: int = PERMUTATIONS,
    level: float = LEVEL,
) -> Interval[float]:
    """Return the block purity T with a moving-block bootstrap interval over the eigenvectors, as in
    `centroid_order`.

    It measures how much T, a mean over eigenvectors, depends on the choice of eigenvectors. The
    dependence of the leading ones on the sample is measured by `importance.leading_replicates`.

    Args:
        blocks: B, (L + 1, k), from `block_masses`, in descending order of the eigenvalues.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.
        block_length: neighbouring eigenvectors in a run, from 1 to k; by default k^(1/3).
        replicates: R.
        level: nominal coverage.

    Raises:
        BadInput: there is no eigenvector, or the block length is out of range.

    Example:
        >>> purity_interval(np.array([[1.0, 0.5], [0.0, 0.5]]), key=0)
        Interval(value=0.75, low=0.5, high=1.0)
    """
    purities = np.einsum("lj,lj->j", blocks, blocks)
    runs = _runs(len(purities), key, block_length, replicates)
    return percentile_interval(block_purity(blocks), purities[runs].mean(axis=1), level)


def centroid_order(
    centroids: np.ndarray,
    key: int,
    block_length: int | None = None,
    replicates: int = PERMUTATIONS,
    level: float = LEVEL,
) -> Interval[float]:
    """Return Spearman's rho of c_j with j, and a moving-block bootstrap interval: positive where
    later eigenvectors (smaller eigenvalues) lie in later layers.

    Neighbouring eigenvectors are not independent, so runs of consecutive pairs (j, c_j) are drawn
    with replacement (H. R. Kuensch, The jackknife and the bootstrap for general stationary
    observations, Ann. Stat. 17, 1989).

    Args:
        centroids: (k,), c_j in descending order of the eigenvalues.
        key: the key of numpy's Philox generator, from `seeding.stream_key`.
        block_length: pairs in a run, from 1 to k; by default k^(1/3), its optimal order.
        replicates: R.
        level: nominal coverage.

    Raises:
        BadInput: there are fewer than two centroids, all of them are equal, or the block length is
            out of range.

    Example:
        >>> centroid_order(np.array([1.0, 2.0, 3.0, 4.0]), key=0).value
        1.0
    """
    count = len(centroids)
    if count < 2 or np.ptp(centroids) == 0:
        raise BadInput.field(
            "centroids", "at least two different numbers", str(count), "one layer has no order"
        )
    all_runs = _runs(count, key, block_length, replicates)
    rho = float(rank_correlations(np.arange(count)[None], centroids[None])[0])
    # A few replicates at a time: ranking all of them would take eight more arrays of their size.
    resampled = [
        rank_correlations(runs, centroids[runs])
        for runs in np.split(all_runs, range(_REPLICATES, replicates, _REPLICATES))
    ]
    return percentile_interval(rho, np.concatenate(resampled), level)


def _runs(count: int, key: int, block_length: int | None, replicates: int) -> np.ndarray:
    """Return indices (R, k) of moving-block bootstrap replicates: runs of neighbours drawn with
    replacement.
    """
    length = max(round(count ** (1 / 3)), 1) if block_length is None else block_length
    if not 1 <= length <= count:
        raise BadInput.field(
            "block_length",
            f"a whole number from 1 to {count}",
            str(length),
            "write the width of the network",
        )
    generator = np.random.Generator(np.random.Philox(key=key))
    starts = generator.integers(0, count - length + 1, size=(replicates, -(-count // length)))
    runs: np.ndarray = (starts[:, :, None] + np.arange(length)).reshape(replicates, -1)[:, :count]
    return runs


def _purities(eigenvectors: np.ndarray, labels: np.ndarray, layers: int) -> np.ndarray:
    """Return T for each labelling (R, P) of the rows: membership matrices times squared entries, a
    band of columns at a time.
    """
    members = np.concatenate([labels == layer for layer in range(layers)]).astype(np.float64)
    total = np.zeros(len(labels))
    for first in range(0, eigenvectors.shape[1], _COLUMNS):
        masses = (members @ eigenvectors[:, first : first + _COLUMNS] ** 2).reshape(
            layers, len(labels), -1
        )
        total += np.einsum("lrj,lrj->r", masses, masses)
    return np.asarray(total / eigenvectors.shape[1])
