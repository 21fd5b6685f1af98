"""The section ``model_constrained`` of the configuration: losses that hold a model's equations, and
how much they weigh.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from eigenscape.architecture import Architecture
from eigenscape.config.base import Section, example

Count = Annotated[int, Field(ge=1, le=10**6)]

# a forward map and a loss
CaseName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*(-[a-z0-9]+)?$")]

CASE_NAMES = (
    "deconvolution-mcdnn",
    "deconvolution-tnet",
    "deconvolution-taen",
    "heat-mcdnn",
    "heat-tnet",
    "heat-taen",
    "burgers-mctangent",
)
"""Those that are known without a file of the user's; nDNN is mcDNN at alpha = 0."""


def digest_of_file(path: Path) -> str:
    """16 hexadecimal digits of a file's content: part of the identity of what is computed with
    it.
    """
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()


class DeconvolutionSection(Section):
    """A function on an interval, seen through a Gaussian blur."""

    points: Count = Field(
        24,
        description=(
            "m, cells of the interval. Source: 100 resolve more; fewer outputs keep C small enough"
            " for the default study."
        ),
        json_schema_extra=example("write model_constrained: {deconvolution: {points: 24}}"),
    )
    observed: Count = Field(
        12,
        description=(
            "q, observed points; at most m. Source: fewer than unknowns, so that the inverse"
            " problem is ill posed."
        ),
        json_schema_extra=example("write model_constrained: {deconvolution: {observed: 12}}"),
    )
    blur: Annotated[float, Field(gt=0, le=1)] = Field(
        0.05,
        description=(
            "Standard deviation of the kernel; the interval has length 1. Source: this project's"
            " choice."
        ),
        json_schema_extra=example("write model_constrained: {deconvolution: {blur: 0.05}}"),
    )


class HeatSection(Section):
    """A plate whose log conductivity is unknown."""

    elements: Annotated[int, Field(ge=2, le=256)] = Field(
        6,
        description=(
            "Finite elements along each side. Source: 16 in TNet, arXiv 2105.12033, as far as"
            " known; 6 fit the default's time."
        ),
        json_schema_extra=example("write model_constrained: {heat: {elements: 6}}"),
    )
    modes: Count = Field(
        15,
        description=(
            "m, terms of the Karhunen-Loeve field. Source: 15 in TNet, arXiv 2105.12033, as far as"
            " known."
        ),
        json_schema_extra=example("write model_constrained: {heat: {modes: 15}}"),
    )
    observed: Count = Field(
        10,
        description=(
            "q, points at which the temperature is seen. Source: 10 in TNet, arXiv 2105.12033, as"
            " far as known."
        ),
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
        description=(
            "dt, of the explicit step. Source: below the limit of stability, which is checked."
        ),
        json_schema_extra=example("write model_constrained: {burgers: {step: 0.02}}"),
    )
    learned_steps: Annotated[int, Field(ge=1, le=100)] = Field(
        1,
        description=(
            "S, steps in a row that are compared with data. Source: 1 in mcTangent's simplest form,"
            " arXiv 2208.04995."
        ),
        json_schema_extra=example("write model_constrained: {burgers: {learned_steps: 1}}"),
    )
    model_steps: Annotated[int, Field(ge=1, le=100)] = Field(
        1,
        description=(
            "R, steps in a row that are compared with the model. Source: 1 in mcTangent's simplest"
            " form, arXiv 2208.04995."
        ),
        json_schema_extra=example("write model_constrained: {burgers: {model_steps: 1}}"),
    )


class UserCaseSection(Section):
    """A forward map of the user's own."""

    file: str = Field(
        "case.py",
        description=(
            "A Python file that defines case(name, section, seed); it is run. Source: the user."
        ),
        json_schema_extra=example(
            "write model_constrained: {own: {growth: {file: docs/model_constrained/growth.py}}}"
        ),
    )
    points: Count = Field(
        24,
        description="m, numbers that are unknown. Source: the user.",
        json_schema_extra=example("write model_constrained: {own: {growth: {points: 16}}}"),
    )
    observed: Count = Field(
        12,
        description="q, numbers that are observed. Source: the user.",
        json_schema_extra=example("write model_constrained: {own: {growth: {observed: 8}}}"),
    )
    digest: str = Field(
        "",
        description=(
            "Of the file's content; filled in when the configuration is read. Source: the file."
        ),
        json_schema_extra=example(
            'write digest: "" or leave it out: model_constrained: {own: {growth: {file:'
            " growth.py}}}"
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _with_digest(cls, given: Any) -> Any:
        # A file that was changed is other work: its content belongs to the configuration as its
        # path does.
        path = (
            given.get("file", cls.model_fields["file"].default) if isinstance(given, dict) else None
        )
        if not isinstance(path, str) or given.get("digest"):
            return given
        try:
            return {**given, "digest": digest_of_file(Path(path))}
        except OSError as error:
            raise ValueError(
                f"file to name a Python file that can be read ({error.strerror})"
            ) from None


class ModelConstrainedSection(Section):
    """Networks whose loss holds a model's equations with a weight alpha, and what alpha does to
    their second moment.
    """

    enabled: bool = Field(
        True,
        description="Whether any of it is computed. Source: a study may leave a science out.",
        json_schema_extra=example("write model_constrained: {enabled: false}"),
    )
    cases: list[CaseName] = Field(
        [
            "deconvolution-mcdnn",
            "deconvolution-tnet",
            "deconvolution-taen",
            "heat-tnet",
            "burgers-mctangent",
        ],
        min_length=1,
        description=(
            "Forward map and loss. Source: nDNN, mcDNN, TNet, TAEN and mcTangent of the pages and"
            " arXiv 2105.12033, 2412.07010, 2208.04995; the other losses of the plate are left to"
            " longer studies."
        ),
        json_schema_extra=example("write model_constrained: {cases: [deconvolution-mcdnn]}"),
    )
    alpha: list[Annotated[float, Field(ge=0, le=1e12)]] = Field(
        [0.0, 0.1, 1.0, 10.0, 100.0],
        min_length=2,
        description=(
            "Weights of the model beside the data; the first is 0, for comparison. Source: this"
            " project's choice."
        ),
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
    prior: Literal[
        "standard_normal", "lecun_normal", "glorot_uniform", "he_normal", "pytorch_default"
    ] = Field(
        "pytorch_default",
        description=(
            "Over parameters. Source: where training starts from in torch; under N(0, 1) the"
            " outputs leave the range in which the equations make sense."
        ),
        json_schema_extra=example("write model_constrained: {prior: pytorch_default}"),
    )
    pairs: Annotated[int, Field(ge=2, le=10**6)] = Field(
        20,
        description=(
            "n, training pairs. Source: few, which is where the papers place the use of a model."
        ),
        json_schema_extra=example("write model_constrained: {pairs: 20}"),
    )
    noise: Annotated[float, Field(ge=0, le=10)] = Field(
        0.05,
        description=(
            "Standard deviation of the noise on the networks' inputs, as a part of theirs. Source:"
            " this project's choice."
        ),
        json_schema_extra=example("write model_constrained: {noise: 0.05}"),
    )
    samples_per_parameter: Annotated[int, Field(ge=1, le=10**6)] = Field(
        8,
        description=(
            "N / P. Source: as few as give a bracket of about half a decade in the default study's"
            " time."
        ),
        json_schema_extra=example("write model_constrained: {samples_per_parameter: 8}"),
    )
    replicas: Annotated[int, Field(ge=1, le=10_000)] = Field(
        6,
        description=(
            "Networks trained at every alpha, from the first samples of the prior. Source: fits the"
            " default study's time."
        ),
        json_schema_extra=example("write model_constrained: {replicas: 6}"),
    )
    training_steps: Annotated[int, Field(ge=1, le=10**7)] = Field(
        200,
        description="Of gradient descent. Source: fits the default study's time.",
        json_schema_extra=example("write model_constrained: {training_steps: 200}"),
    )
    least_steps: Annotated[int, Field(ge=1, le=10**7)] = Field(
        200,
        description=(
            "Iterations of L-BFGS from the start of every replica, for the least loss that training"
            " is measured against. Source: fits the default study's time; the table says what the"
            " second half of them still changed."
        ),
        json_schema_extra=example("write model_constrained: {least_steps: 200}"),
    )
    encoder_steps: Annotated[int, Field(ge=1, le=10**7)] = Field(
        100,
        description=(
            "Iterations of L-BFGS that train the encoder of TAEN before its decoder is studied."
            " Source: this project's choice."
        ),
        json_schema_extra=example("write model_constrained: {encoder_steps: 100}"),
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

    own: dict[str, UserCaseSection] = Field(
        {},
        description=(
            "Forward maps of the user's own, by the name that cases begin with. Source: the user."
        ),
        json_schema_extra=example(
            "write model_constrained: {own: {growth: {file: growth.py, points: 16, observed: 8}}}"
        ),
    )

    def complaint(self) -> str:
        """What is wrong between keys, or nothing."""
        if self.alpha[0] != 0 or sorted(set(self.alpha)) != self.alpha:
            return (
                f"model_constrained.alpha: expected increasing numbers from 0, found {self.alpha};"
                " write alpha: [0.0, 1.0, 10.0]"
            )
        for name in self.cases:
            if name not in CASE_NAMES and name.partition("-")[0] not in self.own:
                known = ", ".join([*CASE_NAMES, *(f"{own}-tnet" for own in self.own)])
                return (
                    f"model_constrained.cases: expected one of {known}, found {name}; choose one,"
                    " or name its file under own"
                )
        return ""

    @property
    def computed(self) -> list[CaseName]:
        """The cases, or none where the study leaves them out."""
        return self.cases if self.enabled else []

    def reference_of(self, case: str) -> float:
        """The weight that the others are compared with: 0, or the least above it where without its
        model a network sees no data.

        Example:
            >>> [
            ...     ModelConstrainedSection().reference_of(case)
            ...     for case in ("heat-mcdnn", "heat-tnet")
            ... ]
            [0.0, 0.1]
        """
        return self.alpha[1 if case.endswith(("-tnet", "-taen")) else 0]

    def settings_of(self, case: str) -> dict[str, Any]:
        """All settings that decide the data, the forward map and the loss of a case.

        Example:
            >>> ModelConstrainedSection().settings_of("heat-tnet")
            {'pairs': 20, 'noise': 0.05, 'elements': 6, 'modes': 15, 'observed': 10}
        """
        encoder = {"encoder_steps": self.encoder_steps} if case.endswith("-taen") else {}
        return {
            "pairs": self.pairs,
            "noise": self.noise,
            **encoder,
            **self._map_of(case).model_dump(),
        }

    def architecture_of(self, case: str) -> Architecture:
        """The network of a case: from observations to unknowns, from states to tangents, or TAEN's
        decoder the other way.

        Example:
            >>> ModelConstrainedSection().architecture_of("heat-mcdnn").sizes
            (10, 6, 6, 15)
        """
        own = self._map_of(case)
        if isinstance(own, BurgersSection):
            return Architecture(self.depth, self.width, own.points, own.points)
        inputs, outputs = own.observed, own.modes if isinstance(own, HeatSection) else own.points
        if case.endswith("-taen"):
            inputs, outputs = outputs, inputs
        return Architecture(self.depth, self.width, inputs, outputs)

    def _map_of(
        self, case: str
    ) -> DeconvolutionSection | HeatSection | BurgersSection | UserCaseSection:
        name = case.partition("-")[0]
        if name in self.own:
            return self.own[name]
        known: dict[str, DeconvolutionSection | HeatSection | BurgersSection] = {
            "deconvolution": self.deconvolution,
            "heat": self.heat,
            "burgers": self.burgers,
        }
        return known[name]
