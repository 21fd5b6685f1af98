"""Training of replicas, and their predictions at given steps.

The sum over replicas of their mean losses has for each replica its own gradient, and the optimisers
work element by element: so a batch of replicas takes the steps that each would take alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch

from eigenscape.errors import BadInput
from eigenscape.networks.adam import Adam
from eigenscape.networks.labelled_data import LabelledData
from eigenscape.seeding import stream_key
from eigenscape.sloppiness.networks import Network, initial_parameters

MOMENTUM = 0.9
"""Of the heavy ball (B. Polyak, 1964), the usual value."""


class Spacing(StrEnum):
    """How checkpoints are spread over the steps of training."""

    LOGARITHMIC = "logarithmic"
    LINEAR = "linear"


@dataclass(frozen=True)
class Plan:
    """How networks are trained.

    Attributes:
        optimiser: sgd, momentum or adam.
        rate: of each step.
        recorded: steps after which predictions are recorded (T,), increasing; 0 is before training.
        batch: inputs per step; all of them where there are fewer.
        readout_variance: of the last layer's weights at the start, times their fan-in.
    """

    optimiser: str
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
    places = np.linspace(0, steps, count) if spacing is Spacing.LINEAR else logarithmic
    return np.unique(np.rint(places).astype(np.int64))


def trajectories(network: Network, task: LabelledData, seeds: list[int], plan: Plan) -> np.ndarray:
    """Train replicas on the cross entropy and record their predictions.

    Args:
        network: the architecture.
        task: inputs, and those at which predictions are recorded.
        seeds: of the replicas; a seed names a start and an order of the inputs, whatever the
            optimiser.
        plan: how they are trained.

    Returns:
        Log-probabilities (R, T, n, C), float32.

    Raises:
        BadInput: no such optimiser, or training that diverged.

    Example:
        >>> from eigenscape.sloppiness.data import task_of
        >>> from eigenscape.networks.labelled_data import digits
        >>> from eigenscape.sloppiness.networks import Perceptron
        >>> task = task_of(*digits(), each=2, seed=0, held_out=False)
        >>> trajectories(Perceptron(0), task, [0, 1], Plan("sgd", 0.1, np.array([0, 3]))).shape
        (2, 2, 20, 10)
    """
    parameters = [
        p.requires_grad_()
        for p in initial_parameters(
            network, task.inputs.shape[1:], task.classes, seeds, plan.readout_variance
        )
    ]
    step = _optimiser(plan, parameters)
    x, y = (
        torch.tensor(task.train_inputs, dtype=torch.float32),
        torch.tensor(task.train_labels, dtype=torch.long),
    )
    compared = torch.tensor(task.inputs, dtype=torch.float32).expand(len(seeds), *task.inputs.shape)
    batch, recorded = min(plan.batch, len(x)), plan.recorded
    orders = [_order(seed, len(x), batch) for seed in seeds]
    found, wanted = [], set(recorded.tolist())
    for number in range(int(recorded[-1]) + 1):
        if number in wanted:
            with torch.no_grad():
                logits = network.forward(parameters, compared).double()
                found.append(torch.log_softmax(logits, dim=2).numpy().astype(np.float32))
            if not np.isfinite(found[-1]).all():
                fix = "lower sgd_rate or adam_rate of sloppiness.ensemble"
                raise BadInput.field(
                    f"{network.label}, {plan.optimiser}",
                    "finite outputs",
                    f"none after {number} steps",
                    fix,
                )
        if number < recorded[-1]:
            chosen = torch.tensor(np.stack([next(order) for order in orders]))
            logits = network.forward(parameters, x[chosen])
            losses = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), y[chosen].flatten(), reduction="sum"
            )
            step(torch.autograd.grad(losses / batch, parameters))
    return np.stack(found, axis=1)


def _order(seed: int, count: int, batch: int) -> Iterator[np.ndarray]:
    """Batches of one replica, epoch after epoch; inputs that do not fill a batch wait for the next
    epoch's order.
    """
    draw = np.random.Generator(np.random.Philox(key=stream_key(seed, "sloppiness", "order")))
    while True:
        order = draw.permutation(count)
        for first in range(0, count - batch + 1, batch):
            yield order[first : first + batch]


def _optimiser(
    plan: Plan, parameters: list[torch.Tensor]
) -> Callable[[tuple[torch.Tensor, ...]], None]:
    """A step of all parameters. torch.optim loads torch's compiler, two seconds in each of a
    study's processes.
    """
    if plan.optimiser == "sgd":
        return lambda gradients: _move(parameters, gradients, plan.rate)
    if plan.optimiser == "momentum":
        return _HeavyBall(parameters, plan.rate).step
    if plan.optimiser == "adam":
        return Adam(parameters, plan.rate).step
    raise BadInput.field("optimiser", "sgd, momentum or adam", plan.optimiser, "choose one of them")


@torch.no_grad()
def _move(
    parameters: list[torch.Tensor],
    directions: tuple[torch.Tensor, ...] | list[torch.Tensor],
    rate: float,
) -> None:
    for p, direction in zip(parameters, directions, strict=True):
        p.sub_(direction, alpha=rate)


class _HeavyBall:
    """v <- 0.9 v + g, theta <- theta - rate v."""

    def __init__(self, parameters: list[torch.Tensor], rate: float) -> None:
        self.parameters, self.rate = parameters, rate
        self.velocities = [torch.zeros_like(p) for p in parameters]

    def step(self, gradients: tuple[torch.Tensor, ...]) -> None:
        """Move all parameters."""
        for velocity, gradient in zip(self.velocities, gradients, strict=True):
            velocity.mul_(MOMENTUM).add_(gradient)
        _move(self.parameters, self.velocities, self.rate)
