"""The section ``expressivity`` of the configuration: curves through random and trained networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eigenscape.config.base import Section

Deviation = Annotated[float, Field(ge=0, le=100)]
"""Standard deviation of weights or biases. Beyond 100 hard-tanh networks fold a curve into millions
of pieces."""

Depth = Annotated[int, Field(ge=2, le=100)]
Width = Annotated[int, Field(ge=1, le=10_000)]
Count = Annotated[int, Field(ge=1, le=10**6)]


class CurveGrowthSection(Section):
    """How a circle's length and transitions grow with depth, width, sigma_w and sigma_b."""

    depth: Depth = 8
    """Hidden layers; lengths are taken in each of them. Source: this project's choice."""

    width: list[Width] = Field([8, 64], min_length=1)
    """Hidden units k. Source: this project's choice; a narrow network and one near the wide
    limit."""

    relu_weight_std: list[Deviation] = Field(
        [1.0, 2.0**0.5, 2.0], min_length=1, examples=[[1.0, 2.0]]
    )
    """sigma_w of ReLU networks. Source: below, at and above chi_1 = 1; sqrt(2) is He's
    initialisation."""

    hard_tanh_weight_std: list[Deviation] = Field(
        [0.8, 1.5, 3.0], min_length=1, examples=[[0.8, 3.0]]
    )
    """sigma_w of hard-tanh networks. Source: either side of chi_1 = 1 without biases, and far
    above."""

    bias_std: list[Deviation] = Field([0.0, 1.0], min_length=1)
    """sigma_b. Source: without biases, where ReLU networks are homogeneous, and with."""

    networks: Annotated[int, Field(ge=2, le=10**6)] = 15
    """Random networks per setting. Source: intervals of a few hundredths of the growth per layer at
    k = 64."""

    radius: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Radius of the circle around the origin of the plane. Source: this project's choice."""


class LengthSensitivitySection(Section):
    """How the output's length answers to each layer's weights."""

    depth: Depth = 6
    """Hidden layers. Source: this project's choice."""

    width: Annotated[int, Field(ge=2, le=10_000)] = 16
    """Hidden units k. Source: this project's choice."""

    relu_weight_std: Deviation = 2.0
    """sigma_w of the ReLU networks. Source: above chi_1 = 1, where the claim about lower layers is
    made."""

    hard_tanh_weight_std: Deviation = 3.0
    """sigma_w of the hard-tanh networks. Source: above chi_1 = 1, where the claim about lower
    layers is made."""

    networks: Annotated[int, Field(ge=2, le=10**6)] = 24
    """Random networks. Source: intervals of a third of the sensitivity."""

    angles: list[Annotated[float, Field(gt=0, le=1.5707963267948966)]] = Field(
        [0.01, 0.03, 0.1, 0.3], min_length=1, examples=[[0.01, 0.1]]
    )
    """Turns of one layer in radian. Source: from where the response is linear to where it no longer
    is."""


class DichotomySection(Section):
    """Labellings of a few inputs that a sweep of one layer reaches."""

    depth: list[Depth] = Field([4, 7], min_length=1)
    """Total numbers of hidden layers. Source: several, so that a collapse on the remaining depth
    can show (Raghu et al.)."""

    width: list[Width] = Field([8, 32], min_length=1)
    """Hidden units k. Source: this project's choice; the source goes to 128."""

    weight_std: Deviation = Field(8.0**0.5, examples=[2.8])
    """sigma_w. Source: sigma_w^2 = 8 with sigma_b = 0 and hard-tanh, Raghu et al., arXiv
    1606.05336."""

    inputs: Annotated[int, Field(ge=1, le=62)] = 15
    """s. Source: Raghu et al., arXiv 1606.05336."""

    networks: Annotated[int, Field(ge=2, le=10**6)] = 6
    """Random networks and sweeps. Source: this project's choice."""


class DigitsSection(Section):
    """Training on scikit-learn's digits: one layer at a time, and lengths while a network
    trains.
    """

    activation: Literal["hard_tanh", "relu"] = "hard_tanh"
    """Source: Raghu et al., arXiv 1606.05336."""

    width: Width = 64
    """Hidden units k. Source: as many as pixels; the source takes 100 to 200 for larger images."""

    one_layer_depth: Depth = 7
    """Hidden layers where one of them is trained, from the second on. Source: six layers to
    compare."""

    one_layer_weight_variance: list[Annotated[float, Field(gt=0, le=1e4)]] = Field(
        [1.0, 2.0], min_length=1
    )
    """sigma_w^2. Source: 1 in one version of Raghu et al., 2 in another."""

    one_layer_epochs: Count = 15
    """Source: this project's choice."""

    one_layer_rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Step of Adam. Source: the default of Kingma, Ba, arXiv 1412.6980."""

    length_depth: Depth = 5
    """Hidden layers where lengths are followed. Source: this project's choice."""

    length_weight_variance: list[Annotated[float, Field(gt=0, le=1e4)]] = Field(
        [3.0, 16.0], min_length=1
    )
    """sigma_w^2 of the start. Source: Raghu et al.: from 3 lengths are said to grow, from 16 to
    shrink."""

    length_epochs: Count = 30
    """Source: until accuracies are level."""

    length_rate: Annotated[float, Field(gt=0, le=10)] = 0.1
    """Step of gradient descent. Source: this project's choice."""

    measured: Count = 8
    """How often lengths are measured after the start. Source: this project's choice."""

    runs: Annotated[int, Field(ge=2, le=10**6)] = 5
    """Networks of each kind. Source: this project's choice."""


class ExpressivitySection(Section):
    """Curves through networks: growth of their length, sensitivities, dichotomies, and what
    training changes; docs/expressivity.md.
    """

    enabled: bool = Field(True, examples=[False])
    """Whether any of it is computed. Source: a study may leave a science out."""

    growth: CurveGrowthSection = Field(CurveGrowthSection(), examples=[{"networks": 15}])
    """Length and transitions of a circle, layer by layer. Source: Raghu et al., arXiv 1606.05336,
    over sizes and variances."""

    sensitivity: LengthSensitivitySection = Field(
        LengthSensitivitySection(), examples=[{"networks": 24}]
    )
    """Sensitivity of the output's length to each layer's weights. Source: this project's measure of
    'lower weights matter more'."""

    dichotomies: DichotomySection = Field(DichotomySection(), examples=[{"networks": 6}])
    """Labellings that a sweep of one layer reaches. Source: Raghu et al., arXiv 1606.05336."""

    digits: DigitsSection = Field(DigitsSection(), examples=[{"runs": 5}])
    """Training on scikit-learn's digits. Source: Raghu et al., arXiv 1606.05336, on MNIST and
    CIFAR-10."""
