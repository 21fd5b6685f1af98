"""How many directions are active: five criteria, each by its name, none where it is not decided.

No criterion is right for every spectrum, and every one of them returns some number whatever the
spectrum is: an isotropic C has a largest gap too. So each is asked of the replicates of the sample
as well, and gives a dimension only where they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from eigenscape.active_subspace.resampling import RETAINED_ENERGY
from eigenscape.active_subspace.spectrum import Spectrum
from eigenscape.active_subspace.subspaces import SubspaceBootstrap
from eigenscape.errors import BadInput
from eigenscape.interval import LEVEL

EPSILON = float(np.finfo(np.float64).eps)

TIE = 1e-9
"""The part by which the largest gap must exceed the next one where eigenvalues are exact: far above
the rounding of a solver, and far below any gap that means something."""


FEWEST_EFFECTIVE = 20
"""Effective samples behind each of the n leading eigenvalues without which none of the criteria is
decided: an eigenvalue's standard error is then 1/sqrt(20), 22 %, and resamples of fewer agree
because they hold the same few gradients."""


@dataclass(frozen=True, eq=False)
class DimensionCriterion:
    """A criterion for the number of active directions, and what it came to.

    Attributes:
        name: of the criterion.
        dimension: n, or None where it is not decided.
        candidate: the number that it gives for the sample itself, decided or not; None where it
            cannot be computed.
        agreement: part of the replicates that give the same number; NaN without replicates.
        reason: why it is not decided; empty where it is.
        dimensions: the numbers among which it chooses.
        curve: what it compares, of the same length: it chooses the largest value (gaps), the first
            above the energy, or the smallest (ladle, response surface).
    """

    name: str
    dimension: int | None
    candidate: int | None
    agreement: float
    reason: str
    dimensions: np.ndarray
    curve: np.ndarray

    def __repr__(self) -> str:
        came_to = str(self.dimension) if self.dimension is not None else f"none: {self.reason}"
        share = "" if np.isnan(self.agreement) else f" ({self.agreement:.0%} of replicates)"
        return f"{self.name.replace('_', ' '):18}{came_to}{share if self.dimension else ''}"


@dataclass(frozen=True, eq=False)
class DimensionChoice:
    """The number of active directions by each criterion; iterating gives the criteria.

    Attributes:
        gap: n with the largest lambda_n - lambda_{n+1}.
        log_gap: n with the largest lambda_n / lambda_{n+1}; infinite before null directions.
        energy: the least n with ``sum_{i <= n} lambda_i >= energy tr C``.
        ladle: n with the least ``f(n) + phi(n)`` (Luo and Li 2016), n = 0 ... K.
        response_surface: n with the least bound on the error of a response surface on n active
            variables (Constantine, Dow and Wang 2014), n = 0 ... K.
    """

    gap: DimensionCriterion
    log_gap: DimensionCriterion
    energy: DimensionCriterion
    ladle: DimensionCriterion
    response_surface: DimensionCriterion

    def __iter__(self) -> Iterator[DimensionCriterion]:
        return (getattr(self, field.name) for field in fields(self))

    def __repr__(self) -> str:
        return "\n".join(["DimensionChoice:", *(f"  {criterion}" for criterion in self)])


def choose_dimension(
    source: SubspaceBootstrap | Spectrum | ArrayLike, *, energy: float = RETAINED_ENERGY
) -> DimensionChoice:
    """Determine the number n of active directions by five criteria, none of which decides alone.

    * gap: the largest ``lambda_n - lambda_{n+1}``, the usual choice (Constantine, Active Subspaces,
      SIAM 2015); log gap: the largest ratio (this project's variant).
    * energy: ``sum_{i <= n} lambda_i >= energy tr C``.
    * ladle: the least ``f(n) + phi(n)``, with ``f(n) = f0(n) / (1 + sum f0)``, f0 the mean of ``1 -
      |det(W1^T W1*)|`` over the replicates, and ``phi(n) = lambda_{n+1} / sum_{i <= K+1} lambda_i``
      (W. Luo and B. Li, Combining eigenvalues and variation of eigenvectors for order
      determination, Biometrika 103, 2016; there phi has 1 + sum in its denominator, which depends
      on the units of C; this is its limit for large units).
    * response surface: the least ``eps_n sqrt(sum_{i <= n} lambda_i) + sqrt(sum_{i > n}
      lambda_i)``, eps_n the mean error of the subspace. Up to a constant it bounds the
      root-mean-square error of the best function of the n estimated active variables (Constantine,
      Dow and Wang, SIAM J. Sci. Comput. 36, 2014, arXiv 1304.2070); at n = 0 it is ``sqrt(tr C)``,
      that of a constant.

    With a bootstrap a criterion is decided where 95 % of the replicates' eigenvalues give the same
    number n, at least 20 effective samples carry each of the n leading eigenvalues, and the ranges
    of lambda_n and lambda_{n+1} over the replicates do not overlap: inside
    a plateau of the spectrum the n leading eigenvectors are arbitrary, whatever the criterion. The
    ladle and the response surface must not end at n = 0, where no direction is better than none,
    nor at the last n that is looked at, if there are more. These rules are this project's. Without
    replicates, the ladle and the response surface are not known, and gaps are decided where the
    largest is larger than the next by more than rounding.

    Args:
        source: the result of `bootstrap_subspaces`; or of `spectrum`, or eigenvalues (P,),
            descending, where C is exact.
        energy: part of tr C to retain, above 0 and at most 1.

    Raises:
        BadInput: fewer than two eigenvalues, not descending, none positive, one below 0 by more
            than rounding, or an energy out of range.

    Example:
        >>> choice = choose_dimension([9.0, 5.0, 1e-1, 1e-4, 0.0])
        >>> choice.gap.dimension, choice.log_gap.dimension, choice.energy.dimension
        (2, 4, 2)
        >>> choose_dimension(np.ones(3)).gap
        gap               none: no gap is larger than the others
        >>> from eigenscape.active_subspace.estimate import second_moment
        >>> from eigenscape.active_subspace.subspaces import bootstrap_subspaces
        >>> from eigenscape.networks.samplers import function_sampler
        >>> scales = np.array([10.0, 9.0, 0.1, 0.1])
        >>> moment = second_moment(function_sampler(lambda x: scales * x, 4), samples=2_000)
        >>> choose_dimension(bootstrap_subspaces(moment, replicates=50))
        DimensionChoice:
          gap               2 (100% of replicates)
          log gap           2 (100% of replicates)
          energy            2 (100% of replicates)
          ladle             2 (100% of replicates)
          response surface  2 (100% of replicates)
    """
    if not isinstance(energy, Real) or isinstance(energy, bool) or not 0 < energy <= 1:
        raise BadInput.field("energy", "a part above 0 and at most 1", repr(energy), "write 0.99")
    if isinstance(source, SubspaceBootstrap):
        return _with_replicates(source, energy)
    values = _checked(source.eigenvalues if isinstance(source, Spectrum) else source)
    dimensions = np.arange(1, len(values) + 1)
    unknown = "it needs replicates: give the result of bootstrap_subspaces"
    return DimensionChoice(
        _without_replicates("gap", dimensions[:-1], _gaps(values)),
        _without_replicates("log_gap", dimensions[:-1], _log_gaps(values)),
        _energy(energy, dimensions, values, np.sum(values, keepdims=True), lambda _: ""),
        *(
            DimensionCriterion(name, None, None, np.nan, unknown, np.empty(0, int), np.empty(0))
            for name in ("ladle", "response_surface")
        ),
    )


def _with_replicates(found: SubspaceBootstrap, energy: float) -> DimensionChoice:
    """The criteria of a sample and of its replicates."""
    sample, replicates = (
        np.where(values > len(values.T) * EPSILON * values[..., :1], values, 0.0)
        for values in (found.eigenvalues.value, found.replicates)
    )
    both = np.vstack([sample, replicates])
    traces = np.array([found.trace, *found.traces])[:, None]
    apart = found.eigenvalues.low[:-1] > found.eigenvalues.high[1:]
    last = int(found.dimensions[-1])
    reduced, more = np.arange(last + 1), last < found.parameters - 1
    variability = np.array([0.0, *found.variability])
    ladle = variability / (1 + variability.sum()) + both[:, : last + 1] / both[:, : last + 1].sum(
        axis=1, keepdims=True
    )
    retained = np.cumsum(np.hstack([np.zeros_like(traces), both[:, :last]]), axis=1)
    errors = np.array([0.0, *found.errors.mean])
    bound = errors * np.sqrt(retained) + np.sqrt(np.maximum(traces - retained, 0.0))
    dimensions = np.arange(1, len(sample) + 1)

    def overlapping(candidate: int) -> str:
        fewest = float(found.effective_samples[:candidate].min())
        if fewest < FEWEST_EFFECTIVE:
            return f"{fewest:.0f} effective samples carry it, fewer than {FEWEST_EFFECTIVE}"
        if candidate > len(apart) or apart[candidate - 1]:
            return ""
        return f"lambda_{candidate} and lambda_{candidate + 1} are not told apart"

    def at_an_end(candidate: int) -> str:
        if candidate == 0:
            return "no direction is better than none"
        if more and candidate == last:
            return f"it is still falling at n = {last}"
        return overlapping(candidate)

    return DimensionChoice(
        _agreed("gap", dimensions[:-1], _gaps(both), np.argmax, overlapping),
        _agreed("log_gap", dimensions[:-1], _log_gaps(both), np.argmax, overlapping),
        _energy(energy, dimensions, both, traces, overlapping),
        _agreed("ladle", reduced, ladle, np.argmin, at_an_end),
        _agreed("response_surface", reduced, bound, np.argmin, at_an_end),
    )


def _agreed(
    name: str,
    dimensions: np.ndarray,
    curves: np.ndarray,
    chosen: Callable[..., np.ndarray],
    refused: Callable[[int], str],
) -> DimensionCriterion:
    """A criterion from the curves of the sample, in the first row, and of its replicates."""
    numbers = dimensions[chosen(curves, axis=1)]
    candidate = int(numbers[0])
    agreement = float(np.mean(numbers[1:] == candidate)) if len(numbers) > 1 else np.nan
    reason = refused(candidate)
    if agreement < LEVEL:
        reason = f"{agreement:.0%} of the replicates give {candidate}"
    return DimensionCriterion(
        name, None if reason else candidate, candidate, agreement, reason, dimensions, curves[0]
    )


def _without_replicates(name: str, dimensions: np.ndarray, curve: np.ndarray) -> DimensionCriterion:
    """A gap of exact eigenvalues, decided where no other is as large."""
    descending = np.sort(np.append(curve, 0.0))[::-1]
    tied = not descending[0] > (1 + TIE) * descending[1] + TIE
    candidate = int(dimensions[np.argmax(curve)])
    return DimensionCriterion(
        name,
        None if tied else candidate,
        candidate,
        np.nan,
        "no gap is larger than the others" if tied else "",
        dimensions,
        curve,
    )


def _energy(
    energy: float,
    dimensions: np.ndarray,
    values: np.ndarray,
    traces: np.ndarray,
    refused: Callable[[int], str],
) -> DimensionCriterion:
    """The least dimension that retains the energy, where the eigenvalues at hand reach it."""
    retained = np.atleast_2d(np.cumsum(values, axis=-1) / traces)
    # All eigenvalues sum to the trace, but for a rounding of some m eps in each.
    reached = retained >= energy - len(dimensions) ** 2 * EPSILON
    last = int(dimensions[-1])

    def beyond(candidate: int) -> str:
        if reached[0].any():
            return refused(candidate)
        return f"{last} directions do not retain {energy:.0%}"

    def first(curves: np.ndarray, axis: int) -> np.ndarray:
        return np.where(reached.any(axis=axis), np.argmax(reached, axis=axis), -1)

    return _agreed("energy", dimensions, retained, first, beyond)


def _gaps(values: np.ndarray) -> np.ndarray:
    """lambda_n - lambda_{n+1}, n = 1 ... m - 1, in parts of the largest eigenvalue."""
    gaps: np.ndarray = -np.diff(values, axis=-1) / values[..., :1]
    return gaps


def _log_gaps(values: np.ndarray) -> np.ndarray:
    """log10(lambda_n / lambda_{n+1}), n = 1 ... m - 1, in decades: infinite where the next is null,
    0 between null directions.
    """
    upper, lower = values[..., :-1], values[..., 1:]
    null = np.where(upper > 0, np.inf, 0.0)
    ratio = np.divide(upper, lower, out=np.ones_like(upper), where=lower > 0)
    gaps: np.ndarray = np.where(lower > 0, np.log10(ratio), null)
    return gaps


def _checked(values: ArrayLike) -> np.ndarray:
    """Eigenvalues (P,), descending, what is negative by rounding set to 0.

    Raises:
        BadInput: they are not.
    """
    found = np.asarray(values)
    if (
        found.ndim != 1
        or len(found) < 2
        or found.dtype.kind not in "fiu"
        or not found[0] > 0
        or not np.all(np.diff(found) <= 0)
    ):
        raise BadInput.field(
            "source",
            "a bootstrap, a spectrum, or two eigenvalues or more, descending, the first positive",
            f"{found.dtype} of shape {found.shape}",
            "give the result of bootstrap_subspaces(moment)",
        )
    epsilon = np.finfo(found.dtype).eps if found.dtype.kind == "f" else EPSILON
    if found[-1] < -len(found) * epsilon * found[0]:
        raise BadInput.field(
            "source",
            "eigenvalues of at least 0",
            f"{found[-1]:.4g} beside {found[0]:.4g}",
            "a second moment has none below 0: pass that of uncentred gradients",
        )
    return np.maximum(found.astype(np.float64), 0.0)
