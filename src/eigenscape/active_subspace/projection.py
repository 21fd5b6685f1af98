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
from eigenscape.active_subspace.staircase import (
    ProjectedNumber,
    Staircase,
    block_tails,
    staircase,
)
from eigenscape.active_subspace.symmetry import (
    ProjectedSamples,
    require_fully_connected,
    require_symmetry,
)
from eigenscape.active_subspace.symmetry import project as project_gradients
from eigenscape.active_subspace.tails import worst
from eigenscape.architecture import Architecture, FlatLayout
from eigenscape.config.sizes import BLOCK, NUMBERS_PER_BATCH
from eigenscape.errors import BadInput, whole_number
from eigenscape.networks.functions import GivenGradients
from eigenscape.networks.sampler import Sampler, counted_block, none_counts
from eigenscape.networks.symmetry import Symmetry
from eigenscape.seeding import stream_key


@dataclass(frozen=True, eq=False)
class Projection:
    """The projected second moment of a network: its spectrum, and the layers' shares of its trace.

    Attributes:
        stairs: the distinct eigenvalues with their multiplicities and intervals.
        symmetry: the group over which C is averaged.
        samples: N.
        architecture: the architecture of the network.
    """

    stairs: Staircase
    symmetry: Symmetry
    samples: int
    architecture: Architecture

    @property
    def log10_condition(self) -> float:
        """log10 of the largest over the smallest eigenvalue, in decades; infinite where some
        direction is null or not resolved.
        """
        return self.stairs.log10_condition.value

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval of `log10_condition` over parameter vectors; where the status
        is `HEAVY_TAILED` it may be too narrow.
        """
        return self.stairs.log10_condition.low, self.stairs.log10_condition.high

    @property
    def status(self) -> SpectrumStatus:
        """`RANK_DEFICIENT` where some direction is null, `HEAVY_TAILED` where too few samples carry
        a plateau.
        """
        return self.stairs.status

    @property
    def layer_shares(self) -> list[ProjectedNumber]:
        """The layers' shares of tr C, with their intervals, for layers 1 ... L + 1."""
        return self.stairs.layer_shares

    @property
    def effective_samples(self) -> float:
        """Kish's effective N of the plateau that the fewest samples carry."""
        return self.stairs.tail.effective_samples

    @property
    def largest_share(self) -> float:
        """The largest part of a plateau that comes from one sample."""
        return self.stairs.tail.largest_share

    @property
    def tail_index(self) -> float:
        """The largest tail index of a plateau's squared gradients; see `tails`."""
        return self.stairs.tail.index

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
        layers, share = len(self.layer_shares), self.layer_shares[largest].value
        return (
            f"Projection: log10(lambda_1/lambda_P) = {value}{ends},"
            f" {str(self.status).replace('_', ' ')}\n{len(self.stairs.plateaus)} distinct of"
            f" {self.architecture.parameters:,} eigenvalues, {self.symmetry}, N ="
            f" {self.samples:,}, effective {self.effective_samples:,.0f}, largest share"
            f" {self.largest_share:.2g}\nlayer {largest + 1} of {layers} has the largest share of"
            f" tr C, {share:.2g}"
        )


def project(
    source: Sampler | SecondMoment | np.ndarray,
    samples: int | None = None,
    *,
    most_samples: int | None = None,
    architecture: Architecture | None = None,
    symmetry: Symmetry | str | None = None,
    points: int | None = None,
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
        samples: N, or where ``most_samples`` is given the N to begin with.
        most_samples: double N while the status is `HEAVY_TAILED`, never beyond this or the rows of
            an array: the first samples stay. By default N stays.
        architecture: the architecture of the network whose gradients an array holds.
        symmetry: the symmetry of the loss and the prior, ``permutations_and_signs`` (odd
            activations) or ``permutations``, for an array of gradients; a sampler knows its own.
        points: n, how many terms each gradient of an array sums, as in `second_moment`.
        replicates: bootstrap resamples behind the intervals.
        seed: the seed of their random streams.

    Raises:
        BadInput: the loss or the prior has no known symmetry, no samples, samples with weights, or
            fewer than 20 replicates.
        NotFiniteGradient: a sampled gradient is not finite.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> found = project(network_sampler(depth=3, width=4), samples=100)
        >>> len(found.eigenvalues()), len(found.stairs.plateaus)
        (53, 8)
    """
    if isinstance(source, SecondMoment):
        if source.weights is not None:
            fix = "project samples that count alike"
            raise BadInput.field("source", "samples without weights", "weights", fix)
        if isinstance(source.sampler, GivenGradients) and isinstance(
            source.architecture, FlatLayout
        ):
            fix = "write second_moment(gradients, architecture=Architecture(depth, width))"
            raise BadInput.field("source", "gradients of known layers", "a bare array's", fix)
        samples = source.samples if samples is None else samples
        source = source.sampler
    sampler, count = source_of(source, samples, architecture, points)
    replicates = whole_number("replicates", replicates, LEAST_REPLICATES, f"write {REPLICATES}")
    fix = "leave it out, or write more than the samples to begin with"
    most = count if most_samples is None else whole_number("most_samples", most_samples, count, fix)
    if isinstance(sampler, GivenGradients):
        most = min(most, sampler.count)
    group = _group_of(sampler, symmetry)
    drawn = samples_until_enough(sampler, count, most, group)
    return projection_of(drawn, sampler, group, replicates=replicates, seed=seed)


def samples_until_enough(
    sampler: Sampler, first: int, most: int, symmetry: Symmetry
) -> ProjectedSamples:
    """Project ``first`` samples, and double their number up to ``most`` while their tails are
    heavy.
    """
    drawn, count = projected_samples(sampler, first, symmetry), first
    while 2 * count <= most and worst(block_tails(drawn, sampler.relative_noise)).is_heavy:
        more = projected_samples(sampler, count, symmetry, start=count)
        drawn, count = ProjectedSamples.joined([drawn, more]), 2 * count
    return drawn


def projected_samples(
    sampler: Sampler, samples: int, symmetry: Symmetry, start: int = 0
) -> ProjectedSamples:
    """Compute the contributions of samples ``start`` ... ``start + samples - 1`` to the projected
    C, without those that are excluded, in batches that stay in cache.

    Raises:
        NotFiniteGradient: a sampled gradient is not finite, or no sample counts.
    """
    architecture = require_fully_connected(sampler)
    rows = max(1, min(BLOCK, NUMBERS_PER_BATCH // architecture.parameters))
    parts = [
        project_gradients(
            counted_block(sampler, first, min(rows, start + samples - first))[0],
            architecture,
            symmetry,
        )
        for first in range(start, start + samples, rows)
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
    architecture = require_fully_connected(sampler)
    key = stream_key(seed, "projection bootstrap", *architecture.sizes)
    stairs = staircase(
        samples, replicates=replicates, key=key, relative_noise=sampler.relative_noise
    )
    return Projection(stairs, symmetry, samples.samples, architecture)


def _group_of(sampler: Sampler, symmetry: Symmetry | str | None) -> Symmetry:
    """Return the group, from the sampler or, for an array of gradients, from the caller.

    Raises:
        BadInput: there is no group, it is not given, or it is not the sampler's.
    """
    require_fully_connected(sampler)
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
