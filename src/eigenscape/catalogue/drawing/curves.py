"""Figures of curves through random and trained networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.figures.style import message_figure
from eigenscape.stages.expressivity.experiments import read_experiment
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """Documents of experiments are small, so each figure reads its own."""

    study: Study
    folder: StudyFolder

    def tables(self, experiment: str) -> dict[str, pd.DataFrame]:
        """What one experiment found."""
        return read_experiment(self.study, self.folder, experiment)

    def length_growth(self) -> Figure:
        """Lengths by layer, and their growth."""
        from eigenscape.figures.expressivity.length_growth import length_growth_figure  # noqa: PLC0415

        tables = self.tables("growth")
        return length_growth_figure(tables["lengths"], tables["growth"])

    def transitions(self) -> Figure:
        """Linear pieces beside lengths."""
        from eigenscape.figures.expressivity.transitions import transitions_figure  # noqa: PLC0415

        return transitions_figure(self.tables("growth")["lengths"])

    def length_sensitivity(self) -> Figure:
        """The length's sensitivity to the weights of each layer."""
        from eigenscape.figures.expressivity.length_sensitivity import length_sensitivity_figure  # noqa: PLC0415

        tables = self.tables("sensitivity")
        if tables["sensitivity"].empty:
            return message_figure(
                "The output of every network is constant on the circle: there is no length whose"
                " sensitivity could be drawn."
            )
        return length_sensitivity_figure(tables["sensitivity"], tables["turns"])

    def dichotomies(self) -> Figure:
        """Labellings that a sweep of one layer reaches."""
        from eigenscape.figures.expressivity.dichotomies import dichotomies_figure  # noqa: PLC0415

        section = self.study.expressivity.dichotomies
        return dichotomies_figure(
            self.tables("dichotomies")["dichotomies"], section.inputs, section.weight_std
        )

    def one_layer_training(self) -> Figure:
        """Accuracy by the only layer that is trained."""
        from eigenscape.figures.expressivity.digits import one_layer_figure  # noqa: PLC0415

        section = self.study.expressivity.digits
        words = (
            f"{section.one_layer_depth} hidden layers of {section.width}"
            f" {section.activation.replace('_', '-')} units"
        )
        return one_layer_figure(self.tables("digits")["one_layer"], words)

    def training_lengths(self) -> Figure:
        """Lengths while networks train."""
        from eigenscape.figures.expressivity.digits import training_lengths_figure  # noqa: PLC0415

        section = self.study.expressivity.digits
        words = f"{section.length_depth} layers of {section.width} units"
        return training_lengths_figure(self.tables("digits")["lengths"], words)

    def polytopes(self) -> Figure:
        """A plane cut by the units of each layer."""
        from eigenscape.expressivity.networks import random_layers  # noqa: PLC0415
        from eigenscape.figures.expressivity.polytopes import polytopes_figure  # noqa: PLC0415

        # Three layers of four ReLU units: the partition that Raghu et al. draw, arXiv 1606.05336.
        network = random_layers(3, 4, 2.0**0.5, 1.0, "relu", self.study.sampling.seed)
        return polytopes_figure(network, (-3.0, 3.0, -3.0, 3.0), radius=2.0)
