"""Figures of the headline network, and of what its layers carry as the scale of the weights
changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from eigenscape.config.study import Study
from eigenscape.errors import DamagedResult
from eigenscape.stages.common.verified import read_confidence, read_verified_spectrum
from eigenscape.store.layout import StudyFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eigenscape.active_subspace.spectrum import Spectrum

SUMMARY_SAMPLES = 2_000
"""Points of the sufficient summary plot; more would only overlap."""


@dataclass(frozen=True)
class Figures:
    """The spectrum is read and verified once for all of them."""

    study: Study
    folder: StudyFolder

    @cached_property
    def spectrum(self) -> Spectrum:
        """Eigenvalues, eigenvectors and diagonal of the headline's C."""
        return read_verified_spectrum(self.study.headline_cell, self.folder)

    def eigenvalues(self) -> Figure:
        """Its spectrum, with the projected one and what sampling alone would give."""
        from eigenscape.figures.active_subspace.eigenvalues import eigenvalues_figure  # noqa: PLC0415
        from eigenscape.stages.active_subspace.projection import (  # noqa: PLC0415
            projected_eigenvalues,
            require_projection,
        )

        cell = self.study.headline_cell
        confidence = read_confidence(cell, self.folder)
        projected = None
        if self.study.projected_architectures():
            projected = projected_eigenvalues(
                require_projection(self.study, cell.architecture, self.folder)
            )
        return eigenvalues_figure(
            self.spectrum,
            cell.architecture,
            cell.samples,
            projected,
            (confidence["low"], confidence["high"]),
        )

    def eigenvectors(self) -> Figure:
        """Which parameters the eigenvectors load on."""
        from eigenscape.figures.active_subspace.eigenvectors import eigenvectors_figure  # noqa: PLC0415

        return eigenvectors_figure(self.spectrum, self.study.headline_cell.architecture)

    def layer_importance(self) -> Figure:
        """The share of tr C by layer."""
        from eigenscape.figures.active_subspace.layer_importance import layer_importance_figure  # noqa: PLC0415

        return layer_importance_figure(
            self.spectrum.diagonal, self.study.headline_cell.architecture
        )

    def importance(self) -> Figure:
        """The same under two priors, with intervals."""
        from eigenscape.figures.active_subspace.importance import (  # noqa: PLC0415
            PriorImportance,
            importance_figure,
        )
        from eigenscape.stages.active_subspace.importance import (  # noqa: PLC0415
            headline_importance,
            shares_of,
            slope_of,
        )

        architecture = self.study.headline_cell.architecture
        priors = [
            PriorImportance(
                content["prior"].replace("_", " "),
                shares_of(content, architecture),
                content["chi_1"],
                slope_of(content, architecture),
            )
            for content in headline_importance(self.study, self.folder)["priors"]
        ]
        return importance_figure(priors, architecture)

    def sufficient_summary(self) -> Figure:
        """Loss over the two leading active variables."""
        from eigenscape.active_subspace.layer_statistics import active_variables  # noqa: PLC0415
        from eigenscape.figures.active_subspace.sufficient_summary import sufficient_summary_figure  # noqa: PLC0415
        from eigenscape.stages.common.samplers import sampler_of  # noqa: PLC0415

        cell = self.study.headline_cell
        vectors = self.spectrum.eigenvectors
        if vectors is None:
            raise DamagedResult(
                f"{self.folder.spectrum(cell)}: no eigenvectors; delete the folder above it and run"
                " again"
            )
        sampler = sampler_of(self.study, cell)
        drawn = active_variables(sampler, range(min(cell.samples, SUMMARY_SAMPLES)), vectors[:, :2])
        return sufficient_summary_figure(drawn.coordinates, drawn.losses, cell.architecture)

    def criticality(self) -> Figure:
        """The slope of layer importance against mean-field theory."""
        from eigenscape.figures.active_subspace.ladder_sweep import ladder_sweep_figure  # noqa: PLC0415
        from eigenscape.stages.active_subspace.importance import criticality_table  # noqa: PLC0415

        section = self.study.criticality
        words = (
            f"{self.study.network.activation}, $L$ = {section.depth}, $w$ = {section.width},"
            f" $\\sigma_b$ = {section.bias_std:g}"
        )
        return ladder_sweep_figure(criticality_table(self.study, self.folder), words)
