"""Published findings and what a study says of them: the words that the assessments of all sciences
share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

SIGNIFICANT = 0.01
"""P-values below this count as evidence."""


class Verdict(StrEnum):
    """What a study says of a finding."""

    HOLDS = "holds"
    CONDITION = "holds under a condition"
    DOES_NOT = "does not hold"
    NOT_SHOWN = "not shown either way"
    NOT_TESTABLE = "not testable"
    """No outcome of this study's tests could have been significant; the evidence says why."""


@dataclass(frozen=True)
class Finding:
    """One published finding, assessed.

    Attributes:
        finding: the claim, in this project's words.
        verdict: by the rule of the function that assesses it.
        evidence: the numbers, with intervals.
        condition: what it depends on; empty where nothing is known.
        replication: the unit of replication of its tests and intervals, what was drawn or counted
            independently; where nothing is tested it says so.
    """

    finding: str
    verdict: Verdict
    evidence: str
    condition: str = ""
    replication: str = field(kw_only=True)


def of_settings(holds: int, reverse: int, settings: int) -> Verdict:
    """The verdict on a claim that is assessed in several settings.

    Args:
        holds: settings in which it is shown to hold.
        reverse: settings in which the reverse is shown.
        settings: all in which it could have been shown.

    Example:
        >>> settings = ((3, 0, 3), (1, 0, 3), (0, 3, 3), (0, 1, 3), (0, 0, 0))
        >>> [of_settings(*counts).value for counts in settings]
        ['holds', 'holds under a condition', 'does not hold', 'not shown either way',
         'not testable']
    """
    if settings == 0:
        return Verdict.NOT_TESTABLE
    if holds:
        return Verdict.HOLDS if holds == settings else Verdict.CONDITION
    return Verdict.DOES_NOT if reverse == settings else Verdict.NOT_SHOWN
