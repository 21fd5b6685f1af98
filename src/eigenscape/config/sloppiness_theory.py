"""Nested sections of ``sloppiness``: what the linear theory of training trajectories is evaluated
for.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eigenscape.config.base import Section, example

Positive = Annotated[float, Field(gt=0, le=1e6)]
Decay = Annotated[float, Field(ge=0.01, le=20)]
"""Of the eigenvalues, c. Below 0.01 thousands of components move."""

Steps = Annotated[int, Field(ge=2, le=10**9)]
Share = Annotated[float, Field(gt=0, lt=2)]
"""A step as a multiple of 1 / lambda_1; gradient descent diverges from 2 on."""

Start = Annotated[float, Field(ge=0, le=1e6)]


class PhaseMapSection(Section):
    """Explained stress of linear models over decay, ratio of scales and number of steps."""

    decay: list[Decay] = Field(
        [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.57, 0.8, 1.1, 1.6, 2.2, 3.0],
        min_length=2,
        description=(
            "c, the log of the ratio of successive eigenvalues of the input correlation. Source:"
            " this project's choice, either side of every boundary."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {decay: [0.1, 0.5, 2.0]}}"),
    )
    ratio: list[Positive] = Field(
        [
            0.01,
            0.018,
            0.032,
            0.056,
            0.1,
            0.18,
            0.32,
            0.56,
            1.0,
            1.8,
            3.2,
            5.6,
            10.0,
            18.0,
            32.0,
            56.0,
            100.0,
        ],
        min_length=2,
        description=(
            "sigma_* / sigma_w, scale of the truth's weights over that of the initial ones. Source:"
            " four quarters a decade."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {ratio: [0.1, 1.0, 10.0]}}"),
    )
    steps: list[Steps] = Field(
        [10, 100, 1000, 10_000, 100_000],
        min_length=2,
        description="T, steps of gradient descent; every step is a checkpoint. Source: decades.",
        json_schema_extra=example("write sloppiness: {phase_map: {steps: [10, 1000]}}"),
    )
    step: Share = Field(
        0.5,
        description=(
            "alpha lambda_1. Source: half of 1 / lambda_1, at which the first component would end"
            " in one step."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {step: 0.5}}"),
    )
    components: Annotated[int, Field(ge=3, le=10_000)] = Field(
        256,
        description=(
            "Rank of the data at most; components that stay frozen are left out. Source: more than"
            " converge at the smallest c."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {components: 256}}"),
    )
    level: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.7,
        description=(
            "Of chi_k, from which k directions count as enough. Source: 71 % with two directions in"
            " arXiv 2505.08915."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {level: 0.7}}"),
    )
    checkpoints: Annotated[int, Field(ge=3, le=100_000)] = Field(
        60,
        description="Of the logarithmic spacing. Source: this project's choice.",
        json_schema_extra=example("write sloppiness: {phase_map: {checkpoints: 60}}"),
    )
    simulated_decay: list[Decay] = Field(
        [0.1, 0.5, 2.0],
        description="c of the points that are simulated as a check. Source: this project's choice.",
        json_schema_extra=example("write sloppiness: {phase_map: {simulated_decay: [0.5]}}"),
    )
    simulated_ratio: list[Positive] = Field(
        [0.1, 1.0, 10.0],
        description=(
            "sigma_* / sigma_w of the points that are simulated. Source: this project's choice."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {simulated_ratio: [1.0]}}"),
    )
    simulated_steps: list[Annotated[int, Field(ge=2, le=10**6)]] = Field(
        [10, 100, 1000],
        description=(
            "T of the points that are simulated; those among steps are drawn. Source: the default"
            " study's time."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {simulated_steps: [100]}}"),
    )
    starts: Annotated[int, Field(ge=2, le=100_000)] = Field(
        200,
        description=(
            "Random starts of a simulated point. Source: more than directions in which they spread."
        ),
        json_schema_extra=example("write sloppiness: {phase_map: {starts: 200}}"),
    )


class KernelSection(Section):
    """Kernel machines on scikit-learn's digits, by the same closed form."""

    kernels: list[Literal["linear", "rbf", "random_features", "ntk"]] = Field(
        ["linear", "rbf", "random_features", "ntk"],
        min_length=1,
        description=(
            "linear; Gaussian; random ReLU features; tangent kernel of a perceptron at its start."
            " Source: this project's choice."
        ),
        json_schema_extra=example("write sloppiness: {kernel: {kernels: [rbf, ntk]}}"),
    )
    train: Annotated[int, Field(ge=20, le=1500)] = Field(
        200,
        description="Digits that are trained on. Source: the default study's time.",
        json_schema_extra=example("write sloppiness: {kernel: {train: 200}}"),
    )
    test: Annotated[int, Field(ge=10, le=1000)] = Field(
        60,
        description=(
            "Digits at which trained functions are also read. Source: the default study's time."
        ),
        json_schema_extra=example("write sloppiness: {kernel: {test: 60}}"),
    )
    start: list[Start] = Field(
        [0.0, 0.1, 1.0],
        min_length=1,
        description=(
            "sigma_w: root mean square of the functions at the start, over that of the targets."
            " Source: none, less and as much."
        ),
        json_schema_extra=example("write sloppiness: {kernel: {start: [0.1, 1.0]}}"),
    )
    steps: list[Steps] = Field(
        [100, 10_000],
        min_length=1,
        description="T. Source: this project's choice.",
        json_schema_extra=example("write sloppiness: {kernel: {steps: [100, 10000]}}"),
    )
    step: Share = Field(
        1.0,
        description="alpha lambda_1. Source: 1 / lambda_1, the textbook choice.",
        json_schema_extra=example("write sloppiness: {kernel: {step: 1.0}}"),
    )
    bandwidth: Positive = Field(
        1.0,
        description=(
            "Of the Gaussian, as a multiple of the median distance. Source: the median heuristic."
        ),
        json_schema_extra=example("write sloppiness: {kernel: {bandwidth: 1.0}}"),
    )
    features: Annotated[int, Field(ge=1, le=100_000)] = Field(
        512,
        description="Random ReLU features. Source: more than training digits.",
        json_schema_extra=example("write sloppiness: {kernel: {features: 512}}"),
    )
    depth: Annotated[int, Field(ge=1, le=100)] = Field(
        2,
        description=(
            "Hidden layers of the perceptron behind the tangent kernel. Source: this project's"
            " choice."
        ),
        json_schema_extra=example("write sloppiness: {kernel: {depth: 2}}"),
    )
    width: Annotated[int, Field(ge=1, le=10_000)] = Field(
        64,
        description="Its units a layer. Source: as many as pixels.",
        json_schema_extra=example("write sloppiness: {kernel: {width: 64}}"),
    )


class SgdSection(Section):
    """Noise of stochastic gradient descent: its exact moments on digits, even against odd."""

    examples: Annotated[int, Field(ge=20, le=1797)] = Field(
        200,
        description="Digits that are trained on. Source: the default study's time.",
        json_schema_extra=example("write sloppiness: {sgd: {examples: 200}}"),
    )
    batch: list[Annotated[int, Field(ge=1, le=10**6)]] = Field(
        [1, 4, 16, 64],
        min_length=1,
        description=(
            "Examples a step, with replacement; gradient descent stands beside. Source: powers of"
            " four."
        ),
        json_schema_extra=example("write sloppiness: {sgd: {batch: [1, 16]}}"),
    )
    steps: Annotated[int, Field(ge=2, le=10**6)] = Field(
        1000,
        description="T. Source: the default study's time.",
        json_schema_extra=example("write sloppiness: {sgd: {steps: 1000}}"),
    )
    start: Start = Field(
        0.1,
        description=(
            "sigma_w over the root mean square of the least squares solution. Source: starts that"
            " are small beside the truth."
        ),
        json_schema_extra=example("write sloppiness: {sgd: {start: 0.1}}"),
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.9,
        description=(
            "beta of the variant with momentum, whose step is (1 - beta) times that of the others."
            " Source: the usual value."
        ),
        json_schema_extra=example("write sloppiness: {sgd: {momentum: 0.9}}"),
    )
    weight_decay: Annotated[float, Field(ge=0, le=1e3)] = Field(
        0.01,
        description=(
            "gamma of the variant with weight decay, over lambda_1. Source: this project's choice."
        ),
        json_schema_extra=example("write sloppiness: {sgd: {weight_decay: 0.01}}"),
    )
    components: Annotated[int, Field(ge=1, le=64)] = Field(
        20,
        description=(
            "Leading principal components of the pixels that the model sees, and a constant."
            " Source: the default study's time."
        ),
        json_schema_extra=example("write sloppiness: {sgd: {components: 20}}"),
    )
    simulated: Annotated[int, Field(ge=2, le=10_000)] = Field(
        4,
        description=(
            "Groups of paths that are run beside, two paths per weight in each. Source: the fewest"
            " whose spread says something."
        ),
        json_schema_extra=example("write sloppiness: {sgd: {simulated: 4}}"),
    )
