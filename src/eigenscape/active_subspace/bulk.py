"""The family of condition numbers with intervals, and a null that preserves everything except
correlations.

*Intervals*: a delete-one-group jackknife. The N samples are cut into G groups, the family of
condition numbers is computed G times without one group each, and the spread of the values x_(g)
gives the standard error ``sqrt((G - 1)/G sum_g (x_(g) - mean)^2)`` (Quenouille 1956; Tukey 1958).
It deletes little, so P/N hardly moves; a bootstrap would drive the small eigenvalues down
(`resampling`). Like any such interval it does not include the bias by P/N.

*Null*: every entry of every gradient gets a random sign of its own. That keeps N, P and diag C
exactly, to the last sample, and destroys all correlations between parameters: the spectrum then
reflects the diagonal, observed through N samples. The null is this project's proposal, and replaces
the Marchenko-Pastur law of an isotropic C.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from eigenscape.active_subspace.condition import condition_numbers
from eigenscape.active_subspace.few_samples import spectrum_of_gradients
from eigenscape.active_subspace.layer_statistics import gradient_blocks
from eigenscape.active_subspace.second_moment import PartialSum, sum_of_samples
from eigenscape.active_subspace.spectrum import Spectrum, rounding_variance, spectrum_of
from eigenscape.active_subspace.triangle import Triangle
from eigenscape.errors import BadInput
from eigenscape.interval import Interval
from eigenscape.networks.sampler import Sampler

STANDARD_ERRORS = 1.96
"""Number of standard errors of a two-sided 95 % interval of a normal distribution."""


def family_intervals(
    sampler: Sampler, samples: int, groups: int = 8, whole: Spectrum | None = None
) -> dict[str, Interval[float]]:
    """Return every member of the family with its grouped-jackknife interval.

    The cost is G eigensolves, one more if the spectrum of all samples is not given, and G halves of
    C in memory; where N < P, the gradients instead of C. Where a member is infinite or unknown
    without one group, its interval is unknown (NaN).

    Args:
        sampler: the sampler of the network.
        samples: N.
        groups: G, from 2 to N.
        whole: the spectrum of C of all N samples, if known.

    Raises:
        BadInput: the number of groups is out of range.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> found = family_intervals(sampler, 400, groups=4)["stable_rank"]
        >>> found.low < found.value < found.high
        True
    """
    if not 2 <= groups <= samples:
        raise BadInput.field(
            "groups",
            f"a whole number from 2 to {samples}, the number of samples",
            str(groups),
            "write groups=8",
        )
    cuts = [samples * group // groups for group in range(groups + 1)]
    if samples < sampler.architecture.parameters:
        return _few_family(sampler, samples, cuts)
    parts = [
        sum_of_samples(sampler, range(start, stop)) for start, stop in itertools.pairwise(cuts)
    ]
    total = PartialSum.zero(sampler.architecture.parameters)
    for part in parts:
        total.add(part)
    summed = total.triangle.matrix()
    del total
    known = (
        _numbers(sampler, summed / samples, samples)
        if whole is None
        else condition_numbers(whole, sampler.architecture)
    )
    deleted = []
    for part, (start, stop) in zip(parts, itertools.pairwise(cuts), strict=True):
        left = samples - (stop - start)
        deleted.append(_numbers(sampler, (summed - part.triangle.matrix()) / left, left))
    return {
        name: _interval(value, np.array([numbers[name] for numbers in deleted]))
        for name, value in known.items()
    }


def _few_family(sampler: Sampler, samples: int, cuts: list[int]) -> dict[str, Interval[float]]:
    """Compute the same intervals where the gradients are fewer than the parameters: memory holds
    the gradients instead of C.
    """
    gradients = np.concatenate(
        [block.astype(np.float64) for block in gradient_blocks(sampler, range(samples))]
    )

    def numbers(rows: np.ndarray) -> dict[str, float]:
        return condition_numbers(
            spectrum_of_gradients(rows, sampler.architecture, sampler.relative_noise),
            sampler.architecture,
        )

    full_sample = numbers(gradients)
    deleted = [
        numbers(np.delete(gradients, slice(start, stop), axis=0))
        for start, stop in itertools.pairwise(cuts)
    ]
    return {
        name: _interval(value, np.array([left[name] for left in deleted]))
        for name, value in full_sample.items()
    }


def sign_null(sampler: Sampler, samples: int, key: int) -> Spectrum:
    """Compute the spectrum of the same gradients with a random sign on every entry.

    Args:
        sampler: the sampler of the network.
        samples: N.
        key: key of the signs, from `seeding.stream_key`.

    Example:
        >>> from eigenscape.networks.samplers import network_sampler
        >>> sampler = network_sampler(1, 2)
        >>> null = sign_null(sampler, 100, key=1)
        >>> gradients, _ = sampler.block(0, 100)
        >>> bool(np.allclose(null.diagonal, (gradients**2).mean(axis=0)))
        True
    """
    if samples < sampler.architecture.parameters:
        return spectrum_of_gradients(
            np.concatenate(list(_flipped(sampler, samples, key))),
            sampler.architecture,
            sampler.relative_noise,
        )
    triangle = Triangle(sampler.architecture.parameters)
    for gradients in _flipped(sampler, samples, key):
        triangle.add_gram(gradients)
    return _spectrum(sampler, triangle.matrix() / samples, samples)


def _flipped(sampler: Sampler, samples: int, key: int) -> Iterator[np.ndarray]:
    """Yield the gradients (B, P) in double precision, with a random sign on every entry."""
    signs = np.random.Generator(np.random.Philox(key))
    for gradients in gradient_blocks(sampler, range(samples)):
        flips = signs.integers(0, 2, size=gradients.shape, dtype=np.int8) * 2 - 1
        yield np.ascontiguousarray(gradients * flips, np.float64)


def _numbers(sampler: Sampler, second_moment: np.ndarray, samples: int) -> dict[str, float]:
    return condition_numbers(_spectrum(sampler, second_moment, samples), sampler.architecture)


def _spectrum(sampler: Sampler, second_moment: np.ndarray, samples: int) -> Spectrum:
    """Compute the spectrum, with null directions distinguished from rounding error as in all
    stages.
    """
    dust = rounding_variance(
        np.diagonal(second_moment), sampler.architecture, sampler.relative_noise
    )
    return spectrum_of(second_moment, samples=samples, dust=dust)


def _interval(value: float, deleted: np.ndarray) -> Interval[float]:
    if not (math.isfinite(value) and np.isfinite(deleted).all()):
        return Interval(value, math.nan, math.nan)
    groups = len(deleted)
    error = math.sqrt((groups - 1) / groups * float(((deleted - deleted.mean()) ** 2).sum()))
    return Interval(value, value - STANDARD_ERRORS * error, value + STANDARD_ERRORS * error)
