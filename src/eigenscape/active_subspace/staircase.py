"""The spectrum of the projected C: a staircase of plateaus, with bootstrap intervals.

Few samples suffice: a plateau is an average over samples *and* over the units that share it, and
there is no inflation by P/N. The intervals resample the parameter vectors (percentile bootstrap,
Efron 1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.bootstrap import bootstrap_weights, percentile_interval
from eigenscape.active_subspace.spectrum import SpectrumStatus, spectrum_of
from eigenscape.active_subspace.symmetry import Block, ProjectedSamples
from eigenscape.interval import Interval


@dataclass(frozen=True)
class Plateau(Interval[float]):
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
        status: `RANK_DEFICIENT` where some direction is null.
        log10_condition: log10 of the largest over the smallest eigenvalue; infinite unless the
            status is finite.
    """

    plateaus: tuple[Plateau, ...]
    status: SpectrumStatus
    log10_condition: Interval[float]

    def eigenvalues(self) -> np.ndarray:
        """All P eigenvalues, descending, each plateau repeated by its multiplicity."""
        return np.repeat(
            [plateau.value for plateau in self.plateaus],
            [plateau.multiplicity for plateau in self.plateaus],
        )


def staircase(
    samples: ProjectedSamples, *, replicates: int, key: int, relative_noise: float
) -> Staircase:
    """Compute the projected spectrum with percentile bootstrap intervals over parameter vectors.

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

    counts = bootstrap_weights(samples.samples, replicates, key)
    resampled = [
        _resampled_values(mean, value)
        for mean, value in zip(samples.means(counts), values, strict=True)
    ]

    plateaus = [
        Plateau(
            **vars(percentile_interval(float(value[index]), replicate[:, index])),
            label=_numbered(block, index),
            multiplicity=block.multiplicity,
        )
        for block, value, replicate in zip(samples.blocks, values, resampled, strict=True)
        for index in range(block.size)
    ]
    plateaus.sort(key=lambda plateau: -plateau.value)
    status = next(
        (s for s in (SpectrumStatus.RANK_DEFICIENT, SpectrumStatus.BELOW_FLOOR) if s in statuses),
        SpectrumStatus.FINITE,
    )
    if status is not SpectrumStatus.FINITE:
        return Staircase(tuple(plateaus), status, Interval(np.inf, np.inf, np.inf))
    everything = np.log10(np.concatenate(resampled, axis=1))
    spans = everything.max(axis=1) - everything.min(axis=1)
    span = float(np.log10(plateaus[0].value) - np.log10(plateaus[-1].value))
    return Staircase(tuple(plateaus), status, percentile_interval(span, spans))


def layer_shares_of(
    samples: ProjectedSamples, *, replicates: int, key: int
) -> list[Interval[float]]:
    """Return the share of tr C in each layer, with its interval, for layers 1 ... L + 1.

    The projection keeps the trace of every layer, so no further pass over the gradients is needed.
    """
    counts = np.vstack(
        [np.ones(samples.samples), bootstrap_weights(samples.samples, replicates, key)]
    )
    layers = max(layer for block in samples.blocks for layer in block.layers)
    masses = np.zeros((len(counts), layers))
    for block, means in zip(samples.blocks, samples.means(counts), strict=True):
        for index, layer in enumerate(block.layers):
            masses[:, layer - 1] += block.multiplicity * means[:, index, index]
    shares = masses / masses.sum(axis=1, keepdims=True)
    return [percentile_interval(float(column[0]), column[1:]) for column in shares.T]


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
