"""From a module, arrays and a prior to a sampler, with every check made: the front door for
notebooks and programs.

    sampler = module_sampler(network, x, y, loss="cross_entropy", prior="lecun_normal")

`active_subspace` takes the sampler as it takes every other one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch

from eigenscape.errors import BadInput
from eigenscape.networks.gradients import GradientSampler, NonFinite
from eigenscape.networks.sampler import Device
from eigenscape.networks.torch_loss import TorchLoss
from eigenscape.networks.user.data import UserData, require_usable
from eigenscape.networks.user.modules import (
    LOSSES,
    LossOfOutputs,
    architecture_of,
    copied,
    load_checkpoint,
    sampler_of_module,
)
from eigenscape.networks.user.priors import module_prior
from eigenscape.networks.user.probe import require_vmappable
from eigenscape.seeding import prior_key

Arrays = (
    np.ndarray
    | torch.Tensor
    | Sequence[np.ndarray | torch.Tensor]
    | Mapping[str, np.ndarray | torch.Tensor]
)
"""One array with a row per data point, a list of several in the order of forward's arguments, or
several by name."""


def module_sampler(
    module: torch.nn.Module,
    inputs: Arrays,
    targets: Arrays,
    loss: str | LossOfOutputs = "mse",
    *,
    prior: str = "standard_normal",
    by_name: Mapping[str, Any] | None = None,
    scale: float = 0.01,
    relative: bool = False,
    checkpoint: Mapping[str, torch.Tensor] | None = None,
    seed: int = 0,
    precision: type[np.floating] = np.float64,
    device: Device | Literal["cpu", "torch", "cuda"] = Device.CPU,
    non_finite: NonFinite | Literal["fail", "exclude"] = NonFinite.FAIL,
) -> GradientSampler[TorchLoss]:
    """Gradients of a module's loss at draws of its prior.

    Args:
        module: any that `torch.func` can vmap; copied, and put in evaluation mode.
        inputs: what forward is given.
        targets: what outputs are compared with, one for each output.
        loss: ``mse``, ``cross_entropy``, or a function of the outputs and the list of targets that
            returns a scalar.
        prior: a name of `networks.priors.PRIORS`, or ``around``: own values, or the checkpoint's,
            plus ``scale`` times N(0, 1).
        by_name: other priors by parameter name or pattern, see `module_priors.module_prior`.
        scale: of ``around``.
        relative: ``scale`` is in units of each tensor's root mean square.
        checkpoint: a state_dict, such as ``torch.load(path, weights_only=True)`` returns.
        seed: theta_n depends on it, on the sizes of the layers, and on n.
        precision: of draws and gradients.
        device: where gradients are computed.
        non_finite: what becomes of samples without a finite gradient.

    Raises:
        BadInput: data, checkpoint, prior or module cannot be used; one line that names the array,
            the parameter or the layer.

    Example:
        >>> x = np.linspace(-1, 1, 8)[:, None]
        >>> network = torch.nn.Sequential(
        ...     torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)
        ... )
        >>> by_name = {"*.bias": {"kind": "normal", "scale": 0.1}}
        >>> sampler = module_sampler(network, x, np.sin(x), prior="lecun_normal", by_name=by_name)
        >>> gradients, losses = sampler.block(0, 5)
        >>> gradients.shape, [layer.name for layer in sampler.architecture.layers]
        ((5, 10), ['0', '2'])
    """
    if not isinstance(module, torch.nn.Module):
        raise BadInput.field(
            "module",
            "a torch.nn.Module",
            type(module).__name__,
            "make one first, as in torch.nn.Linear(2, 1)",
        )
    for name, value, known in (("device", device, Device), ("non_finite", non_finite, NonFinite)):
        if value not in list(known):
            raise BadInput.field(
                name,
                f"one of {', '.join(known)}",
                str(value),
                f"write {name}='{next(iter(known))}'",
            )
    if np.dtype(precision) not in (np.float64, np.float32):
        raise BadInput.field(
            "precision",
            "float64 or float32",
            str(np.dtype(precision)),
            "write precision=np.float64",
        )
    if isinstance(loss, str) and loss not in LOSSES:
        fix = "or give a function of the outputs and the list of targets"
        raise BadInput.field("loss", f"one of {', '.join(LOSSES)}", loss, fix)
    data = UserData(_named(inputs, "input"), _named(targets, "target"))
    require_usable(data, loss if isinstance(loss, str) else "mse")
    held = copied(module)
    if checkpoint is not None:
        load_checkpoint(held, checkpoint)
    architecture = architecture_of(held)
    sampler = sampler_of_module(
        held,
        data,
        loss,
        module_prior(held, prior, by_name, scale, relative),
        prior_key(seed, architecture),
        architecture,
        precision=precision,
        device=Device(device),
        non_finite=NonFinite(non_finite),
    )
    require_vmappable(held, data, loss, sampler.parameters(0, 2))
    return sampler


def _named(arrays: Arrays, word: str) -> dict[str, np.ndarray]:
    if isinstance(arrays, Mapping):
        return {name: _array(array) for name, array in arrays.items()}
    if not isinstance(arrays, list | tuple):
        return {word: _array(arrays)}
    if not arrays:
        raise BadInput.field(
            word,
            "one array or several",
            "none",
            "give what forward takes and what outputs are compared with",
        )
    return {f"{word} {number}": _array(array) for number, array in enumerate(arrays)}


def _array(array: Any) -> np.ndarray:
    if isinstance(array, torch.Tensor):  # numpy has no bfloat16
        return (array.double() if array.dtype == torch.bfloat16 else array).detach().cpu().numpy()
    return np.asarray(array)
