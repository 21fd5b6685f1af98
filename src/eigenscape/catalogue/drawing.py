"""The stage `figure`: figures of a study, from its stored results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eigenscape.catalogue.active_subspace.maps import map_of
from eigenscape.catalogue.rows import FigureRow, Results
from eigenscape.catalogue.sciences import FIGURES
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.store.layout import StudyFolder


def draw_figures(names: Sequence[str], study: Study, folder: StudyFolder, into: Path) -> list[Path]:
    """Draw some figures as PDF and PNG: names of `FIGURES`, or ``map_<column>`` for the map of any
    column of the table.

    Raises:
        BadInput: no figure of that name; then none is drawn.
        DamagedResult: a result that one needs is missing or damaged.
    """
    from eigenscape.figures.style import save

    rows = [_row_of(name) for name in names]
    for row in rows:
        if reason := row.left_out(study):
            raise BadInput.field(
                "figure", "one that is made of this study", f"{row.name}, which is left out", reason
            )
    results = Results(study, folder)
    return [path for row in rows for path in save(row.draw(results), into, row.name)]


def _row_of(name: str) -> FigureRow:
    if name in FIGURES:
        return FIGURES[name]
    if name.startswith("map_"):
        from eigenscape.stages.common.tables import DESCRIPTIONS

        if name.removeprefix("map_") in DESCRIPTIONS:
            return map_of(name.removeprefix("map_"))
    expected = f"one of {', '.join(FIGURES)}, or map_<column> with a column of the table"
    raise BadInput.field("figure", expected, name, "choose one of them")
