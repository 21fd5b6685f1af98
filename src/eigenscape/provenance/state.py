"""What `verify` may find of a result, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """What can be said of a result."""

    SOUND = "sound"
    """It is what its receipt says."""
    OUTDATED = "out of date"
    """A table or figure that was made of other results than there are now."""
    DAMAGED = "damaged"
    """It is not, or its receipt cannot be read."""
    OTHER_WORK = "of other work"
    """Another study, seed or version made it."""
    UNCONFIRMED = "unconfirmed"
    """Data without a receipt, of a run that was killed; the next run replaces them."""
    UNFINISHED = "unfinished"
    """Partial sums that the next run goes on from."""
    AT_WORK = "at work"
    """Somebody is computing it now, or was when it was killed."""
    MISSING = "missing"
    """Not computed yet."""
    GONE = "gone"
    """It was there, as a receipt says, and is not any more."""
    QUARANTINED = "in quarantine"
    """Set aside before; for a person to look at and delete."""


WRONG = (State.DAMAGED, State.OUTDATED, State.OTHER_WORK, State.GONE)
"""What makes a study unsound."""


@dataclass(frozen=True)
class Finding:
    """What was found of one result.

    Attributes:
        state: see `State`.
        paths: what it consists of, the receipt first.
        what: in words.
        remedy: what to do, where there is something to do.
        notes: of Snakemake's ledger, that say it is there.
    """

    state: State
    paths: tuple[Path, ...]
    what: str
    remedy: str = ""
    notes: tuple[Path, ...] = ()


def report(findings: list[Finding]) -> str:
    """What was found as text: a line for each thing that somebody may want to act on, then the
    counts.
    """
    lines = []
    for finding in findings:
        if finding.state in (State.SOUND, State.MISSING):
            continue
        lines.append(
            f"{finding.state}: {finding.what}" + (f"; {finding.remedy}" if finding.remedy else "")
        )
    counts = {state: sum(finding.state is state for finding in findings) for state in State}
    words = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return "\n".join([*lines, words or "nothing is computed yet"])
