"""Figures of the graphs of what layers hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.figures.style import message_figure
from eigenscape.stages.clustering.tables import clustering_tables
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """The documents of all architectures are read once for all of them."""

    study: Study
    folder: StudyFolder

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All architectures, table by table."""
        return clustering_tables(self.study, self.folder)

    def graph_modularity(self) -> Figure:
        """Modularity by layer and epoch."""
        from eigenscape.figures.clustering.graph_read_outs import graph_modularity_figure  # noqa: PLC0415

        section = self.study.clustering
        data = "digits" if section.data == "digits" else Path(section.data).name
        words = (
            f"{section.graph.method.replace('_', ' ')}; {section.inputs_per_class} held-out inputs"
            f" of each class, {data}"
        )
        return graph_modularity_figure(self.tables["layers"], words)

    def graph_convergence(self) -> Figure:
        """Graphs of replicas, beside each other."""
        from eigenscape.figures.clustering.graph_similarity import graph_convergence_figure  # noqa: PLC0415

        return graph_convergence_figure(self.tables["convergence"])

    def layer_similarity(self) -> Figure:
        """Graphs of layers, beside each other."""
        from eigenscape.figures.clustering.graph_similarity import layer_similarity_figure  # noqa: PLC0415

        return layer_similarity_figure(self.tables["similarity"], self.tables["blocks"])

    def neighbourhoods(self) -> Figure:
        """What an input's neighbours say of it."""
        from eigenscape.figures.clustering.graph_read_outs import neighbourhood_figure  # noqa: PLC0415

        if self.tables["inputs"].empty:
            return message_figure(
                "No network's last hidden layer has subspace structure: there are no neighbourhoods"
                " to draw."
            )
        return neighbourhood_figure(self.tables["inputs"])

    def similarity_sensitivity(self) -> Figure:
        """How similarities answer to the settings of the graphs."""
        from eigenscape.figures.clustering.graph_similarity import similarity_sensitivity_figure  # noqa: PLC0415

        return similarity_sensitivity_figure(self.tables["sensitivity"])
