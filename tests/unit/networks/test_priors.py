"""Each prior against the formula of its source."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks.priors import PRIORS, StandardDraw, prior_named
from eigenscape.networks.sampling import fill_parameters

ARCHITECTURE = Architecture(3, 20, inputs=4, outputs=2)
SAMPLES = 2_000

VARIANCES: dict[str, tuple[Callable[[int, int], float], Callable[[int, int], float]]] = {
    "standard_normal": (lambda fan_in, fan_out: 1.0, lambda fan_in, fan_out: 1.0),
    "lecun_normal": (lambda fan_in, fan_out: 1 / fan_in, lambda fan_in, fan_out: 0.0),
    "glorot_uniform": (lambda fan_in, fan_out: 2 / (fan_in + fan_out), lambda fan_in, fan_out: 0.0),
    "he_normal": (lambda fan_in, fan_out: 2 / fan_in, lambda fan_in, fan_out: 0.0),
    "pytorch_default": (
        lambda fan_in, fan_out: 1 / (3 * fan_in),
        lambda fan_in, fan_out: 1 / (3 * fan_in),
    ),
}
"""Variances of weights and biases, from fan-in and fan-out, as the sources state them."""


def parameters(name: str, samples: int = SAMPLES) -> np.ndarray:
    prior = prior_named(name)
    filled = np.empty((samples, ARCHITECTURE.parameters))
    fill_parameters(filled, 0, 21, prior.scales(ARCHITECTURE), prior.draw)
    return filled


def assert_variance(values: np.ndarray, variance: float, draw: StandardDraw) -> None:
    # Var x^2 / (E x^2)^2 is 2 for a normal and 4/5 for a uniform number; five standard errors are
    # allowed.
    relative = math.sqrt((2.0 if draw is StandardDraw.NORMAL else 0.8) / values.size)
    assert np.mean(values**2) == pytest.approx(variance, rel=5 * relative)
    assert abs(values.mean()) <= 5 * math.sqrt(variance / values.size)


def test_every_prior_is_tested_and_names_its_source() -> None:
    assert PRIORS.keys() == VARIANCES.keys()
    assert all(name == prior.name and len(prior.source) > 20 for name, prior in PRIORS.items())


@pytest.mark.parametrize("name", PRIORS)
def test_variance_of_every_layer_is_that_of_the_source(name: str) -> None:
    drawn, draw = parameters(name), prior_named(name).draw
    of_weights, of_biases = VARIANCES[name]

    for layer in ARCHITECTURE.layers:
        assert_variance(drawn[:, layer.weight], of_weights(layer.fan_in, layer.fan_out), draw)
        assert_variance(drawn[:, layer.bias], of_biases(layer.fan_in, layer.fan_out), draw)


@pytest.mark.parametrize("name", ["lecun_normal", "glorot_uniform", "he_normal"])
def test_zero_biases_are_exactly_zero(name: str) -> None:
    drawn = parameters(name, samples=3)

    assert all(np.all(drawn[:, layer.bias] == 0) for layer in ARCHITECTURE.layers)


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("glorot_uniform", lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out))),
        ("pytorch_default", lambda fan_in, fan_out: 1 / math.sqrt(fan_in)),
    ],
)
def test_uniform_priors_fill_their_interval_and_stay_in_it(
    name: str, bound: Callable[[int, int], float]
) -> None:
    drawn = parameters(name)

    for layer in ARCHITECTURE.layers:
        largest = np.abs(drawn[:, layer.weight]).max()
        # The largest of m uniform magnitudes is 1/m below the end on average; 20/m below has
        # probability e^-20.
        count = drawn[:, layer.weight].size
        assert (
            bound(layer.fan_in, layer.fan_out) * (1 - 20 / count)
            < largest
            <= bound(layer.fan_in, layer.fan_out)
        )


def test_pytorch_default_has_the_bounds_of_a_linear_layer_of_torch() -> None:
    drawn = parameters("pytorch_default")
    torch.manual_seed(0)

    for layer in ARCHITECTURE.layers:
        modules = [torch.nn.Linear(layer.fan_in, layer.fan_out) for _ in range(100)]
        for values, made in [
            (drawn[:, layer.weight], torch.stack([module.weight for module in modules])),
            (drawn[:, layer.bias], torch.stack([module.bias for module in modules])),
        ]:
            largest, theirs = np.abs(values).max(), float(made.detach().abs().max())
            # The largest of m uniform magnitudes; torch draws float32, 200 numbers at the least.
            assert largest == pytest.approx(theirs, rel=20 / made.numel())


def test_an_unknown_prior_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BadInput, match=r"prior\.kind: expected one of standard_normal, .* found normal; "
    ):
        prior_named("normal")
