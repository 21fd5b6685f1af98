"""The job that every route does: which network, which parameter vectors, which data. All routes
read it from here.

A route is a module with three stages, each a function that is timed by itself:

    gradients(job) -> G, (N, P)    second_moment(G) -> C, (P, P)    eigenvalues(C, G) -> descending

and `warm_up(job)`, which compiles what there is to compile. A route leaves out a stage that it does
not have, and says in its docstring what it does instead. `DISTRIBUTIONS` names what it runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.networks.sampler import Sampler
from eigenscape.stages.common.samplers import sampler_of_network


@dataclass(frozen=True)
class Job:
    """One size of the job: a tanh network of the default study and N parameter vectors.

    Attributes:
        depth: L.
        width: w.
        samples: N.
        spectrum: whether the eigenvalues are wanted too.
    """

    depth: int
    width: int
    samples: int
    spectrum: bool = True

    @property
    def label(self) -> str:
        """How tables name it."""
        return (
            f"{self.depth}x{self.width}, P = {self.architecture.parameters:,}, N = {self.samples:,}"
        )

    @property
    def architecture(self) -> Architecture:
        """The network."""
        return Architecture(self.depth, self.width)

    @cached_property
    def sampler(self) -> Sampler:
        """Of the default study: prior, data (n = 50 points of a sine), activation, seed."""
        return sampler_of_network(Study(), self.architecture)

    @cached_property
    def parameters(self) -> np.ndarray:
        """The parameter vectors, (N, P) float64; drawn once, outside of what is timed."""
        return self.sampler.parameters(0, self.samples).copy()

    @property
    def inputs(self) -> np.ndarray:
        """x, (n, 1)."""
        return self.sampler.loss.problem.inputs

    @property
    def targets(self) -> np.ndarray:
        """y, (n, 1)."""
        return self.sampler.loss.problem.targets
