"""The section ``sloppiness`` of the configuration: the geometry of training trajectories."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from eigenscape.config.base import Section
from eigenscape.config.sloppiness_theory import KernelSection, PhaseMapSection, SgdSection
from eigenscape.errors import BadInput

OptimiserName = Literal["sgd", "momentum", "adam"]


class EnsembleSection(Section):
    """Networks of several families, trained in several ways, whose predictions are embedded
    together.
    """

    data: str = Field("digits", pattern=r"^digits$|\.npz$", examples=["mine.npz"])
    """digits (scikit-learn's), or an .npz file with X (n, d) or (n, h, w) and y (n,). Source:
    shipped with a dependency."""

    label_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of all labels, of training and of comparison, that are drawn at random: harder data.
    Source: 0 leaves the data as they are; with 0.5 two directions explain about as much of digits
    as published for CIFAR-10, docs/sloppiness.md."""

    powers: list[Annotated[float, Field(ge=0, le=8)]] = Field(
        [1.0, 0.0, 2.0], examples=[[1.0, 0.0]]
    )
    """Linear softmax on inputs whose correlation eigenvalues are raised to these powers: 1 the
    inputs, 0 whitened. Source: the decay of these eigenvalues controls linear trajectories, arXiv
    2505.08915."""

    depth: list[Annotated[int, Field(ge=1, le=100)]] = Field([1, 2])
    """Hidden layers of the perceptrons. Source: this project's choice."""

    width: list[Annotated[int, Field(ge=1, le=10_000)]] = Field([16, 64])
    """Hidden units. Source: fewer than, and as many as, the digits' pixels."""

    channels: Annotated[int, Field(ge=1, le=1000)] | None = 6
    """Channels of the first of two convolutions, or null for no convolutional network. Source: this
    project's choice."""

    optimisers: list[OptimiserName] = Field(["sgd", "adam"], min_length=1)
    """How networks are trained: sgd, momentum (heavy ball, 0.9), adam. Source: those of arXiv
    2305.01604."""

    sgd_rate: Annotated[float, Field(gt=0, le=10)] = 0.1
    """Step of sgd; momentum takes a tenth of it, which moves as far. Source: arXiv 2305.01604."""

    adam_rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Step of Adam. Source: Kingma, Ba, arXiv 1412.6980."""

    readout_variance: Annotated[float, Field(ge=0, le=1e4)] = 0.3333333333333333
    """Variance of the last layer's weights at the start, times their fan-in: small ones start near
    ignorance. Source: PyTorch's default, uniform with 1/3."""

    batch: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Inputs per step. Source: about twenty steps an epoch of the digits."""

    steps: Annotated[int, Field(ge=2, le=10**7)] = 600
    """Steps of training. Source: about thirty epochs of the digits, which all families learn in
    that time."""

    checkpoints: Annotated[int, Field(ge=3, le=10_000)] = 20
    """Checkpoints of each trajectory, evenly spaced in the logarithm of steps; as many evenly
    spaced in steps to compare. Source: early training moves far in few steps."""

    seeds: Annotated[int, Field(ge=2, le=10_000)] = 3
    """Networks of each family and optimiser. Source: fits the default study's time; a publication
    needs 10 or more."""

    measured: Literal["training", "held_out"] = Field("training", examples=["held_out"])
    """Where predictions are compared: at inputs that training saw, or at others. Source: there
    networks reach the truth."""

    inputs_per_class: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Inputs of every class at which predictions are compared. Source: 200 digits, which fits the
    default study's time."""

    floor: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Least overlap of two predictions at one input; 0: none, which softmax outputs do not need.
    Source: 1e-6 to 1e-9 in the codes of arXiv 2305.01604."""

    replicates: Annotated[int, Field(ge=20, le=100_000)] = 60
    """Bootstrap resamples of whole trajectories behind every interval. Source: fits the default
    study's time."""

    @model_validator(mode="after")
    def _some_network(self) -> Self:
        if not self.network_names():
            raise BadInput.field(
                "sloppiness.ensemble",
                "at least one network",
                "none",
                "write powers: [1.0], or depth and width, or channels",
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
    """Trajectories of linear models, kernel machines and networks in the space of predictions;
    docs/sloppiness.md.
    """

    enabled: bool = Field(True, examples=[False])
    """Whether any of it is computed. Source: a study may leave a science out."""

    ensemble: EnsembleSection = Field(EnsembleSection(), examples=[{"seeds": 3}])
    """Trained networks that are embedded together. Source: its keys."""

    phase_map: PhaseMapSection = Field(PhaseMapSection(), examples=[{"steps": [10, 1000]}])
    """Linear models by closed form. Source: its keys."""

    kernel: KernelSection = Field(KernelSection(), examples=[{"train": 200}])
    """Kernel machines on digits. Source: its keys."""

    sgd: SgdSection = Field(SgdSection(), examples=[{"batch": [1, 16]}])
    """Noise of stochastic gradient descent. Source: its keys."""
