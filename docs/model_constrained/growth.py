"""A forward map of one's own: growth n' = u(t) n on [0, 1], n(0) = 1. The rate u is unknown, and n
is seen at some times.
"""

import numpy as np
import torch

from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.model_constrained.case import HELD_OUT, Case, inverse_problem, standard_normal
from eigenscape.model_constrained.deconvolution import smooth_prior_factor


def case(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    """The case ``name``: growth-mcdnn, growth-tnet or growth-taen."""
    own = section.own["growth"]
    every = own.points // own.observed

    def grown(u: torch.Tensor) -> torch.Tensor:
        """N at the ends of every so many of the equal steps in which the rate is constant: (...,
        points) -> (..., observed).
        """
        return torch.exp(torch.cumsum(u, dim=-1) / own.points)[..., every - 1 :: every]

    drawn = standard_normal(seed, "growth", section.pairs + HELD_OUT, own.points)
    rates: np.ndarray = drawn @ smooth_prior_factor(own.points).T
    return inverse_problem(name, section, seed, grown, rates)
