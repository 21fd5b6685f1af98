"""What `torch.func` cannot take is refused in one line that names the layer and says what to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from eigenscape.errors import BadInput
from eigenscape.networks.user.data import UserData
from eigenscape.networks.user.priors import ModuleDraws, free_parameters, module_prior
from eigenscape.networks.user.probe import require_vmappable


class Layer(nn.Module):
    """A layer of one gain whose forward is given."""

    def __init__(self, forward) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))
        self.register_buffer("seen", torch.zeros(()))
        self.work = forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What it was given."""
        return self.work(self, x)


class StaysInTraining(nn.BatchNorm1d):
    """Batch norm that does not let itself be put in evaluation mode."""

    def train(self, mode: bool = True) -> nn.Module:
        """Always training."""
        return super().train(True)


def counts(layer, x):
    layer.seen += 1
    return layer.gain * x


def grows(layer, x):
    y = torch.zeros(x.shape)
    y += layer.gain * x
    return y


def keeps(layer, x):
    if not hasattr(layer, "kept"):
        layer.kept = 2 * layer.gain
    return layer.kept * x


def writes(layer, x):
    layer.gain.data.mul_(0.5)
    return layer.gain * x


class Reaches(Layer):
    """Its parameter by a list beside it, which no other values are put into."""

    def __init__(self) -> None:
        super().__init__(lambda layer, x: layer.beside[0] * x)
        self.beside = [self.gain]


REFUSED = {
    "kept": (
        keeps,
        (
            r"expected a loss of theta alone, found .* after another theta, and .* without; keep"
            r" nothing that is computed of"
        ),
    ),
    "written": (
        writes,
        r"expected a forward that leaves its parameters as they are, found one that changes them; ",
    ),
    "item": (
        lambda layer, x: x * layer.gain.item(),
        r"a tensor turned into a Python number .*, in layer 1 \(Layer\), test_probe.py line",
    ),
    "control flow": (
        lambda layer, x: x * layer.gain if layer.gain > 0 else x,
        r"a Python number or condition \(.item\(\), float\(\), if\), in layer 1 \(Layer\)",
    ),
    "in place": (grows, r"an operation in place, in layer 1 \(Layer\)"),
    "numpy": (lambda layer, x: x * float(layer.gain.detach().numpy()), r"in layer 1 \(Layer\)"),
    "dropout": (
        lambda layer, x: nn.functional.dropout(layer.gain * x, training=True),
        r"random numbers, in layer 1 \(Layer\)",
    ),
    "state": (counts, r"an operation in place, in layer 1 \(Layer\)"),
    "random state": (
        lambda layer, x: x * layer.gain * np.random.rand(),
        r"expected a loss of theta alone, found .* at the same parameters; ",
    ),
}


def data() -> UserData:
    return UserData(
        {"x": np.random.default_rng(0).standard_normal((4, 2))}, {"y": np.zeros((4, 3))}
    )


def probe(module: nn.Module, arrays: UserData | None = None, loss: str = "mse") -> int:
    arrays = arrays or data()
    theta = np.empty((2, sum(each.numel() for each in free_parameters(module).values())))
    ModuleDraws(module_prior(module), key=0).fill(theta, 0)
    return require_vmappable(module, arrays, loss, theta)


@pytest.mark.parametrize(("forward", "message"), REFUSED.values(), ids=REFUSED)
def test_the_layer_is_named(forward, message: str) -> None:
    module = nn.Sequential(nn.Linear(2, 3), Layer(forward), nn.Linear(3, 3))
    with pytest.raises(BadInput, match=message) as caught:
        probe(module)
    assert str(caught.value).startswith("problem.module: expected ")
    assert "\n" not in str(caught.value)


def test_parameters_that_are_reached_beside_theta_are_refused() -> None:
    with pytest.raises(BadInput, match="no list of them beside the layers"):
        probe(nn.Sequential(nn.Linear(2, 3), Reaches()))


@pytest.mark.filterwarnings(
    "ignore:.torch.jit.script. is deprecated:DeprecationWarning"
)  # and met all the same
def test_torchscript_is_named() -> None:
    with pytest.raises(
        BadInput,
        match=(
            r"^problem.module: expected modules in Python, found TorchScript in layer 1; give it"
            r" unscripted"
        ),
    ):
        probe(nn.Sequential(nn.Linear(2, 3), torch.jit.script(nn.Linear(3, 3))))


def test_whole_numbers_where_a_layer_takes_others() -> None:
    tokens = UserData({"x": np.arange(8).reshape(4, 2)}, data().targets)
    with pytest.raises(
        BadInput,
        match=(
            r"must have the same dtype.*; save inputs that are no tokens or classes as"
            r" floating-point numbers"
        ),
    ):
        probe(nn.Linear(2, 3), tokens)


def test_batch_norm_in_training_mode_is_named() -> None:
    module = nn.Sequential()
    module.add_module("body", nn.Sequential(nn.Linear(2, 3), StaysInTraining(3)))
    with pytest.raises(
        BadInput,
        match=(
            r"statistics that it overwrites, being in training mode, in layer body.1"
            r" \(StaysInTraining\)"
        ),
    ):
        probe(module)


def test_batch_norm_and_dropout_pass_in_evaluation_mode() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 3))
    # a multiplication and an addition for each weight and point
    assert probe(module) == 2 * 4 * (2 * 3 + 3 * 3)


def test_a_failing_layer_is_named_before_vmap_is_tried() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 3))
    with pytest.raises(
        BadInput,
        match=(
            r"^problem.module: expected a module for inputs of shapes \(4, 2\), found an error in"
            r" layer 1 \(Linear\): "
        ),
    ):
        probe(module)


SHAPES = {
    "broadcast": (
        nn.Linear(2, 1),
        {"y": np.zeros(4)},
        "mse",
        r"an output of shape \(4,\), as y has, found \(4, 1\); reshape",
    ),
    "classes": (
        nn.Linear(2, 2),
        {"y": np.array([0, 1, 2, 0])},
        "cross_entropy",
        r"with K of 3 or more classes, found \(4, 2\); ",
    ),
    "no classes": (
        nn.Flatten(0),
        {"y": np.array([0, 1, 1, 0])},
        "cross_entropy",
        r"shape \(n, K\) for y .*, found \(8,\); ",
    ),
    "outputs": (
        nn.Linear(2, 3),
        {"y": np.zeros((4, 3)), "z": np.zeros(4)},
        "mse",
        r"as many outputs as targets, 2, found 1 output; ",
    ),
}


@pytest.mark.parametrize(("layer", "targets", "loss", "message"), SHAPES.values(), ids=SHAPES)
def test_outputs_must_fit_the_targets(layer, targets, loss, message: str) -> None:
    module = nn.Sequential(nn.Linear(2, 2), layer)
    with pytest.raises(BadInput, match=message):
        probe(module, UserData(data().inputs, targets), loss)
