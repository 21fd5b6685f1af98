"""The figure of networks whose C does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.figures.style import message_figure
from eigenscape.stages.active_subspace.large import read_large
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """One figure of all large networks."""

    study: Study
    folder: StudyFolder

    def large_networks(self) -> Figure:
        """What is known of their spectra."""
        from eigenscape.figures.active_subspace.large_networks import (  # noqa: PLC0415
            LargeSpectrum,
            large_networks_figure,
        )

        architectures = self.study.large.architectures()
        if not architectures:
            return message_figure("The study has no large networks: its section large is empty.")
        spectra = []
        for architecture in architectures:
            found = read_large(self.study, architecture, self.folder)
            spectra.append(LargeSpectrum.of_arrays(architecture, self.study.large.samples, found))
        return large_networks_figure(spectra)
