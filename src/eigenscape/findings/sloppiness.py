"""Published findings on training trajectories that are embedded together, assessed on the tables of
the stage `inpca`.

The claims are those of J. Mao et al., PNAS 2024, doi 10.1073/pnas.2310002121 (arXiv 2305.01604),
and of arXiv 2505.08915, in this project's words; the rules of the verdicts are this project's and
stand with each function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eigenscape.config.study import Study
from eigenscape.findings.verdicts import Finding, Verdict
from eigenscape.interval import Interval
from eigenscape.sloppiness.ribbon import RibbonVerdict
from eigenscape.sloppiness.stress import PUBLISHED_CHI_2
from eigenscape.stages.sloppiness.inpca import read_inpca
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    pass


MOST = 0.5
"""Explained stress of three directions from which a manifold counts as low-dimensional (this
project's choice)."""


NEARLY = 0.8
"""Share of the own explained stress that axes of other networks must reach to count as as good
(this project's choice)."""


TRAJECTORIES = "whole trajectories, resampled"
"""The unit of intervals of an embedding."""

ONE_ENSEMBLE = "none: one ensemble, means over its networks, without a test"
"""Where nothing is resampled."""


def inpca_findings(study: Study, folder: StudyFolder) -> list[Finding]:
    """The published findings on networks that train, assessed on the embedding.

    Raises:
        DamagedResult: the embedding is missing or damaged.
    """
    tables, _ = read_inpca(study, folder)
    return assess_embedding(tables)


def assess_embedding(tables: dict[str, pd.DataFrame]) -> list[Finding]:
    """Assess the published findings on these tables."""
    return [
        _thin(tables["spectra"]),
        _ribbon(tables["spectra"]),
        _linear_axes(tables["crossed"]),
        _factors(tables["equal"]),
    ]


def _row(spectra: pd.DataFrame, name: str) -> pd.Series:
    return spectra[spectra["set"] == name].iloc[0]


def _thin(spectra: pd.DataFrame) -> Finding:
    """Holds where the interval of chi_3 of all trajectories lies above `MOST`, does not where it
    lies below.
    """
    row, other = _row(spectra, "all"), _row(spectra, "all, linear spacing")
    side = Interval.of_columns(row, "chi_2").side_of(PUBLISHED_CHI_2)
    beside = {1: "more than", 0: "as much as", -1: "less than"}[side]
    verdict = Verdict.NOT_SHOWN
    if row["chi_3_low"] > MOST:
        verdict = Verdict.HOLDS if other["chi_3_low"] > MOST else Verdict.CONDITION
    elif row["chi_3_high"] < MOST:
        verdict = Verdict.DOES_NOT
    return Finding(
        "Training trajectories of many networks explore one low-dimensional manifold of"
        " predictions",
        verdict,
        f"explained stress of two directions {Interval.of_columns(row, 'chi_2'):.2f} (published for"
        f" CIFAR-10: about {PUBLISHED_CHI_2}), of three"
        f" {Interval.of_columns(row, 'chi_3'):.2f}, of fifty {row['chi_50']:.2f}; with checkpoints"
        f" linear in steps {other['chi_3']:.2f} of three; imaginary directions carry"
        f" {row['imaginary_share']:.1%} of the squares",
        f"two directions explain {beside} in the published ensemble on CIFAR-10;"
        " checkpoints evenly spaced in the logarithm of steps weigh early training more",
        replication=TRAJECTORIES,
    )


def _ribbon(spectra: pd.DataFrame) -> Finding:
    """Holds where the eigenvalues of all trajectories, and of every family, are those of a ribbon;
    a condition where only some are.
    """
    rows = spectra[spectra["set"].eq("all") | spectra["set"].str.startswith("family ")]
    ribbons = rows["verdict"] == RibbonVerdict.RIBBON.value
    verdict = (
        Verdict.HOLDS if ribbons.all() else Verdict.CONDITION if ribbons.any() else Verdict.DOES_NOT
    )
    numbers = [
        (row["set"], f"{Interval.of_columns(row, 'slope'):.2f}", row["r_squared"], row["decades"])
        for _, row in rows.iterrows()
    ]
    words = [
        f"{name}: slope {slope}, R^2 {straight:.2f}, {decades:.1f} decades"
        for name, slope, straight, decades in numbers
    ]
    return Finding(
        "The manifold is a hyper-ribbon: its widths fall geometrically",
        verdict,
        "; ".join(words),
        "R^2 of the leading twenty; where it is low, widths fall faster first than later",
        replication=TRAJECTORIES,
    )


def _linear_axes(crossed: pd.DataFrame) -> Finding:
    """Holds where three axes of linear models give nonlinear ones at least `NEARLY` of the stress
    that three of their own do.
    """
    claim = (
        "Axes made from linear models alone embed nonlinear networks nearly as well as their own"
    )
    asked = (
        crossed[crossed["axes"].eq("linear") & crossed["directions"].eq(3)]
        if len(crossed)
        else crossed
    )
    if asked.empty:
        return Finding(
            claim,
            Verdict.NOT_SHOWN,
            "no linear or no nonlinear networks in this ensemble",
            replication=ONE_ENSEMBLE,
        )
    shares = asked["stress"] / asked["own_stress"]
    verdict = (
        Verdict.HOLDS
        if (shares >= NEARLY).all()
        else Verdict.CONDITION
        if (shares >= NEARLY).any()
        else Verdict.DOES_NOT
    )
    words = [
        f"{row['family']}: {row['stress']:.2f} against {row['own_stress']:.2f}"
        for _, row in asked.iterrows()
    ]
    return Finding(
        claim,
        verdict,
        "explained stress of three directions, " + "; ".join(words),
        replication=ONE_ENSEMBLE,
    )


def _factors(equal: pd.DataFrame) -> Finding:
    """Holds where, at every compared progress, other architectures are farther apart than other
    optimisers, and these than seeds.
    """
    claim = "Architecture tells trajectories apart; optimiser and seed matter less"
    if equal.empty:
        return Finding(
            claim,
            Verdict.NOT_SHOWN,
            "no two trajectories reach the same progress",
            replication=ONE_ENSEMBLE,
        )
    wide = equal.pivot(index="progress", columns="differ_in", values="distance")
    other = [name for name in ("architecture", "family") if name in wide]
    less = [name for name in ("optimiser", "seed") if name in wide]
    if not other or not less:
        return Finding(claim, Verdict.NOT_SHOWN, "one architecture only", replication=ONE_ENSEMBLE)
    rows = wide[[*other, *less]].dropna()
    greater = rows[other].min(axis=1) > rows[less].max(axis=1)
    verdict = Verdict.NOT_SHOWN
    if len(rows):
        verdict = (
            Verdict.HOLDS
            if greater.all()
            else Verdict.CONDITION
            if greater.any()
            else Verdict.DOES_NOT
        )
    means = "; ".join(f"other {name} {rows[name].mean():.3f}" for name in [*other, *less])
    evidence = (
        f"mean distance at equal progress: {means}; at {int(greater.sum())} of {len(rows)} places"
        " the first exceed the last"
    )
    return Finding(
        claim,
        verdict,
        evidence,
        "predictions are compared at equal progress, not equal time",
        replication=ONE_ENSEMBLE,
    )
