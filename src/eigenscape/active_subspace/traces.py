"""tr C, its distribution over layers, tr C^2 and the participation ratio tr(C)^2 / tr(C^2), without
any P x P matrix.

tr C = mean |g_n|^2 and the layers' shares of it are exact for the samples that were drawn. tr C^2
has two meanings where N < P: that of the *samples'* C, which is |K|_F^2 with the Gram matrix K, and
that of the *population's* E[g g^T], of which the former is too large by about E|g|^4 / N. The
latter is E (g . g')^2 over independent pairs, so the mean over pairs m != n of (g_m . g_n)^2 is
free of bias (a U-statistic, Hoeffding 1948). Where K does not exist, disjoint pairs give it from
one pass; they are independent, but few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.spectral_density import mean_interval
from eigenscape.interval import Interval

STANDARD_ERRORS = 1.96
"""Number of standard errors of a two-sided 95 % interval of a normal distribution."""


@dataclass(frozen=True)
class Traces:
    """Moments of the spectrum of C.

    Attributes:
        trace: tr C of the samples, with the interval that their spread gives for the population.
        layer_masses: (L + 1,), sum of diag C over every layer; they sum to the trace.
        square_trace: tr C^2 of the samples; exact from K, None if only probes can estimate it.
        population_square_trace: E (g . g')^2.
        population_participation: tr(C)^2 / tr(C^2) of the population, the ratio of two estimates
            without bias.
    """

    trace: Interval[float]
    layer_masses: np.ndarray
    square_trace: float | None
    population_square_trace: Interval[float]
    population_participation: Interval[float]


def traces_from_gram(gram: np.ndarray, squares: np.ndarray, counted: np.ndarray) -> Traces:
    """Compute the traces from K (N, N), squared norms by layer (N, L + 1), and which samples are
    counted (N,).

    The intervals are delete-one jackknife's (Quenouille 1956), normal at 95 %.

    Example:
        >>> gradients = np.eye(3)[[0, 0, 1, 2]]
        >>> squares = (gradients**2).sum(axis=1, keepdims=True)
        >>> found = traces_from_gram(gradients @ gradients.T / 4, squares, np.ones(4, bool))
        >>> # one of six pairs agrees
        >>> found.trace.value, found.square_trace, found.population_square_trace.value
        (1.0, 0.375, 0.166...)
    """
    count = int(counted.sum())
    products = np.square(gram[np.ix_(counted, counted)] * count)
    norms = squares[counted].sum(axis=1)
    rows = products.sum(axis=1) - np.diagonal(products)
    total, norm = float(rows.sum()), float(norms.sum())
    without = (total - 2 * rows) / max((count - 1) * (count - 2), 1)
    smaller = (norm - norms) / max(count - 1, 1)
    mean_square = total / max(count * (count - 1), 1)
    return Traces(
        mean_interval(norms),
        squares[counted].mean(axis=0),
        float(np.square(gram).sum()),
        _jackknife(mean_square, without),
        _jackknife(_ratio(norm / count, mean_square), _ratio(smaller, without)),
    )


def traces_from_pairs(squares: np.ndarray, pairs: np.ndarray, counted: np.ndarray) -> Traces:
    """Compute the traces from squared norms by layer (N, L + 1) and products of disjoint pairs (N
    // 2,): those of samples 0 and 1, 2 and 3, ...

    Example:
        >>> found = traces_from_pairs(np.ones((4, 1)), np.array([1.0, 0.0]), np.ones(4, bool))
        >>> found.population_square_trace.value
        0.5
    """
    both_counted = counted[: 2 * len(pairs)].reshape(-1, 2).all(axis=1)
    norms, values = squares.sum(axis=1), np.square(pairs[both_counted])
    of_pairs = norms[: 2 * len(pairs)].reshape(-1, 2)[both_counted].mean(axis=1)
    deleted = max(len(values) - 1, 1)
    mean_trace = float(norms[counted].mean())
    without = _ratio((of_pairs.sum() - of_pairs) / deleted, (values.sum() - values) / deleted)
    mean = float(values.mean()) if len(values) else float("nan")
    square = mean_interval(values) if len(values) else Interval(mean, float("-inf"), float("inf"))
    return Traces(
        mean_interval(norms[counted]),
        squares[counted].mean(axis=0),
        None,
        square,
        _jackknife(_ratio(mean_trace, mean), without),
    )


def pair_products(gradients: np.ndarray) -> np.ndarray:
    """Return the products g_0 . g_1, g_2 . g_3, ... of the rows of (B, P).

    Example:
        >>> pair_products(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        array([11.])
    """
    even = len(gradients) // 2 * 2
    products: np.ndarray = np.einsum("ni,ni->n", gradients[0:even:2], gradients[1:even:2])
    return products


def _ratio(trace: np.ndarray | float, square: np.ndarray | float) -> np.ndarray:
    """Divide trace^2 by square; infinite if all gradients are orthogonal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: np.ndarray = np.divide(np.square(trace), square)
    return ratio


def _jackknife(value: np.ndarray | float, without: np.ndarray) -> Interval[float]:
    """Return the value with the interval from its delete-one values; the interval is infinite if
    there are fewer than three.
    """
    count, centre = len(without), float(value)
    if count < 3 or not np.isfinite(without).all():
        return Interval(centre, float("-inf"), float("inf"))
    error = STANDARD_ERRORS * float(
        np.sqrt((count - 1) / count * np.square(without - without.mean()).sum())
    )
    return Interval(centre, centre - error, centre + error)
