"""The sections of the configuration that say what is sampled, how much of it, and what is made of
the spectra.

Every key has its default, its meaning and the source of the default; `study.Study` joins the
sections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from eigenscape.config.base import Section, example
from eigenscape.seeding import SEED_LIMIT


class ProblemSection(Section):
    """The data and the loss whose gradient is sampled."""

    kind: Literal["sine", "data", "module"] = Field(
        "sine",
        description=(
            "sine: regression of sin(2 pi x). data: fully connected networks on your file. module:"
            " networks of your own on your file. Source: the published pages regress a sine; the"
            " frequency is this project's choice."
        ),
        json_schema_extra=example("write problem: {kind: sine}"),
    )
    interval: list[float] = Field(
        [-1.0, 1.0],
        description=(
            "Ends of the sine's input interval. Source: this project's choice; the published pages"
            " do not give it."
        ),
        json_schema_extra=example("write problem: {interval: [-1, 1]}"),
    )
    points: int = Field(
        50,
        ge=2,
        le=10**6,
        description=(
            "n, equispaced inputs of the sine, both ends included; a file has its own n. Source:"
            " this project's choice; the published pages do not give it."
        ),
        json_schema_extra=example("write problem: {points: 50}"),
    )
    loss: Literal["mse", "cross_entropy"] = Field(
        "mse",
        description=(
            "mse: mean over points and outputs of the squared residual, without a factor 1/2."
            " cross_entropy: mean over points of -log softmax at the class. Full batch. Source:"
            " this project's choice."
        ),
        json_schema_extra=example("write problem: {loss: mse}"),
    )
    file: str | None = Field(
        None,
        description=(
            "An .npz or .csv file of kind data or module; looked for beside the configuration, then"
            " in the working directory. Source: yours."
        ),
        json_schema_extra=example(
            "write problem: {kind: data, file: mydata.npz, inputs: [X], targets: [y]}"
        ),
    )
    inputs: list[str] = Field(
        [],
        description=(
            "Arrays of the .npz file, or columns of the csv file, that networks are given. A module"
            " gets every array as an argument of its own, csv columns side by side as one. Source:"
            " yours."
        ),
        json_schema_extra=example("write problem: {inputs: [X]}"),
    )
    targets: list[str] = Field(
        [],
        description=(
            "Arrays or columns that outputs are compared with; for cross_entropy classes 0 ... K-1."
            " Source: yours."
        ),
        json_schema_extra=example("write problem: {targets: [y]}"),
    )
    module: str | None = Field(
        None,
        description=(
            "package.module:factory; factory(depth=..., width=...) returns an nn.Module. Looked for"
            " beside the configuration, then where Python looks. Your code is run. Source: yours."
        ),
        json_schema_extra=example("write problem: {kind: module, module: mynetworks:make}"),
    )

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


class NetworkSection(Section):
    """What every network of the grid has in common."""

    activation: Literal["tanh", "relu", "sigmoid", "linear"] = Field(
        "tanh",
        description=(
            "Hidden units; the output is linear. Source: tanh reproduces the published map best"
            " (docs/science.md)."
        ),
        json_schema_extra=example("write network: {activation: tanh}"),
    )


PRIOR_NAMES = ("standard_normal", "lecun_normal", "glorot_uniform", "he_normal", "pytorch_default")
"""Priors that are known by their name, `networks.priors.PRIORS`."""

SCALED = ("normal", "uniform", "around")
UNSCALED = ("zero", "own", *PRIOR_NAMES)


class PriorSection(Section):
    """The distribution over parameter vectors; sources in `networks.priors`."""

    kind: Literal[
        "standard_normal",
        "lecun_normal",
        "glorot_uniform",
        "he_normal",
        "pytorch_default",
        "around",
    ] = Field(
        "standard_normal",
        description=(
            "N(0, 1) on every weight and bias. around: scale N(0, 1) about a checkpoint of a"
            " module. Source: the published pages. The others: networks/priors.py."
        ),
        json_schema_extra=example("write prior: {kind: standard_normal}"),
    )
    by_name: dict[str, Any] = Field(
        {},
        description=(
            "For modules: other priors for parameters by name or pattern (* and ?), the first that"
            " fits: {kind: normal, scale: s}, {kind: uniform, scale: s}, {kind: around, scale: s},"
            " zero, own (the factory's value), or a kind. Source: yours."
        ),
        json_schema_extra=example(
            'write prior: {by_name: {"*.bias": zero, "conv.weight": {kind: normal, scale: 0.1}}}'
        ),
    )
    checkpoint: str | None = Field(
        None,
        description=(
            "For kind around: a state_dict written by torch.save, read with weights_only. Source:"
            " yours."
        ),
        json_schema_extra=example(
            "write prior: {kind: around, checkpoint: trained.pt, scale: 0.01}"
        ),
    )
    scale: Annotated[float, Field(gt=0, lt=float("inf"))] = Field(
        0.01,
        description=(
            "For kind around: standard deviation of every parameter. Source: this project's choice,"
            " one per cent of unit weights."
        ),
        json_schema_extra=example(
            "write prior: {kind: around, checkpoint: trained.pt, scale: 0.01}"
        ),
    )
    relative: bool = Field(
        False,
        description=(
            "For kind around: scale is in units of the root mean square of each tensor; one that is"
            " all zero stays fixed. Source: this project's choice."
        ),
        json_schema_extra=example(
            "write prior: {kind: around, checkpoint: trained.pt, scale: 0.01, relative: true}"
        ),
    )

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


def problem_complaint(problem: ProblemSection, prior: PriorSection) -> str:
    """What is wrong with keys of the problem and the prior taken together, in four parts; empty
    where nothing is.

    Example:
        >>> problem_complaint(ProblemSection(kind="data"), PriorSection())[:65]
        'problem.file: expected an .npz or .csv file for kind data, found '
    """
    kind, own = (
        problem.kind,
        {
            "file": problem.file,
            "inputs": problem.inputs,
            "targets": problem.targets,
            "module": problem.module,
        },
    )
    if not problem.is_user_defined:
        for name, value in own.items():
            if value:
                return (
                    f"problem.{name}: expected nothing for kind {kind}, found {value!r}; write"
                    " problem: {kind: data} or {kind: module}"
                )
        if problem.loss != "mse":
            return (
                f"problem.loss: expected mse for kind {kind}, found {problem.loss}; write problem:"
                " {kind: data} for classes"
            )
    else:
        needed = {
            "file": "an .npz or .csv file",
            "inputs": "names of arrays or columns",
            "targets": "names of arrays or columns",
        }
        for name, words in needed.items():
            if not own[name]:
                return (
                    f"problem.{name}: expected {words} for kind {kind}, found {own[name]!r}; write"
                    f" problem: {{{name}: ...}}"
                )
        for name in ("inputs", "targets"):
            if twice := sorted(
                {each for each in own[name] or () if list(own[name] or ()).count(each) > 1}
            ):
                return (
                    f"problem.{name}: expected each name once, found {twice[0]!r} twice; remove one"
                )
        if (kind == "module") != (problem.module is not None):
            expected = (
                "package.module:factory for kind module"
                if kind == "module"
                else "nothing for kind data"
            )
            return (
                f"problem.module: expected {expected}, found {problem.module!r}; write problem:"
                " {kind: module, module: mynetworks:make}"
            )
        if problem.module is not None and not re.fullmatch(
            r"(?!.*\.py:)[A-Za-z_][\w.]*:[A-Za-z_]\w*", problem.module
        ):
            return (
                f"problem.module: expected package.module:factory, found {problem.module!r}; write"
                " module: mynetworks:make"
            )
    if kind != "module" and (prior.kind == "around" or prior.by_name):
        key, found = (
            ("kind", prior.kind) if prior.kind == "around" else ("by_name", str(prior.by_name))
        )
        return (
            f"prior.{key}: expected a prior by layer for kind {kind}, found {found}; write prior:"
            " {kind: standard_normal}"
        )
    if (prior.kind == "around") != (prior.checkpoint is not None):
        expected = (
            "a file written by torch.save"
            if prior.kind == "around"
            else f"nothing for kind {prior.kind}"
        )
        return (
            f"prior.checkpoint: expected {expected}, found {prior.checkpoint!r}; write prior:"
            " {kind: around, checkpoint: trained.pt}"
        )
    return ""


LARGEST_SIZE = 10_000
"""Of depths and widths: beyond, P exceeds 10^8 and no matrix fits; it keeps slips of the keyboard
from costing minutes."""

LARGEST_COUNT = 10**12
"""Of samples and parameters: sample numbers fit the counter with room to spare."""

GridSize = Annotated[int, Field(ge=1, le=LARGEST_SIZE)]
PositiveCount = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]


class GridSection(Section):
    """The networks that are compared: every depth with every width."""

    depth: list[GridSize] = Field(
        list(range(1, 31)),
        description="Numbers of hidden layers. Source: the published map, 1 to 30.",
        json_schema_extra=example("write grid: {depth: [1, 2, 3]}"),
    )
    width: list[GridSize] = Field(
        list(range(5, 51, 5)),
        description="Neurons per hidden layer. Source: the published map, 5 to 50 in steps of 5.",
        json_schema_extra=example("write grid: {width: [5, 10, 15]}"),
    )

    @field_validator("depth", "width")
    @classmethod
    def _distinct_and_increasing(cls, sizes: list[int]) -> list[int]:
        if not sizes or sizes != sorted(set(sizes)):
            raise ValueError("at least one number, each once, in increasing order")
        return sizes


class HeadlineSection(Section):
    """The one network whose spectrum is drawn in full."""

    depth: GridSize = Field(
        5,
        description="Source: the published eigenvalue figure.",
        json_schema_extra=example("write headline: {depth: 5}"),
    )
    width: GridSize = Field(
        35,
        description="Source: the published eigenvalue figure.",
        json_schema_extra=example("write headline: {width: 35}"),
    )
    samples: PositiveCount = Field(
        10_000,
        description="N. Source: the published eigenvalue figure.",
        json_schema_extra=example("write headline: {samples: 10000}"),
    )


class SamplingSection(Section):
    """How many parameter vectors are drawn, and from which seed."""

    seed: int = Field(
        0,
        ge=0,
        lt=SEED_LIMIT,
        description="Names the random streams. Source: arbitrary.",
        json_schema_extra=example("write sampling: {seed: 0}"),
    )
    samples_per_parameter: PositiveCount = Field(
        4,
        description=(
            "N/P in every cell of the map; with a fixed N noise would grow along the grid. Source:"
            " docs/science.md."
        ),
        json_schema_extra=example("write sampling: {samples_per_parameter: 4}"),
    )
    raw_parameter_limit: PositiveCount = Field(
        3_300,
        description=(
            "Cells with more parameters get no raw condition number; cost grows as P^3. Source: the"
            " time of `make figures`."
        ),
        json_schema_extra=example("write sampling: {raw_parameter_limit: 3300}"),
    )
    until_bracket: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description=(
            "Double N in a cell until the bracket of its condition number is narrower than this"
            " many decades; null: keep N. Source: this project's proposal."
        ),
        json_schema_extra=example("write sampling: {until_bracket: 0.3}"),
    )
    most_samples_per_parameter: PositiveCount = Field(
        64,
        description=(
            "Budget of until_bracket: N/P is never doubled beyond this. Source: the null falls to"
            " 0.22 decades at N/P = 64."
        ),
        json_schema_extra=example("write sampling: {most_samples_per_parameter: 64}"),
    )
    precision: Literal["float64", "float32"] = Field(
        "float64",
        description=(
            "Arithmetic of draws and gradients; sums and spectra are always float64. Source: this"
            " project's choice."
        ),
        json_schema_extra=example("write sampling: {precision: float64}"),
    )
    non_finite: Literal["fail", "exclude"] = Field(
        "fail",
        description=(
            "A sample whose gradient is not finite stops the run, or is left out of C and counted."
            " Source: this project's choice."
        ),
        json_schema_extra=example("write sampling: {non_finite: fail}"),
    )


class ProjectionSection(Section):
    """The symmetry-projected spectrum of every network of the grid."""

    samples: Annotated[int, Field(ge=2, le=LARGEST_COUNT)] = Field(
        1_000,
        description=(
            "Parameter vectors per network; the projection has no inflation by P/N. Source:"
            " intervals of about 0.1 decades."
        ),
        json_schema_extra=example("write projection: {samples: 1000}"),
    )
    replicates: Annotated[int, Field(ge=20, le=100_000)] = Field(
        200,
        description=(
            "Bootstrap resamples behind every interval. Source: Efron, Tibshirani 1993, a few"
            " hundred for percentile intervals."
        ),
        json_schema_extra=example("write projection: {replicates: 200}"),
    )


class CriticalitySection(Section):
    """The sweep of the weights' scale through chi_1 = 1."""

    depth: Annotated[int, Field(ge=3, le=LARGEST_SIZE)] = Field(
        10,
        description=(
            "Hidden layers; 3 or more, so that there is a ladder. Source: this project's choice."
        ),
        json_schema_extra=example("write criticality: {depth: 10}"),
    )
    width: GridSize = Field(
        30,
        description="Source: this project's choice.",
        json_schema_extra=example("write criticality: {width: 30}"),
    )
    samples: Annotated[int, Field(ge=2, le=LARGEST_COUNT)] = Field(
        1_000,
        description=(
            "Parameter vectors per point of the sweep. Source: intervals of about 0.01 decades per"
            " layer."
        ),
        json_schema_extra=example("write criticality: {samples: 1000}"),
    )
    bias_std: Annotated[float, Field(ge=0)] = Field(
        0.3,
        description=(
            "sigma_b. Source: much smaller ones flatten the ordered side, where signals die out"
            " before the ladder is long."
        ),
        json_schema_extra=example("write criticality: {bias_std: 0.3}"),
    )
    weight_std: list[Annotated[float, Field(gt=0)]] = Field(
        [0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 4.5],
        min_length=1,
        description=(
            "sigma_w; weights have the variance sigma_w^2 / fan_in. Source: either side of chi_1 ="
            " 1 for tanh."
        ),
        json_schema_extra=example("write criticality: {weight_std: [0.5, 1.0, 2.0]}"),
    )


class TrainingSection(Section):
    """The networks that are trained, to see whether the condition number tells how easily."""

    depth: list[GridSize] = Field(
        [1, 2, 3, 5, 8, 12],
        description=(
            "Hidden layers; those of the grid are trained. Source: even in the logarithm, as deep"
            " as a minute allows."
        ),
        json_schema_extra=example("write training: {depth: [1, 2, 4]}"),
    )
    width: list[GridSize] = Field(
        [5, 10, 15, 20],
        description=(
            "Neurons per hidden layer; those of the grid are trained. Source: wider ones have no"
            " raw condition number."
        ),
        json_schema_extra=example("write training: {width: [5, 10]}"),
    )
