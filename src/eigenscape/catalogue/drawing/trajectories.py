"""Figures of trajectories embedded together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.figures.style import message_figure
from eigenscape.stages.sloppiness.inpca import read_inpca
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """The embedding is read once for all of them."""

    study: Study
    folder: StudyFolder

    @cached_property
    def embedding(self) -> tuple[dict[str, pd.DataFrame], dict[str, np.ndarray]]:
        """Tables and arrays."""
        return read_inpca(self.study, self.folder)

    @cached_property
    def points(self) -> pd.DataFrame:
        """One row per embedded model."""
        from eigenscape.stages.sloppiness.inpca_tables import points_table  # noqa: PLC0415

        return points_table(self.embedding[1])

    @property
    def words(self) -> str:
        """What was measured, for a title."""
        section = self.study.sloppiness.ensemble
        data = "digits" if section.data == "digits" else Path(section.data).name
        where = "inputs that were trained" if section.measured == "training" else "held-out inputs"
        return f"{data}, {section.inputs_per_class} {where} of each class"

    def trajectory_embedding(self) -> Figure:
        """The leading directions."""
        from eigenscape.figures.sloppiness.embedding import embedding_figure  # noqa: PLC0415

        _, arrays = self.embedding
        if arrays["coordinates"].shape[1] < 3:
            return message_figure(
                "The trajectories have fewer than three directions: there is nothing to draw."
            )
        return embedding_figure(
            self.points,
            arrays["geodesic"],
            arrays["eigenvalues"],
            arrays["explained_stress"],
            self.words,
        )

    def inpca_scree(self) -> Figure:
        """Eigenvalues of the embedding."""
        from eigenscape.figures.sloppiness.scree import scree_figure  # noqa: PLC0415

        tables, _ = self.embedding
        return scree_figure(tables["eigenvalues"], tables["spectra"], self.words)

    def explained_stress(self) -> Figure:
        """How few directions hold the distances."""
        from eigenscape.figures.sloppiness.scree import explained_stress_figure  # noqa: PLC0415

        tables, _ = self.embedding
        return explained_stress_figure(tables["spectra"], tables["crossed"], self.words)

    def training_progress(self) -> Figure:
        """Progress from ignorance to truth."""
        from eigenscape.figures.sloppiness.progress import progress_figure  # noqa: PLC0415

        tables, _ = self.embedding
        return progress_figure(self.points, tables["trajectories"], tables["equal"], self.words)
