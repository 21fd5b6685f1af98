"""The number of ranks that share the distances of an ensemble of trajectories, and the memory of
each.

This file is read by the workflow before anything runs, so it imports nothing heavy.
"""

from __future__ import annotations

from eigenscape.config.sizes import DIGIT_CLASSES
from eigenscape.config.sloppiness import EnsembleSection

RANK_PAIRS = 10**11
"""Pairs times samples from which on ranks share the distances: about three minutes of one core."""


RANKS = 4
"""Number of MPI ranks that share them then."""


def ranks(section: EnsembleSection) -> int:
    """Return the number of MPI ranks that share the distances.

    Example:
        >>> large = EnsembleSection(seeds=40, checkpoints=50, inputs_per_class=100)
        >>> ranks(EnsembleSection()), ranks(large)
        (1, 4)
    """
    return (
        RANKS
        if 0.5 * section.points() ** 2 * DIGIT_CLASSES * section.inputs_per_class > RANK_PAIRS
        else 1
    )


def rank_memory(section: EnsembleSection) -> int:
    """Return the bytes of a rank: the interpreter, all predictions in single precision, and on rank
    0 the matrix, which is charged to every rank.
    """
    points = section.points()
    return (
        900 * 10**6
        + 4 * points * DIGIT_CLASSES**2 * section.inputs_per_class
        + 8 * points**2
        + 4 * 2 * points**2
    )
