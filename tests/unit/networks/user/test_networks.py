"""The front door: arrays in any of the usual forms, all checks, and losses of one's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from eigenscape.active_subspace.projection import project
from eigenscape.errors import BadInput
from eigenscape.networks.gradients import NonFinite
from eigenscape.networks.sampler import Device
from eigenscape.networks.user.networks import module_sampler


class Sum(nn.Module):
    """Two inputs, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(2, 1), nn.Linear(3, 1)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        """Sum and difference."""
        a, b = self.a(x), self.b(y)
        return {"sum": a + b, "difference": a - b}


def test_arrays_by_order_by_name_and_as_tensors_are_the_same() -> None:
    draw = np.random.default_rng(1).standard_normal
    x, y, z = draw((4, 2)), draw((4, 3)), draw((4, 1))
    module = Sum()
    forms = [
        ([x, y], [z, -z]),
        ({"x": x, "y": y}, {"sum": z, "difference": -z}),
        ((torch.tensor(x), torch.tensor(y)), [z, -z]),
    ]
    with pytest.raises(
        BadInput,
        match=(
            r"^problem.targets: expected target 0, target 1 among the outputs, in this order, found"
            r" sum, differ"
        ),
    ):
        module_sampler(module, *forms[0])
    named = module_sampler(module, *forms[1]).block(0, 3)
    by_function = module_sampler(
        module,
        *forms[2],
        loss=lambda outputs, t: (
            ((outputs["sum"] - t[0]) ** 2).mean() + ((outputs["difference"] - t[1]) ** 2).mean()
        ),
    ).block(0, 3)
    np.testing.assert_allclose(named[0], by_function[0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(named[1], by_function[1], rtol=1e-12)


def test_tokens_stay_whole_numbers() -> None:
    """An embedding followed by a sum: L = (1/n) sum_i (sum of the rows of E that i names - y_i)^2
    has a gradient by hand.
    """
    tokens, y = np.array([[0, 1], [1, 1], [2, 0]]), np.array([[1.0], [0.0], [2.0]])
    sampler = module_sampler(nn.Sequential(nn.Embedding(3, 1), nn.Flatten(), Total()), tokens, y)
    counts = np.array([[1, 1, 0], [0, 2, 0], [1, 0, 1]])
    gradients, losses = sampler.block(0, 5)
    residual = sampler.parameters(0, 5) @ counts.T - y[:, 0]
    np.testing.assert_allclose(gradients, 2 / 3 * residual @ counts, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(losses, (residual**2).mean(axis=1), rtol=1e-12)


class Total(nn.Module):
    """The sum over a row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """A column of sums."""
        return x.sum(dim=1, keepdim=True)


def test_a_checkpoint_is_the_centre_and_the_module_stays_as_it_was() -> None:
    module, trained = (
        nn.Linear(1, 1),
        {"weight": torch.full((1, 1), 3.0), "bias": torch.full((1,), -1.0)},
    )
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    sampler = module_sampler(
        module, np.ones((2, 1)), np.ones((2, 1)), prior="around", scale=1e-3, checkpoint=trained
    )
    # 1,000 draws with deviation 1e-3: none farther than six deviations (2e-9 each).
    assert np.abs(sampler.parameters(0, 1000) - [3.0, -1.0]).max() < 6e-3
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert module.training


def test_single_precision_gives_the_same_to_its_digits() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = np.random.default_rng(0).standard_normal((5, 2))
    double, single = (
        module_sampler(module, x, x[:, :1], precision=precision).block(0, 4)[0].copy()
        for precision in (np.float64, np.float32)
    )
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-4 * np.abs(double).max())


def test_a_loss_that_is_no_number_is_refused() -> None:
    with pytest.raises(
        BadInput,
        match=(
            r"^problem.module: expected layers that torch.func.vmap takes, found an error outside"
            r" of the module, in"
        ),
    ):
        module_sampler(
            nn.Linear(1, 1),
            np.ones((2, 1)),
            np.ones((2, 1)),
            loss=lambda output, targets: output - targets[0],
        )


X, Y = np.random.default_rng(2).standard_normal((5, 2)), np.ones((5, 1))

WRONG = {
    "no module": ({"module": nn.Linear}, "module: expected a torch.nn.Module, found type; "),
    "loss": ({"loss": "l1"}, "loss: expected one of mse, cross_entropy, found l1; "),
    "device": ({"device": "gpu"}, "device: expected one of cpu, torch, cuda, found gpu; "),
    "non_finite": (
        {"non_finite": "ignore"},
        "non_finite: expected one of fail, exclude, found ignore; ",
    ),
    "precision": (
        {"precision": np.float16},
        "precision: expected float64 or float32, found float16; ",
    ),
    "no inputs": ({"inputs": []}, "input: expected one array or several, found none; "),
    "of one name": (
        {"inputs": {"x": X * np.nan}, "targets": {"x": Y}},
        "x: expected finite numbers, found nan in row 0",
    ),
    "loss of other arguments": (
        {"loss": nn.functional.mse_loss},
        "problem.module: .*; a loss takes the outputs and the list of targets, and",
    ),
}


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_refused(changes, message: str) -> None:
    with pytest.raises(BadInput, match=f"^{message}"):
        module_sampler(**{"module": nn.Linear(2, 1), "inputs": X, "targets": Y, **changes})


def test_a_module_is_not_projected() -> None:
    with pytest.raises(
        BadInput,
        match=r"found none that is known to be: a module's.*; use the raw condition numbers",
    ):
        project(module_sampler(nn.Linear(2, 1), X, Y), 9)


def test_words_and_tables_do_as_well() -> None:
    plain = module_sampler(nn.Linear(2, 1), X, Y).block(0, 3)[0].copy()
    words = module_sampler(nn.Linear(2, 1), pd.DataFrame(X), Y, device="cpu", non_finite="fail")
    assert (words.device, words.non_finite) == (Device.CPU, NonFinite.FAIL)
    np.testing.assert_array_equal(words.block(0, 3)[0], plain)
