"""The section ``clustering`` of the configuration: graphs of what the layers of trained networks
hold.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eigenscape.config.base import Section, example

Count = Annotated[int, Field(ge=1, le=10**6)]


class SelfExpressionSection(Section):
    """How every input is expressed by the others, and what becomes an edge."""

    method: Literal["sparse", "least_squares", "low_rank", "shape_interaction"] = Field(
        "sparse",
        description=(
            "sparse: lasso or elastic net; least_squares: LSR without a diagonal; low_rank: LRSC;"
            " shape_interaction: its limit without noise, V_r V_r^T. Source: SSC of Elhamifar,"
            " Vidal, arXiv 1203.1005; LRSC of Vidal, Favaro, 2014."
        ),
        json_schema_extra=example("write clustering: {graph: {method: sparse}}"),
    )
    alpha: Annotated[float, Field(gt=0, le=1e6)] = Field(
        20.0,
        description=(
            "Penalty of the residual, as a multiple of the smallest one at which a column has"
            " coefficients; beyond 1. Source: 20 in Elhamifar, Vidal, arXiv 1203.1005; 50 in code"
            " of You et al., CVPR 2016. For least_squares lambda = s_1^2 / alpha, for low_rank tau"
            " = alpha / s_1^2: directions with s > s_1 / sqrt(alpha) stay."
        ),
        json_schema_extra=example("write clustering: {graph: {alpha: 20.0}}"),
    )
    tau: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0,
        description="1: lasso; below: elastic net. Source: You et al., CVPR 2016.",
        json_schema_extra=example("write clustering: {graph: {tau: 1.0}}"),
    )
    outliers: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None,
        description=(
            "alpha_e of a sparse error term, or null for none. Source: 20 in Elhamifar, Vidal,"
            " arXiv 1203.1005."
        ),
        json_schema_extra=example("write clustering: {graph: {outliers: null}}"),
    )
    affine: bool = Field(
        False,
        description=(
            "Whether coefficients sum to one. Source: columns have unit length, so subspaces go"
            " through the origin."
        ),
        json_schema_extra=example("write clustering: {graph: {affine: false}}"),
    )
    tolerance: Annotated[float, Field(gt=0, le=0.1)] = Field(
        1e-4,
        description=(
            "Of the residuals of ADMM, with outliers or affine; without them columns are solved to"
            " rounding. Source: this project's choice, between time and the duality gap, which the"
            " tables report."
        ),
        json_schema_extra=example("write clustering: {graph: {tolerance: 0.0001}}"),
    )
    rank: Count | None = Field(
        None,
        description=(
            "Of shape_interaction: keep so many leading directions, or null for all of them; all of"
            " N independent columns give no edge. Source: the low-ranked structures of Saini et"
            " al., PMLR 280, 2025."
        ),
        json_schema_extra=example(
            "write clustering: {graph: {method: shape_interaction, rank: 10}}"
        ),
    )
    normalisation: Literal["infinity", "two", "none"] = Field(
        "infinity",
        description=(
            "What a column of C is divided by. Source: the largest entry, Elhamifar, Vidal, arXiv"
            " 1203.1005."
        ),
        json_schema_extra=example("write clustering: {graph: {normalisation: infinity}}"),
    )
    strongest: Count | None = Field(
        None,
        description=(
            "Keep so many of the largest coefficients of an input, or null for all. Source: the"
            " lasso is sparse itself."
        ),
        json_schema_extra=example("write clustering: {graph: {strongest: null}}"),
    )
    mass: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description=(
            "Keep the largest coefficients that carry this share of an input's 1-norm, or null for"
            " all. Source: pruning by cumulative mass, as in code of Elhamifar, Vidal, arXiv"
            " 1203.1005."
        ),
        json_schema_extra=example("write clustering: {graph: {mass: 0.9}}"),
    )

    def complaint(self) -> str:
        """What is wrong with the keys together: one that the method does not have would be passed
        over in silence.

        Example:
            >>> SelfExpressionSection(rank=3).complaint()
            'clustering.graph.rank: expected null with method sparse, found 3;
            write method: shape_interaction, or rank: null'
        """
        own = {
            "rank": ("shape_interaction", None, "null"),
            "tau": ("sparse", 1.0, "1.0"),
            "outliers": ("sparse", None, "null"),
            "affine": ("sparse", False, "false"),
        }
        for key, (method, default, neutral) in own.items():
            value = getattr(self, key)
            if self.method != method and value != default:
                words = f"expected {neutral} with method {self.method}, found {value}"
                return (
                    f"clustering.graph.{key}: {words}; write method: {method}, or {key}: {neutral}"
                )
        return ""


class ClusteringSection(Section):
    """Networks that are trained, and graphs over held-out inputs in every layer at given epochs."""

    enabled: bool = Field(
        True,
        description="Whether any of it is computed. Source: a study may leave a science out.",
        json_schema_extra=example("write clustering: {enabled: false}"),
    )
    data: str = Field(
        "digits",
        pattern=r"^digits$|\.npz$",
        description=(
            "digits (scikit-learn's), or an .npz file with X (n, d) or (n, h, w) and y (n,)."
            " Source: shipped with a dependency."
        ),
        json_schema_extra=example("write clustering: {data: mine.npz}"),
    )
    depth: list[Annotated[int, Field(ge=1, le=100)]] = Field(
        [2, 8],
        min_length=1,
        description=(
            "Hidden layers of the perceptrons. Source: blocks of layers need five or more to be"
            " tested."
        ),
        json_schema_extra=example("write clustering: {depth: [2, 8]}"),
    )
    width: list[Annotated[int, Field(ge=1, le=10_000)]] = Field(
        [32, 128],
        min_length=1,
        description="Hidden units. Source: fewer and more than the digits' 64 pixels.",
        json_schema_extra=example("write clustering: {width: [32, 128]}"),
    )
    channels: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        8,
        description=(
            "Of the first of two convolutions, or null for no convolutional network. Source: this"
            " project's choice."
        ),
        json_schema_extra=example("write clustering: {channels: 8}"),
    )
    epochs: list[Annotated[int, Field(ge=0, le=100_000)]] = Field(
        [0, 1, 4, 20],
        min_length=2,
        description=(
            "When graphs are made; 0 is before training, the last is the final state. Source:"
            " nearly even in the logarithm."
        ),
        json_schema_extra=example("write clustering: {epochs: [0, 1, 4, 20]}"),
    )
    seeds: Annotated[int, Field(ge=2, le=10_000)] = Field(
        3,
        description=(
            "Networks of each architecture. Source: fits the default study's time; a publication"
            " needs 10 or more."
        ),
        json_schema_extra=example("write clustering: {seeds: 3}"),
    )
    inputs_per_class: Annotated[int, Field(ge=2, le=100_000)] = Field(
        12,
        description=(
            "Held-out inputs of every class in the graphs. Source: 120 digits, which fits the"
            " default study's time."
        ),
        json_schema_extra=example("write clustering: {inputs_per_class: 12}"),
    )
    rate: Annotated[float, Field(gt=0, le=10)] = Field(
        1e-3,
        description="Step of Adam. Source: Kingma, Ba, arXiv 1412.6980.",
        json_schema_extra=example("write clustering: {rate: 0.001}"),
    )
    shuffled_twin: bool = Field(
        True,
        description=(
            "Whether each network has a twin that is trained on shuffled labels. Source: to tell"
            " generalising from memorising."
        ),
        json_schema_extra=example("write clustering: {shuffled_twin: true}"),
    )
    resolution: Annotated[float, Field(gt=0, le=1000)] = Field(
        1.0,
        description=(
            "gamma of modularity; above 1 asks for smaller classes. Source: 1 is Newman's, PNAS"
            " 103, 2006; gamma of Reichardt, Bornholdt, Phys. Rev. E 74, 2006."
        ),
        json_schema_extra=example("write clustering: {resolution: 1.0}"),
    )
    permutations: Annotated[int, Field(ge=20, le=100_000)] = Field(
        200,
        description="Of labels and of layers, behind every null. Source: p-values down to 0.005.",
        json_schema_extra=example("write clustering: {permutations: 200}"),
    )
    graph: SelfExpressionSection = Field(
        SelfExpressionSection(),
        description="How a layer's activations become a graph. Source: its keys.",
        json_schema_extra=example("write clustering: {graph: {alpha: 20.0}}"),
    )

    def network_names(self) -> list[str]:
        """Names of the architectures, as in files and tables; none where the section is not
        enabled.

        Example:
            >>> ClusteringSection(depth=[2], width=[32]).network_names()
            ['perceptron-d02-w032', 'convolutional-c08']
        """
        if not self.enabled:
            return []
        names = [
            f"perceptron-d{depth:02d}-w{width:03d}" for depth in self.depth for width in self.width
        ]
        return names if self.channels is None else [*names, f"convolutional-c{self.channels:02d}"]
