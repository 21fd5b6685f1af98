"""Optimisers for stacks of networks that train side by side.

Each moves its parameters in place and entry by entry, so one tensor may hold the parameters of many
networks, and each network takes the steps that it would take alone. torch.optim has them too, but
loads torch's compiler: two seconds in each of a study's processes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

MOMENTUM = 0.9
"""Momentum of the heavy ball (B. Polyak, 1964), the usual value."""


class GradientDescent:
    """theta <- theta - rate g.

    Args:
        parameters: moved in place.
        rate: of learning.

    Example:
        >>> theta = torch.tensor([1.0, -2.0])
        >>> GradientDescent([theta], rate=0.5).step((torch.tensor([1.0, 4.0]),))
        >>> theta.tolist()
        [0.5, -4.0]
    """

    name = "sgd"

    def __init__(self, parameters: list[torch.Tensor], rate: float) -> None:
        self.parameters, self.rate = parameters, rate

    @torch.no_grad()
    def step(self, gradients: Sequence[torch.Tensor]) -> None:
        """Move all parameters."""
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.sub_(gradient, alpha=self.rate)


class HeavyBall(GradientDescent):
    """v <- 0.9 v + g, theta <- theta - rate v.

    Args:
        parameters: moved in place.
        rate: of learning; a constant gradient comes to move ten times as far.

    Example:
        >>> theta = torch.tensor([0.0], dtype=torch.float64)
        >>> optimiser = HeavyBall([theta], rate=1.0)
        >>> for _ in range(2):
        ...     optimiser.step((torch.tensor([1.0], dtype=torch.float64),))
        >>> theta.round(decimals=4).tolist()
        [-2.9]
    """

    name = "momentum"

    def __init__(self, parameters: list[torch.Tensor], rate: float) -> None:
        super().__init__(parameters, rate)
        self.velocities = [torch.zeros_like(p) for p in parameters]

    def step(self, gradients: Sequence[torch.Tensor]) -> None:
        """Move all parameters."""
        for velocity, gradient in zip(self.velocities, gradients, strict=True):
            velocity.mul_(MOMENTUM).add_(gradient)
        super().step(self.velocities)


class Adam:
    """Adam with its authors' defaults (D. Kingma, J. Ba, arXiv 1412.6980, algorithm 1).

    Args:
        parameters: moved in place.
        rate: of learning.

    Example:
        >>> theta = torch.tensor([1.0, -2.0], dtype=torch.float64)
        >>> Adam([theta], rate=0.1).step((torch.tensor([5.0, -0.3], dtype=torch.float64),))
        >>> # the first step is the rate in every entry, whatever the gradient's size
        >>> theta.round(decimals=4).tolist()
        [0.9, -1.9]
    """

    name = "adam"

    def __init__(self, parameters: list[torch.Tensor], rate: float) -> None:
        self.parameters, self.rate, self.steps = parameters, rate, 0
        self.means = [torch.zeros_like(p) for p in parameters]
        self.squares = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[torch.Tensor]) -> None:
        """Move all parameters."""
        self.steps += 1
        for p, gradient, mean, square in zip(
            self.parameters, gradients, self.means, self.squares, strict=True
        ):
            mean.mul_(0.9).add_(gradient, alpha=0.1)
            square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            size = (square / (1 - 0.999**self.steps)).sqrt_().add_(1e-8)
            p.addcdiv_(mean, size, value=-self.rate / (1 - 0.9**self.steps))


Optimiser = GradientDescent | HeavyBall | Adam

OPTIMISERS: dict[str, type[Optimiser]] = {
    optimiser.name: optimiser for optimiser in (GradientDescent, HeavyBall, Adam)
}
"""The optimisers by their names in the configuration."""
