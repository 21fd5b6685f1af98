"""What the cases of model-constrained networks say of the question, assessed by stated rules.

The published pages end with the question, not with a claim; the two claims that are assessed here
are this project's wording of it.
"""

from __future__ import annotations

import math

import pandas as pd

from eigenscape.config.study import Study
from eigenscape.findings.verdicts import Finding, Verdict
from eigenscape.interval import Interval
from eigenscape.stages.model_constrained.cases import (
    model_constrained_table,
    read_model_constrained,
)
from eigenscape.store.layout import StudyFolder


def model_constrained_findings(study: Study, folder: StudyFolder) -> list[Finding]:
    """The question of the pages, assessed on the cases.

    Raises:
        DamagedResult: a case is missing or damaged.
    """
    return assess_cases(model_constrained_table(read_model_constrained(study, folder)))


def assess_cases(table: pd.DataFrame) -> list[Finding]:
    """Assess the question in two claims, between the reference and the largest alpha of every case.

    The reference is 0, but for TNet and TAEN the least alpha above it: without its model TNet sees
    no data. Cases without a change of their condition number, such as those whose null directions
    come and go with alpha, have no say.
    """
    ends = []
    for name, own in table.groupby("case", sort=False):
        rows = own.sort_values("alpha")
        if math.isfinite(rows["change"].iloc[-1]):
            ends.append(
                (str(name), rows[rows["alpha"] == rows["reference"]].iloc[0], rows.iloc[-1])
            )
    return [_condition(ends), _training(ends)]


_Ends = list[tuple[str, pd.Series, pd.Series]]


def _direction(last: pd.Series) -> int:
    """+1 where the 95 % interval of the paired change of the projected condition number lies above
    0, -1 below, else 0.
    """
    return Interval.of_columns(last, "change").side_of(0.0)


def _condition(ends: _Ends) -> Finding:
    """Holds where the number rises in every case; does not where it falls in every case."""
    directions = [_direction(last) for _, _, last in ends]
    verdict = Verdict.NOT_SHOWN
    if not directions:
        pass
    elif all(d > 0 for d in directions):
        verdict = Verdict.HOLDS
    elif all(d < 0 for d in directions):
        verdict = Verdict.DOES_NOT
    elif any(d > 0 for d in directions):
        verdict = Verdict.CONDITION
    words = "; ".join(
        f"{name}: {Interval.of_columns(first, 'log10_cond_range'):.2f} decades at alpha ="
        f" {first['alpha']:g}, {Interval.of_columns(last, 'log10_cond_range'):.2f} at"
        f" {last['alpha']:g}, whose leading subspace"
        f" overlaps that at {first['alpha']:g} by {last['overlap']:.2f} (halves of the samples by"
        f" {last['overlap_halves']:.2f})"
        for name, first, last in ends
    )
    return Finding(
        "a model's equations in the loss raise the condition number",
        verdict,
        words,
        "it depends on the loss and on the equations" if verdict is Verdict.CONDITION else "",
        replication="samples of the prior, the same for every alpha, resampled",
    )


def _training(ends: _Ends) -> Finding:
    """Holds where, in every case with a change of the condition number, the quartiles of the excess
    after training move the same way.

    They move where those at both ends have nothing in common; at least one case must show it.
    """
    agreements, words = [], []
    for name, first, last in ends:
        before, after = (Interval.of_columns(row, "log10_excess") for row in (first, last))
        agreements.append(_direction(last) * after.side_of(before.low, before.high))
        words.append(
            f"{name}: {before:.2f} at alpha = {first['alpha']:g}, {after:.2f} at {last['alpha']:g}"
        )
    verdict = Verdict.NOT_SHOWN
    if any(agreements):
        verdict = (
            Verdict.HOLDS
            if min(agreements) >= 0
            else Verdict.DOES_NOT
            if max(agreements) <= 0
            else Verdict.CONDITION
        )
    return Finding(
        "with a model in the loss, training follows the condition number",
        verdict,
        "log10 of the loss above the least that L-BFGS found, after training over that before, with"
        " quartiles: " + "; ".join(words),
        "it depends on the loss and on the equations" if verdict is Verdict.CONDITION else "",
        replication="training runs from draws of the prior, by quartiles; cases are not pooled",
    )
