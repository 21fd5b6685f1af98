"""Stacks of replicas against single networks in plain torch."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from eigenscape.errors import BadInput
from eigenscape.networks.replicas import Convolutional, Network, Perceptron, initial_parameters
from eigenscape.seeding import generator

NETWORKS = [
    Perceptron(0),
    Perceptron(2, 7),
    Convolutional(3),
    Convolutional(3, dense=12),
]


def plain(network: Network, parameters: list[torch.Tensor]) -> torch.nn.Module:
    """One replica as a module of torch."""
    nn = torch.nn
    if isinstance(network, Perceptron):
        modules, sizes = [nn.Flatten()], [64, *[network.width] * network.depth]
    else:
        first = [nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)]
        second = [nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)]
        modules, sizes = (
            [*first, *second, nn.Flatten()],
            [24, *[network.dense] * bool(network.dense)],
        )
    for fan_in, fan_out in pairwise(sizes):
        modules += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    model = nn.Sequential(*modules, nn.Linear(sizes[-1], 10))
    with torch.no_grad():
        for own, given in zip(model.parameters(), parameters, strict=True):
            own.copy_(given)
    return model


@pytest.mark.parametrize("network", NETWORKS, ids=repr)
def test_a_stack_of_replicas_computes_what_each_does_alone(network: Network) -> None:
    draws = [generator(seed) for seed in (3, 4, 5)]
    parameters = [p + 0.1 for p in initial_parameters(network, (8, 8), 10, draws)]
    x = torch.randn(3, 6, 8, 8, generator=torch.Generator().manual_seed(0))
    states = network.forward(parameters, x)
    assert len(states.hidden) == len(network.layers)
    for replica in range(3):
        expected = plain(network, [p[replica] for p in parameters])(x[replica])
        # single precision, sums of 64 terms
        torch.testing.assert_close(states.outputs[replica], expected, atol=1e-5, rtol=1e-5)


def test_the_read_out_has_a_variance_of_its_own() -> None:
    draws = [generator(seed) for seed in range(8)]
    weights = initial_parameters(Perceptron(1, 400), (8, 8), 10, draws, 1 / 3)[::2]
    for weight, variance in zip(weights, (2 / 64, 1 / 3 / 400), strict=True):
        # 32,000 and more numbers: the variance to a per cent or two
        assert float(weight.detach().var()) == pytest.approx(variance, rel=0.05)
    silent = initial_parameters(Perceptron(0), (8, 8), 10, draws, 0.0)
    assert not any(p.any() for p in silent)


@pytest.mark.parametrize("inputs", [(64,), (3, 8)])
def test_convolutions_need_images(inputs: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match=r"images \(n, h, w\) of at least 4 x 4"):
        Convolutional(4).shapes(inputs, 10)
