"""Counts of one piece of work, by kind, without seconds or machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What is counted. Kinds are distinguished where machines have different rates for them."""

    GRADIENT = "gradients"
    """Flops of the layer products in the gradient kernel."""
    ACTIVATION = "activations"
    """Evaluations of the activation function with its derivative."""
    LAYER = "layer calls"
    """A layer of one sample, forward and backward: what a call costs whatever the layer's size."""
    DRAW = "random draws"
    """Standard normals from the counter-based generator."""
    GRAM = "gram products"
    """Flops of rank-256 updates of a triangle."""
    PRODUCT = "thin products"
    """Flops of products with a few columns, such as gradients along directions."""
    FACTOR = "factorisations"
    """Flops of Cholesky factors."""
    EIGENVALUES = "eigenvalues"
    """Flops of a dense eigensolve, values alone."""
    TWO_STAGE = "eigenvalues in two stages"
    """Flops of the eigenvalues of large matrices on the host, nearly all in matrix products."""
    EIGENVECTORS = "eigenvectors"
    """Flops of a dense eigensolve with vectors."""
    DISTRIBUTED = "distributed eigensolve"
    """Flops of a dense eigensolve over the host cores of many workers."""
    COLUMN = "small eigensolves"
    """Columns of matrices that an eigensolver processes: the cost per column, whatever its
    length."""
    REORDER = "reordering"
    """Entries of matrices that are gathered, transposed or mirrored, which is unfavourable to
    caches."""
    RESAMPLE = "resampling"
    """Multinomial counts of bootstrap replicates, one per sample and replicate."""
    STREAM = "memory"
    """Bytes that pass between memory and processor outside of the products above."""
    COPY = "device copies"
    """Bytes between a device and its host."""
    READ = "reading"
    """Bytes read from a store, with checksums and digest."""
    WRITE = "writing"
    """Bytes written to a store, with checksums, digest and the verification that reads them
    back."""
    SEND = "network"
    """Bytes that the busiest rank sends and receives."""
    MESSAGE = "messages"
    """Messages that the busiest rank sends and receives."""
    STORE = "opening stores"
    """Result stores created and confirmed: metadata, receipts, renames."""
    START = "starting"
    """Interpreters started with their libraries."""
    SCALAR = "plain Python"
    """Seconds of plain Python on the reference machine, for what is not arithmetic: figures,
    tables, text."""


FLOPS = frozenset(
    {
        Kind.GRADIENT,
        Kind.GRAM,
        Kind.PRODUCT,
        Kind.FACTOR,
        Kind.EIGENVALUES,
        Kind.TWO_STAGE,
        Kind.EIGENVECTORS,
        Kind.DISTRIBUTED,
    },
)
"""The kinds that are floating-point operations."""

BYTES_MOVED = frozenset({Kind.STREAM, Kind.COPY, Kind.READ, Kind.WRITE, Kind.SEND})
"""The kinds that are bytes."""


@dataclass(frozen=True)
class Work:
    """Counts by kind, and the memory at the peak.

    Work adds: counts add up, and the peak is the larger one.

    Attributes:
        counts: counts by kind; missing kinds are zero.
        memory: bytes at the peak, without the interpreter.

    Example:
        >>> more = Work({Kind.GRAM: 1.0, Kind.READ: 4.0}, memory=7)
        >>> both = Work({Kind.GRAM: 2.0}, memory=5) + 3 * more
        >>> both[Kind.GRAM], both[Kind.READ], both.flops, both.memory
        (5.0, 12.0, 5.0, 7)
    """

    counts: Mapping[Kind, float] = field(default_factory=dict)
    memory: int = 0

    def __getitem__(self, kind: Kind) -> float:
        return self.counts.get(kind, 0.0)

    def __add__(self, other: Work) -> Work:
        kinds = {**self.counts, **other.counts}
        return Work(
            {kind: self[kind] + other[kind] for kind in kinds}, max(self.memory, other.memory)
        )

    def __rmul__(self, times: float) -> Work:
        return Work({kind: times * count for kind, count in self.counts.items()}, self.memory)

    @property
    def flops(self) -> float:
        """Floating-point operations of every kind."""
        return sum(count for kind, count in self.counts.items() if kind in FLOPS)

    @property
    def bytes_moved(self) -> float:
        """Bytes read, written, sent and streamed."""
        return sum(count for kind, count in self.counts.items() if kind in BYTES_MOVED)


NOTHING = Work()
"""The work of doing nothing, the neutral element of addition."""
