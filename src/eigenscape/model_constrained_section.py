"""The section ``model_constrained`` of the configuration: losses that hold a model's equations, and how much they weigh."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from eigenscape.architecture import Architecture
from eigenscape.section import Section, example

Count = Annotated[int, Field(ge=1, le=10**6)]

CaseName = Literal["deconvolution-mcdnn", "deconvolution-tnet", "heat-mcdnn", "heat-tnet", "burgers-mctangent"]
"""A forward map and a loss; nDNN is mcDNN at alpha = 0."""


class DeconvolutionSection(Section):
    """A function on an interval, seen through a Gaussian blur."""

    points: Count = Field(
        24,
        description="m, cells of the interval. Source: 100 resolve more; fewer outputs keep C small enough for the default study.",
        json_schema_extra=example("write model_constrained: {deconvolution: {points: 24}}"),
    )
    observed: Count = Field(
        12,
        description="q, observed points; at most m. Source: fewer than unknowns, so that the inverse problem is ill posed.",
        json_schema_extra=example("write model_constrained: {deconvolution: {observed: 12}}"),
    )
    blur: Annotated[float, Field(gt=0, le=1)] = Field(
        0.05,
        description="Standard deviation of the kernel; the interval has length 1. Source: this project's choice.",
        json_schema_extra=example("write model_constrained: {deconvolution: {blur: 0.05}}"),
    )


class HeatSection(Section):
    """A plate whose log conductivity is unknown."""

    elements: Annotated[int, Field(ge=2, le=256)] = Field(
        16,
        description="Finite elements along each side. Source: 16 in TNet, arXiv 2105.12033, as far as known.",
        json_schema_extra=example("write model_constrained: {heat: {elements: 16}}"),
    )
    modes: Count = Field(
        15,
        description="m, terms of the Karhunen-Loeve field. Source: 15 in TNet, arXiv 2105.12033, as far as known.",
        json_schema_extra=example("write model_constrained: {heat: {modes: 15}}"),
    )
    observed: Count = Field(
        10,
        description="q, points at which the temperature is seen. Source: 10 in TNet, arXiv 2105.12033, as far as known.",
        json_schema_extra=example("write model_constrained: {heat: {observed: 10}}"),
    )


class BurgersSection(Section):
    """A periodic wave that steepens; the network learns its tangent."""

    points: Annotated[int, Field(ge=4, le=4096)] = Field(
        16,
        description="m, cells. Source: this project's choice; C has about m columns a unit.",
        json_schema_extra=example("write model_constrained: {burgers: {points: 16}}"),
    )
    viscosity: Annotated[float, Field(gt=0, le=1)] = Field(
        0.02,
        description="nu. Source: this project's choice; gradients of the wave stay resolved.",
        json_schema_extra=example("write model_constrained: {burgers: {viscosity: 0.02}}"),
    )
    step: Annotated[float, Field(gt=0, le=1)] = Field(
        0.02,
        description="dt, of the explicit step. Source: below the limit of stability, which is checked.",
        json_schema_extra=example("write model_constrained: {burgers: {step: 0.02}}"),
    )
    learned_steps: Annotated[int, Field(ge=1, le=100)] = Field(
        1,
        description="S, steps in a row that are compared with data. Source: 1 in mcTangent's simplest form, arXiv 2208.04995.",
        json_schema_extra=example("write model_constrained: {burgers: {learned_steps: 1}}"),
    )
    model_steps: Annotated[int, Field(ge=1, le=100)] = Field(
        1,
        description="R, steps in a row that are compared with the model. Source: 1 in mcTangent's simplest form, arXiv 2208.04995.",
        json_schema_extra=example("write model_constrained: {burgers: {model_steps: 1}}"),
    )


class ModelConstrainedSection(Section):
    """Networks whose loss holds a model's equations with a weight alpha, and what alpha does to their second moment."""

    enabled: bool = Field(
        True,
        description="Whether any of it is computed. Source: a study may leave a science out.",
        json_schema_extra=example("write model_constrained: {enabled: false}"),
    )
    cases: list[CaseName] = Field(
        ["deconvolution-mcdnn", "deconvolution-tnet", "burgers-mctangent"],
        min_length=1,
        description="Forward map and loss. Source: nDNN, mcDNN, TNet and mcTangent of the pages and arXiv 2105.12033, 2208.04995; the "
        "plate is left to longer studies, since its finite elements take most of the time.",
        json_schema_extra=example("write model_constrained: {cases: [deconvolution-mcdnn]}"),
    )
    alpha: list[Annotated[float, Field(ge=0, le=1e12)]] = Field(
        [0.0, 0.1, 1.0, 10.0, 100.0],
        min_length=2,
        description="Weights of the model beside the data; the first is 0, for comparison. Source: this project's choice.",
        json_schema_extra=example("write model_constrained: {alpha: [0.0, 1.0, 100.0]}"),
    )
    depth: Annotated[int, Field(ge=1, le=100)] = Field(
        2,
        description="Hidden layers. Source: the smallest with hidden-to-hidden weights.",
        json_schema_extra=example("write model_constrained: {depth: 2}"),
    )
    width: Annotated[int, Field(ge=1, le=10_000)] = Field(
        6,
        description="Hidden units. Source: fits the default study's time.",
        json_schema_extra=example("write model_constrained: {width: 6}"),
    )
    prior: Literal["standard_normal", "lecun_normal", "glorot_uniform", "he_normal", "pytorch_default"] = Field(
        "pytorch_default",
        description="Over parameters. Source: where training starts from in torch; under N(0, 1) the outputs leave the range in which "
        "the equations make sense.",
        json_schema_extra=example("write model_constrained: {prior: pytorch_default}"),
    )
    pairs: Annotated[int, Field(ge=2, le=10**6)] = Field(
        20,
        description="n, training pairs. Source: few, which is where the papers place the use of a model.",
        json_schema_extra=example("write model_constrained: {pairs: 20}"),
    )
    noise: Annotated[float, Field(ge=0, le=10)] = Field(
        0.05,
        description="Standard deviation of the noise on the networks' inputs, as a part of theirs. Source: this project's choice.",
        json_schema_extra=example("write model_constrained: {noise: 0.05}"),
    )
    samples_per_parameter: Annotated[int, Field(ge=1, le=10**6)] = Field(
        8,
        description="N / P. Source: as few as give a bracket of about half a decade in the default study's time.",
        json_schema_extra=example("write model_constrained: {samples_per_parameter: 8}"),
    )
    replicas: Annotated[int, Field(ge=1, le=10_000)] = Field(
        6,
        description="Networks trained at every alpha, from the first samples of the prior. Source: fits the default study's time.",
        json_schema_extra=example("write model_constrained: {replicas: 6}"),
    )
    training_steps: Annotated[int, Field(ge=1, le=10**7)] = Field(
        200,
        description="Of gradient descent. Source: fits the default study's time.",
        json_schema_extra=example("write model_constrained: {training_steps: 200}"),
    )
    deconvolution: DeconvolutionSection = Field(
        DeconvolutionSection(),
        description="The blurred function. Source: its keys.",
        json_schema_extra=example("write model_constrained: {deconvolution: {blur: 0.05}}"),
    )
    heat: HeatSection = Field(
        HeatSection(),
        description="The heated plate. Source: its keys.",
        json_schema_extra=example("write model_constrained: {heat: {modes: 15}}"),
    )
    burgers: BurgersSection = Field(
        BurgersSection(),
        description="The wave. Source: its keys.",
        json_schema_extra=example("write model_constrained: {burgers: {step: 0.02}}"),
    )

    @property
    def computed(self) -> list[CaseName]:
        """The cases, or none where the study leaves them out."""
        return self.cases if self.enabled else []

    def settings_of(self, case: str) -> dict[str, Any]:
        """All settings that decide the data and the forward map of a case.

        Example:
            >>> ModelConstrainedSection().settings_of("heat-tnet")
            {'pairs': 20, 'noise': 0.05, 'elements': 16, 'modes': 15, 'observed': 10}
        """
        own: Section = getattr(self, case.partition("-")[0])
        return {"pairs": self.pairs, "noise": self.noise, **own.model_dump()}

    def architecture_of(self, case: str) -> Architecture:
        """The network of a case: from observations to unknowns, or from states to tangents.

        Example:
            >>> ModelConstrainedSection().architecture_of("heat-mcdnn").sizes
            (10, 6, 6, 15)
        """
        inputs, outputs = {
            "deconvolution": (self.deconvolution.observed, self.deconvolution.points),
            "heat": (self.heat.observed, self.heat.modes),
            "burgers": (self.burgers.points, self.burgers.points),
        }[case.partition("-")[0]]
        return Architecture(self.depth, self.width, inputs, outputs)
