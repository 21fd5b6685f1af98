"""The section ``sloppiness`` of the configuration: the geometry of training trajectories."""

from __future__ import annotations

from pydantic import Field

from eigenscape.section import Section, example
from eigenscape.sloppiness_theory_section import KernelSection, PhaseMapSection, SgdSection


class SloppinessSection(Section):
    """Trajectories of linear models, kernel machines and networks in the space of predictions."""

    enabled: bool = Field(
        True,
        description="Whether any of it is computed. Source: a study may leave a science out.",
        json_schema_extra=example("write sloppiness: {enabled: false}"),
    )
    phase_map: PhaseMapSection = Field(
        PhaseMapSection(),
        description="Linear models by closed form. Source: its keys.",
        json_schema_extra=example("write sloppiness: {phase_map: {steps: [10, 1000]}}"),
    )
    kernel: KernelSection = Field(
        KernelSection(),
        description="Kernel machines on digits. Source: its keys.",
        json_schema_extra=example("write sloppiness: {kernel: {train: 200}}"),
    )
    sgd: SgdSection = Field(
        SgdSection(),
        description="Noise of stochastic gradient descent. Source: its keys.",
        json_schema_extra=example("write sloppiness: {sgd: {batch: [1, 16]}}"),
    )
