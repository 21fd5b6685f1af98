"""The family of network condition numbers, one row each: formula, meaning, invariance, cost.

The formulas use the eigenvalues lambda_1 >= ... >= lambda_P >= 0 of C and p_i = lambda_i / sum
lambda. All are unchanged when the loss is scaled (f -> a f) or the parameters are rotated; none is
unchanged when parameters are rescaled (theta -> D theta), so the parametrisation is part of the
result: here it is the standard one. `log10_cond` is this project's reading of the published MTED.
The family is this project's proposal; sources of members are named.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eigenscape.active_subspace.spectrum import Spectrum, SpectrumStatus
from eigenscape.architecture import Architecture, Layout

QUANTILE = 0.01
"""Fraction of the eigenvalues that `log10_cond_q` leaves out at either end."""


@dataclass(frozen=True)
class ConditionNumber:
    """One member of the family.

    Attributes:
        name: the column of the table.
        formula: the formula as printed.
        meaning: the property to which it is sensitive.
        cost: the computation that it needs.
        needs_every_eigenvalue: whether it is undefined where the smallest eigenvalues are not
            resolved.
        value: the function that computes it from a spectrum and the layout of its parameters.
    """

    name: str
    formula: str
    meaning: str
    cost: str
    needs_every_eigenvalue: bool
    value: Callable[[Spectrum, Layout], float]


def _quantile_condition(spectrum: Spectrum, _: Layout) -> float:
    values, size = spectrum.eigenvalues, len(spectrum.eigenvalues)
    high, low = values[math.ceil(QUANTILE * size) - 1], values[math.ceil((1 - QUANTILE) * size) - 1]
    return math.log10(high / low) if low > 0 else math.inf


def _carrying_condition(spectrum: Spectrum, _: Layout) -> float:
    if not spectrum.resolved:
        return math.nan
    return math.log10(spectrum.eigenvalues[0]) - math.log10(spectrum.eigenvalues[spectrum.rank - 1])


def _diagonal_bound(spectrum: Spectrum, _: Layout) -> float:
    low = spectrum.diagonal.min()
    return math.log10(spectrum.diagonal.max() / low) if low > 0 else math.inf


def _layer_spread(spectrum: Spectrum, architecture: Layout) -> float:
    means = [float(spectrum.diagonal[layer.whole].mean()) for layer in architecture.layers]
    return math.log10(max(means) / min(means)) if min(means) > 0 else math.inf


def _mean_decay(spectrum: Spectrum, _: Layout) -> float:
    return float(np.mean(np.log10(spectrum.eigenvalues[0]) - np.log10(spectrum.eigenvalues)))


def _stable_rank(spectrum: Spectrum, _: Layout) -> float:
    return float(spectrum.eigenvalues.sum() / spectrum.eigenvalues[0])


def _participation_ratio(spectrum: Spectrum, _: Layout) -> float:
    scaled = spectrum.eigenvalues / spectrum.eigenvalues[0]
    return float(scaled.sum() ** 2 / (scaled**2).sum())


def _entropy_rank(spectrum: Spectrum, _: Layout) -> float:
    shares = spectrum.eigenvalues / spectrum.eigenvalues.sum()
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _spectral_slope(spectrum: Spectrum, _: Layout) -> float:
    size = len(spectrum.eigenvalues)
    quantile = np.arange(1, size + 1) / size
    inner = (quantile >= 0.1) & (quantile <= 0.9) & (spectrum.eigenvalues > 0)
    if inner.sum() < 3:
        return math.nan
    return float(-np.polyfit(quantile[inner], np.log10(spectrum.eigenvalues[inner]), 1)[0])


def _gap_at_width(spectrum: Spectrum, layout: Layout) -> float:
    if not isinstance(layout, Architecture):
        return math.nan
    return spectrum.log10_gap(layout.width)


FAMILY = (
    ConditionNumber(
        "log10_cond",
        "log10(lambda_1 / lambda_P)",
        "decades of the whole spectrum; most sensitive to sampling noise; this project's reading of"
        " MTED",
        "all eigenvalues, P^3",
        True,
        lambda spectrum, _: spectrum.log10_condition,
    ),
    ConditionNumber(
        "log10_cond_carrying",
        "log10(lambda_1 / lambda_rank)",
        "decades among the directions that carry gradient: what is left to compare where null"
        " directions make log10_cond infinite",
        "all eigenvalues, P^3",
        False,
        _carrying_condition,
    ),
    ConditionNumber(
        "log10_cond_q",
        "log10(lambda_ceil(qP) / lambda_ceil((1-q)P)), q = 1 %",
        "decades without the outermost eigenvalues: robust",
        "all eigenvalues, P^3",
        True,
        _quantile_condition,
    ),
    ConditionNumber(
        "log10_diagonal_bound",
        "log10(max_i C_ii / min_i C_ii)",
        "a lower bound of log10_cond (Schur-Horn)",
        "the diagonal, P N",
        False,
        _diagonal_bound,
    ),
    ConditionNumber(
        "log10_layer_ladder",
        "log10(max_l m_l / min_l m_l), m_l the mean C_ii of layer l",
        "decades between layers; the smoothest",
        "the diagonal, P N",
        False,
        _layer_spread,
    ),
    ConditionNumber(
        "mean_decay",
        "(1/P) sum_i log10(lambda_1 / lambda_i)",
        "average decades below the top: by log det C",
        "all eigenvalues, P^3",
        True,
        _mean_decay,
    ),
    ConditionNumber(
        "stable_rank",
        "tr C / lambda_1",
        "effective dimension, about w here: not a conditioning",
        "lambda_1 and the trace",
        False,
        _stable_rank,
    ),
    ConditionNumber(
        "participation_ratio",
        "(sum lambda)^2 / sum lambda^2",
        "effective dimension, between the stable rank and P",
        "the Frobenius norm, P^2",
        False,
        _participation_ratio,
    ),
    ConditionNumber(
        "entropy_rank",
        "exp(-sum p_i ln p_i)",
        "effective rank of Roy and Vetterli 2007 (EUSIPCO)",
        "all eigenvalues, P^3",
        False,
        _entropy_rank,
    ),
    ConditionNumber(
        "spectral_slope",
        "-d log10 lambda_i / d(i/P), fitted on 10-90 %",
        "decades that the bulk would span: 'slow decay' as a number",
        "all eigenvalues, P^3",
        False,
        _spectral_slope,
    ),
    ConditionNumber(
        "log10_gap_at_width",
        "log10(lambda_w / lambda_{w+1})",
        "height of the w-fold shoulder",
        "w + 1 eigenvalues",
        False,
        _gap_at_width,
    ),
)
"""The members that follow from one sample spectrum; `log10_cond_sym`, of the projected C, is
computed separately."""


def condition_numbers(spectrum: Spectrum, architecture: Layout) -> dict[str, float]:
    """Return every member of the family by name; infinite if null directions make it so, NaN if it
    is not resolved.

    Example:
        >>> from eigenscape.active_subspace.spectrum import spectrum_of
        >>> found = condition_numbers(
        ...     spectrum_of(np.diag([4.0, 2.0, 1.0, 1.0])), Architecture(1, 1)
        ... )
        >>> found["stable_rank"], round(found["log10_cond"], 3)
        (2.0, 0.602)
    """
    if spectrum.rank == 0:
        return {member.name: math.nan for member in FAMILY}
    unresolved = {SpectrumStatus.RANK_DEFICIENT: math.inf, SpectrumStatus.BELOW_FLOOR: math.nan}
    return {
        member.name: (
            unresolved[spectrum.status]
            if member.needs_every_eigenvalue and spectrum.status in unresolved
            else member.value(spectrum, architecture)
        )
        for member in FAMILY
    }
