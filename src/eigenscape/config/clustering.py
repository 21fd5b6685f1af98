"""The section ``clustering`` of the configuration: graphs of what the layers of trained networks
hold.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from eigenscape.config.base import Section
from eigenscape.errors import BadInput

Count = Annotated[int, Field(ge=1, le=10**6)]


class SelfExpressionSection(Section):
    """How every input is expressed by the others, and what becomes an edge."""

    method: Literal["sparse", "least_squares", "low_rank", "shape_interaction"] = "sparse"
    """sparse: lasso or elastic net; least_squares: LSR without a diagonal; low_rank: LRSC;
    shape_interaction: its limit without noise, V_r V_r^T. Source: SSC of Elhamifar, Vidal, arXiv
    1203.1005; LRSC of Vidal, Favaro, 2014."""

    alpha: Annotated[float, Field(gt=0, le=1e6)] = 20.0
    """Penalty of the residual, as a multiple of the smallest one at which a column has
    coefficients; beyond 1. Source: 20 in Elhamifar, Vidal, arXiv 1203.1005; 50 in code of You et
    al., CVPR 2016. For least_squares lambda = s_1^2 / alpha, for low_rank tau = alpha / s_1^2:
    directions with s > s_1 / sqrt(alpha) stay."""

    tau: Annotated[float, Field(gt=0, le=1)] = 1.0
    """1: lasso; below: elastic net. Source: You et al., CVPR 2016."""

    outliers: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """alpha_e of a sparse error term, or null for none. Source: 20 in Elhamifar, Vidal, arXiv
    1203.1005."""

    affine: bool = False
    """Whether coefficients sum to one. Source: columns have unit length, so subspaces go through
    the origin."""

    tolerance: Annotated[float, Field(gt=0, le=0.1)] = 1e-4
    """Tolerance of the residuals of ADMM, with outliers or affine; without them columns are solved
    to rounding. Source: this project's choice, between time and the duality gap, which the tables
    report."""

    rank: Count | None = Field(
        None,
        json_schema_extra={
            "fix": "write clustering: {graph: {method: shape_interaction, rank: 10}}"
        },
    )
    """Number of leading directions that shape_interaction keeps, or null for all of them; all of N
    independent columns give no edge. Source: the low-ranked structures of Saini et al., PMLR 280,
    2025."""

    normalisation: Literal["infinity", "two", "none"] = "infinity"
    """What a column of C is divided by. Source: the largest entry, Elhamifar, Vidal, arXiv
    1203.1005."""

    strongest: Count | None = None
    """Keep so many of the largest coefficients of an input, or null for all. Source: the lasso is
    sparse itself."""

    mass: Annotated[float, Field(gt=0, le=1)] | None = Field(None, examples=[0.9])
    """Keep the largest coefficients that carry this share of an input's 1-norm, or null for all.
    Source: pruning by cumulative mass, as in code of Elhamifar, Vidal, arXiv 1203.1005."""

    @model_validator(mode="after")
    def _method_has_every_key(self) -> Self:
        """One that the method does not have would be passed over in silence."""
        method_of = {
            "rank": ("shape_interaction", None, "null"),
            "tau": ("sparse", 1.0, "1.0"),
            "outliers": ("sparse", None, "null"),
            "affine": ("sparse", False, "false"),
        }
        for key, (method, default, neutral) in method_of.items():
            value = getattr(self, key)
            if self.method != method and value != default:
                raise BadInput.field(
                    f"clustering.graph.{key}",
                    f"{neutral} with method {self.method}",
                    str(value),
                    f"write method: {method}, or {key}: {neutral}",
                )
        return self


class ClusteringSection(Section):
    """Networks that are trained, and graphs over held-out inputs in every layer at given epochs;
    docs/clustering.md.
    """

    enabled: bool = Field(True, examples=[False])
    """Whether any of it is computed. Source: a study may leave a science out."""

    data: str = Field("digits", pattern=r"^digits$|\.npz$", examples=["mine.npz"])
    """digits (scikit-learn's), or an .npz file with X (n, d) or (n, h, w) and y (n,). Source:
    shipped with a dependency."""

    depth: list[Annotated[int, Field(ge=1, le=100)]] = Field([2, 8], min_length=1)
    """Hidden layers of the perceptrons. Source: blocks need several layers."""

    width: list[Annotated[int, Field(ge=1, le=10_000)]] = Field([32, 128], min_length=1)
    """Hidden units. Source: fewer and more than the digits' 64 pixels."""

    channels: Annotated[int, Field(ge=1, le=1000)] | None = 8
    """Channels of the first of two convolutions, or null for no convolutional network. Source: this
    project's choice."""

    epochs: list[Annotated[int, Field(ge=0, le=100_000)]] = Field([0, 1, 4, 20], min_length=2)
    """When graphs are made; 0 is before training, the last is the final state. Source: nearly even
    in the logarithm."""

    seeds: Annotated[int, Field(ge=2, le=10_000)] = 3
    """Networks of each architecture. Source: fits the default study's time; trends and
    blocks can be tested from 7 on."""

    inputs_per_class: Annotated[int, Field(ge=2, le=100_000)] = 12
    """Held-out inputs of every class in the graphs. Source: 120 digits, which fits the default
    study's time."""

    rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Step of Adam. Source: Kingma, Ba, arXiv 1412.6980."""

    shuffled_twin: bool = True
    """Whether each network has a twin that is trained on shuffled labels. Source: to tell
    generalising from memorising."""

    resolution: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """gamma of modularity; above 1 asks for smaller classes. Source: 1 is Newman's, PNAS 103, 2006;
    gamma of Reichardt, Bornholdt, Phys. Rev. E 74, 2006."""

    permutations: Annotated[int, Field(ge=20, le=100_000)] = 200
    """Permutations of labels behind the band of every modularity. Source: ends of 95 % from five of
    either side."""

    graph: SelfExpressionSection = Field(SelfExpressionSection(), examples=[{"alpha": 20.0}])
    """How a layer's activations become a graph. Source: its keys."""

    @model_validator(mode="after")
    def _epochs_increase_from_zero(self) -> Self:
        if self.epochs[0] != 0 or sorted(set(self.epochs)) != self.epochs:
            raise BadInput.field(
                "clustering.epochs",
                "increasing numbers from 0",
                str(self.epochs),
                "write epochs: [0, 1, 4, 20]",
            )
        return self

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
