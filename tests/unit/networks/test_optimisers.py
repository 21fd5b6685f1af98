"""Optimisers against those of torch."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from eigenscape.networks.optimisers import MOMENTUM, Adam, GradientDescent, HeavyBall, Optimiser

TORCH = {
    GradientDescent: torch.optim.SGD,
    HeavyBall: partial(torch.optim.SGD, momentum=MOMENTUM),
    Adam: torch.optim.Adam,
}


@pytest.mark.parametrize("optimiser", TORCH)
def test_steps_are_those_of_torch(optimiser: type[Optimiser]) -> None:
    start = torch.randn(5, generator=torch.Generator().manual_seed(0))
    own, other = start.clone(), start.clone().requires_grad_()
    ours, theirs = optimiser([own], 0.01), TORCH[optimiser]([other], lr=0.01)
    for number in range(20):
        gradient = torch.sin(torch.arange(5) + number)
        ours.step((gradient,))
        other.grad = gradient
        theirs.step()
    # twenty steps of single precision
    torch.testing.assert_close(own, other.detach(), atol=1e-6, rtol=0)
