"""Keys of the random streams: the numbers of a draw depend on its purpose, and on nothing else.

A stream is named by the study's seed and by labels (the purpose of the numbers, the cell). The name
is hashed to the 64-bit key of a counter-based generator (`networks.sampling`); the counter is the
sample number. So any sample can be drawn on any rank, in any order, and adding cells or samples
changes no number that was drawn before.
"""

from __future__ import annotations

import hashlib

import numpy as np

from eigenscape.architecture import Layout
from eigenscape.errors import BadInput

SEED_LIMIT = 2**63
"""Seeds are whole numbers below this limit, so that they fit every file format that records
them."""


def stream_key(seed: int, *labels: object) -> int:
    """Return the 64-bit key of the stream that ``labels`` name.

    Args:
        seed: the study's seed, 0 <= seed < 2**63.
        labels: strings and whole numbers; their order and types matter.

    Raises:
        BadInput: the seed is out of range.

    Example:
        >>> stream_key(0, "prior", "d05-w035") == stream_key(0, "prior", "d05-w035")
        True
        >>> stream_key(0, "prior", 12) == stream_key(0, "prior", "12")
        False
    """
    if not 0 <= seed < SEED_LIMIT:
        raise BadInput.field(
            "seed",
            f"a whole number from 0 to {SEED_LIMIT - 1}",
            str(seed),
            "choose a seed in that range",
        )
    name = "\x1f".join(repr(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def generator(seed: int, *labels: object) -> np.random.Generator:
    """The stream of random numbers that a seed and labels name; the same on every machine and in
    every order of work.

    Example:
        >>> float(generator(0, "example").standard_normal()) == float(
        ...     generator(0, "example").standard_normal()
        ... )
        True
    """
    return np.random.Generator(np.random.Philox(key=stream_key(seed, *labels)))


def prior_key(seed: int, architecture: Layout) -> int:
    """Return the key from which the parameter vectors of one cell are drawn.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> prior_key(0, Architecture(5, 35)) != prior_key(0, Architecture(35, 5))
        True
    """
    return stream_key(seed, "prior", *architecture.sizes)
