"""The sciences of a study, in the order in which a reader meets them: a science has one entry."""

from __future__ import annotations

from eigenscape.catalogue import (
    active_subspace,
    clustering,
    expressivity,
    model_constrained,
    sloppiness,
)
from eigenscape.catalogue.rows import FigureRow
from eigenscape.config.study import Study

SCIENCES = (
    active_subspace.SCIENCE,
    expressivity.SCIENCE,
    clustering.SCIENCE,
    sloppiness.SCIENCE,
    model_constrained.SCIENCE,
)

FIGURES = {row.name: row for science in SCIENCES for row in science.figures}
"""Every figure that is drawn, by its name, in the order of a report."""

CHAPTERS = tuple(dict.fromkeys(row.caption.chapter for row in FIGURES.values()))
"""The chapters of a report; the names are those of the column `science` of the findings."""

METHODS = {chapter: words for science in SCIENCES for chapter, words in science.methods.items()}
"""What each science computes, a paragraph for each chapter that has one."""


def chapters_of(study: Study) -> list[str]:
    """The chapters of the sciences that a study computes.

    Example:
        >>> chapters_of(Study.from_mapping({"sloppiness": {"enabled": False}}))
        ['active subspace', 'expressivity', 'subspace clustering', 'model-constrained']
    """
    rows = [row for science in SCIENCES if science.enabled(study) for row in science.figures]
    return list(dict.fromkeys(row.caption.chapter for row in rows))


def figures_of(study: Study) -> list[FigureRow]:
    """The figures that a run of a study draws, in the order of a report.

    Example:
        >>> without = Study.from_mapping({"sloppiness": {"enabled": False}})
        >>> [any(row.name == "phase_map" for row in figures_of(s)) for s in (Study(), without)]
        [True, False]
    """
    return [
        row
        for science in SCIENCES
        if science.enabled(study)
        for row in science.figures
        if row.family.made(study) and row.made(study) and not row.left_out(study)
    ]
