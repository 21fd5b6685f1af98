"""Adam for stacks of networks that train side by side.

torch.optim loads torch's compiler, two seconds in each of a study's processes.
"""

from __future__ import annotations

import torch


class Adam:
    """Adam with its authors' defaults (D. Kingma, J. Ba, arXiv 1412.6980, algorithm 1).

    Args:
        parameters: moved in place, entry by entry; so one tensor may hold the parameters of many
            networks.
        rate: of learning.

    Example:
        >>> theta = torch.tensor([1.0, -2.0], dtype=torch.float64)
        >>> Adam([theta], rate=0.1).step((torch.tensor([5.0, -0.3], dtype=torch.float64),))
        >>> # the first step is the rate in every entry, whatever the gradient's size
        >>> theta.round(decimals=4).tolist()
        [0.9, -1.9]
    """

    def __init__(self, parameters: list[torch.Tensor], rate: float) -> None:
        self.parameters, self.rate, self.steps = parameters, rate, 0
        self.means = [torch.zeros_like(p) for p in parameters]
        self.squares = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self, gradients: tuple[torch.Tensor, ...]) -> None:
        """Move all parameters."""
        self.steps += 1
        for p, gradient, mean, square in zip(
            self.parameters, gradients, self.means, self.squares, strict=True
        ):
            mean.mul_(0.9).add_(gradient, alpha=0.1)
            square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            size = (square / (1 - 0.999**self.steps)).sqrt_().add_(1e-8)
            p.addcdiv_(mean, size, value=-self.rate / (1 - 0.9**self.steps))
