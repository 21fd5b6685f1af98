"""Figures of the table of all networks, and of training beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.catalogue.active_subspace.steps import (
    CHAPTER,
    not_projected,
    sine_only,
)
from eigenscape.catalogue.rows import Caption, Family, FigureRow, Results, figure
from eigenscape.config.study import Study
from eigenscape.errors import DamagedResult

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from eigenscape.store.layout import StudyFolder

MAPS = Family("maps", CHAPTER, lambda _: ["tables/condition_number.csv"])
TRAINED = Family(
    "training",
    CHAPTER,
    lambda _: ["tables/condition_number.csv", "tables/training.csv"],
    made=lambda study: bool(study.trained_architectures()),
)


def _read_table(_study: Study, folder: StudyFolder) -> pd.DataFrame:
    """One row per network of the grid."""
    from eigenscape.stages.common.tables import read_table

    return read_table(folder.table)


def _map(results: Results, column: str) -> Figure:
    from eigenscape.figures.active_subspace.condition_number import condition_number_figure

    return condition_number_figure(results.read(_read_table), column)


def map_of(column: str) -> FigureRow:
    """The row of a map of any column of the table, which is drawn on request."""
    words = column.replace("_", " ")
    text = "A column of the table of condition numbers over depth and width."
    caption = Caption(MAPS.chapter, f"Map of {words}", text)
    return FigureRow(f"map_{column}", MAPS, caption, lambda results: _map(results, column))


@figure(MAPS, "Condition numbers, projected onto the symmetries", left_out=not_projected)
def condition_number_projected(results: Results) -> Figure:
    """log10(λ₁/λ_P) of the second moment C averaged over the symmetries of the hidden units, for
    every network of the grid; lines are equal numbers of parameters. It has no inflation by the
    ratio P/N, so it is the map to read first. A dot marks heavy tails: a few samples carry the
    number, which may be too low.
    """
    return _map(results, "log10_cond_sym")


@figure(MAPS, "Condition numbers from samples")
def condition_number(results: Results) -> Figure:
    """log10(λ₁/λ_P) of the sample second moment for every network that is small enough. Each value
    is inflated by the finite number of samples; hatched cells were not computed, and the legend
    says why.
    """
    return _map(results, "log10_cond")


@figure(MAPS, "What sampling noise alone would give")
def condition_number_null(results: Results) -> Figure:
    """log10 condition number of isotropic noise at the same P/N (Marchenko and Pastur). It is a
    companion of the map from samples, not to be subtracted: unequal eigenvalues and heavy tails
    inflate otherwise.
    """
    return _map(results, "log10_cond_null")


@figure(
    MAPS,
    "Condition numbers among what carries gradient",
    made=lambda study: study.problem.is_user_defined,  # on the sine every direction carries some
)
def condition_number_carrying(results: Results) -> Figure:
    """log10 of λ₁ over the smallest eigenvalue that is not null, from samples. Classifiers and
    layer norms have exact null directions, so that their condition number is infinite; this is the
    number to compare.
    """
    return _map(results, "log10_cond_carrying")


@figure(MAPS, "Number of parameters")
def parameter_count(results: Results) -> Figure:
    """P over depth and width, on the axes of the maps of condition numbers, to lay beside them."""
    from eigenscape.figures.active_subspace.parameter_count import parameter_count_figure

    return parameter_count_figure(results.read(_read_table))


@figure(MAPS, "What the condition number follows", left_out=not_projected)
def predictors(results: Results) -> Figure:
    """The projected condition number against the parameter count, depth times the root of the
    width, and the mean-field layer profile (L−1) log10 χ₁, coloured by depth. All three grow
    together along the grid; networks of equal P tell them apart.
    """
    import numpy as np

    from eigenscape.figures.active_subspace.predictors import predictors_figure
    from eigenscape.figures.style import message_figure

    table = results.read(_read_table)
    if not np.isfinite(table["log10_cond_sym"]).any():
        return message_figure(
            "No network has a finite projected condition number: see the columns status_sym and"
            " log10_cond_carrying."
        )
    return predictors_figure(table, "log10_cond_sym")


@figure(TRAINED, "Condition number beside steps of training", left_out=sine_only)
def trainability(results: Results) -> Figure:
    """The condition number and the steps that gradient descent takes to the threshold, over a
    sub-grid of networks, and one against the other with their rank correlation.
    """
    import numpy as np
    import pandas as pd

    from eigenscape.figures.active_subspace.trainability import trainability_figure
    from eigenscape.figures.style import message_figure
    from eigenscape.store.io_log import note_read

    table = results.read(_read_table)
    path = results.folder.root / "tables" / "training.csv"
    if not path.exists():
        raise DamagedResult(f"{path}: no table of training; run `snakemake --cores 2` again")
    note_read(path)
    trained = pd.read_csv(path)
    both = trained.merge(table, on=["depth", "width"])
    if not np.isfinite(both["log10_cond"]).any():
        return message_figure(
            "No trained network has a finite condition number to compare with: see the status"
            " column of the table."
        )
    return trainability_figure(table, trained, "log10_cond")


FIGURES = (
    condition_number_projected,
    condition_number,
    condition_number_null,
    condition_number_carrying,
    parameter_count,
    predictors,
    trainability,
)
