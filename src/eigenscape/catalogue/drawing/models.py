"""Figures of networks with a model's equations in their loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from eigenscape.config.study import Study
from eigenscape.stages.model_constrained.cases import (
    model_constrained_layers,
    model_constrained_table,
    read_model_constrained,
)
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """The documents of all cases are read once for all of them."""

    study: Study
    folder: StudyFolder

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One per case and weight of its model."""
        return read_model_constrained(self.study, self.folder)

    def model_condition(self) -> Figure:
        """Condition numbers and layers by weight."""
        from eigenscape.figures.model_constrained.model_weight import model_condition_figure  # noqa: PLC0415

        return model_condition_figure(
            model_constrained_table(self.rows), model_constrained_layers(self.rows)
        )

    def model_subspace(self) -> Figure:
        """How leading directions turn."""
        from eigenscape.figures.model_constrained.model_weight import model_subspace_figure  # noqa: PLC0415

        return model_subspace_figure(model_constrained_table(self.rows))

    def model_training(self) -> Figure:
        """Losses after training."""
        from eigenscape.figures.model_constrained.model_weight import model_training_figure  # noqa: PLC0415

        section = self.study.model_constrained
        words = f"{section.training_steps:,} steps of gradient descent, {section.replicas} networks"
        return model_training_figure(model_constrained_table(self.rows), words)
