"""What a study builds on: the references of the methods and the software that it used, by science.

===========  ==================================================================================
`library`    the publications, from library.bib
`uses`       which study cites what
===========  ==================================================================================

A reference is listed where the study computes what it is the source of: sciences that are switched
off bring none, and neither do methods that the configuration does not choose.
"""

from __future__ import annotations

from eigenscape.config.study import Study
from eigenscape.reporting.references.library import Reference, library
from eigenscape.reporting.references.uses import used_by


def this_program() -> Reference:
    """The entry of eigenscape itself, as CITATION.cff has it."""
    return library()["eigenscape"]


def references_of(study: Study) -> list[Reference]:
    """Each reference once, this program first."""
    found = {use.key: use.reference for uses in used_by(study).values() for use in uses}
    return [this_program(), *found.values()]


def as_text(study: Study) -> str:
    """The references as text, by science, with what each was used for."""
    lines = ["Please cite", "", f"  {this_program().text()}"]
    for science, uses in used_by(study).items():
        lines += ["", f"{science.capitalize()}:"]
        lines += [f"  {use.reference.text()} [{use.of}]" for use in uses]
    return "\n".join(lines)


def as_bibtex(study: Study) -> str:
    """The references as BibTeX, each once."""
    return "\n\n".join(reference.bibtex for reference in references_of(study))
