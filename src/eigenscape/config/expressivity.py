"""The section ``expressivity`` of the configuration: curves through random and trained networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eigenscape.config.base import Section, example

Deviation = Annotated[float, Field(ge=0, le=100)]
"""Of weights or biases. Beyond 100 hard-tanh networks fold a curve into millions of pieces."""

Depth = Annotated[int, Field(ge=2, le=100)]
Width = Annotated[int, Field(ge=1, le=10_000)]
Count = Annotated[int, Field(ge=1, le=10**6)]


class CurveGrowthSection(Section):
    """How a circle's length and transitions grow with depth, width, sigma_w and sigma_b."""

    depth: Depth = Field(
        8,
        description=(
            "Hidden layers; lengths are taken in each of them. Source: this project's choice."
        ),
        json_schema_extra=example("write expressivity: {growth: {depth: 8}}"),
    )
    width: list[Width] = Field(
        [8, 64],
        min_length=1,
        description=(
            "Hidden units k. Source: this project's choice; a narrow network and one near the wide"
            " limit."
        ),
        json_schema_extra=example("write expressivity: {growth: {width: [8, 64]}}"),
    )
    relu_weight_std: list[Deviation] = Field(
        [1.0, 2.0**0.5, 2.0],
        min_length=1,
        description=(
            "sigma_w of ReLU networks. Source: below, at and above chi_1 = 1; sqrt(2) is He's"
            " initialisation."
        ),
        json_schema_extra=example("write expressivity: {growth: {relu_weight_std: [1.0, 2.0]}}"),
    )
    hard_tanh_weight_std: list[Deviation] = Field(
        [0.8, 1.5, 3.0],
        min_length=1,
        description=(
            "sigma_w of hard-tanh networks. Source: either side of chi_1 = 1 without biases, and"
            " far above."
        ),
        json_schema_extra=example(
            "write expressivity: {growth: {hard_tanh_weight_std: [0.8, 3.0]}}"
        ),
    )
    bias_std: list[Deviation] = Field(
        [0.0, 1.0],
        min_length=1,
        description=(
            "sigma_b. Source: without biases, where ReLU networks are homogeneous, and with."
        ),
        json_schema_extra=example("write expressivity: {growth: {bias_std: [0.0, 1.0]}}"),
    )
    networks: Annotated[int, Field(ge=2, le=10**6)] = Field(
        15,
        description=(
            "Random networks per setting. Source: intervals of a few hundredths of the growth per"
            " layer at k = 64."
        ),
        json_schema_extra=example("write expressivity: {growth: {networks: 15}}"),
    )
    radius: Annotated[float, Field(gt=0, le=1e6)] = Field(
        1.0,
        description="Of the circle around the origin of the plane. Source: this project's choice.",
        json_schema_extra=example("write expressivity: {growth: {radius: 1.0}}"),
    )


class LengthSensitivitySection(Section):
    """How the output's length answers to each layer's weights."""

    depth: Depth = Field(
        6,
        description="Hidden layers. Source: this project's choice.",
        json_schema_extra=example("write expressivity: {sensitivity: {depth: 6}}"),
    )
    width: Annotated[int, Field(ge=2, le=10_000)] = Field(
        16,
        description="Hidden units k. Source: this project's choice.",
        json_schema_extra=example("write expressivity: {sensitivity: {width: 16}}"),
    )
    relu_weight_std: Deviation = Field(
        2.0,
        description=(
            "sigma_w of the ReLU networks. Source: above chi_1 = 1, where the claim about lower"
            " layers is made."
        ),
        json_schema_extra=example("write expressivity: {sensitivity: {relu_weight_std: 2.0}}"),
    )
    hard_tanh_weight_std: Deviation = Field(
        3.0,
        description=(
            "sigma_w of the hard-tanh networks. Source: above chi_1 = 1, where the claim about"
            " lower layers is made."
        ),
        json_schema_extra=example("write expressivity: {sensitivity: {hard_tanh_weight_std: 3.0}}"),
    )
    networks: Annotated[int, Field(ge=2, le=10**6)] = Field(
        24,
        description="Random networks. Source: intervals of a third of the sensitivity.",
        json_schema_extra=example("write expressivity: {sensitivity: {networks: 24}}"),
    )
    angles: list[Annotated[float, Field(gt=0, le=1.5707963267948966)]] = Field(
        [0.01, 0.03, 0.1, 0.3],
        min_length=1,
        description=(
            "Turns of one layer in radian. Source: from where the response is linear to where it no"
            " longer is."
        ),
        json_schema_extra=example("write expressivity: {sensitivity: {angles: [0.01, 0.1]}}"),
    )


class DichotomySection(Section):
    """Labellings of a few inputs that a sweep of one layer reaches."""

    depth: list[Depth] = Field(
        [4, 7],
        min_length=1,
        description=(
            "Total numbers of hidden layers. Source: several, so that a collapse on the remaining"
            " depth can show (Raghu et al.)."
        ),
        json_schema_extra=example("write expressivity: {dichotomies: {depth: [4, 7]}}"),
    )
    width: list[Width] = Field(
        [8, 32],
        min_length=1,
        description="Hidden units k. Source: this project's choice; the source goes to 128.",
        json_schema_extra=example("write expressivity: {dichotomies: {width: [8, 32]}}"),
    )
    weight_std: Deviation = Field(
        8.0**0.5,
        description=(
            "sigma_w. Source: sigma_w^2 = 8 with sigma_b = 0 and hard-tanh, Raghu et al., arXiv"
            " 1606.05336."
        ),
        json_schema_extra=example("write expressivity: {dichotomies: {weight_std: 2.8}}"),
    )
    inputs: Annotated[int, Field(ge=1, le=62)] = Field(
        15,
        description="s. Source: Raghu et al., arXiv 1606.05336.",
        json_schema_extra=example("write expressivity: {dichotomies: {inputs: 15}}"),
    )
    networks: Annotated[int, Field(ge=2, le=10**6)] = Field(
        6,
        description="Random networks and sweeps. Source: this project's choice.",
        json_schema_extra=example("write expressivity: {dichotomies: {networks: 6}}"),
    )


class DigitsSection(Section):
    """Training on scikit-learn's digits: one layer at a time, and lengths while a network
    trains.
    """

    activation: Literal["hard_tanh", "relu"] = Field(
        "hard_tanh",
        description="Source: Raghu et al., arXiv 1606.05336.",
        json_schema_extra=example("write expressivity: {digits: {activation: hard_tanh}}"),
    )
    width: Width = Field(
        64,
        description=(
            "Hidden units k. Source: as many as pixels; the source takes 100 to 200 for larger"
            " images."
        ),
        json_schema_extra=example("write expressivity: {digits: {width: 64}}"),
    )
    one_layer_depth: Depth = Field(
        7,
        description=(
            "Hidden layers where one of them is trained, from the second on. Source: six layers to"
            " compare."
        ),
        json_schema_extra=example("write expressivity: {digits: {one_layer_depth: 7}}"),
    )
    one_layer_weight_variance: list[Annotated[float, Field(gt=0, le=1e4)]] = Field(
        [1.0, 2.0],
        min_length=1,
        description="sigma_w^2. Source: 1 in one version of Raghu et al., 2 in another.",
        json_schema_extra=example(
            "write expressivity: {digits: {one_layer_weight_variance: [1.0, 2.0]}}"
        ),
    )
    one_layer_epochs: Count = Field(
        15,
        description="Source: this project's choice.",
        json_schema_extra=example("write expressivity: {digits: {one_layer_epochs: 15}}"),
    )
    one_layer_rate: Annotated[float, Field(gt=0, le=10)] = Field(
        1e-3,
        description="Step of Adam. Source: the default of Kingma, Ba, arXiv 1412.6980.",
        json_schema_extra=example("write expressivity: {digits: {one_layer_rate: 0.001}}"),
    )
    length_depth: Depth = Field(
        5,
        description="Hidden layers where lengths are followed. Source: this project's choice.",
        json_schema_extra=example("write expressivity: {digits: {length_depth: 5}}"),
    )
    length_weight_variance: list[Annotated[float, Field(gt=0, le=1e4)]] = Field(
        [3.0, 16.0],
        min_length=1,
        description=(
            "sigma_w^2 of the start. Source: Raghu et al.: from 3 lengths are said to grow, from 16"
            " to shrink."
        ),
        json_schema_extra=example(
            "write expressivity: {digits: {length_weight_variance: [3.0, 16.0]}}"
        ),
    )
    length_epochs: Count = Field(
        30,
        description="Source: until accuracies are level.",
        json_schema_extra=example("write expressivity: {digits: {length_epochs: 30}}"),
    )
    length_rate: Annotated[float, Field(gt=0, le=10)] = Field(
        0.1,
        description="Step of gradient descent. Source: this project's choice.",
        json_schema_extra=example("write expressivity: {digits: {length_rate: 0.1}}"),
    )
    measured: Count = Field(
        8,
        description=(
            "How often lengths are measured after the start. Source: this project's choice."
        ),
        json_schema_extra=example("write expressivity: {digits: {measured: 8}}"),
    )
    runs: Annotated[int, Field(ge=2, le=10**6)] = Field(
        5,
        description="Networks of each kind. Source: this project's choice.",
        json_schema_extra=example("write expressivity: {digits: {runs: 5}}"),
    )


class ExpressivitySection(Section):
    """Curves through networks: growth of their length, sensitivities, dichotomies, and what
    training changes.
    """

    enabled: bool = Field(
        True,
        description="Whether any of it is computed. Source: a study may leave a science out.",
        json_schema_extra=example("write expressivity: {enabled: false}"),
    )
    growth: CurveGrowthSection = Field(
        CurveGrowthSection(),
        description=(
            "Length and transitions of a circle, layer by layer. Source: Raghu et al., arXiv"
            " 1606.05336, over sizes and variances."
        ),
        json_schema_extra=example("write expressivity: {growth: {networks: 15}}"),
    )
    sensitivity: LengthSensitivitySection = Field(
        LengthSensitivitySection(),
        description=(
            "Of the output's length to each layer's weights. Source: this project's measure of"
            " 'lower weights matter more'."
        ),
        json_schema_extra=example("write expressivity: {sensitivity: {networks: 24}}"),
    )
    dichotomies: DichotomySection = Field(
        DichotomySection(),
        description=(
            "Labellings that a sweep of one layer reaches. Source: Raghu et al., arXiv 1606.05336."
        ),
        json_schema_extra=example("write expressivity: {dichotomies: {networks: 6}}"),
    )
    digits: DigitsSection = Field(
        DigitsSection(),
        description=(
            "Training on scikit-learn's digits. Source: Raghu et al., arXiv 1606.05336, on MNIST"
            " and CIFAR-10."
        ),
        json_schema_extra=example("write expressivity: {digits: {runs: 5}}"),
    )
