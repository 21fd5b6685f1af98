"""What a study builds on: the references of the methods and the software that it used, by science.

One table, `SOURCES`. A reference is listed where the study computes what it is the source of:
sciences that are switched off bring none, and neither do methods that the configuration does not
choose.
"""

from __future__ import annotations

from eigenscape.catalogue import chapters_of
from eigenscape.config.study import Study
from eigenscape.reporting.references import sisters
from eigenscape.reporting.references.active_subspace import ACTIVE_SUBSPACE
from eigenscape.reporting.references.reference import Reference, Use
from eigenscape.reporting.references.software import PROGRAMS
from eigenscape.version import __version__

SOFTWARE = "software"

SOURCES: dict[str, tuple[Use, ...]] = {
    "active subspace": ACTIVE_SUBSPACE,
    "expressivity": sisters.CURVES,
    "subspace clustering": sisters.GRAPHS,
    "sloppiness": sisters.TRAJECTORIES,
    "sloppiness, theory": sisters.THEORY,
    "model-constrained": sisters.MODEL_CONSTRAINED,
    SOFTWARE: PROGRAMS,
}
"""By chapter of a report."""

ITSELF = Reference(
    "eigenscape",
    ("The eigenscape developers",),
    f"eigenscape: how hard is this neural network to train, and why? Version {__version__}",
    2026,
    kind="misc",
)
"""This program, as CITATION.cff has it."""


def used_by(study: Study) -> dict[str, list[Use]]:
    """What a study used, by science; a reference stands under each science that uses it.

    Example:
        >>> off = {"enabled": False}
        >>> study = {"expressivity": off, "clustering": off, "sloppiness": off}
        >>> study["model_constrained"] = off
        >>> list(used_by(Study.from_mapping(study)))
        ['active subspace', 'software']
    """
    computed = (*chapters_of(study), SOFTWARE)
    return {
        science: [use for use in uses if use.when(study)]
        for science, uses in SOURCES.items()
        if science in computed
    }


def references_of(study: Study) -> list[Reference]:
    """Each reference once, this program first."""
    found = {use.reference.key: use.reference for uses in used_by(study).values() for use in uses}
    return [ITSELF, *found.values()]


def as_text(study: Study) -> str:
    """For people: by science, with what each was used for."""
    lines = ["Please cite", "", f"  {ITSELF.text()}"]
    for science, uses in used_by(study).items():
        lines += ["", f"{science.capitalize()}:"]
        lines += [f"  {use.reference.text()} [{use.of}]" for use in uses]
    return "\n".join(lines)


def as_bibtex(study: Study) -> str:
    """For bibliographies: each once."""
    return "\n\n".join(reference.bibtex() for reference in references_of(study))
