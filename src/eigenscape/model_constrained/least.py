"""The least loss that many iterations find: the reference for a loss after training.

Losses with another weight alpha have another minimum, so it is the excess L - L* that can be
compared between them. For linear networks L* has a closed form (`linear`); for others it is not
known, and the lowest loss that L-BFGS finds from several starting points replaces it: an upper
bound of L*, whose excesses are too small by the same number at every step of training.

L-BFGS-B of scipy, without bounds: R. Byrd, P. Lu, J. Nocedal, C. Zhu, SIAM J. Sci. Comput. 16,
1995.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import OptimizeResult, minimize

from eigenscape.networks.functional import Loss

PAIRS = 30
"""Number of pairs of steps and gradients that L-BFGS keeps; scipy's default of 10 takes about twice
as many iterations on these graded losses."""


@dataclass(frozen=True)
class Least:
    """The results from R starting points.

    Attributes:
        losses: (R,), the lowest losses.
        halfway: (R,), losses after half of the iterations, which show the effect of further
            iterations.
        parameters: (R, P), the parameters at the end.
    """

    losses: np.ndarray
    halfway: np.ndarray
    parameters: np.ndarray


def least_losses(loss: Loss, start: torch.Tensor, iterations: int) -> Least:
    """Minimise a loss from each of R starting points (R, P).

    Example:
        >>> start = torch.ones(1, 3, dtype=torch.float64)
        >>> found = least_losses(lambda theta: (theta**2).sum() + 1, start, 20)
        >>> found.losses.round(12), found.parameters.round(9) + 0.0
        (array([1.]), array([[0., 0., 0.]]))
    """
    results = [
        _least_loss(loss, row.astype(np.float64), iterations) for row in start.detach().numpy()
    ]
    losses, halves, parameters = zip(*results, strict=True)
    return Least(np.array(losses), np.array(halves), np.stack(parameters))


def _least_loss(loss: Loss, start: np.ndarray, iterations: int) -> tuple[float, float, np.ndarray]:
    """Return the loss at the end and halfway, and the final parameters, from one starting point
    (P,).
    """
    path: list[float] = []

    def loss_and_gradient(theta: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = torch.from_numpy(theta.copy()).requires_grad_()
        value = loss(parameters)
        (gradient,) = torch.autograd.grad(value, parameters)
        return float(value.detach()), gradient.numpy()

    # scipy tells the two kinds of callback apart by this name
    def remember(
        intermediate_result: OptimizeResult,
    ) -> None:
        path.append(float(intermediate_result.fun))

    options = {
        "maxiter": iterations,
        "maxfun": 4 * iterations,
        "maxcor": PAIRS,
        "ftol": 0.0,
        "gtol": 0.0,
    }
    end = minimize(
        loss_and_gradient, start, jac=True, method="L-BFGS-B", callback=remember, options=options
    )
    halfway = path[min(iterations // 2, len(path)) - 1] if path else float(end.fun)
    return float(end.fun), halfway, np.asarray(end.x)
