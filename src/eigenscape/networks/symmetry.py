"""Which transformations of a network's hidden units leave its loss and its prior as they are.

What follows for the second moment, and how it is projected: `active_subspace.symmetry`.
"""

from __future__ import annotations

from enum import StrEnum

from eigenscape.networks.activations import Activation
from eigenscape.networks.priors import Prior


class Symmetry(StrEnum):
    """The group under which C is averaged."""

    PERMUTATIONS_AND_SIGNS = "permutations_and_signs"
    PERMUTATIONS = "permutations"


def symmetry_of(activation: Activation, prior: Prior) -> Symmetry | None:
    """The largest group that the loss of a fully connected network and its prior have in common;
    none is known where the prior is not symmetric.

    Example:
        >>> from eigenscape.networks.activations import RELU, TANH
        >>> from eigenscape.networks.priors import prior_named
        >>> [symmetry_of(activation, prior_named("he_normal")).value for activation in (TANH, RELU)]
        ['permutations_and_signs', 'permutations']
    """
    if not prior.symmetric:
        return None
    return Symmetry.PERMUTATIONS_AND_SIGNS if activation.odd else Symmetry.PERMUTATIONS
