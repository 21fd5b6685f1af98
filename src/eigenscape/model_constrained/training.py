"""Gradient descent on any loss, of many replicas with a grid of steps at once: the progress of a
fixed number of steps.

The step is measured in (L(theta_0) - L*) / |grad L(theta_0)|^2 (Polyak's step at the start), and
runs are compared by the excess L - L* after training over that before. So a run is the same when
the loss is multiplied by a number, or a number is added: a loss with alpha = 100 is not penalised
for being large, nor one with a large minimum for being flat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.config.sizes import POLYAK_STEP_GRID
from eigenscape.networks.functional import Loss, gradients_and_losses


@dataclass(frozen=True)
class Descent:
    """The result of R replicas.

    Attributes:
        factor: the multiple of the step grid with the smallest upper quartile of the last excess
            over the first, a good step for most replicas.
        least: L*, the lowest of the given value and all losses that a replica started from or
            reached, so that no excess is negative.
        first_losses: (R,), losses before training.
        last_losses: (R,), losses after training with that step; infinite where it diverged.
        parameters: (R, P), parameters after training with that step.
    """

    factor: float
    least: float
    first_losses: np.ndarray
    last_losses: np.ndarray
    parameters: torch.Tensor

    @property
    def log10_excess(self) -> np.ndarray:
        """log10 of the excess L - L* after training over that before, (R,); minus infinity for a
        replica that itself reaches the least loss.
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log10(_excess(self.last_losses, self.first_losses, self.least)))


def descend(
    loss: Loss,
    start: torch.Tensor,
    steps: int,
    least: float = 0.0,
    step_grid: tuple[float, ...] = POLYAK_STEP_GRID,
) -> Descent:
    """Iterate theta_{t+1} = theta_t - step grad L(theta_t) from R starting points (R, P), for every
    step of the grid.

    Args:
        loss: L of one parameter vector.
        start: theta_0 of every replica.
        steps: number of steps.
        least: L*, or the lowest loss that is known.
        step_grid: multiples of Polyak's step at the start.

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
    sizes = (torch.tensor(step_grid, dtype=start.dtype)[:, None] * polyak).reshape(-1, 1)
    state = start.repeat(len(step_grid), 1)
    for _ in range(steps):
        moved = state - sizes * gradients_and_losses(state, loss, len(state))[0]
        # A run that has diverged stays where it was: infinities would only slow the others down.
        state = torch.where(torch.isfinite(moved).all(dim=1, keepdim=True), moved, state)
    last = (
        gradients_and_losses(state, loss, len(state))[1]
        .detach()
        .numpy()
        .reshape(len(step_grid), replicas)
    )
    last = np.where(np.isfinite(last), last, np.inf)
    first = losses.detach().numpy()
    lowest = min(least, float(last.min()), float(first.min()))
    best = int(np.argmin(np.quantile(_excess(last, first, lowest), 0.75, axis=1, method="higher")))
    return Descent(
        step_grid[best],
        lowest,
        first,
        last[best],
        state.reshape(len(step_grid), replicas, -1)[best],
    )


def _excess(last: np.ndarray, first: np.ndarray, least: float) -> np.ndarray:
    """Return (L - L*) at the end over that at the start; 0 where the end is the least itself,
    infinite where only the start was.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(last > least, (last - least) / (first - least), 0.0)
