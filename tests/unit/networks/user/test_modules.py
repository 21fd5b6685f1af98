"""Any module as a loss of theta: gradients by three routes, second moments with closed forms,
priors by name, checkpoints.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from eigenscape.active_subspace.second_moment import sum_of_samples
from eigenscape.active_subspace.spectrum import SpectrumStatus, rounding_variance, spectrum_of
from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.networks import kernel
from eigenscape.networks.activations import TANH
from eigenscape.networks.gradients import GradientSampler
from eigenscape.networks.torch_loss import TorchLoss
from eigenscape.networks.user import modules
from eigenscape.networks.user.data import UserData, regression
from eigenscape.networks.user.modules import (
    activation_numbers,
    architecture_of,
    free_parameters,
    load_checkpoint,
    module_loss,
    module_values,
    sampler_of_module,
    state_digest,
)
from eigenscape.networks.user.priors import ModuleDraws, module_prior


def generator() -> np.random.Generator:
    return np.random.default_rng(3)


class TwoHeads(nn.Module):
    """Two inputs, two outputs, a shared weight, a fixed parameter and a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(3, 2), nn.Linear(2, 2)
        self.again = self.right
        self.gain = nn.Parameter(torch.full((2,), 1.5))
        self.fixed = nn.Parameter(torch.tensor([0.3, -0.2]), requires_grad=False)
        self.register_buffer("shift", torch.tensor([0.1, 0.4]))

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = torch.tanh(self.left(a) * self.gain + self.shift) + b * self.fixed
        return self.again(self.right(hidden)), hidden.sum(dim=1)


def two_heads() -> tuple[nn.Module, UserData]:
    draw = generator().standard_normal
    return TwoHeads(), UserData(
        {"a": draw((5, 3)), "b": draw((5, 2))}, {"y": draw((5, 2)), "z": draw(5)}
    )


def sampler_of(
    module: nn.Module, data: UserData, loss: str = "mse", **prior: object
) -> GradientSampler[TorchLoss]:
    return sampler_of_module(module, data, loss, module_prior(module, **prior), key=5)  # type: ignore[arg-type]


def loop_gradient(
    module: nn.Module, data: UserData, theta: np.ndarray, loss: str = "mse"
) -> tuple[np.ndarray, float]:
    """The same by setting parameters and calling backward: no torch.func, no flattening by the code
    under test.
    """
    module = module.double().eval()
    with torch.no_grad():
        start = 0
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.copy_(
                    torch.from_numpy(
                        theta[start : start + parameter.numel()].reshape(parameter.shape)
                    )
                )
                start += parameter.numel()
    assert start == len(theta)
    module.zero_grad()
    outputs = module(*(torch.from_numpy(array) for array in data.inputs.values()))
    several, total = outputs if isinstance(outputs, tuple) else (outputs,), torch.zeros(())
    for output, target in zip(several, data.targets.values(), strict=True):
        wanted = torch.from_numpy(target)
        total = total + (
            nn.functional.mse_loss(output, wanted)
            if loss == "mse"
            else nn.functional.cross_entropy(output, wanted)
        )
    total.backward()
    found = [
        parameter.grad.numpy().ravel()
        for parameter in module.parameters()
        if parameter.requires_grad and parameter.grad is not None
    ]
    return np.concatenate(found), total.item()


def small_cnn() -> tuple[nn.Module, UserData]:
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.Tanh(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(8, 3),
    )
    return module, UserData(
        {"x": generator().standard_normal((6, 1, 4, 4))}, {"y": np.array([0, 1, 2, 0, 1, 2])}
    )


def small_transformer() -> tuple[nn.Module, UserData]:
    block = nn.TransformerEncoderLayer(4, nhead=2, dim_feedforward=6, batch_first=True)
    module = nn.Sequential(block, nn.Flatten(), nn.Linear(12, 2))
    return module, UserData(
        {"x": generator().standard_normal((5, 3, 4))}, {"y": generator().standard_normal((5, 2))}
    )


CASES = {
    "two heads": (two_heads, "mse"),
    "cnn": (small_cnn, "cross_entropy"),
    "transformer": (small_transformer, "mse"),
}


@pytest.mark.parametrize(("made", "loss"), CASES.values(), ids=CASES)
def test_gradients_are_those_of_a_plain_loop_and_of_differences(made, loss) -> None:
    module, data = made()
    sampler = sampler_of(module, data, loss)
    gradients, losses = sampler.block(7, 3)
    theta = sampler.parameters(7, 3).copy()
    for row in range(3):
        expected, value = loop_gradient(made()[0], data, theta[row], loss)
        # Two orders of the same sums in float64: some hundred roundings of terms below 100.
        np.testing.assert_allclose(gradients[row], expected, rtol=1e-9, atol=1e-11)
        assert losses[row] == pytest.approx(value, rel=1e-12)
    # Central differences with h = 1e-5: truncation h^2 f''' / 6 of some 1e-9, rounding eps L / h of
    # some 1e-9.
    step = 1e-5 * np.eye(len(theta[0]))[::7]
    differences = [
        (
            loop_gradient(made()[0], data, theta[0] + h, loss)[1]
            - loop_gradient(made()[0], data, theta[0] - h, loss)[1]
        )
        / 2e-5
        for h in step
    ]
    np.testing.assert_allclose(sampler.block(7, 1)[0][0][::7], differences, rtol=1e-5, atol=1e-6)


def test_what_is_fixed_or_shared_is_no_further_parameter() -> None:
    module, _ = two_heads()
    assert list(free_parameters(module)) == [
        "gain",
        "left.weight",
        "left.bias",
        "right.weight",
        "right.bias",
    ]
    architecture = architecture_of(module, depth=2, width=3)
    assert [(layer.name, layer.parameters) for layer in architecture.layers] == [
        ("gain", 2),
        ("left", 8),
        ("right", 6),
    ]
    assert (architecture.parameters, architecture.sizes) == (16, (2, 3, 2, 8, 6))
    np.testing.assert_array_equal(module_values(module)[:2], [1.5, 1.5])


def test_sampling_changes_nothing_of_a_module_but_its_mode() -> None:
    module, data = small_cnn()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    sampler_of(module, data, "cross_entropy").block(0, 2)
    assert not module.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_a_perceptron_as_a_module_has_the_kernels_second_moment() -> None:
    """torch keeps W as (out, in) and the kernel as (in, out): C is the same matrix with rows and
    columns in another order.
    """
    architecture = Architecture(2, 3, inputs=2, outputs=2)
    layers = [
        each
        for layer in architecture.layers
        for each in (nn.Linear(layer.fan_in, layer.fan_out), nn.Tanh())
    ][:-1]
    draw = generator().standard_normal
    data = UserData({"x": draw((6, 2))}, {"y": draw((6, 2))})
    sampler = sampler_of(nn.Sequential(*layers), data)
    order, start = [], 0
    for layer in architecture.layers:
        size = layer.fan_in * layer.fan_out
        order += [
            *(start + np.arange(size).reshape(layer.fan_out, layer.fan_in).T.ravel()),
            *range(start + size, start + layer.parameters),
        ]
        start += layer.parameters
    samples = 300
    found = sum_of_samples(sampler, range(samples)).triangle.matrix(1 / samples)[
        np.ix_(order, order)
    ]
    theta = np.ascontiguousarray(sampler.parameters(0, samples)[:, order])
    gradients, losses = np.empty_like(theta), np.empty(samples)
    kernel.fill_gradients(theta, gradients, losses, architecture, TANH, regression(data))
    expected = gradients.T @ gradients / samples
    # Each entry is a mean of N products with relative errors of some ten eps each.
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())


def test_softmax_regression_has_its_closed_form() -> None:
    """Oracle: for scores Wx + b the gradient of cross-entropy is (1/n) sum_i (softmax(s_i) -
    e_{y_i}) (x) (x_i, 1).
    """
    x, y = generator().standard_normal((7, 2)), np.array([0, 1, 2, 2, 1, 0, 1])
    sampler = sampler_of(nn.Linear(2, 3), UserData({"x": x}, {"y": y}), "cross_entropy")
    samples = 200
    theta = sampler.parameters(0, samples).copy()
    scores = np.einsum("nkj,ij->nik", theta[:, :6].reshape(samples, 3, 2), x) + theta[:, None, 6:]
    chances = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    residual = (chances - np.eye(3)[y]) / len(x)
    rows = np.hstack(
        [np.einsum("nik,ij->nkj", residual, x).reshape(samples, 6), residual.sum(axis=1)]
    )
    partial = sum_of_samples(sampler, range(samples))
    found = partial.triangle.matrix(1 / samples)
    np.testing.assert_allclose(found, rows.T @ rows / samples, rtol=1e-10, atol=1e-13)
    # A number added to all scores changes no chance: one null direction for each of (x_1, x_2, 1).
    spectrum = spectrum_of(
        found,
        samples=samples,
        dust=rounding_variance(np.diagonal(found), sampler.architecture, sampler.relative_noise),
    )
    assert (spectrum.rank, spectrum.status) == (9 - 3, SpectrumStatus.RANK_DEFICIENT)


def test_a_transformers_null_directions_are_those_of_its_algebra() -> None:
    """Keys' biases cancel in the softmax; layer norm takes means away from what is added
    before it.
    """
    module, data = small_transformer()
    sampler = sampler_of(module, data)
    size = sampler.architecture.parameters
    samples = 3 * size
    found = sum_of_samples(sampler, range(samples)).triangle.matrix(1 / samples)
    spectrum = spectrum_of(
        found,
        samples=samples,
        dust=rounding_variance(np.diagonal(found), sampler.architecture, sampler.relative_noise),
    )
    keys, after_attention, after_hidden = 4, 4 + 1, 6 + 1
    assert spectrum.rank == size - keys - after_attention - after_hidden


class Turned(nn.Module):
    """A buffer of complex numbers, as rotary embeddings have: y = Re(w . (r x))."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 1)
        self.register_buffer("turn", torch.tensor([1j, 2 + 1j]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear((x * self.turn).imag)


def test_a_complex_buffer_stays_complex() -> None:
    x, y = generator().standard_normal((5, 2)), generator().standard_normal((5, 1))
    turned = sampler_of(Turned(), UserData({"x": x}, {"y": y})).block(0, 3)[0]
    # Im(i x) = Im((2 + i) x) = x for real x: the linear layer alone.
    np.testing.assert_allclose(
        turned, sampler_of(nn.Linear(2, 1), UserData({"x": x}, {"y": y})).block(0, 3)[0], rtol=1e-12
    )


def test_what_forward_makes_lies_where_theta_lies() -> None:
    """torch's meta device, which has shapes and no numbers, in the place of a GPU."""

    class Shifted(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) + torch.zeros(1)

    loss, theta = (
        module_loss(Shifted(2, 1), UserData({"x": np.ones((5, 2))}, {"y": np.ones((5, 1))})),
        torch.ones(3, device="meta"),
    )
    assert torch.func.vmap(torch.func.grad(loss(theta)))(theta[None]).shape == (1, 3)
    assert loss(theta)(theta).device == theta.device


def test_arrays_of_any_order_and_type_are_the_same_data() -> None:
    x, y = (
        generator().standard_normal((5, 2)).astype(np.float32),
        np.array([[True], [False], [True], [True], [False]]),
    )
    plain, *others = (
        sampler_of(nn.Linear(2, 1), UserData({"x": inputs}, {"y": targets})).block(0, 3)[0].copy()
        for inputs, targets in [
            (x, y.astype(float)),
            (x[::-1][::-1], y),
            (x.astype(">f8"), y),
            (x.astype(np.longdouble), y[::-1][::-1]),
        ]
    )
    for other in others:
        np.testing.assert_array_equal(other, plain)


def test_what_holds_no_real_numbers_is_refused() -> None:
    complex_one = nn.Linear(2, 1, dtype=torch.complex64)
    for module, message in [
        (complex_one, "real numbers in parameter weight, found torch.complex64; "),
        (nn.Linear(2, 1, device="meta"), "values in parameter weight, found none yet; "),
        (
            nn.Linear(2, 1).requires_grad_(False),
            "parameters that require gradients, found none in Linear; ",
        ),
    ]:
        with pytest.raises(BadInput, match=f"^module: expected {message}"):
            module_prior(module)


def test_a_state_of_any_type_has_a_digest() -> None:
    module = nn.Linear(1, 1)
    module.register_buffer("brief", torch.ones(1, dtype=torch.bfloat16))
    before = state_digest(module, module_prior(module))
    module.brief *= 2
    assert state_digest(module, module_prior(module)) != before


def test_large_modules_are_worked_through_in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six images give 2 x 2 x 2 numbers after each of the convolution, batch norm, tanh, dropout
    and flattening, and three scores.
    """
    module, data = small_cnn()
    assert activation_numbers(module.eval(), data) == 6 * (5 * 8 + 3)
    whole = sampler_of(module, data, "cross_entropy").block(0, 10)[0].copy()
    monkeypatch.setattr(modules, "NUMBERS_AT_ONCE", 3 * 6 * 43)
    parted = sampler_of(module, data, "cross_entropy")
    assert parted.loss.at_a_time() == 3
    np.testing.assert_allclose(parted.block(0, 10)[0], whole, rtol=1e-9, atol=1e-12)


def test_draws_by_name() -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), nn.Linear(3, 2))
    by_name = {
        "0.bias": {"kind": "uniform", "scale": 0.5},
        "2.bias": "own",
        "*.bias": "zero",
        "2.weight": {"kind": "normal", "scale": 2.0},
    }
    prior = module_prior(module, "he_normal", by_name)
    theta = np.empty((20_000, 29))
    ModuleDraws(prior, key=9).fill(theta, 0)
    parts = dict(
        zip(
            free_parameters(module),
            np.split(theta, np.cumsum([12, 3, 3, 3, 6]), axis=1),
            strict=True,
        )
    )
    # Standard errors of a variance v from N k draws: v sqrt(2 / (N k)) below 0.5 %; five of them.
    assert parts["0.weight"].var() == pytest.approx(2 / 4, rel=0.025)
    assert parts["2.weight"].var() == pytest.approx(4.0, rel=0.025)
    assert parts["0.bias"].var() == pytest.approx(0.25 / 3, rel=0.025)
    assert np.abs(parts["0.bias"]).max() <= 0.5
    assert np.all(parts["1.weight"] == 1)  # a gain keeps the factory's value
    assert not parts["1.bias"].any()
    np.testing.assert_allclose(
        parts["2.bias"], np.broadcast_to(module[2].bias.detach().numpy(), (20_000, 2))
    )
    # Uniform and normal entries are independent, those of one pair of counter words too: |r| < 5 /
    # sqrt(N).
    normal, uniform = np.hstack([theta[:, :12], theta[:, 21:27]]), theta[:, 12:15]
    for a, b in (
        (normal, uniform),
        (np.abs(normal), np.abs(uniform)),
        (normal, np.abs(uniform)),
        (np.abs(normal), uniform),
    ):
        assert np.abs(np.corrcoef(np.hstack([a, b]).T)[:18, 18:]).max() < 5 / np.sqrt(20_000)


def test_a_draw_depends_on_its_number_alone() -> None:
    module, data = small_cnn()
    sampler = sampler_of(
        module,
        data,
        by_name={
            "*.bias": {"kind": "uniform", "scale": 0.1},
            "1.weight": {"kind": "around", "scale": 0.1},
        },
    )
    whole = sampler.parameters(0, 10).copy()
    np.testing.assert_array_equal(sampler.parameters(6, 2), whole[6:8])


def test_named_priors_scale_by_fans_as_torch_counts_them() -> None:
    convolution = nn.Conv2d(3, 5, 2)
    assert module_prior(convolution, "lecun_normal").deviations[0] == pytest.approx(
        1 / np.sqrt(3 * 4)
    )
    glorot = module_prior(convolution, "glorot_uniform")
    assert glorot.deviations[0] == pytest.approx(np.sqrt(6 / (3 * 4 + 5 * 4)))
    assert glorot.uniform.all()
    # torch's own initialisation is this prior: no weight or bias lies beyond it, and the largest of
    # 60 comes near.
    torch.manual_seed(0)
    default, values = (
        module_prior(convolution, "pytorch_default"),
        np.abs(module_values(nn.Conv2d(3, 5, 2))),
    )
    assert np.all(values <= default.deviations * (1 + 1e-6))
    assert values[:60].max() > 0.9 * default.deviations[0]


def test_a_prior_around_a_checkpoint() -> None:
    trained = nn.Linear(3, 2)
    module = nn.Linear(3, 2)
    load_checkpoint(module, trained.state_dict())
    centre = module_values(trained)
    prior = module_prior(module, "around", scale=0.1, relative=True)
    np.testing.assert_array_equal(prior.centre, centre)
    np.testing.assert_allclose(
        prior.deviations,
        np.repeat([0.1 * np.sqrt(np.mean(p**2)) for p in (centre[:6], centre[6:])], [6, 2]),
    )
    np.testing.assert_array_equal(
        module_prior(module, "around", scale=0.1).deviations, np.full(8, 0.1)
    )


BAD_CHECKPOINTS = {
    "a path": ("trained.pt", "a state_dict, found str; give what torch.load"),
    "of a parallel module": (
        {"module.weight": torch.ones(2, 3), "module.bias": torch.ones(2)},
        (
            "a tensor for each of 2 names, found none for weight, bias, but module.weight,"
            " module.bias; "
        ),
    ),
    "complex": (
        {"weight": torch.ones(2, 3) * 1j, "bias": torch.ones(2)},
        "real numbers in weight, found torch.complex64; ",
    ),
    "missing": (
        {"weight": torch.ones(2, 3)},
        "a tensor for each of 2 names, found none for bias; ",
    ),
    "unexpected": (
        {"weight": torch.ones(2, 3), "bias": torch.ones(2), "head": torch.ones(1)},
        "names that the module has, found head; ",
    ),
    "shape": (
        {"weight": torch.ones(3, 2), "bias": torch.ones(2)},
        r"shape \(2, 3\) for weight, found \(3, 2\); ",
    ),
    "not finite": (
        {"weight": torch.full((2, 3), torch.nan), "bias": torch.ones(2)},
        "finite numbers in weight, found infinity or NaN; ",
    ),
}


@pytest.mark.parametrize(("checkpoint", "message"), BAD_CHECKPOINTS.values(), ids=BAD_CHECKPOINTS)
def test_a_checkpoint_of_another_module_is_refused(checkpoint, message) -> None:
    with pytest.raises(BadInput, match=f"^prior.checkpoint: expected {message}"):
        load_checkpoint(nn.Linear(3, 2), checkpoint)


def test_biases_are_known_by_their_weights_names() -> None:
    """A shared weight has one name among the parameters, and those of recurrent layers end in the
    layer's number.
    """
    shared, first = nn.Linear(4, 4), nn.Linear(4, 4)
    shared.weight = first.weight
    deviations = module_prior(nn.Sequential(first, shared), "pytorch_default").deviations
    np.testing.assert_array_equal(deviations, np.full(16 + 4 + 4, 1 / 2))
    recurrent = module_prior(nn.RNN(4, 4), "lecun_normal")
    np.testing.assert_array_equal(recurrent.deviations, np.repeat([1 / 2, 0], [32, 8]))
    assert not recurrent.centre.any()


BAD_PRIORS = {
    "hidden": (
        {"by_name": {"*": "own", "bias": "zero"}},
        "prior.by_name: expected patterns of which each decides .*, found 'bias' behind",
    ),
    "half an entry": (
        {"by_name": {"bias": {"kind": "normal"}}},
        "prior.by_name: expected for 'bias' one of zero, own",
    ),
    "too much": (
        {"by_name": {"bias": {"kind": "lecun_normal", "scale": 2.0}}},
        "prior.by_name: expected for 'bias' one of zero, own",
    ),
    "no scale": (
        {"by_name": {"bias": "around"}},
        "prior.by_name: expected for 'bias' one of zero, own",
    ),
    "negative": (
        {"by_name": {"bias": {"kind": "normal", "scale": -1.0}}},
        "prior.by_name: expected for 'bias' one of zero, own",
    ),
    "around nothing": (
        {"kind": "around", "scale": -1.0},
        "prior.scale: expected a positive number, found -1.0; ",
    ),
}


@pytest.mark.parametrize(("asked", "message"), BAD_PRIORS.values(), ids=BAD_PRIORS)
def test_a_prior_that_is_none_is_refused(asked, message: str) -> None:
    with pytest.raises(BadInput, match=f"^{message}"):
        module_prior(nn.Linear(2, 1), **asked)


def test_a_pattern_that_fits_nothing_is_refused() -> None:
    with pytest.raises(
        BadInput,
        match=(
            r"^prior.by_name: expected patterns that fit a parameter \(weight, bias\), found"
            r" 'wieght'; "
        ),
    ):
        module_prior(nn.Linear(1, 1), by_name={"wieght": "zero"})
    with pytest.raises(
        BadInput, match=r"^prior: expected some parameter that is random, found all of them fixed; "
    ):
        module_prior(nn.Linear(1, 1), by_name={"*": "own"})
