"""Training of replicas, and their predictions at given steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch

from eigenscape.errors import BadInput
from eigenscape.networks.labelled_data import LabelledData
from eigenscape.networks.optimisers import Optimiser
from eigenscape.networks.replicas import Network, batches, initial_parameters, training_steps
from eigenscape.seeding import generator


class Spacing(StrEnum):
    """How checkpoints are spread over the steps of training."""

    LOGARITHMIC = "logarithmic"
    LINEAR = "linear"


@dataclass(frozen=True)
class Member:
    """One architecture of an ensemble: a network, and what it sees of its inputs.

    Attributes:
        network: the architecture.
        power: of the inputs' correlation eigenvalues, see `data.with_spectrum_power`.

    Example:
        >>> from eigenscape.networks.replicas import Perceptron
        >>> Member(Perceptron(2, 16)).label, Member(Perceptron(0), power=0.5).label
        ('perceptron-d02-w016', 'linear-p0.5')
    """

    network: Network
    power: float = 1.0

    @property
    def label(self) -> str:
        """Name in files and tables."""
        return self.network.label + (f"-p{self.power:g}" if self.power != 1 else "")


@dataclass(frozen=True)
class Plan:
    """How networks are trained.

    Attributes:
        optimiser: its class.
        rate: of each step.
        recorded: steps after which predictions are recorded (T,), increasing; 0 is before training.
        batch: inputs per step; all of them where there are fewer.
        readout_variance: of the last layer's weights at the start, times their fan-in.
    """

    optimiser: type[Optimiser]
    rate: float
    recorded: np.ndarray
    batch: int = 64
    readout_variance: float = 1 / 3


def checkpoint_steps(steps: int, count: int, spacing: Spacing) -> np.ndarray:
    """About ``count`` numbers of steps from 0 to ``steps``, increasing; fewer where they would
    coincide.

    Example:
        >>> checkpoint_steps(100, 5, Spacing.LOGARITHMIC).tolist()
        [0, 1, 5, 22, 100]
        >>> checkpoint_steps(100, 5, Spacing.LINEAR).tolist()
        [0, 25, 50, 75, 100]
    """
    logarithmic = np.append(0, np.geomspace(1, steps, count - 1))
    positions = np.linspace(0, steps, count) if spacing is Spacing.LINEAR else logarithmic
    return np.unique(np.rint(positions).astype(np.int64))


def trajectories(member: Member, task: LabelledData, seeds: list[int], plan: Plan) -> np.ndarray:
    """Train replicas on the cross entropy and record their predictions.

    Args:
        member: the architecture.
        task: inputs as it sees them, and those at which predictions are recorded.
        seeds: of the replicas; a seed names a start and an order of the inputs, whatever the
            optimiser.
        plan: how they are trained.

    Returns:
        Log-probabilities (R, T, n, C), float32.

    Raises:
        BadInput: training that diverged.

    Example:
        >>> from eigenscape.networks.labelled_data import Part, digit_images, split
        >>> from eigenscape.networks.optimisers import GradientDescent
        >>> from eigenscape.networks.replicas import Perceptron
        >>> task = split(*digit_images(), 2, Part.TRAINING, np.random.default_rng(0))
        >>> plan = Plan(GradientDescent, 0.1, np.array([0, 3]))
        >>> trajectories(Member(Perceptron(0)), task, [0, 1], plan).shape
        (2, 2, 20, 10)
    """
    network, count = member.network, len(task.train_inputs)
    starts = [generator(seed, "sloppiness", "start", member.label) for seed in seeds]
    parameters = initial_parameters(
        network, task.inputs.shape[1:], task.classes, starts, plan.readout_variance
    )
    batch = min(plan.batch, count)
    orders = [batches(generator(seed, "sloppiness", "order"), count, batch) for seed in seeds]
    labels = np.broadcast_to(task.train_labels, (len(seeds), count))
    compared = torch.tensor(task.inputs, dtype=torch.float32).expand(len(seeds), *task.inputs.shape)
    predictions, recorded = [], set(plan.recorded.tolist())
    optimiser = plan.optimiser(parameters, plan.rate)
    for taken in training_steps(network, optimiser, task.train_inputs, labels, orders):
        if taken not in recorded:
            continue
        with torch.no_grad():
            logits = network.forward(parameters, compared).outputs.double()
            predictions.append(torch.log_softmax(logits, dim=2).numpy().astype(np.float32))
        if not np.isfinite(predictions[-1]).all():
            raise BadInput.field(
                f"{member.label}, {optimiser.name}",
                "finite outputs",
                f"none after {taken} steps",
                "lower sgd_rate or adam_rate of sloppiness.ensemble",
            )
        if taken == plan.recorded[-1]:
            break
    return np.stack(predictions, axis=1)
