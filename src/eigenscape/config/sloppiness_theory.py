"""Nested sections of ``sloppiness``: what the linear theory of training trajectories is evaluated
for.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eigenscape.config.base import Section

Positive = Annotated[float, Field(gt=0, le=1e6)]
Decay = Annotated[float, Field(ge=0.01, le=20)]
"""Decay c of the eigenvalues. Below 0.01 thousands of components move."""

Steps = Annotated[int, Field(ge=2, le=10**9)]
Share = Annotated[float, Field(gt=0, lt=2)]
"""A step as a multiple of 1 / lambda_1; gradient descent diverges from 2 on."""

Start = Annotated[float, Field(ge=0, le=1e6)]


class PhaseMapSection(Section):
    """Explained stress of linear models over decay, ratio of scales and number of steps."""

    decay: list[Decay] = Field(
        [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.57, 0.8, 1.1, 1.6, 2.2, 3.0],
        min_length=2,
        examples=[[0.1, 0.5, 2.0]],
    )
    """c, the log of the ratio of successive eigenvalues of the input correlation. Source: this
    project's choice, either side of every boundary."""

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
        examples=[[0.1, 1.0, 10.0]],
    )
    """sigma_* / sigma_w, scale of the truth's weights over that of the initial ones. Source: four
    quarters a decade."""

    steps: list[Steps] = Field(
        [10, 100, 1000, 10_000, 100_000], min_length=2, examples=[[10, 1000]]
    )
    """T, steps of gradient descent; every step is a checkpoint. Source: decades."""

    step: Share = 0.5
    """alpha lambda_1. Source: half of 1 / lambda_1, at which the first component would end in one
    step."""

    components: Annotated[int, Field(ge=3, le=10_000)] = 256
    """Rank of the data at most; components that stay frozen are left out. Source: more than
    converge at the smallest c."""

    level: Annotated[float, Field(gt=0, lt=1)] = 0.7
    """Level of chi_k from which k directions count as enough. Source: 71 % with two directions in
    arXiv 2505.08915."""

    checkpoints: Annotated[int, Field(ge=3, le=100_000)] = 60
    """Checkpoints of the logarithmic spacing. Source: this project's choice."""

    simulated_decay: list[Decay] = Field([0.1, 0.5, 2.0], examples=[[0.5]])
    """c of the points that are simulated as a check. Source: this project's choice."""

    simulated_ratio: list[Positive] = Field([0.1, 1.0, 10.0], examples=[[1.0]])
    """sigma_* / sigma_w of the points that are simulated. Source: this project's choice."""

    simulated_steps: list[Annotated[int, Field(ge=2, le=10**6)]] = Field(
        [10, 100, 1000], examples=[[100]]
    )
    """T of the points that are simulated; those among steps are drawn. Source: the default study's
    time."""

    starts: Annotated[int, Field(ge=2, le=100_000)] = 200
    """Random starts of a simulated point. Source: more than directions in which they spread."""


class KernelSection(Section):
    """Kernel machines on scikit-learn's digits, by the same closed form."""

    kernels: list[Literal["linear", "rbf", "random_features", "ntk"]] = Field(
        ["linear", "rbf", "random_features", "ntk"], min_length=1, examples=[["rbf", "ntk"]]
    )
    """linear; Gaussian; random ReLU features; tangent kernel of a perceptron at its start. Source:
    this project's choice."""

    train: Annotated[int, Field(ge=20, le=1500)] = 200
    """Digits that are trained on. Source: the default study's time."""

    test: Annotated[int, Field(ge=10, le=1000)] = 60
    """Digits at which trained functions are also read. Source: the default study's time."""

    start: list[Start] = Field([0.0, 0.1, 1.0], min_length=1, examples=[[0.1, 1.0]])
    """sigma_w: root mean square of the functions at the start, over that of the targets. Source:
    none, less and as much."""

    steps: list[Steps] = Field([100, 10_000], min_length=1)
    """T. Source: this project's choice."""

    step: Share = 1.0
    """alpha lambda_1. Source: 1 / lambda_1, the textbook choice."""

    bandwidth: Positive = 1.0
    """Bandwidth of the Gaussian kernel, as a multiple of the median distance. Source: the median
    heuristic."""

    features: Annotated[int, Field(ge=1, le=100_000)] = 512
    """Random ReLU features. Source: more than training digits."""

    depth: Annotated[int, Field(ge=1, le=100)] = 2
    """Hidden layers of the perceptron behind the tangent kernel. Source: this project's choice."""

    width: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Units per layer. Source: as many as pixels."""


class SgdSection(Section):
    """Noise of stochastic gradient descent: its exact moments on digits, even against odd."""

    examples: Annotated[int, Field(ge=20, le=1797)] = 200
    """Digits that are trained on. Source: the default study's time."""

    batch: list[Annotated[int, Field(ge=1, le=10**6)]] = Field(
        [1, 4, 16, 64], min_length=1, examples=[[1, 16]]
    )
    """Examples a step, with replacement; gradient descent stands beside. Source: powers of four."""

    steps: Annotated[int, Field(ge=2, le=10**6)] = 1000
    """T. Source: the default study's time."""

    start: Start = 0.1
    """sigma_w over the root mean square of the least squares solution. Source: starts that are
    small beside the truth."""

    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """beta of the variant with momentum, whose step is (1 - beta) times that of the others. Source:
    the usual value."""

    weight_decay: Annotated[float, Field(ge=0, le=1e3)] = 0.01
    """gamma of the variant with weight decay, over lambda_1. Source: this project's choice."""

    components: Annotated[int, Field(ge=1, le=64)] = 20
    """Leading principal components of the pixels that the model sees, and a constant. Source: the
    default study's time."""

    simulated: Annotated[int, Field(ge=2, le=10_000)] = 4
    """Groups of paths that are run beside, two paths per weight in each. Source: the fewest whose
    spread says something."""
