"""The spectrum of the projected C: a staircase of plateaus, with bootstrap intervals.

A plateau is an average over samples *and* over the units that share it, and there is no inflation
by P/N. But squared gradients of deep networks have heavy tails, so that a few samples may carry a
plateau (`tails`). The intervals therefore come from a semiparametric bootstrap: parameter vectors
are resampled, and the masses in the tail of a block are drawn from the Pareto tail that was fitted
to them. Where even that does not suffice, the status is `HEAVY_TAILED`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.active_subspace.bootstrap import bootstrap_weights, percentile_interval
from eigenscape.active_subspace.spectrum import SpectrumStatus, spectrum_of
from eigenscape.active_subspace.symmetry import Block, ProjectedSamples, weighted_sums
from eigenscape.active_subspace.tails import Tail, smoothing, tail_of, worst
from eigenscape.interval import Interval


@dataclass(frozen=True)
class ProjectedNumber(Interval[float]):
    """A number of the projected C with its interval, and how many samples carry it.

    Attributes:
        effective_samples: Kish's effective N of the masses behind it; 0 where they vanish.
        largest_share: the part of them that comes from one sample.
    """

    effective_samples: float
    largest_share: float

    def columns(self, name: str, ends: str | None = None) -> dict[str, Any]:
        """The interval's columns, and those of the two numbers, named as the ends are.

        Example:
            >>> list(ProjectedNumber(0.5, 0.4, 0.6, 90.0, 0.1).columns("share", ends=""))
            ['share', 'low', 'high', 'effective_samples', 'largest_share']
        """
        prefix = f"{name}_" if ends is None else ends
        return {
            **super().columns(name, ends),
            f"{prefix}effective_samples": self.effective_samples,
            f"{prefix}largest_share": self.largest_share,
        }

    @classmethod
    def of(cls, interval: Interval[float], tail: Tail) -> ProjectedNumber:
        """Join an interval, widened to hold its value, with what the tail of its masses says.

        The fitted tail may lie on one side of the largest masses, as a smooth curve does.
        """
        value, low, high = interval
        low, high = min(low, value), max(high, value)
        return cls(value, low, high, tail.effective_samples, tail.largest_share)


@dataclass(frozen=True)
class Plateau(ProjectedNumber):
    """One distinct eigenvalue of the projected C with its interval; 0 for a null direction.

    Attributes:
        label: the block it comes from.
        multiplicity: number of times that it occurs among the P eigenvalues.
    """

    label: str
    multiplicity: int


@dataclass(frozen=True)
class Staircase:
    """The projected spectrum.

    Attributes:
        plateaus: the plateaus in descending order of value.
        status: `RANK_DEFICIENT` where some direction is null; `HEAVY_TAILED` where too few samples
            carry some plateau.
        log10_condition: log10 of the largest over the smallest eigenvalue; infinite where the
            status is neither finite nor heavy-tailed.
        layer_shares: of tr C, for layers 1 ... L + 1.
        tail: of the plateau with the fewest effective samples, the largest share, the largest tail
            index.
    """

    plateaus: tuple[Plateau, ...]
    status: SpectrumStatus
    log10_condition: ProjectedNumber
    layer_shares: list[ProjectedNumber]
    tail: Tail

    def eigenvalues(self) -> np.ndarray:
        """All P eigenvalues, descending, each plateau repeated by its multiplicity."""
        return np.repeat(
            [plateau.value for plateau in self.plateaus],
            [plateau.multiplicity for plateau in self.plateaus],
        )


def staircase(
    samples: ProjectedSamples, *, replicates: int, key: int, relative_noise: float
) -> Staircase:
    """Compute the projected spectrum and the layers' shares, with intervals over parameter vectors.

    Args:
        samples: contributions of N parameter vectors.
        replicates: number of bootstrap resamples.
        key: the key of their random stream, from `seeding.stream_key`.
        relative_noise: the rounding error of a gradient's component, to identify null directions
            (`spectrum_of`).

    Example:
        >>> from eigenscape.active_subspace.symmetry import project
        >>> from eigenscape.networks.symmetry import Symmetry
        >>> from eigenscape.architecture import Architecture
        >>> gradients = np.random.default_rng(0).standard_normal((500, 16))
        >>> stairs = staircase(
        ...     project(gradients, Architecture(1, 5), Symmetry.PERMUTATIONS_AND_SIGNS),
        ...     replicates=50,
        ...     key=0,
        ...     relative_noise=1e-14,
        ... )
        >>> len(stairs.eigenvalues()), sorted(plateau.multiplicity for plateau in stairs.plateaus)
        (16, [1, 5, 5, 5])
    """
    means = [mean[0] for mean in samples.means()]
    dust = _dust(samples.blocks, means, relative_noise)
    values: list[np.ndarray] = []
    statuses = set()
    for mean, block_dust in zip(means, dust, strict=True):
        spectrum = spectrum_of((mean + mean.T) / 2, dust=block_dust)
        values.append(spectrum.eigenvalues)
        statuses.add(spectrum.status)

    tails = block_tails(samples, relative_noise)
    resampled_means = _resampled_means(samples, replicates, key)
    resampled = [
        _resampled_values(mean, value) for mean, value in zip(resampled_means, values, strict=True)
    ]
    plateaus = [
        Plateau(
            **vars(
                ProjectedNumber.of(
                    percentile_interval(float(value[index]), replicate[:, index]), tail
                )
            ),
            label=_numbered(block, index),
            multiplicity=block.multiplicity,
        )
        for block, value, replicate, tail in zip(
            samples.blocks, values, resampled, tails, strict=True
        )
        for index in range(block.size)
    ]
    plateaus.sort(key=lambda plateau: -plateau.value)
    tail = worst(tails)
    status = next(
        (s for s in (SpectrumStatus.RANK_DEFICIENT, SpectrumStatus.BELOW_FLOOR) if s in statuses),
        SpectrumStatus.HEAVY_TAILED if tail.is_heavy else SpectrumStatus.FINITE,
    )
    condition = Interval(np.inf, np.inf, np.inf)
    if status in (SpectrumStatus.FINITE, SpectrumStatus.HEAVY_TAILED):
        everything = np.log10(np.concatenate(resampled, axis=1))
        spans = everything.max(axis=1) - everything.min(axis=1)
        span = float(np.log10(plateaus[0].value) - np.log10(plateaus[-1].value))
        condition = percentile_interval(span, spans)
        # The largest of several plateaus is large by chance too, and resamples draw that chance
        # again: where plateaus lie close, the lower end is that of the halves.
        low = max(0.0, _crossed_lower_end(samples))
        condition = Interval(span, min(condition.low, low), condition.high)
    shares = _layer_shares(samples, means, resampled_means)
    number = ProjectedNumber.of(condition, tail)
    return Staircase(tuple(plateaus), status, number, shares, tail)


def block_tails(samples: ProjectedSamples, relative_noise: float) -> list[Tail]:
    """Return the tail of every block: the worst of its components, whose masses are the squared
    gradients.

    Components of which only rounding error is left do not count: below a hundred times its
    variance, since it has tails of its own.
    """
    means = [mean[0] for mean in samples.means()]
    dust = _dust(samples.blocks, means, relative_noise)
    return [
        worst(
            [
                tail_of(component)
                for component, rounding in zip(masses.T, block_dust, strict=True)
                if component.mean() > 100.0 * rounding
            ]
        )
        for masses, block_dust in zip(samples.component_masses(), dust, strict=True)
    ]


def _resampled_means(samples: ProjectedSamples, replicates: int, key: int) -> list[np.ndarray]:
    """Compute R semiparametric bootstrap replicates (R, size, size) of every block.

    A sample in the tail of a block's trace has its contribution scaled to a draw of the fitted
    tail. All blocks use the same counts and the same uniform numbers, so that what is large in one
    network is large together.
    """
    counts = bootstrap_weights(samples.samples, replicates, key)
    uniforms = np.random.Generator(np.random.Philox(key=key).jumped()).random(
        (replicates, int(3 * samples.samples**0.5) + 1)
    )
    replicated = samples.means(counts)
    for number, (masses, contribution) in enumerate(
        zip(samples.component_masses(), samples.contributions, strict=True)
    ):
        members, factors = smoothing(masses.sum(axis=1), uniforms)
        if len(members):
            added = counts[:, members] * (factors - 1.0) / samples.samples
            replicated[number] = replicated[number] + weighted_sums(contribution[members], added)
    return replicated


def _crossed_lower_end(samples: ProjectedSamples) -> float:
    """Return a lower end of log10 of the largest over the smallest eigenvalue: plateaus and
    directions that one half of the samples chooses are measured on the other half. The mean over
    both ways, less 1.96 standard errors.

    A Rayleigh quotient lies between the extreme eigenvalues, so this is biased down where the
    sample's own extremes are biased up.
    """
    parts = (slice(0, None, 2), slice(1, None, 2))
    if samples.samples < 4:
        return 0.0
    spans: list[float] = []
    variances: list[float] = []
    for chosen, measured in (parts, parts[::-1]):
        weights = np.zeros((1, samples.samples))
        weights[0, chosen] = 1.0
        solved = [np.linalg.eigh((mean[0] + mean[0].T) / 2) for mean in samples.means(weights)]
        top = max(range(len(solved)), key=lambda block: solved[block][0][-1])
        bottom = min(range(len(solved)), key=lambda block: solved[block][0][0])
        ends = [
            along(samples.contributions[block][measured], solved[block][1][:, column])
            for block, column in ((top, -1), (bottom, 0))
        ]
        means = [max(float(masses.mean()), np.finfo(np.float64).tiny) for masses in ends]
        relative = ends[0] / means[0] - ends[1] / means[1]
        spans.append(float(np.log10(means[0]) - np.log10(means[1])))
        variances.append(float(np.mean(relative**2)) / len(relative))
    error = 0.5 * math.sqrt(sum(variances)) / math.log(10.0)
    return sum(spans) / 2 - 1.96 * error


def along(contribution: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return the squared gradients (N,) of a block along a direction, given its contributions: its
    gradients (N, m), or their squares (N, m, m).

    Example:
        >>> along(np.array([[3.0, 1.0], [0.0, 2.0]]), np.array([1.0, 0.0]))
        array([9., 0.])
    """
    if contribution.ndim == 2:
        return np.asarray((contribution @ vector) ** 2)
    return np.asarray(np.einsum("nij,i,j->n", contribution, vector, vector))


def _layer_shares(
    samples: ProjectedSamples, means: list[np.ndarray], replicated: list[np.ndarray]
) -> list[ProjectedNumber]:
    """Return the share of tr C in each layer, with its interval, for layers 1 ... L + 1.

    The projection keeps the trace of every layer, so no further pass over the gradients is needed.
    A share is carried by as few samples as its layer or the whole trace, whichever has fewer.
    """
    layers = max(layer for block in samples.blocks for layer in block.layers)
    traces = np.zeros((len(replicated[0]) + 1, layers))
    masses = np.zeros((samples.samples, layers))
    parts = zip(samples.blocks, means, replicated, samples.component_masses(), strict=True)
    for block, mean, resampled, components in parts:
        diagonals = np.vstack([np.diagonal(mean), np.diagonal(resampled, axis1=1, axis2=2)])
        for index, layer in enumerate(block.layers):
            traces[:, layer - 1] += block.multiplicity * diagonals[:, index]
            masses[:, layer - 1] += block.multiplicity * components[:, index]
    whole_traces = traces.sum(axis=1, keepdims=True)
    shares = np.divide(traces, whole_traces, out=np.zeros_like(traces), where=whole_traces > 0)
    whole = tail_of(masses.sum(axis=1))
    numbers = []
    for share, mass in zip(shares.T, masses.T, strict=True):
        interval = percentile_interval(float(share[0]), share[1:])
        numbers.append(ProjectedNumber.of(interval, worst([whole, tail_of(mass)])))
    return numbers


def _numbered(block: Block, index: int) -> str:
    return block.label if block.size == 1 else f"{block.label} ({index + 1} of {block.size})"


def _dust(
    blocks: tuple[Block, ...], means: list[np.ndarray], relative_noise: float
) -> list[np.ndarray]:
    """Return, per component, the variance that rounding leaves where a gradient vanishes, relative
    to its layer's largest.
    """
    largest: dict[int, float] = {}
    for block, mean in zip(blocks, means, strict=True):
        for layer, variance in zip(block.layers, np.diagonal(mean), strict=True):
            largest[layer] = max(largest.get(layer, 0.0), float(variance))
    return [
        relative_noise**2 * np.array([largest[layer] for layer in block.layers]) for block in blocks
    ]


def _resampled_values(means: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Compute the eigenvalues (R, size), descending, of R resampled blocks, by a route that keeps
    their grading.

    Rows are sorted by the diagonal, and the eigenvalues are the squared singular values of the
    Cholesky factor; where a resample is not positive definite to working precision, or the block
    has null directions, `eigh` is used.
    """
    size = means.shape[1]
    if size == 1:
        return means[:, 0, :]
    order = np.argsort(-np.diagonal(means.mean(axis=0)), kind="stable")
    sorted_means = means[:, order][:, :, order]
    if values[-1] > 0:
        try:
            return np.linalg.svd(np.linalg.cholesky(sorted_means), compute_uv=False) ** 2
        except np.linalg.LinAlgError:
            pass
    return np.maximum(np.linalg.eigvalsh(sorted_means)[:, ::-1], 0.0)
