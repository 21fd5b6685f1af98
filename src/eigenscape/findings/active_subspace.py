"""The published findings on the spectrum of C, its layers and the condition number, assessed by the
rules written here.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from eigenscape.active_subspace.association import (
    Estimate,
    iso_parameter_contrast,
    partial_spearman,
    spearman,
)
from eigenscape.active_subspace.spectrum import SpectrumStatus
from eigenscape.config.study import Study
from eigenscape.findings.verdicts import SIGNIFICANT, Finding, Verdict, of_settings
from eigenscape.interval import Interval
from eigenscape.stages.active_subspace.importance import headline_importance
from eigenscape.stages.active_subspace.projection import require_projection
from eigenscape.stages.common.tables import read_table
from eigenscape.stages.common.verified import read_verified_spectrum
from eigenscape.store.io_log import note_read
from eigenscape.store.layout import StudyFolder

SAMPLES = "samples of the prior, resampled"
"""The unit of intervals of one network."""

NETWORKS = "networks of the grid, resampled; the grid was chosen, not drawn"
"""The unit of rank correlations."""

NEAR = 0.5
"""Decades by which samples may inflate a number that still counts as the same: a factor of three
(this project's choice)."""


def active_subspace_findings(study: Study, folder: StudyFolder) -> list[Finding]:
    """The published findings on the spectrum of C and the condition number.

    Raises:
        DamagedResult: a result that is needed is missing or damaged.
    """
    table, importance = read_table(folder.table), headline_importance(study, folder)
    return [
        _slow_decay(study, folder, importance),
        _layer_structure(importance),
        _earlier_layers(importance),
        _enough_samples(table),
        _mimics_parameter_count(table),
        _predicts_training(study, folder, table),
    ]


def _slow_decay(study: Study, folder: StudyFolder, importance: dict[str, Any]) -> Finding:
    """Holds for the population where its plateaus are many; a short staircase makes the smooth
    decay a matter of sampling.
    """
    cell = study.headline_cell
    spectrum = read_verified_spectrum(cell, folder)
    projection = require_projection(study, cell.architecture, folder)
    plateaus, size = len(projection["plateaus"]), cell.architecture.parameters
    short = plateaus < size / 10
    slope = importance["family"].get("spectral_slope", {})
    words = ""
    if slope and math.isfinite(slope["low"]):
        words = (
            f"; spectral slope {Interval.of_columns(slope, 'value', ends=''):.2f}, with"
            f" random signs {slope['null']:.2f}"
        )
    raw, projected = _decades(spectrum.log10_condition), _decades(projection["log10_cond_sym"])
    return Finding(
        "the eigenvalues of C decay slowly",
        Verdict.CONDITION if short else Verdict.HOLDS,
        f"sample spectrum of the headline: {raw} at P/N = {size / cell.samples:.2f}; projected:"
        f" {projected}, in {plateaus} plateaus{words}",
        (
            "the smooth decay is that of a finite sample; the population spectrum is a staircase,"
            " forced by symmetry"
            if short
            else ""
        ),
        replication="samples of the prior, one group of them left out at a time",
    )


def _layer_structure(importance: dict[str, Any]) -> Finding:
    """Holds where eigenvectors keep to layers more than under permuted labels. Unit of
    replication: the parameter, whose layer is permuted.
    """
    claim = "the eigenvectors have a layer structure"
    unit = (
        "parameters of one network, whose labels are permuted; runs of eigenvectors for intervals"
    )
    if "purity" not in importance:
        return Finding(claim, Verdict.NOT_SHOWN, "no eigenvectors in this study", replication=unit)
    of = partial(Interval.of_columns, importance)
    holds = (
        importance["purity_p"] < SIGNIFICANT
        and importance["purity"] > importance["purity_of_random_basis"]
    )
    return Finding(
        claim,
        Verdict.HOLDS if holds else Verdict.NOT_SHOWN,
        f"block purity {of('purity'):.2f} (the leading w:"
        f" {of('leading_purity'):.2f}) against"
        f" {importance['purity_of_random_basis']:.2f} for a random basis, p ="
        f" {importance['purity_p']:.3g}; Spearman correlation of layer and index"
        f" {of('centroid_rho'):.2f}",
        "groups of vectors, not single ones: the bootstrap turns the first by"
        f" {importance['subspace_error_1']:.2f} of a right angle, the leading w together by"
        f" {importance['subspace_error_width']:.2f}",
        replication=unit,
    )


def _earlier_layers(importance: dict[str, Any]) -> Finding:
    """Holds where hidden layers lose gradient with depth under the study's prior; a condition where
    another prior reverses it.
    """
    claim = "earlier layers matter more"
    own, other = importance["priors"]
    if "slope" not in own:
        return Finding(
            claim,
            Verdict.NOT_SHOWN,
            "the headline network has too few hidden layers",
            replication=SAMPLES,
        )
    words = "; ".join(
        f"{prior['prior']}: slope {Interval.of_columns(prior, 'slope'):+.3f} decades per layer,"
        f" chi_1 = {prior['chi_1']:.2f}"
        for prior in (own, other)
    )
    side, other_side = (Interval.of_columns(one, "slope").side_of(0.0) for one in (own, other))
    if side >= 0:
        return Finding(
            claim,
            Verdict.DOES_NOT if side > 0 else Verdict.NOT_SHOWN,
            words,
            "a property of the prior, for the other one reverses it" if other_side < 0 else "",
            replication=SAMPLES,
        )
    return Finding(
        claim,
        Verdict.CONDITION if other_side > 0 else Verdict.HOLDS,
        words,
        "a property of the prior, for the other one reverses it" if other_side > 0 else "",
        replication=SAMPLES,
    )


def _enough_samples(table: pd.DataFrame) -> Finding:
    """Holds where samples inflate no network's number by more than `NEAR`, does not where they
    inflate every one; a condition where they inflate some.
    """
    claim = "N of at least P samples give the condition number"
    unit = "networks of the grid, counted without a test"
    both = table[np.isfinite(table["log10_cond"]) & np.isfinite(table["log10_cond_sym"])]
    if both.empty:
        return Finding(
            claim,
            Verdict.NOT_SHOWN,
            "no network has both a raw and a projected number",
            replication=unit,
        )
    inflation = both["log10_cond"] - both["log10_cond_sym"]
    inflated = inflation > NEAR
    bracketed = both[np.isfinite(both["log10_cond_low"])]
    inside = (bracketed["log10_cond_low"] <= bracketed["log10_cond_sym"]) & (
        bracketed["log10_cond_sym"] <= bracketed["log10_cond_high"]
    )
    ends = [f"{1 / both['parameters_per_sample'].agg(end):.0f}" for end in ("max", "min")]
    ratios = " to ".join(dict.fromkeys(ends))
    grows = spearman(*(column.to_numpy(dtype=np.float64) for column in (inflation, both["depth"])))
    verdict = of_settings(int((~inflated).sum()), int(inflated.sum()), len(both))
    return Finding(
        claim,
        verdict,
        f"at N/P = {ratios} the raw number exceeds the projected one by {inflation.median():.2f}"
        f" decades in the median, {inflation.max():.2f} at most, and by more than {NEAR:g} in"
        f" {int(inflated.sum())} of {len(both)} networks; the bracket contains the projected"
        f" number in {int(inside.sum())} of {len(bracketed)} networks; rank correlation of the"
        f" excess with depth {_words(grows)}",
        (
            f"networks of depth {_range(both['depth'][~inflated])}, not those of depth"
            f" {_range(both['depth'][inflated])}"
            if verdict is Verdict.CONDITION
            else ""
        ),
        replication=unit,
    )


def _range(depths: pd.Series) -> str:
    return " to ".join(dict.fromkeys([f"{depths.min():g}", f"{depths.max():g}"]))


def _mimics_parameter_count(table: pd.DataFrame) -> Finding:
    """Holds where the rank correlation with P is strong and networks of equal P but different depth
    have equal numbers.
    """
    column = "log10_cond_sym" if np.isfinite(table["log10_cond_sym"]).sum() >= 5 else "log10_cond"
    number, count, profile = (
        table[name].to_numpy(dtype=np.float64) for name in (column, "parameters", "log10_ladder")
    )
    profile = np.abs(profile)
    with_count, with_profile = spearman(number, count), spearman(number, profile)
    beyond, contrast = (
        partial_spearman(number, count, profile),
        iso_parameter_contrast(table, column),
    )
    strong = with_count.low > 0.5
    differs = contrast.low > 0 or contrast.high < 0
    verdict = Verdict.NOT_SHOWN
    if math.isfinite(with_count.low):
        verdict = Verdict.DOES_NOT if not strong or differs else Verdict.HOLDS
        if strong and differs:
            verdict = Verdict.CONDITION
    return Finding(
        "the condition number mimics the parameter count",
        verdict,
        f"{column}: rank correlation with P {_words(with_count)}, with the size of (L-1) log10"
        f" chi_1 {_words(with_profile)}; with P given that profile {_words(beyond)}; deeper less"
        f" shallower network at equal P, in decades, {_words(contrast)}{_heavy(table, column)}",
        (
            "along a grid in which depth and width grow together; at equal P depth decides"
            if differs
            else ""
        ),
        replication=NETWORKS,
    )


def _heavy(table: pd.DataFrame, column: str) -> str:
    """Of how many networks the number rests on a few samples; nothing where that is not known."""
    if column != "log10_cond_sym" or "status_sym" not in table.columns:
        return ""
    heavy = int((table["status_sym"] == SpectrumStatus.HEAVY_TAILED.value).sum())
    return f"; {heavy} of {len(table)} numbers have heavy tails" if heavy else ""


def _predicts_training(study: Study, folder: StudyFolder, table: pd.DataFrame) -> Finding:
    """Holds where the interval of the rank correlation with steps to the threshold lies above
    zero.
    """
    claim = "the condition number says how easily a network trains"
    path = folder.root / "tables" / "training.csv"
    if not study.trained_architectures() or not path.exists():
        return Finding(
            claim, Verdict.NOT_SHOWN, "no network of the grid was trained", replication=NETWORKS
        )
    note_read(path)
    training = pd.read_csv(path)
    merged = training[training["rule"] == "search"].merge(
        table, on=["depth", "width"], suffixes=("", "_table")
    )
    steps = merged["log10_steps"].to_numpy(dtype=np.float64)
    raw = spearman(merged["log10_cond"].to_numpy(dtype=np.float64), steps)
    projected = spearman(merged["log10_cond_sym"].to_numpy(dtype=np.float64), steps)
    count = spearman(merged["parameters"].to_numpy(dtype=np.float64), steps)
    verdict = Verdict.NOT_SHOWN
    if raw.low > 0 and projected.low > 0:
        verdict = Verdict.HOLDS
    elif raw.high < 0 or projected.high < 0:
        verdict = Verdict.DOES_NOT
    reached = int(np.isfinite(steps).sum())
    return Finding(
        claim,
        verdict,
        f"rank correlation of steps to the threshold with the raw number {_words(raw)}, with the"
        f" projected number {_words(projected)}, with P {_words(count)}; {reached} of {len(merged)}"
        " networks reach the threshold",
        "gradient descent with the best of a grid of step sizes, from draws of the same prior",
        replication=NETWORKS,
    )


def _words(estimate: Estimate) -> str:
    if not math.isfinite(estimate.value):
        return "not known (too few networks)"
    return f"{estimate:.2f} over {estimate.count} networks"


def _decades(value: float) -> str:
    return f"{value:.2f} decades" if math.isfinite(value) else "null directions"
