"""The second moment of a function, a network or an array of gradients, in one call on one process.

The workflow reduces the same blocks over the same tree on many ranks, resumes where it was stopped
and stores C on disk. This module does the same in one call, with the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.active_subspace.second_moment import sum_over_tree
from eigenscape.active_subspace.spectrum import rounding_variance
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.functions import GivenGradients
from eigenscape.networks.sampler import Sampler, none_counts


@dataclass(frozen=True, eq=False)
class SecondMoment:
    """C = (1/N) sum_n g_n g_n^T, uncentred, with the samples from which it was estimated.

    ``np.asarray(moment)`` is the matrix.

    Attributes:
        matrix: C, (P, P), symmetric to the last bit, in squared units of the gradient.
        gradient_mean: (P,), (1/N) sum_n g_n.
        mean_loss: (1/N) sum_n L(theta_n); 0 if losses are unknown.
        samples: N, the number of requested gradients.
        excluded: number of gradients that are left out, since they are not finite; the averages are
            over the others.
        sampler: the source of the gradients, which are not stored.
    """

    matrix: np.ndarray
    gradient_mean: np.ndarray
    mean_loss: float
    samples: int
    excluded: int
    sampler: Sampler

    @property
    def architecture(self) -> Architecture:
        """The layout of the parameters."""
        return self.sampler.architecture

    @property
    def parameters(self) -> int:
        """P, the number of parameters."""
        return len(self.matrix)

    @property
    def diagonal(self) -> np.ndarray:
        """Diag C, (P,): the mean squared derivative by each parameter."""
        return np.diagonal(self.matrix).copy()

    @property
    def dust(self) -> np.ndarray:
        """The variance (P,) that rounding alone may leave where a gradient vanishes identically."""
        return rounding_variance(self.diagonal, self.architecture, self.sampler.relative_noise)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.matrix, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        left_out = f", {self.excluded} left out" if self.excluded else ""
        return (
            f"SecondMoment: P = {self.parameters:,} parameters, N = {self.samples:,}"
            f" samples{left_out}, P/N = {self.parameters / self.samples:.3g}\ntr C = E|grad|^2 ="
            f" {np.trace(self.matrix):.4g}"
        )


def second_moment(
    source: Sampler | np.ndarray,
    samples: int | None = None,
    *,
    architecture: Architecture | None = None,
) -> SecondMoment:
    """Compute C = (1/N) sum_n g_n g_n^T of sampled gradients, or of an array of them.

    C is uncentred (Constantine, Dow, Wang, SIAM J. Sci. Comput. 36, 2014, arXiv 1304.2070). For a
    sampler of a study's network and its N, these are the bits that the workflow stores. Memory
    holds three P x P matrices.

    Args:
        source: a sampler (`network_sampler`, `function_sampler`, `loss_sampler`), or gradients (N,
            P), one row per sample.
        samples: N, the number of a sampler's gradients; all rows of an array by default.
        architecture: the architecture of the network whose gradients an array holds, if it has
            layers.

    Raises:
        BadInput: no samples, or an array that is not finite or not (N, P).
        NotFiniteGradient: a sampled gradient is not finite.

    Example:
        >>> from eigenscape.networks.samplers import function_sampler
        >>> second_moment(np.array([[3.0, 0.0], [0.0, 1.0]])).matrix
        array([[4.5, 0. ],
               [0. , 0.5]])
        >>> second_moment(function_sampler(lambda x: x, 5), samples=2_000)
        SecondMoment: P = 5 parameters, N = 2,000 samples, P/N = 0.0025
        tr C = E|grad|^2 = 4.9...
    """
    sampler, count = source_of(source, samples, architecture)
    sums = sum_over_tree(sampler, count)
    excluded = int(sums.excluded[0])
    counted = count - excluded
    if counted == 0:
        raise none_counts(sampler)
    return SecondMoment(
        matrix=sums.triangle.matrix(1.0 / counted),
        gradient_mean=sums.first_moments[:-1] / counted,
        mean_loss=float(sums.first_moments[-1]) / counted,
        samples=count,
        excluded=excluded,
        sampler=sampler,
    )


def source_of(
    source: Sampler | np.ndarray, samples: int | None, architecture: Architecture | None
) -> tuple[Sampler, int]:
    """Return a sampler and N, given a sampler and N or an array.

    Raises:
        BadInput: there are no samples or too few, or an architecture is given with a sampler, which
            has its own.
    """
    if isinstance(source, Sampler):
        if architecture is not None and architecture != source.architecture:
            raise BadInput.field(
                "architecture", "that of the sampler", architecture.label, "leave it out"
            )
        sampler = source
    elif isinstance(source, str | SecondMoment) or callable(source):
        fix = "make one with function_sampler(gradient, P) or loss_sampler(loss, P)"
        raise BadInput.field(
            "source", "a sampler or an array of gradients", type(source).__name__, fix
        )
    else:
        sampler = GivenGradients(source, architecture)
    if isinstance(sampler, GivenGradients) and samples is None:
        samples = sampler.count
    if samples is None:
        expected, fix = (
            "how many gradients to draw",
            f"write samples={4 * sampler.architecture.parameters}, four for each parameter",
        )
        raise BadInput.field("samples", expected, "nothing", fix)
    if isinstance(samples, str) or samples < 1 or samples != int(samples):
        raise BadInput.field(
            "samples",
            "a whole number of at least 1",
            repr(samples),
            "draw some four for each parameter",
        )
    if isinstance(sampler, GivenGradients) and samples > sampler.count:
        raise BadInput.field(
            "samples",
            f"at most {sampler.count}, the rows of the array",
            str(samples),
            "ask for fewer",
        )
    return sampler, int(samples)
