"""The section ``model_constrained`` of the configuration: losses that hold a model's equations, and
how much they weigh.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from eigenscape.architecture import Architecture
from eigenscape.config.base import Section
from eigenscape.errors import BadInput

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
"""The cases that are known without a file of the user's; nDNN is mcDNN at alpha = 0."""


def digest_of_file(path: Path) -> str:
    """16 hexadecimal digits of a file's content: part of the identity of what is computed with
    it.
    """
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()


class DeconvolutionSection(Section):
    """A function on an interval, seen through a Gaussian blur."""

    points: Count = 24
    """m, cells of the interval. Source: 100 resolve more; fewer outputs keep C small enough for the
    default study."""

    observed: Count = 12
    """q, observed points; at most m. Source: fewer than unknowns, so that the inverse problem is
    ill posed."""

    blur: Annotated[float, Field(gt=0, le=1)] = 0.05
    """Standard deviation of the kernel; the interval has length 1. Source: this project's
    choice."""


class HeatSection(Section):
    """A plate whose log conductivity is unknown."""

    elements: Annotated[int, Field(ge=2, le=256)] = 6
    """Finite elements along each side. Source: 16 in TNet, arXiv 2105.12033, as far as known; 6 fit
    the default's time."""

    modes: Count = 15
    """m, terms of the Karhunen-Loeve field. Source: 15 in TNet, arXiv 2105.12033, as far as
    known."""

    observed: Count = 10
    """q, points at which the temperature is seen. Source: 10 in TNet, arXiv 2105.12033, as far as
    known."""


class BurgersSection(Section):
    """A periodic wave that steepens; the network learns its tangent."""

    points: Annotated[int, Field(ge=4, le=4096)] = 16
    """m, cells. Source: this project's choice; C has about m columns a unit."""

    viscosity: Annotated[float, Field(gt=0, le=1)] = 0.02
    """nu. Source: this project's choice; gradients of the wave stay resolved."""

    step: Annotated[float, Field(gt=0, le=1)] = 0.02
    """dt, of the explicit step. Source: below the limit of stability, which is checked."""

    learned_steps: Annotated[int, Field(ge=1, le=100)] = 1
    """S, steps in a row that are compared with data. Source: 1 in mcTangent's simplest form, arXiv
    2208.04995."""

    model_steps: Annotated[int, Field(ge=1, le=100)] = 1
    """R, steps in a row that are compared with the model. Source: 1 in mcTangent's simplest form,
    arXiv 2208.04995."""


class UserCaseSection(Section):
    """A forward map of the user's own."""

    file: str = Field("case.py", examples=["docs/model_constrained/growth.py"])
    """A Python file that defines case(name, section, seed); it is run. Source: the user."""

    points: Count = Field(24, examples=[16])
    """m, numbers that are unknown. Source: the user."""

    observed: Count = Field(12, examples=[8])
    """q, numbers that are observed. Source: the user."""

    digest: str = Field(
        "",
        json_schema_extra={
            "fix": 'write digest: "" or leave it out: model_constrained: {own: {growth: {file:'
            " growth.py}}}"
        },
    )
    """Digest of the file's content; filled in when the configuration is read. Source: the file."""

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
    their second moment; docs/model_constrained.md.
    """

    enabled: bool = Field(True, examples=[False])
    """Whether any of it is computed. Source: a study may leave a science out."""

    cases: list[CaseName] = Field(
        [
            "deconvolution-mcdnn",
            "deconvolution-tnet",
            "deconvolution-taen",
            "heat-tnet",
            "burgers-mctangent",
        ],
        min_length=1,
        examples=[["deconvolution-mcdnn"]],
    )
    """Forward map and loss. Source: nDNN, mcDNN, TNet, TAEN and mcTangent of the pages and arXiv
    2105.12033, 2412.07010, 2208.04995; the other losses of the plate are left to longer studies."""

    alpha: list[Annotated[float, Field(ge=0, le=1e12)]] = Field(
        [0.0, 0.1, 1.0, 10.0, 100.0], min_length=2, examples=[[0.0, 1.0, 100.0]]
    )
    """Weights of the model beside the data; the first is 0, for comparison. Source: this project's
    choice."""

    depth: Annotated[int, Field(ge=1, le=100)] = 2
    """Hidden layers. Source: the smallest with hidden-to-hidden weights."""

    width: Annotated[int, Field(ge=1, le=10_000)] = 6
    """Hidden units. Source: fits the default study's time."""

    prior: Literal[
        "standard_normal", "lecun_normal", "glorot_uniform", "he_normal", "pytorch_default"
    ] = "pytorch_default"
    """Over parameters. Source: where training starts from in torch; under N(0, 1) the outputs leave
    the range in which the equations make sense."""

    pairs: Annotated[int, Field(ge=2, le=10**6)] = 20
    """n, training pairs. Source: few, which is where the papers place the use of a model."""

    noise: Annotated[float, Field(ge=0, le=10)] = 0.05
    """Standard deviation of the noise on the networks' inputs, as a part of theirs. Source: this
    project's choice."""

    samples_per_parameter: Annotated[int, Field(ge=1, le=10**6)] = 8
    """N / P. Source: as few as give a bracket of about half a decade in the default study's
    time."""

    replicas: Annotated[int, Field(ge=1, le=10_000)] = 6
    """Networks trained at every alpha, from the first samples of the prior. Source: fits the
    default study's time."""

    training_steps: Annotated[int, Field(ge=1, le=10**7)] = 200
    """Steps of gradient descent. Source: fits the default study's time."""

    least_steps: Annotated[int, Field(ge=1, le=10**7)] = 200
    """Iterations of L-BFGS from the start of every replica, for the least loss that training is
    measured against. Source: fits the default study's time; the table says what the second half of
    them still changed."""

    encoder_steps: Annotated[int, Field(ge=1, le=10**7)] = 100
    """Iterations of L-BFGS that train the encoder of TAEN before its decoder is studied. Source:
    this project's choice."""

    deconvolution: DeconvolutionSection = Field(DeconvolutionSection(), examples=[{"blur": 0.05}])
    """The blurred function. Source: its keys."""

    heat: HeatSection = Field(HeatSection(), examples=[{"modes": 15}])
    """The heated plate. Source: its keys."""

    burgers: BurgersSection = Field(BurgersSection(), examples=[{"step": 0.02}])
    """The wave. Source: its keys."""

    own: dict[str, UserCaseSection] = Field(
        {}, examples=[{"growth": {"file": "growth.py", "points": 16, "observed": 8}}]
    )
    """Forward maps of the user's own, by the name that cases begin with. Source: the user."""

    @model_validator(mode="after")
    def _weights_increase_from_zero(self) -> Self:
        if self.alpha[0] != 0 or sorted(set(self.alpha)) != self.alpha:
            raise BadInput.field(
                "model_constrained.alpha",
                "increasing numbers from 0",
                str(self.alpha),
                "write alpha: [0.0, 1.0, 10.0]",
            )
        return self

    @model_validator(mode="after")
    def _cases_are_known(self) -> Self:
        for name in self.cases:
            if name not in CASE_NAMES and name.partition("-")[0] not in self.own:
                known = ", ".join([*CASE_NAMES, *(f"{own}-tnet" for own in self.own)])
                raise BadInput.field(
                    "model_constrained.cases",
                    f"one of {known}",
                    name,
                    "choose one, or name its file under own",
                )
        return self

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
