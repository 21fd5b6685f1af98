"""Any `torch.nn.Module` as a loss of one parameter vector, so that the second moment of its
gradient is sampled like every other.

    theta (P,)  ->  the module's parameters  ->  outputs on the data  ->  a number

Parameters lie in theta in the order of ``named_parameters``; those that do not require gradients
stay fixed, as buffers do. The module is put in evaluation mode, for C = E[grad L grad L^T] needs a
loss that is a function of theta alone: in training mode dropout draws new numbers at every call,
and batch norm overwrites its running statistics, which `torch.func.vmap` cannot do for many theta
at once. A *layer* is what one sub-module owns.
"""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from eigenscape.architecture import ModuleArchitecture
from eigenscape.config.sizes import TORCH_CHUNK
from eigenscape.errors import BadInput
from eigenscape.networks import functional
from eigenscape.networks.gradients import GradientSampler, NonFinite
from eigenscape.networks.sampler import Device
from eigenscape.networks.torch_loss import LossFactory, TorchLoss
from eigenscape.networks.user.data import UserData
from eigenscape.networks.user.priors import ModuleDraws, ModulePrior, free_parameters

LossOfOutputs = Callable[[Any, Sequence[torch.Tensor]], torch.Tensor]
"""A module's output, whatever it is, and the targets in their order: to a scalar."""

NUMBERS_AT_ONCE = 2**25
"""Largest number of activations of all gradients that are computed together: 256 MB in double
precision, and the way back holds a few times as much."""


def mean_squared(outputs: Any, targets: Sequence[torch.Tensor]) -> torch.Tensor:
    """The mean squared residual over points and numbers, summed over outputs where a module has
    several.

    Example:
        >>> mean_squared(torch.tensor([[1.0], [3.0]]), [torch.zeros(2, 1)])
        tensor(5.)
    """
    pairs = zip(_several(outputs), targets, strict=True)
    return torch.stack(
        [((output - target.to(output.dtype)) ** 2).mean() for output, target in pairs]
    ).sum()


def cross_entropy(outputs: Any, targets: Sequence[torch.Tensor]) -> torch.Tensor:
    """The mean of -log softmax at the class, summed over outputs; outputs (n, K, ...), targets (n,
    ...).

    Example:
        >>> cross_entropy(torch.zeros(3, 2), [torch.tensor([0, 1, 1])])
        tensor(0.6931)
    """
    pairs = zip(_several(outputs), targets, strict=True)
    return torch.stack(
        [torch.nn.functional.cross_entropy(output, target) for output, target in pairs]
    ).sum()


LOSSES: dict[str, LossOfOutputs] = {"mse": mean_squared, "cross_entropy": cross_entropy}


def _several(outputs: Any) -> list[torch.Tensor]:
    if isinstance(outputs, Mapping):
        return list(outputs.values())
    return list(outputs) if isinstance(outputs, tuple | list) else [outputs]


def architecture_of(
    module: torch.nn.Module, depth: int = 1, width: int = 1, point_flops: int = 0
) -> ModuleArchitecture:
    """Where the parameters of every layer lie: a layer is what one sub-module owns, named as in
    ``named_modules``.

    Parameters that the module itself owns are layers of their own.

    Example:
        >>> network = torch.nn.Sequential(
        ...     torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)
        ... )
        >>> layers = architecture_of(network).layers
        >>> [(layer.name, layer.whole.start, layer.whole.stop) for layer in layers]
        [('0', 0, 9), ('2', 9, 13)]
    """
    counts: dict[str, int] = {}
    for name, parameter in free_parameters(module).items():
        layer = name.rpartition(".")[0] or name
        counts[layer] = counts.get(layer, 0) + parameter.numel()
    return ModuleArchitecture(
        depth, width, names=tuple(counts), counts=tuple(counts.values()), point_flops=point_flops
    )


def copied(module: torch.nn.Module) -> torch.nn.Module:
    """A copy, so that the user's own module is not touched.

    Raises:
        BadInput: it cannot be copied.
    """
    try:
        return copy.deepcopy(module)
    except Exception as error:
        words = " ".join(str(error).split())
        raise BadInput.field(
            "module",
            "one that copy.deepcopy can copy",
            words,
            "keep tensors in parameters and buffers",
        ) from error


def module_loss(
    module: torch.nn.Module, data: UserData, loss: str | LossOfOutputs = "mse"
) -> LossFactory:
    """The loss of one theta (P,), with data and buffers in a tensor's precision and on its device.

    Args:
        module: put in evaluation mode, and called with the inputs in their order; a tuple, list or
            dictionary of outputs is compared with the targets in order.
        data: floating-point arrays take theta's precision, whole numbers (tokens, classes) become
            int64.
        loss: one of `LOSSES`, or a function of outputs and targets.

    Example:
        >>> network = torch.nn.Linear(1, 1)
        >>> data = UserData({"x": np.ones((2, 1))}, {"y": np.zeros((2, 1))})
        >>> module_loss(network, data)(torch.zeros(1))(torch.tensor([2.0, 1.0]))
        tensor(9.)
    """
    of_outputs = LOSSES[loss] if isinstance(loss, str) else loss
    held = module.eval()
    # Both before the first call: functional_call may leave a plain tensor where two names share a
    # parameter.
    slices, constants = _slices(held), _fixed(held)
    classes = loss == "cross_entropy"
    losses: dict[tuple[torch.dtype, torch.device], functional.Loss] = {}

    def beside(like: torch.Tensor) -> functional.Loss:
        kept = losses.get((like.dtype, like.device))
        if kept is not None:
            return kept
        fixed = {name: _cast(tensor, like) for name, tensor in constants.items()}
        inputs = tuple(_cast(_tensor(array), like) for array in data.inputs.values())
        targets = [
            _tensor(array).to(like.device, torch.int64) if classes else _cast(_tensor(array), like)
            for array in data.targets.values()
        ]

        def of_theta(theta: torch.Tensor) -> torch.Tensor:
            free = {name: theta[part].reshape(shape) for name, (part, shape) in slices.items()}
            # vmap takes the fused kernels of attention one theta at a time, with a warning.
            with sdpa_kernel(SDPBackend.MATH), _defaults_of(theta):
                return of_outputs(functional_call(held, {**free, **fixed}, inputs), targets)

        losses[like.dtype, like.device] = of_theta
        return of_theta

    return beside


@contextmanager
def _defaults_of(theta: torch.Tensor) -> Iterator[None]:
    """What forward makes by torch.zeros and the like takes theta's precision and device, or
    products with it would fail.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(theta.dtype)
    try:
        with theta.device if theta.device.type != "cpu" else nullcontext():
            yield
    finally:
        torch.set_default_dtype(before)


def _slices(module: torch.nn.Module) -> dict[str, tuple[slice, torch.Size]]:
    """Where every free parameter lies in theta, with its shape."""
    slices, start = {}, 0
    for name, parameter in free_parameters(module).items():
        slices[name] = (slice(start, start + parameter.numel()), parameter.shape)
        start += parameter.numel()
    return slices


def _fixed(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Buffers, and parameters that do not require gradients."""
    frozen = {
        name: parameter.detach()
        for name, parameter in module.named_parameters()
        if not parameter.requires_grad
    }
    return {**frozen, **dict(module.named_buffers())}


def _tensor(array: np.ndarray) -> torch.Tensor:
    """A copy that torch takes: not backwards, nor in another machine's order of bytes, nor of a
    type that it lacks.
    """
    return torch.from_numpy(
        array.astype({"f": np.float64, "b": np.bool_}.get(array.dtype.kind, np.int64), order="C")
    )


def _cast(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    if tensor.is_complex():
        return tensor.to(like.device, like.dtype.to_complex())
    return tensor.to(
        like.device,
        (
            like.dtype
            if tensor.is_floating_point()
            else torch.int64
            if tensor.dtype != torch.bool
            else torch.bool
        ),
    )


def module_values(module: torch.nn.Module) -> np.ndarray:
    """The parameter vector of the module as it is, (P,) float64.

    Example:
        >>> module_values(torch.nn.LayerNorm(2))
        array([1., 1., 0., 0.])
    """
    return np.concatenate(
        [
            parameter.detach().double().cpu().numpy().ravel()
            for parameter in free_parameters(module).values()
        ]
    )


def load_checkpoint(module: torch.nn.Module, checkpoint: Mapping[str, torch.Tensor]) -> None:
    """Give a module the parameters and buffers of a state_dict.

    Raises:
        BadInput: a key is missing or unexpected, or a shape differs; named.

    Example:
        >>> load_checkpoint(torch.nn.Linear(1, 1), {"weight": torch.ones(1, 1)})
        Traceback (most recent call last):
        eigenscape.errors.BadInput: prior.checkpoint: expected a tensor for each of 2 names,
            found none for bias; ...
    """
    if not isinstance(checkpoint, Mapping):
        found = type(checkpoint).__name__
        raise BadInput.field(
            "prior.checkpoint",
            "a state_dict",
            found,
            "give what torch.load(path, weights_only=True) returns",
        )
    wanted = module.state_dict()
    fix = "give the checkpoint of this module, with the same depth and width"
    if missing := [name for name in wanted if name not in checkpoint]:
        found = f"none for {', '.join(missing[:3])}" + (
            f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        )
        if others := [str(name) for name in checkpoint if name not in wanted]:
            found += f", but {', '.join(others[:3])}"
        raise BadInput.field(
            "prior.checkpoint", f"a tensor for each of {len(wanted)} names", found, fix
        )
    if unexpected := [str(name) for name in checkpoint if name not in wanted]:
        found = f"{', '.join(unexpected[:3])}" + (
            f" and {len(unexpected) - 3} more" if len(unexpected) > 3 else ""
        )
        raise BadInput.field("prior.checkpoint", "names that the module has", found, fix)
    for name, tensor in wanted.items():
        given = checkpoint[name]
        if not isinstance(given, torch.Tensor) or given.shape != tensor.shape:
            found = (
                str(tuple(given.shape)) if isinstance(given, torch.Tensor) else type(given).__name__
            )
            raise BadInput.field(
                "prior.checkpoint", f"shape {tuple(tensor.shape)} for {name}", found, fix
            )
        if given.is_complex() and not tensor.is_complex():
            raise BadInput.field(
                "prior.checkpoint", f"real numbers in {name}", str(given.dtype), fix
            )
        if not bool(torch.isfinite(given).all()):
            raise BadInput.field(
                "prior.checkpoint", f"finite numbers in {name}", "infinity or NaN", fix
            )
    module.load_state_dict(dict(checkpoint))


def state_digest(module: torch.nn.Module, prior: ModulePrior) -> str:
    """The digest of everything beside code and data that decides the gradients: buffers, fixed
    parameters, and the prior of every parameter.
    """
    state = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(_fixed(module).items()):
        state.update(repr((name, tuple(tensor.shape), str(tensor.dtype))).encode())
        # numpy lacks some types
        state.update(
            tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        )
    state.update(
        repr(
            [(name, tuple(parameter.shape)) for name, parameter in free_parameters(module).items()]
        ).encode()
    )
    for array in (prior.centre, prior.deviations, prior.uniform):
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()


def sampler_of_module(
    module: torch.nn.Module,
    data: UserData,
    loss: str | LossOfOutputs,
    prior: ModulePrior,
    key: int,
    architecture: ModuleArchitecture | None = None,
    *,
    precision: type[np.floating] = np.float64,
    device: Device = Device.CPU,
    non_finite: NonFinite = NonFinite.FAIL,
) -> GradientSampler[TorchLoss]:
    """Gradients of a module's loss, theta_n drawn by parameter name from (key, n) alone.

    Args:
        module: put in evaluation mode; any that `torch.func` can vmap
            (`probe.require_vmappable` says which layer cannot be).
        data: what it is given and compared with.
        loss: one of `LOSSES`, or a function of outputs and targets.
        prior: from `priors.module_prior`.
        key: random stream.
        architecture: of the module; made from it where it is not given.
        precision: of draws and gradients.
        device: where gradients are computed; `Device.CPU` and `Device.TORCH` differ in who sums
            them.
        non_finite: what becomes of samples without a finite gradient.

    Example:
        >>> from eigenscape.networks.user.priors import module_prior
        >>> network = torch.nn.Linear(1, 1)
        >>> data = UserData({"x": np.zeros((2, 1))}, {"y": np.zeros((2, 1))})
        >>> sampler = sampler_of_module(network, data, "mse", module_prior(network), key=0)
        >>> gradients, _ = sampler.block(0, 4)  # L = b^2
        >>> bool(np.allclose(gradients[:, 1], 2 * sampler.parameters(0, 4)[:, 1]))
        True
    """

    @functools.cache
    def at_a_time() -> int:
        """Fewer gradients where a forward pass makes many numbers; by shapes alone, so that bits
        stay the same everywhere.
        """
        return max(1, min(TORCH_CHUNK, NUMBERS_AT_ONCE // activation_numbers(module, data)))

    return GradientSampler(
        architecture or architecture_of(module),
        ModuleDraws(prior, key),
        TorchLoss(module_loss(module, data, loss), data.points, at_a_time),
        precision=precision,
        device=device,
        non_finite=non_finite,
    )


def activation_numbers(module: torch.nn.Module, data: UserData) -> int:
    """How many numbers the innermost sub-modules put out in a forward pass over all data.

    Example:
        >>> network = torch.nn.Linear(1, 3)
        >>> data = UserData({"x": np.ones((5, 1))}, {"y": np.ones((5, 3))})
        >>> activation_numbers(network, data)
        15
    """
    count = 0

    def add(_: torch.nn.Module, __: Any, output: Any) -> None:
        nonlocal count
        count += sum(each.numel() for each in _several(output) if isinstance(each, torch.Tensor))

    handles = [
        part.register_forward_hook(add) for part in module.modules() if not list(part.children())
    ]
    try:
        theta = torch.from_numpy(module_values(module))
        with torch.no_grad():
            module_loss(module, data, lambda outputs, targets: theta.sum())(theta)(theta)
    finally:
        for handle in handles:
            handle.remove()
    return max(count, 1)
