"""Parameter vectors by their number: theta_n is a function of the key and of n alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eigenscape.architecture import Layout
from eigenscape.networks.priors import Prior, StandardDraw


class Draws(Protocol):
    """A stream of parameter vectors."""

    def fill(self, parameters: np.ndarray, first: int) -> None:
        """Draw vectors ``first``, ``first + 1``, ... into the rows of ``parameters`` (B, P)."""
        ...


@dataclass(frozen=True, eq=False)
class ScaledDraws:
    """theta_n = scale * standard draw, independent across parameters.

    Attributes:
        draw: the standard distribution.
        scales: (P,).
        key: of the random stream, from `seeding.prior_key`.

    Example:
        >>> theta = np.empty((2, 3))
        >>> ScaledDraws(StandardDraw.UNIFORM, np.array([1.0, 2.0, 0.0]), key=7).fill(theta, 0)
        >>> bool((np.abs(theta) <= [1.0, 2.0, 0.0]).all())
        True
    """

    draw: StandardDraw
    scales: np.ndarray
    key: int

    def fill(self, parameters: np.ndarray, first: int) -> None:
        """Draw vectors ``first``, ``first + 1``, ... into the rows of ``parameters`` (B, P)."""
        from eigenscape.networks.sampling import fill_parameters  # noqa: PLC0415 - compiled code

        fill_parameters(parameters, first, self.key, self.scales, self.draw)


def draws_of(prior: Prior, architecture: Layout, key: int) -> ScaledDraws:
    """The parameter vectors of a network under a prior by layer."""
    return ScaledDraws(prior.draw, prior.scales(architecture), key)
