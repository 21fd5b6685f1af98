"""Gradient descent on any loss, of many replicas with a ladder of steps at once: how far a fixed
number of steps leads.

The step is measured in (L(theta_0) - L*) / |grad L(theta_0)|^2 (Polyak's step at the start), and
what is compared is the excess L - L* after training over that before. So a run is the same when the
loss is multiplied by a number, or a number is added: a loss with alpha = 100 is not penalised for
being large, nor one with a large minimum for being flat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.networks.functional import Loss, gradients_and_losses

LADDER = tuple(4.0**power for power in range(-5, 2))
"""Multiples of Polyak's step. On the default cases the best one lies inside for every alpha."""


@dataclass(frozen=True)
class Descent:
    """What became of R replicas.

    Attributes:
        factor: of the ladder, with the smallest upper quartile of the last excess over the first:
            most replicas do well with it.
        least: L*, the lowest of what was given and what a replica started from or reached, so that
            no excess is negative.
        first_losses: (R,).
        last_losses: (R,), with that step; infinite where it diverged.
        parameters: (R, P), with that step.
    """

    factor: float
    least: float
    first_losses: np.ndarray
    last_losses: np.ndarray
    parameters: torch.Tensor

    @property
    def log10_excess(self) -> np.ndarray:
        """log10 of the excess L - L* after training over that before, (R,); minus infinity for a
        replica that is itself the least.
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log10(_excess(self.last_losses, self.first_losses, self.least)))


def descend(
    loss: Loss,
    start: torch.Tensor,
    steps: int,
    least: float = 0.0,
    ladder: tuple[float, ...] = LADDER,
) -> Descent:
    """theta_{t+1} = theta_t - step grad L(theta_t), from R starting points (R, P), for every step
    of the ladder.

    Args:
        loss: L of one parameter vector.
        start: theta_0 of every replica.
        steps: their number.
        least: L*, or the lowest loss that is known.
        ladder: multiples of Polyak's step at the start.

    Example:
        >>> start = torch.ones(1, 3, dtype=torch.float64)
        >>> found = descend(lambda theta: (theta**2).sum() / 2 + 5, start, 1, 5.0, (1.0, 2.0))
        >>> # Polyak's step is 1/2 here, and twice it is Newton's
        >>> found.factor, float(found.last_losses[0])
        (2.0, 5.0)
    """
    replicas = len(start)
    gradients, losses = gradients_and_losses(start, loss, replicas)
    polyak = (losses - least) / (gradients**2).sum(dim=1)
    sizes = (torch.tensor(ladder, dtype=start.dtype)[:, None] * polyak).reshape(-1, 1)
    state = start.repeat(len(ladder), 1)
    for _ in range(steps):
        moved = state - sizes * gradients_and_losses(state, loss, len(state))[0]
        # A run that has diverged stays where it was: infinities would only slow the others down.
        state = torch.where(torch.isfinite(moved).all(dim=1, keepdim=True), moved, state)
    last = (
        gradients_and_losses(state, loss, len(state))[1]
        .detach()
        .numpy()
        .reshape(len(ladder), replicas)
    )
    last = np.where(np.isfinite(last), last, np.inf)
    first = losses.detach().numpy()
    lowest = min(least, float(last.min()), float(first.min()))
    best = int(np.argmin(np.quantile(_excess(last, first, lowest), 0.75, axis=1, method="higher")))
    return Descent(
        ladder[best], lowest, first, last[best], state.reshape(len(ladder), replicas, -1)[best]
    )


def _excess(last: np.ndarray, first: np.ndarray, least: float) -> np.ndarray:
    """(L - L*) at the end over that at the start; 0 where the end is the least itself, infinite
    where only the start was.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(last > least, (last - least) / (first - least), 0.0)
