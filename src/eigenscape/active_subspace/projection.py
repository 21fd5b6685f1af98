"""The spectrum of C projected onto its symmetries, of a network of any size, in one call.

The work is O(P) per sample, without a P x P matrix and without inflation by P/N; `symmetry`
describes the projection, `staircase` the result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.conditioning import LEAST_REPLICATES, REPLICATES
from eigenscape.active_subspace.estimate import SecondMoment, source_of
from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.active_subspace.staircase import Staircase, layer_shares_of, staircase
from eigenscape.active_subspace.symmetry import ProjectedSamples, require_symmetry
from eigenscape.active_subspace.symmetry import project as project_gradients
from eigenscape.architecture import Architecture, Coordinates
from eigenscape.config.sizes import BLOCK, NUMBERS_PER_BATCH
from eigenscape.errors import BadInput
from eigenscape.interval import Interval
from eigenscape.networks.functions import GivenGradients
from eigenscape.networks.sampler import Sampler, counted_block, none_counts
from eigenscape.networks.symmetry import Symmetry
from eigenscape.seeding import stream_key


@dataclass(frozen=True, eq=False)
class Projection:
    """The projected second moment of a network: its spectrum, and the layers' shares of its trace.

    Attributes:
        stairs: the distinct eigenvalues with their multiplicities and intervals.
        layer_shares: of tr C, with their intervals, for layers 1 ... L + 1.
        symmetry: the group over which C is averaged.
        samples: N.
        architecture: the architecture of the network.
    """

    stairs: Staircase
    layer_shares: list[Interval[float]]
    symmetry: Symmetry
    samples: int
    architecture: Architecture

    @property
    def log10_condition(self) -> float:
        """log10 of the largest over the smallest eigenvalue, in decades; infinite unless the status
        is finite.
        """
        return self.stairs.log10_condition.value

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval of `log10_condition` over parameter vectors."""
        return self.stairs.log10_condition.low, self.stairs.log10_condition.high

    @property
    def status(self) -> SpectrumStatus:
        """`RANK_DEFICIENT` where some direction is null."""
        return self.stairs.status

    def eigenvalues(self) -> np.ndarray:
        """All P eigenvalues, descending."""
        return self.stairs.eigenvalues()

    def __repr__(self) -> str:
        value = (
            f"{self.log10_condition:.2f} decades"
            if math.isfinite(self.log10_condition)
            else str(self.log10_condition)
        )
        ends = (
            f", interval {self.interval[0]:.2f} to {self.interval[1]:.2f}"
            if math.isfinite(self.log10_condition)
            else ""
        )
        largest = max(
            range(len(self.layer_shares)), key=lambda layer: self.layer_shares[layer].value
        )
        return (
            f"Projection: log10(lambda_1/lambda_P) = {value}{ends},"
            f" {str(self.status).replace('_', ' ')}\n{len(self.stairs.plateaus)} distinct of"
            f" {self.architecture.parameters:,} eigenvalues, {self.symmetry}, N ="
            f" {self.samples:,}\nlayer {largest + 1} of {len(self.layer_shares)} has the largest"
            f" share of tr C, {self.layer_shares[largest].value:.2g}"
        )


def project(
    source: Sampler | SecondMoment | np.ndarray,
    samples: int | None = None,
    *,
    architecture: Architecture | None = None,
    symmetry: Symmetry | str | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Projection:
    """Compute the spectrum of C averaged over the permutations (and, for odd activations, sign
    flips) of hidden units.

    For a sampler of a study's network, the study's N, seed and replicates these are the numbers of
    the study's table. The theorem behind it is this project's derivation: see `symmetry`.

    Args:
        source: a `network_sampler`; a `SecondMoment` of one, which provides N; or gradients (N, P)
            with their architecture.
        samples: N.
        architecture: the architecture of the network whose gradients an array holds.
        symmetry: the symmetry of the loss and the prior, ``permutations_and_signs`` (odd
            activations) or ``permutations``, for an array of gradients; a sampler knows its own.
        replicates: bootstrap resamples behind the intervals.
        seed: the seed of their random streams.

    Raises:
        BadInput: the loss or the prior has no known symmetry, no samples, or fewer than 20
            replicates.
        NotFiniteGradient: a sampled gradient is not finite.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> found = project(network_sampler(depth=3, width=4), samples=100)
        >>> len(found.eigenvalues()), len(found.stairs.plateaus)
        (53, 8)
    """
    if isinstance(source, SecondMoment):
        samples = source.samples if samples is None else samples
        source = source.sampler
    sampler, count = source_of(source, samples, architecture)
    if replicates < LEAST_REPLICATES:
        raise BadInput.field(
            "replicates", f"at least {LEAST_REPLICATES}", str(replicates), f"write {REPLICATES}"
        )
    group = _group_of(sampler, symmetry)
    return projection_of(
        projected_samples(sampler, count, group), sampler, group, replicates=replicates, seed=seed
    )


def projected_samples(sampler: Sampler, samples: int, symmetry: Symmetry) -> ProjectedSamples:
    """Compute the contributions of the first N samples to the projected C, without those that are
    excluded, in batches that stay in cache.

    Raises:
        NotFiniteGradient: a sampled gradient is not finite, or no sample counts.
    """
    rows = max(1, min(BLOCK, NUMBERS_PER_BATCH // sampler.architecture.parameters))
    parts = [
        project_gradients(
            counted_block(sampler, first, min(rows, samples - first))[0],
            sampler.architecture,
            symmetry,
        )
        for first in range(0, samples, rows)
    ]
    joined = ProjectedSamples.joined(parts)
    if not joined.samples:
        raise none_counts(sampler)
    return joined


def projection_of(
    samples: ProjectedSamples,
    sampler: Sampler,
    symmetry: Symmetry,
    *,
    replicates: int,
    seed: int,
) -> Projection:
    """Compute the projected spectrum and the layers' shares, with intervals from the network's own
    bootstrap streams.
    """
    sizes = sampler.architecture.sizes
    key = stream_key(seed, "projection bootstrap", *sizes)
    stairs = staircase(
        samples, replicates=replicates, key=key, relative_noise=sampler.relative_noise
    )
    shares = layer_shares_of(
        samples, replicates=replicates, key=stream_key(seed, "layer bootstrap", *sizes)
    )
    return Projection(stairs, shares, symmetry, samples.samples, sampler.architecture)


def _group_of(sampler: Sampler, symmetry: Symmetry | str | None) -> Symmetry:
    """Return the group, from the sampler or, for an array of gradients, from the caller.

    Raises:
        BadInput: there is no group, it is not given, or it is not the sampler's.
    """
    if isinstance(sampler.architecture, Coordinates):
        fix = "give architecture=Architecture(depth, width), or use spectrum"
        raise BadInput.field(
            "architecture", "that of a fully connected network, which has symmetries", "none", fix
        )
    requested = None
    if symmetry is not None:
        if symmetry not in list(Symmetry):
            raise BadInput.field(
                "symmetry",
                f"one of {', '.join(Symmetry)}",
                str(symmetry),
                "write permutations for ReLU and sigmoid",
            )
        requested = Symmetry(symmetry)
    if isinstance(sampler, GivenGradients):
        if requested is None:
            fix = (
                "write symmetry='permutations_and_signs' for tanh, 'permutations' for ReLU; the"
                " prior must have it too"
            )
            raise BadInput.field(
                "symmetry",
                "that of the loss and the prior, which an array does not know",
                "none",
                fix,
            )
        return requested
    known = require_symmetry(sampler)
    if requested is not None and requested is not known:
        raise BadInput.field("symmetry", f"{known}, the sampler's", str(requested), "leave it out")
    return known
