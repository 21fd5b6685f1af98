"""The sections of the configuration that say what is sampled, how much of it, and what is made of
the spectra.

Every key has its default, its meaning and the source of the default; `study.Study` joins the
sections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from eigenscape.config.base import Section
from eigenscape.errors import BadInput
from eigenscape.seeding import SEED_LIMIT


class ProblemSection(Section):
    """The data and the loss whose gradient is sampled; your own: docs/your_own_networks.md."""

    kind: Literal["sine", "data", "module"] = "sine"
    """sine: regression of sin(2 pi x). data: fully connected networks on your file. module:
    networks of your own on your file. Source: the published pages regress a sine; the frequency is
    this project's choice."""

    interval: list[float] = Field([-1.0, 1.0], examples=[[-1, 1]])
    """Ends of the sine's input interval. Source: this project's choice; the published pages do not
    give it."""

    points: int = Field(50, ge=2, le=10**6)
    """n, equispaced inputs of the sine, both ends included; a file has its own n. Source: this
    project's choice; the published pages do not give it."""

    loss: Literal["mse", "cross_entropy"] = "mse"
    """mse: mean over points and outputs of the squared residual, without a factor 1/2.
    cross_entropy: mean over points of -log softmax at the class. Full batch. Source: this project's
    choice."""

    file: str | None = Field(
        None,
        json_schema_extra={
            "fix": "write problem: {kind: data, file: mydata.npz, inputs: [X], targets: [y]}"
        },
    )
    """An .npz or .csv file of kind data or module; looked for beside the configuration, then in the
    working directory. Source: yours."""

    inputs: list[str] = Field([], examples=[["X"]])
    """Arrays of the .npz file, or columns of the csv file, that networks are given. A module gets
    every array as an argument of its own, csv columns side by side as one. Source: yours."""

    targets: list[str] = Field([], examples=[["y"]])
    """Arrays or columns that outputs are compared with; for cross_entropy classes 0 ... K-1.
    Source: yours."""

    module: str | None = Field(
        None, json_schema_extra={"fix": "write problem: {kind: module, module: mynetworks:make}"}
    )
    """package.module:factory; factory(depth=..., width=...) returns an nn.Module. Looked for beside
    the configuration, then where Python looks. Your code is run. Source: yours."""

    @property
    def is_user_defined(self) -> bool:
        """Whether data, and maybe networks, are the user's; otherwise they are functions that this
        package knows.
        """
        return self.kind in ("data", "module")

    @field_validator("interval")
    @classmethod
    def _two_increasing_ends(cls, interval: list[float]) -> list[float]:
        if (
            len(interval) != 2
            or not interval[0] < interval[1]
            or max(abs(end) for end in interval) == float("inf")
        ):
            raise ValueError("two finite increasing numbers")
        return [float(end) for end in interval]

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        if self.is_user_defined:
            self._check_user_defined()
            return self
        for name in ("file", "inputs", "targets", "module"):
            if value := getattr(self, name):
                raise BadInput.field(
                    f"problem.{name}",
                    f"nothing for kind {self.kind}",
                    repr(value),
                    "write problem: {kind: data} or {kind: module}",
                )
        if self.loss != "mse":
            raise BadInput.field(
                "problem.loss",
                f"mse for kind {self.kind}",
                self.loss,
                "write problem: {kind: data} for classes",
            )
        return self

    def _check_user_defined(self) -> None:
        needed = {
            "file": "an .npz or .csv file",
            "inputs": "names of arrays or columns",
            "targets": "names of arrays or columns",
        }
        for name, words in needed.items():
            if not (value := getattr(self, name)):
                raise BadInput.field(
                    f"problem.{name}",
                    f"{words} for kind {self.kind}",
                    repr(value),
                    f"write problem: {{{name}: ...}}",
                )
        for name, columns in (("inputs", self.inputs), ("targets", self.targets)):
            if twice := sorted({each for each in columns if columns.count(each) > 1}):
                raise BadInput.field(
                    f"problem.{name}", "each name once", f"{twice[0]!r} twice", "remove one"
                )
        if (self.kind == "module") != (self.module is not None):
            raise BadInput.field(
                "problem.module",
                "package.module:factory for kind module"
                if self.kind == "module"
                else "nothing for kind data",
                repr(self.module),
                "write problem: {kind: module, module: mynetworks:make}",
            )
        if self.module is not None and not re.fullmatch(
            r"(?!.*\.py:)[A-Za-z_][\w.]*:[A-Za-z_]\w*", self.module
        ):
            raise BadInput.field(
                "problem.module",
                "package.module:factory",
                repr(self.module),
                "write module: mynetworks:make",
            )


class NetworkSection(Section):
    """What every network of the grid has in common."""

    activation: Literal["tanh", "relu", "sigmoid", "linear"] = "tanh"
    """Hidden units; the output is linear. Source: tanh reproduces the published map best
    (docs/science.md)."""


PRIOR_NAMES = ("standard_normal", "lecun_normal", "glorot_uniform", "he_normal", "pytorch_default")
"""Priors that are known by their name, `networks.priors.PRIORS`."""

SCALED = ("normal", "uniform", "around")
UNSCALED = ("zero", "own", *PRIOR_NAMES)

_AROUND = "kind: around, checkpoint: trained.pt, scale: 0.01"


class PriorSection(Section):
    """The distribution over parameter vectors; sources in `networks.priors`."""

    kind: Literal[
        "standard_normal",
        "lecun_normal",
        "glorot_uniform",
        "he_normal",
        "pytorch_default",
        "around",
    ] = "standard_normal"
    """N(0, 1) on every weight and bias. around: scale N(0, 1) about a checkpoint of a module.
    Source: the published pages. The others: networks/priors.py."""

    by_name: dict[str, Any] = Field(
        {},
        json_schema_extra={
            "fix": 'write prior: {by_name: {"*.bias": zero, "conv.weight": {kind: normal, scale:'
            " 0.1}}}"
        },
    )
    """Other priors for a module's parameters by name or pattern (* and ?), the first that fits:
    {kind: normal, scale: s}, {kind: uniform, scale: s}, {kind: around, scale: s}, zero, own (the
    factory's value), or a kind. Source: yours."""

    checkpoint: str | None = Field(None, json_schema_extra={"fix": f"write prior: {{{_AROUND}}}"})
    """A state_dict for kind around, written by torch.save, read with weights_only. Source:
    yours."""

    scale: Annotated[float, Field(gt=0, lt=float("inf"))] = Field(
        0.01, json_schema_extra={"fix": f"write prior: {{{_AROUND}}}"}
    )
    """With kind around, the standard deviation of every parameter. Source: this project's choice,
    one per cent of unit weights."""

    relative: bool = Field(
        False, json_schema_extra={"fix": f"write prior: {{{_AROUND}, relative: true}}"}
    )
    """With kind around, scale is in units of the root mean square of each tensor; one that is all
    zero stays fixed. Source: this project's choice."""

    @field_validator("by_name")
    @classmethod
    def _entries_are_known(cls, by_name: dict[str, Any]) -> dict[str, Any]:
        if complaint := by_name_complaint(by_name):
            raise ValueError(complaint)
        return by_name


def by_name_complaint(by_name: Mapping[str, Any]) -> str:
    """What is expected of the first entry by name that is none; empty where all of them are.

    Example:
        >>> by_name_complaint({"*.bias": "nought"})[:29]
        "for '*.bias' one of zero, own"
    """
    for pattern, entry in by_name.items():
        if not (entry in UNSCALED if isinstance(entry, str) else _is_scaled(entry)):
            return (
                f"for {pattern!r} one of {', '.join(UNSCALED)}, or {{kind: k, scale: s}} with k of"
                f" {', '.join(SCALED)} and a positive s"
            )
    return ""


def _is_scaled(entry: Any) -> bool:
    if (
        not isinstance(entry, dict)
        or set(entry) != {"kind", "scale"}
        or entry["kind"] not in SCALED
    ):
        return False
    scale = entry["scale"]
    return (
        isinstance(scale, int | float) and not isinstance(scale, bool) and 0 < scale < float("inf")
    )


LARGEST_SIZE = 10_000
"""Largest depth and width: beyond, P exceeds 10^8 and no matrix fits; it keeps slips of the
keyboard from costing minutes."""

LARGEST_COUNT = 10**12
"""Largest number of samples and parameters: sample numbers fit the counter with room to spare."""

GridSize = Annotated[int, Field(ge=1, le=LARGEST_SIZE)]
PositiveCount = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]


class GridSection(Section):
    """The networks that are compared: every depth with every width."""

    depth: list[GridSize] = Field(list(range(1, 31)), examples=[[1, 2, 3]])
    """Numbers of hidden layers. Source: the published map, 1 to 30."""

    width: list[GridSize] = Field(list(range(5, 51, 5)), examples=[[5, 10, 15]])
    """Neurons per hidden layer. Source: the published map, 5 to 50 in steps of 5."""

    @field_validator("depth", "width")
    @classmethod
    def _distinct_and_increasing(cls, sizes: list[int]) -> list[int]:
        if not sizes or sizes != sorted(set(sizes)):
            raise ValueError("at least one number, each once, in increasing order")
        return sizes


class HeadlineSection(Section):
    """The one network whose spectrum is drawn in full."""

    depth: GridSize = 5
    """Source: the published eigenvalue figure."""

    width: GridSize = 35
    """Source: the published eigenvalue figure."""

    samples: PositiveCount = 10_000
    """N. Source: the published eigenvalue figure."""


class SamplingSection(Section):
    """How many parameter vectors are drawn, and from which seed."""

    seed: int = Field(0, ge=0, lt=SEED_LIMIT)
    """Names the random streams. Source: arbitrary."""

    samples_per_parameter: PositiveCount = 4
    """N/P in every cell of the map; with a fixed N noise would grow along the grid. Source:
    docs/science.md."""

    raw_parameter_limit: PositiveCount = 3_300
    """Cells with more parameters get no raw condition number; cost grows as P^3. Source: the time
    of `make figures`."""

    until_bracket: Annotated[float, Field(gt=0)] | None = Field(None, examples=[0.3])
    """Double N in a cell until the bracket of its condition number is narrower than this many
    decades; null: keep N. Source: this project's proposal."""

    most_samples_per_parameter: PositiveCount = 64
    """Budget of until_bracket: N/P is never doubled beyond this. Source: the null falls to 0.22
    decades at N/P = 64."""

    precision: Literal["float64", "float32"] = "float64"
    """Arithmetic of draws and gradients; sums and spectra are always float64. In deep chaotic
    networks float32 leaves no digit of a gradient; a run says where. Source: this project's
    choice."""

    non_finite: Literal["fail", "exclude"] = "fail"
    """A sample whose gradient is not finite stops the run, or is left out of C and counted. Source:
    this project's choice."""


class ProjectionSection(Section):
    """The symmetry-projected spectrum of every network of the grid."""

    samples: Annotated[int, Field(ge=2, le=LARGEST_COUNT)] = 500
    """Parameter vectors per network to begin with; N is doubled while the status is heavy_tailed.
    Source: intervals of 0.05 to 0.2 decades where tails are light."""

    most_samples: PositiveCount = 16_000
    """N is never doubled beyond this. Source: resampling costs as much as sampling there."""

    most_gradient_entries: PositiveCount = 10_000_000
    """Nor beyond N P of this many numbers: the budget of a network. Source: about a fifth of a
    second."""

    replicates: Annotated[int, Field(ge=20, le=100_000)] = 200
    """Bootstrap resamples behind every interval. Source: Efron, Tibshirani 1993, a few hundred for
    percentile intervals."""

    def most_samples_of(self, parameters: int) -> int:
        """The largest N that a network of P parameters may come to; never below `samples`.

        Example:
            >>> section = ProjectionSection()
            >>> section.most_samples_of(271), section.most_samples_of(74_101)
            (16000, 500)
        """
        affordable = min(self.most_samples, self.most_gradient_entries // parameters)
        return max(self.samples, affordable)


class CriticalitySection(Section):
    """The sweep of the weights' scale through chi_1 = 1."""

    depth: Annotated[int, Field(ge=3, le=LARGEST_SIZE)] = 10
    """Hidden layers; 3 or more, so that layers from hidden to hidden have a slope. Source: this
    project's choice."""

    width: GridSize = 30
    """Source: this project's choice."""

    samples: Annotated[int, Field(ge=2, le=LARGEST_COUNT)] = 1_000
    """Parameter vectors per point of the sweep. Source: intervals of about 0.01 decades per
    layer."""

    bias_std: Annotated[float, Field(ge=0)] = 0.3
    """sigma_b. Source: much smaller ones flatten the ordered side, where signals die out before the
    last layer."""

    weight_std: list[Annotated[float, Field(gt=0)]] = Field(
        [0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 4.5], min_length=1, examples=[[0.5, 1.0, 2.0]]
    )
    """sigma_w; weights have the variance sigma_w^2 / fan_in. Source: either side of chi_1 = 1 for
    tanh."""


class TrainingSection(Section):
    """The networks that are trained, to see whether the condition number tells how easily."""

    depth: list[GridSize] = Field([1, 2, 3, 5, 8, 12], examples=[[1, 2, 4]])
    """Hidden layers; those of the grid are trained. Source: even in the logarithm, as deep as a
    minute allows."""

    width: list[GridSize] = Field([5, 10, 15, 20], examples=[[5, 10]])
    """Neurons per hidden layer; those of the grid are trained. Source: wider ones have no raw
    condition number."""
