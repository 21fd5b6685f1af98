"""Figures of the table of all networks, of training beside it, and of the table of sensitivity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eigenscape.config.study import Study
from eigenscape.errors import DamagedResult
from eigenscape.figures.style import message_figure
from eigenscape.stages.common.tables import read_table
from eigenscape.store.io_log import note_read
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """The table is read once for all of them."""

    study: Study
    folder: StudyFolder

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per network of the grid."""
        return read_table(self.folder.table)

    def of_column(self, column: str) -> Figure:
        """The map of one column of the table."""
        from eigenscape.figures.active_subspace.condition_number import condition_number_figure  # noqa: PLC0415

        return condition_number_figure(self.table, column)

    def condition_number(self) -> Figure:
        """From samples."""
        return self.of_column("log10_cond")

    def condition_number_projected(self) -> Figure:
        """Of the second moment projected onto its symmetries."""
        return self.of_column("log10_cond_sym")

    def condition_number_carrying(self) -> Figure:
        """Among the directions that carry gradient."""
        return self.of_column("log10_cond_carrying")

    def condition_number_null(self) -> Figure:
        """That sampling alone would give."""
        return self.of_column("log10_cond_null")

    def parameter_count(self) -> Figure:
        """P on the same axes."""
        from eigenscape.figures.active_subspace.parameter_count import parameter_count_figure  # noqa: PLC0415

        return parameter_count_figure(self.table)

    def predictors(self) -> Figure:
        """What the projected condition number goes with."""
        from eigenscape.figures.active_subspace.predictors import predictors_figure  # noqa: PLC0415

        if not np.isfinite(self.table["log10_cond_sym"]).any():
            return message_figure(
                "No network has a finite projected condition number: see the columns status_sym and"
                " log10_cond_carrying."
            )
        return predictors_figure(self.table, "log10_cond_sym")

    def trainability(self) -> Figure:
        """Condition numbers beside steps of training."""
        from eigenscape.figures.active_subspace.trainability import trainability_figure  # noqa: PLC0415

        path = self.folder.root / "tables" / "training.csv"
        if not path.exists():
            raise DamagedResult(f"{path}: no table of training; run `snakemake --cores 2` again")
        note_read(path)
        trained = pd.read_csv(path)
        both = trained.merge(self.table, on=["depth", "width"])
        if not np.isfinite(both["log10_cond"]).any():
            return message_figure(
                "No trained network has a finite condition number to compare with: see the status"
                " column of the table."
            )
        return trainability_figure(self.table, trained, "log10_cond")

    def sensitivity(self) -> Figure:
        """One network's condition number under other intervals, points, losses, priors and
        activations.
        """
        from eigenscape.figures.active_subspace.sensitivity import sensitivity_figure  # noqa: PLC0415
        from eigenscape.stages.active_subspace.sensitivity import (  # noqa: PLC0415
            read_sensitivity,
            table_path,
        )

        return sensitivity_figure(read_sensitivity(table_path(self.folder)))
