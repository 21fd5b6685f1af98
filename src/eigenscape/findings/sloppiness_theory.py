"""The published controls of sloppiness and this project's theory of them, assessed on the tables of
the theory.

Verdicts come from the rules written here. A control is assessed along lines of the phase map, on
which the two others stay: of the lines on which chi_3 varies by more than `VARIES`, it rises or
falls where its rank correlation with the control is beyond +-`MONOTONE`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy

from eigenscape.config.study import Study
from eigenscape.findings.verdicts import Finding, Verdict, of_settings
from eigenscape.sloppiness import regimes
from eigenscape.sloppiness.ribbon import FEWEST_DIRECTIONS, THIN, RibbonVerdict
from eigenscape.stages.sloppiness.theory import DIRECTIONS, read_theory
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    pass
from eigenscape.stages.sloppiness.theory_tables import COORDINATES

VARIES = 0.05
"""Smallest change of chi_3 along a line of the map that counts: less is no effect worth a word
(this project's choice)."""


MONOTONE = 0.8
"""Rank correlation from which on chi_3 counts as rising or falling along a line (this project's
choice)."""


MOST = 0.9
"""Share of lines, or of cells, that makes a rule hold; less than half makes it not hold (this
project's choice)."""


NEAR = 0.25
"""How far a slope may lie from the leading asymptotics, relative, for the theory to count as met
(this project's choice)."""


ASYMPTOTIC = 100.0
"""Reach kappa from which leading asymptotics in ln(kappa) are asked for slopes and boundaries."""


_exact = partial(
    Finding, replication="none: closed forms of chosen settings, counted without a test"
)
"""Nothing is drawn, so nothing is resampled."""


def sloppiness_theory_findings(study: Study, folder: StudyFolder) -> list[Finding]:
    """The published controls and extensions, assessed on the parts of the theory.

    Raises:
        DamagedResult: a part is missing or damaged.
    """
    tables = {
        name: table
        for part in ("phase_map", "kernel")
        for name, table in read_theory(study, folder, part).items()
    }
    return assess_theory(
        {**tables, "variants": read_theory(study, folder, "sgd")["variants"]},
        study.sloppiness.phase_map.level,
    )


def assess_theory(tables: dict[str, pd.DataFrame], level: float) -> list[Finding]:
    """Assess the published controls and extensions, arXiv 2505.08915 in this project's words, and
    statements of this project's theory.
    """
    phase = tables["map"]
    return [
        _control(
            phase,
            "decay",
            "Trajectories are thinner the faster the eigenvalues of the input correlation"
            " decay (c)",
            1,
        ),
        _control(
            phase,
            "ratio",
            "Trajectories are thinner the larger the truth beside the initial weights"
            " (sigma_*/sigma_w)",
            1,
        ),
        _control(phase, "steps", "Trajectories are thinner the fewer the steps (T)", -1),
        _slopes(tables["slopes"]),
        _boundaries(phase, level),
        _ribbons(phase),
        _kernels(tables["machines"]),
        _noise(tables["variants"], level),
    ]


def _ribbons(phase: pd.DataFrame) -> Finding:
    """Holds where every thin cloud of the map is a ribbon, does not where none is; a condition
    where some are.
    """
    claim = f"Thin clouds of linear models, chi_3 >= {THIN:g}, are hyper-ribbons"
    counts = phase["verdict"].value_counts().reindex(list(RibbonVerdict), fill_value=0)
    thin = phase[phase["verdict"].isin([RibbonVerdict.RIBBON, RibbonVerdict.LOW_DIMENSIONAL])]
    words = f"of {len(phase)} settings of the map: " + "; ".join(
        f"{count} {verdict}" for verdict, count in counts.items() if count
    )
    verdict = of_settings(
        int(counts[RibbonVerdict.RIBBON]), int(counts[RibbonVerdict.LOW_DIMENSIONAL]), len(thin)
    )
    shares = (thin["verdict"] == RibbonVerdict.RIBBON).groupby(thin["decay"] >= 1).mean()
    where = ", ".join(
        f"{share:.0%} of those with c {'>=' if steep else '<'} 1" for steep, share in shares.items()
    )
    return _exact(
        claim,
        Verdict.NOT_SHOWN if thin.empty else verdict,
        words,
        f"{where}; the others are a few directions above the flat floor of the starts, or bend"
        " where the tail of the data begins"
        if verdict is Verdict.CONDITION
        else "",
    )


def _control(phase: pd.DataFrame, control: str, claim: str, direction: int) -> Finding:
    others = [name for name in COORDINATES if name != control]
    rising = falling = count = 0
    against: list[tuple[float, ...]] = []
    for _, line in phase.groupby(others):
        values = line.sort_values(control)["chi_3"].to_numpy(float)
        if len(values) < 3 or np.ptp(values) <= VARIES:
            continue
        rank = direction * float(scipy.stats.spearmanr(np.arange(len(values)), values).statistic)
        count, rising, falling = count + 1, rising + (rank > MONOTONE), falling + (rank < -MONOTONE)
        if rank < -MONOTONE:
            against.append(tuple(float(line[name].iloc[0]) for name in others))
    if count == 0:
        return _exact(
            claim, Verdict.NOT_SHOWN, f"chi_3 varies by more than {VARIES:g} on no line of the map"
        )
    share = rising / count
    verdict = (
        Verdict.HOLDS if share >= MOST else Verdict.CONDITION if share >= 0.5 else Verdict.NOT_SHOWN
    )
    if falling / count >= 0.5:
        verdict = Verdict.DOES_NOT
    words = (
        f"chi_3 does so on {rising} of the {count} lines of the map along which it varies, the"
        f" opposite on {falling}"
    )
    where = ""
    if against:
        bounds = np.array(against)
        where = "the opposite: " + ", ".join(
            f"{name} {low:g}" + (f" to {high:g}" if high > low else "")
            for name, low, high in zip(others, bounds.min(axis=0), bounds.max(axis=0), strict=True)
        )
    return _exact(claim, verdict, words, where)


def _slopes(slopes: pd.DataFrame) -> Finding:
    """Holds where nearly all settings of every spacing of checkpoints lie within `NEAR` of it; a
    condition where those of some spacing do.
    """
    claim = (
        "Eigenvalues of clouds of one start fall by pi^2 / ln(4 kappa) per direction, whatever c"
        " (this project's theory)"
    )
    asked = slopes[(slopes["converged"] >= FEWEST_DIRECTIONS) & (slopes["reach"] >= ASYMPTOTIC)]
    if asked.empty:
        return _exact(claim, Verdict.NOT_SHOWN, "no setting in which five components converge")
    ratios = (asked["slope"] / asked["theory"]).groupby(asked["checkpoints"], sort=False)
    shares = ratios.apply(lambda ratio: float((np.abs(ratio - 1) <= NEAR).mean()))
    met = shares.index[shares >= MOST]
    words = "; ".join(
        f"{name} checkpoints: {ratio.min():.2f} to {ratio.max():.2f} of it, within {NEAR:.0%} in"
        f" {shares[name]:.0%} of {len(ratio)} settings"
        for name, ratio in ratios
    )
    verdict = Verdict.HOLDS if len(met) == len(shares) else Verdict.CONDITION
    return _exact(
        claim,
        verdict if len(met) else Verdict.DOES_NOT,
        f"kappa of {ASYMPTOTIC:g} and more; {words}",
        f"{' and '.join(met)} checkpoints" if verdict is Verdict.CONDITION and len(met) else "",
    )


def agreement(phase: pd.DataFrame, k: int, level: float) -> dict[str, float]:
    """Share of cells in which a boundary says rightly whether chi_k reaches a level: that of k_*,
    and that by sums of squares.

    Either is joined with i_c <= k.
    """
    reach, decay, ratio = (phase[name].to_numpy(float) for name in ("reach", "decay", "ratio"))
    reached = phase[f"chi_{k}"].to_numpy(float) >= level
    few = decay >= regimes.data_boundary(reach, k)
    return {
        "k_*": float(
            ((few | (ratio >= regimes.truth_boundary(reach, decay, k))) == reached).mean()
        ),
        "sums of squares": float(
            ((few | (ratio >= regimes.stress_boundary(reach, decay, k, level))) == reached).mean()
        ),
    }


def _boundaries(phase: pd.DataFrame, level: float) -> Finding:
    claim = (
        f"Two boundaries in (c, sigma_*/sigma_w, T) tell where k directions suffice, chi_k >="
        f" {level:g} (this project's theory)"
    )
    asked = phase[phase["reach"] >= ASYMPTOTIC]
    if asked.empty:
        return _exact(claim, Verdict.NOT_SHOWN, f"no cell with kappa of {ASYMPTOTIC:g} or more")
    found = {k: agreement(asked, k, level) for k in DIRECTIONS}
    right = min(shares["sums of squares"] for shares in found.values())
    words = "; ".join(
        f"k = {k}: " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
        for k, shares in found.items()
    )
    return _exact(
        claim,
        Verdict.HOLDS if right >= MOST else Verdict.CONDITION if right >= 0.5 else Verdict.DOES_NOT,
        f"cells told rightly: {words}",
        f"kappa of {ASYMPTOTIC:g} and more; k_* says where the truth's k-th direction shows, not"
        " where chi_k reaches a level; that is no verdict on ribbons",
    )


def _kernels(machines: pd.DataFrame) -> Finding:
    """Holds where every cloud is judged a ribbon; a condition where those of the smallest starts
    are.
    """
    claim = "Trajectories of kernel machines are hyper-ribbons too"
    holds = machines["verdict"] == RibbonVerdict.RIBBON.value
    quiet = machines["start"] == machines["start"].min()
    least = float(machines["start"].min())
    words = f"judged so in {int(holds.sum())} of {len(machines)} clouds"
    words += f"; from starts of {least:g} in {int(holds[quiet].sum())} of {int(quiet.sum())}"
    ratio = (machines["slope"] / machines["theory"])[
        quiet & holds & (machines["reach_of_targets"] >= ASYMPTOTIC)
    ].to_numpy(float)
    if len(ratio):
        words += f", with slopes of {ratio.min():.2f} to {ratio.max():.2f} times theory"
    if holds.all():
        return _exact(claim, Verdict.HOLDS, words)
    verdict = (
        Verdict.CONDITION
        if holds[quiet].mean() >= MOST
        else Verdict.NOT_SHOWN
        if holds.any()
        else Verdict.DOES_NOT
    )
    return _exact(
        claim,
        verdict,
        words,
        f"starts of {least:g}" if verdict is Verdict.CONDITION else "",
    )


def _noise(variants: pd.DataFrame, level: float) -> Finding:
    claim = f"The noise of SGD leaves three directions enough, chi_3 >= {level:g}"
    batches = variants[
        (variants["batch"] > 0) & (variants["momentum"] == 0) & (variants["weight_decay"] == 0)
    ].sort_values("batch")
    enough = batches["chi_3"] >= level
    words = "chi_3 " + ", ".join(
        f"{row.chi_3:.2f} at batch {row.batch}" for row in batches.itertuples()
    )
    quiet = variants[variants["batch"] == 0]
    words += f"; {float(quiet['chi_3'].iloc[0]):.2f} without noise" if len(quiet) else ""
    if enough.all():
        return _exact(claim, Verdict.HOLDS, words)
    verdict = Verdict.CONDITION if enough.any() else Verdict.DOES_NOT
    return _exact(claim, verdict, words, "large batches" if verdict is Verdict.CONDITION else "")
