"""The stage `figure`: one figure of a study, from its stored results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from eigenscape.errors import BadInput
from eigenscape.figures.style import save
from eigenscape.stages.condition_numbers import read_table
from eigenscape.stages.spectrum import read_verified_spectrum
from eigenscape.store.layout import StudyFolder
from eigenscape.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _eigenvalues(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.eigenvalues import eigenvalues_figure  # noqa: PLC0415

    cell = study.headline_cell
    return eigenvalues_figure(read_verified_spectrum(cell, folder), cell.architecture, cell.samples)


def _eigenvectors(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.eigenvectors import eigenvectors_figure  # noqa: PLC0415

    cell = study.headline_cell
    return eigenvectors_figure(read_verified_spectrum(cell, folder), cell.architecture)


def _layer_importance(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.layer_importance import layer_importance_figure  # noqa: PLC0415

    cell = study.headline_cell
    return layer_importance_figure(read_verified_spectrum(cell, folder).diagonal, cell.architecture)


def _condition_number(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.condition_number import condition_number_figure  # noqa: PLC0415

    return condition_number_figure(read_table(folder.table))


def _parameter_count(study: Study, folder: StudyFolder) -> Figure:
    from eigenscape.figures.parameter_count import parameter_count_figure  # noqa: PLC0415

    return parameter_count_figure(read_table(folder.table))


FIGURES: dict[str, Callable[[Study, StudyFolder], Figure]] = {
    "eigenvalues": _eigenvalues,
    "eigenvectors": _eigenvectors,
    "condition_number": _condition_number,
    "parameter_count": _parameter_count,
    "layer_importance": _layer_importance,
}


def draw_figure(name: str, study: Study, folder: StudyFolder, into: Path) -> list[Path]:
    """Draw one figure as PDF and PNG.

    Raises:
        BadInput: no figure of that name.
        DamagedResult: a result that it needs is missing or damaged.
    """
    if name not in FIGURES:
        raise BadInput.field("figure", f"one of {', '.join(FIGURES)}", name, "choose one of them")
    return save(FIGURES[name](study, folder), into, name)
