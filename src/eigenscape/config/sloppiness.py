"""The section ``sloppiness`` of the configuration: the geometry of training trajectories."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from eigenscape.config.base import Section, example
from eigenscape.config.sloppiness_theory import KernelSection, PhaseMapSection, SgdSection

OptimiserName = Literal["sgd", "momentum", "adam"]


class EnsembleSection(Section):
    """Networks of several families, trained in several ways, whose predictions are embedded
    together.
    """

    data: str = Field(
        "digits",
        pattern=r"^digits$|\.npz$",
        description=(
            "digits (scikit-learn's), or an .npz file with X (n, d) or (n, h, w) and y (n,)."
            " Source: shipped with a dependency."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {data: mine.npz}}"),
    )
    powers: list[Annotated[float, Field(ge=0, le=8)]] = Field(
        [1.0, 0.0, 2.0],
        description=(
            "Linear softmax on inputs whose correlation eigenvalues are raised to these powers: 1"
            " the inputs, 0 whitened. Source: the decay of these eigenvalues controls linear"
            " trajectories, arXiv 2505.08915."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {powers: [1.0, 0.0]}}"),
    )
    depth: list[Annotated[int, Field(ge=1, le=100)]] = Field(
        [1, 2],
        description="Hidden layers of the perceptrons. Source: this project's choice.",
        json_schema_extra=example("write sloppiness: {ensemble: {depth: [1, 2]}}"),
    )
    width: list[Annotated[int, Field(ge=1, le=10_000)]] = Field(
        [16, 64],
        description="Hidden units. Source: fewer than, and as many as, the digits' pixels.",
        json_schema_extra=example("write sloppiness: {ensemble: {width: [16, 64]}}"),
    )
    channels: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        6,
        description=(
            "Of the first of two convolutions, or null for no convolutional network. Source: this"
            " project's choice."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {channels: 6}}"),
    )
    optimisers: list[OptimiserName] = Field(
        ["sgd", "adam"],
        min_length=1,
        description=(
            "How networks are trained: sgd, momentum (heavy ball, 0.9), adam. Source: those of"
            " arXiv 2305.01604."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {optimisers: [sgd, adam]}}"),
    )
    sgd_rate: Annotated[float, Field(gt=0, le=10)] = Field(
        0.1,
        description=(
            "Step of sgd; momentum takes a tenth of it, which moves as far. Source: arXiv"
            " 2305.01604."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {sgd_rate: 0.1}}"),
    )
    adam_rate: Annotated[float, Field(gt=0, le=10)] = Field(
        1e-3,
        description="Step of Adam. Source: Kingma, Ba, arXiv 1412.6980.",
        json_schema_extra=example("write sloppiness: {ensemble: {adam_rate: 0.001}}"),
    )
    readout_variance: Annotated[float, Field(ge=0, le=1e4)] = Field(
        0.3333333333333333,
        description=(
            "Of the last layer's weights at the start, times their fan-in: small ones start near"
            " ignorance. Source: PyTorch's default, uniform with 1/3."
        ),
        json_schema_extra=example(
            "write sloppiness: {ensemble: {readout_variance: 0.3333333333333333}}"
        ),
    )
    batch: Annotated[int, Field(ge=1, le=100_000)] = Field(
        64,
        description="Inputs per step. Source: about twenty steps an epoch of the digits.",
        json_schema_extra=example("write sloppiness: {ensemble: {batch: 64}}"),
    )
    steps: Annotated[int, Field(ge=2, le=10**7)] = Field(
        600,
        description=(
            "Of training. Source: about thirty epochs of the digits, which all families learn in"
            " that time."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {steps: 600}}"),
    )
    checkpoints: Annotated[int, Field(ge=3, le=10_000)] = Field(
        20,
        description=(
            "Of each trajectory, evenly spaced in the logarithm of steps; as many evenly spaced in"
            " steps to compare. Source: early training moves far in few steps."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {checkpoints: 20}}"),
    )
    seeds: Annotated[int, Field(ge=2, le=10_000)] = Field(
        3,
        description=(
            "Networks of each family and optimiser. Source: fits the default study's time; a"
            " publication needs 10 or more."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {seeds: 3}}"),
    )
    measured: Literal["training", "held_out"] = Field(
        "training",
        description=(
            "Where predictions are compared: at inputs that training saw, or at others. Source:"
            " there networks reach the truth."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {measured: held_out}}"),
    )
    inputs_per_class: Annotated[int, Field(ge=1, le=100_000)] = Field(
        20,
        description=(
            "Inputs of every class at which predictions are compared. Source: 200 digits, which"
            " fits the default study's time."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {inputs_per_class: 20}}"),
    )
    floor: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0,
        description=(
            "Least overlap of two predictions at one input; 0: none, which softmax outputs do not"
            " need. Source: 1e-6 to 1e-9 in the codes of arXiv 2305.01604."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {floor: 0.0}}"),
    )
    replicates: Annotated[int, Field(ge=20, le=100_000)] = Field(
        60,
        description=(
            "Bootstrap resamples of whole trajectories behind every interval. Source: fits the"
            " default study's time."
        ),
        json_schema_extra=example("write sloppiness: {ensemble: {replicates: 60}}"),
    )

    @model_validator(mode="after")
    def _some_network(self) -> EnsembleSection:
        if not self.network_names():
            raise ValueError(
                "ensemble: expected at least one network, found none; write powers: [1.0], or depth"
                " and width, or channels"
            )
        return self

    def network_names(self) -> list[str]:
        """Names of the architectures, as in files and tables.

        Example:
            >>> EnsembleSection(powers=[1.0, 0.5], depth=[2], width=[32]).network_names()
            ['linear', 'linear-p0.5', 'perceptron-d02-w032', 'convolutional-c06']
        """
        return [name for names in self.network_groups().values() for name in names]

    def points(self) -> int:
        """Most checkpoints that are embedded: of all networks, in both spacings.

        Example:
            >>> EnsembleSection(
            ...     powers=[1.0],
            ...     depth=[],
            ...     channels=None,
            ...     optimisers=["sgd"],
            ...     seeds=2,
            ...     checkpoints=5,
            ... ).points()
            20
        """
        return 2 * self.checkpoints * self.seeds * len(self.optimisers) * len(self.network_names())

    def network_groups(self) -> dict[str, list[str]]:
        """Names of the architectures that one job trains: all linear ones, all widths of a depth,
        the convolutional one.

        Example:
            >>> EnsembleSection(
            ...     powers=[1.0], depth=[2], width=[8, 32], channels=None
            ... ).network_groups()
            {'linear': ['linear'], 'perceptron-d02': ['perceptron-d02-w008', 'perceptron-d02-w032']}
        """
        names = ["linear" if power == 1 else f"linear-p{power:g}" for power in self.powers]
        groups = {"linear": names} if names else {}
        for depth in self.depth:
            label = f"perceptron-d{depth:02d}"
            groups |= (
                {label: [f"{label}-w{width:03d}" for width in self.width]} if self.width else {}
            )
        if self.channels is not None:
            label = f"convolutional-c{self.channels:02d}"
            groups |= {label: [label]}
        return groups


class SloppinessSection(Section):
    """Trajectories of linear models, kernel machines and networks in the space of predictions."""

    enabled: bool = Field(
        True,
        description="Whether any of it is computed. Source: a study may leave a science out.",
        json_schema_extra=example("write sloppiness: {enabled: false}"),
    )
    ensemble: EnsembleSection = Field(
        EnsembleSection(),
        description="Trained networks that are embedded together. Source: its keys.",
        json_schema_extra=example("write sloppiness: {ensemble: {seeds: 3}}"),
    )
    phase_map: PhaseMapSection = Field(
        PhaseMapSection(),
        description="Linear models by closed form. Source: its keys.",
        json_schema_extra=example("write sloppiness: {phase_map: {steps: [10, 1000]}}"),
    )
    kernel: KernelSection = Field(
        KernelSection(),
        description="Kernel machines on digits. Source: its keys.",
        json_schema_extra=example("write sloppiness: {kernel: {train: 200}}"),
    )
    sgd: SgdSection = Field(
        SgdSection(),
        description="Noise of stochastic gradient descent. Source: its keys.",
        json_schema_extra=example("write sloppiness: {sgd: {batch: [1, 16]}}"),
    )
