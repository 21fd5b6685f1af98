"""Figures of the linear theory of training trajectories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.stages.sloppiness.theory import read_theory
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """Documents of the theory are small, so each figure reads its own."""

    study: Study
    folder: StudyFolder

    def tables(self, part: str) -> dict[str, pd.DataFrame]:
        """What one part of the theory says."""
        return read_theory(self.study, self.folder, part)

    def phase_map(self) -> Figure:
        """When trajectories are thin."""
        from eigenscape.figures.sloppiness.phase_map import phase_map_figure  # noqa: PLC0415

        tables = self.tables("phase_map")
        return phase_map_figure(
            tables["map"], tables["simulated"], self.study.sloppiness.phase_map.level
        )

    def trajectory_slopes(self) -> Figure:
        """Decay of the trajectories' spectrum against theory."""
        from eigenscape.figures.sloppiness.trajectory_theory import trajectory_slopes_figure  # noqa: PLC0415

        return trajectory_slopes_figure(self.tables("phase_map")["slopes"])

    def kernel_trajectories(self) -> Figure:
        """Kernel machines."""
        from eigenscape.figures.sloppiness.trajectory_theory import kernel_trajectories_figure  # noqa: PLC0415

        return kernel_trajectories_figure(self.tables("kernel")["spectra"])

    def sgd_trajectories(self) -> Figure:
        """Stochastic gradient descent."""
        from eigenscape.figures.sloppiness.trajectory_theory import sgd_trajectories_figure  # noqa: PLC0415

        tables = self.tables("sgd")
        return sgd_trajectories_figure(tables["variants"], tables["spectra"])
