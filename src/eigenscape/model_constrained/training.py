"""Gradient descent on any loss, of many replicas with a ladder of steps at once: how far a fixed number of steps leads.

The step is measured in L(theta_0) / |grad L(theta_0)|^2 (Polyak's step at the start, for an optimum of 0), which
makes a run the same when the loss is multiplied by a number: a loss with alpha = 100 is not penalised for being large.
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
        factor: of the ladder, with the smallest upper quartile of the last loss over the first: most replicas do well with it.
        first_losses: (R,).
        last_losses: (R,), with that step; infinite where it diverged.
        parameters: (R, P), with that step.
    """

    factor: float
    first_losses: np.ndarray
    last_losses: np.ndarray
    parameters: torch.Tensor

    @property
    def log10_ratios(self) -> np.ndarray:
        """log10 of the last loss over the first, (R,)."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log10(self.last_losses / self.first_losses))


def descend(loss: Loss, start: torch.Tensor, steps: int, ladder: tuple[float, ...] = LADDER) -> Descent:
    """theta_{t+1} = theta_t - step grad L(theta_t), from R starting points (R, P), for every step of the ladder.

    Example:
        >>> found = descend(lambda theta: (theta**2).sum() / 2, torch.ones(1, 3, dtype=torch.float64), 1, (1.0, 2.0))
        >>> found.factor, float(found.last_losses[0])  # Polyak's step is 1/2 here, and twice it is Newton's
        (2.0, 0.0)
    """
    replicas = len(start)
    gradients, losses = gradients_and_losses(start, loss, replicas)
    polyak = losses / (gradients**2).sum(dim=1)
    sizes = (torch.tensor(ladder, dtype=start.dtype)[:, None] * polyak).reshape(-1, 1)
    state = start.repeat(len(ladder), 1)
    for _ in range(steps):
        moved = state - sizes * gradients_and_losses(state, loss, len(state))[0]
        # A run that has diverged stays where it was: infinities would only slow the others down.
        state = torch.where(torch.isfinite(moved).all(dim=1, keepdim=True), moved, state)
    last = gradients_and_losses(state, loss, len(state))[1].detach().numpy().reshape(len(ladder), replicas)
    last = np.where(np.isfinite(last), last, np.inf)
    best = int(np.argmin(np.quantile(last / losses.detach().numpy(), 0.75, axis=1, method="higher")))
    return Descent(ladder[best], losses.detach().numpy(), last[best], state.reshape(len(ladder), replicas, -1)[best])
