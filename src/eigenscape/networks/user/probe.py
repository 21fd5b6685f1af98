"""Whether `torch.func` can take a module, and if not, which layer is in the way.

A module is run as it will be: forward alone, then gradients at two parameter vectors at once
(`vmap` of `grad`), then once more, for a loss that changes between two calls at the same theta is
none of theta alone. While it runs, hooks note which sub-module is at work, so that an error names
the innermost one.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from eigenscape.errors import BadInput
from eigenscape.networks import functional
from eigenscape.networks.user.data import UserData
from eigenscape.networks.user.modules import LossOfOutputs, copied, module_loss
from eigenscape.networks.user.priors import free_parameters

SAME = 1e-6
"""Largest relative difference of two equal losses at one theta: rounding of float64 stays far
below."""

LONGEST = 160
"""Characters of torch's own message that are passed on."""

_NUMBER = "a tensor turned into a Python number or condition (.item(), float(), if)"
_KEEP_TENSORS = (
    "keep to operations on tensors, and write torch.where(condition, a, b) in place of if"
)
_CAUSES = (
    (".item()", _NUMBER, _KEEP_TENSORS),
    ("data-dependent control flow", _NUMBER, _KEEP_TENSORS),
    ("random", "random numbers", "leave dropout in evaluation mode, and draw nothing in forward"),
    ("inplace", "an operation in place", "write y = y + x in place of y += x"),
    ("in-place", "an operation in place", "write y = y + x in place of y += x"),
    (
        "doesn't match the broadcast shape",
        "an operation in place",
        "write y = y + x in place of y += x",
    ),
    ("numpy", "a tensor turned into a numpy array", "keep to operations on tensors"),
)
"""What torch's messages contain, what it means, and what to do."""

_BATCH_NORM = (
    "running statistics that it overwrites, being in training mode",
    "leave it in evaluation mode, or use LayerNorm",
)
"""Torch speaks of an operation in place there, which is none of the user's."""

_NOT_THE_USERS = (
    *(str(Path(str(package.__file__)).parent) for package in (torch, np)),
    str(Path(__file__).parents[2]),
    "<",
)
"""Where the lines of these packages lie, and those of no file."""


class _Path:
    """The sub-modules at work, outermost first."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, torch.nn.Module]] = []

    @property
    def innermost(self) -> str:
        if not self.parts:
            return "outside of the module, in the loss or on the way back"
        name, kind = self.parts[-1][0], type(self.parts[-1][1]).__name__
        return f"in layer {name} ({kind})" if name else f"in forward of {kind} itself"


@contextmanager
def _watched(module: torch.nn.Module) -> Iterator[_Path]:
    path, handles = _Path(), []

    def hooks(name: str, part: torch.nn.Module) -> None:
        def enter(_: torch.nn.Module, __: Any) -> None:
            path.parts.append((name, part))

        def leave(_: torch.nn.Module, __: Any, ___: Any) -> None:
            path.parts.pop()

        handles.append(part.register_forward_pre_hook(enter, prepend=True))
        handles.append(part.register_forward_hook(leave))

    for name, part in module.named_modules():
        hooks(name, part)
    try:
        yield path
    finally:
        for handle in handles:
            handle.remove()


def require_vmappable(
    module: torch.nn.Module, data: UserData, loss: str | LossOfOutputs, theta: np.ndarray
) -> int:
    """Refuse a module whose loss `torch.func` cannot differentiate at many theta at once, or that
    is no function of theta.

    Args:
        module: of the user; put in evaluation mode.
        data: all of it.
        loss: as in `modules.module_loss`.
        theta: (B, P), some draws of the prior, B >= 2; (2, P) is enough.

    Returns:
        Floating-point operations of one forward pass, by torch's own count.

    Raises:
        BadInput: naming the layer.

    Example:
        >>> from eigenscape.networks.user.data import UserData
        >>> data = UserData({"x": np.ones((2, 1))}, {"y": np.zeros((2, 1))})
        >>> # two points, one multiplication and one addition each
        >>> require_vmappable(torch.nn.Linear(1, 1), data, "mse", np.zeros((2, 2)))
        4
        >>> require_vmappable(torch.nn.Linear(3, 1), data, "mse", np.zeros((2, 4)))
        Traceback (most recent call last):
        eigenscape.errors.BadInput: problem.module: expected a module for inputs of shapes (2, 1),
            found an error in forward of Linear ...
    """
    held = module.eval()
    for name, part in held.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            found = f"TorchScript in layer {name}" if name else "TorchScript"
            raise BadInput.field("problem.module", "modules in Python", found, "give it unscripted")
    fresh = _copy_of(held)
    drawn = torch.from_numpy(np.array(theta, order="C"))
    flops = _run_forward(held, data, loss, drawn[:1].to(torch.float64))
    with _watched(held) as path:
        of_theta = module_loss(held, data, loss)(drawn)
        try:
            gradients, losses = functional.gradients_and_losses(drawn, of_theta)
        except Exception as error:
            raise _refusal(path, error) from error
        _, again = functional.gradients_and_losses(drawn, of_theta)
    if gradients.shape != drawn.shape or losses.shape != drawn.shape[:1]:
        raise BadInput.field(
            "problem.loss",
            "one number",
            f"shape {tuple(losses.shape[1:])}",
            "let it return a scalar",
        )
    if not np.array_equal(drawn.numpy(), theta, equal_nan=True):
        fix = "write to no parameter (max_norm, .data, clamp_), and use what torch.clamp returns"
        raise BadInput.field(
            "problem.module",
            "a forward that leaves its parameters as they are",
            "one that changes them",
            fix,
        )
    if not torch.allclose(losses, again, rtol=SAME, atol=0.0, equal_nan=True):
        found = f"{losses[0]:.6g} and {again[0]:.6g} at the same parameters"
        raise BadInput.field(
            "problem.module",
            "a loss of theta alone",
            found,
            "draw no random numbers and keep no state in forward",
        )
    if fresh is not None:
        _require_own_parameters(held, fresh, data, loss, drawn[-1].double())
    return flops


def _copy_of(module: torch.nn.Module) -> torch.nn.Module | None:
    """Before anything ran; none where it cannot be copied."""
    try:
        return copied(module)
    except BadInput:
        return None


def _require_own_parameters(
    used: torch.nn.Module,
    fresh: torch.nn.Module,
    data: UserData,
    loss: str | LossOfOutputs,
    theta: torch.Tensor,
) -> None:
    """Refuse a module that keeps what it computed of parameters, or reaches them on a way of its
    own: a copy that has theta says more.
    """
    torch.nn.utils.vector_to_parameters(theta.clone(), free_parameters(fresh.double()).values())
    with torch.no_grad():
        after, alone = (
            float(module_loss(module, data, loss)(theta)(theta)) for module in (used, fresh)
        )
    if not np.isclose(after, alone, rtol=SAME, atol=0.0, equal_nan=True):
        found = f"{after:.6g} after another theta, and {alone:.6g} without"
        fix = "keep nothing that is computed of parameters, and no list of them beside the layers"
        raise BadInput.field("problem.module", "a loss of theta alone", found, fix)


def _run_forward(
    module: torch.nn.Module, data: UserData, loss: str | LossOfOutputs, theta: torch.Tensor
) -> int:
    """One forward pass with outputs compared to the targets' shapes; the count of its
    operations.
    """
    shapes = ", ".join(str(array.shape) for array in data.inputs.values())
    seen: list[Any] = []
    remember = module.register_forward_hook(lambda _, __, output: seen.append(output))
    counter = FlopCounterMode(display=False)
    try:
        with _watched(module) as path, torch.no_grad(), counter:
            try:
                module_loss(module, data, lambda outputs, targets: _first_number(outputs))(theta)(
                    theta[0]
                )
            except Exception as error:
                where = f"an error {path.innermost}: {_text_of(error)}{_place_of(error)}"
                fix = "fix forward, or name other inputs"
                if "dtype" in str(error) and any(
                    array.dtype.kind in "iub" for array in data.inputs.values()
                ):
                    fix = (
                        "save inputs that are no tokens or classes as floating-point numbers (1.0):"
                        " whole numbers stay whole"
                    )
                raise BadInput.field(
                    "problem.module", f"a module for inputs of shapes {shapes}", where, fix
                ) from error
    finally:
        remember.remove()
    if isinstance(loss, str):
        _require_shapes(seen[-1], data, loss)
    return int(counter.get_total_flops())


def _first_number(outputs: Any) -> torch.Tensor:
    while not isinstance(outputs, torch.Tensor):
        outputs = next(iter(outputs.values() if isinstance(outputs, Mapping) else outputs))
    return outputs.sum()


def _require_shapes(outputs: Any, data: UserData, loss: str) -> None:
    if isinstance(outputs, Mapping):
        names = list(data.targets)
        if list(outputs) != names:
            found = ", ".join(map(str, outputs))
            raise BadInput.field(
                "problem.targets",
                f"{', '.join(names)} among the outputs, in this order",
                found,
                "name them alike",
            )
        outputs = list(outputs.values())
    several = list(outputs) if isinstance(outputs, tuple | list) else [outputs]
    if len(several) != len(data.targets):
        found = f"{len(several)} output{'s' * (len(several) != 1)}"
        raise BadInput.field(
            "problem.targets",
            f"as many outputs as targets, {len(data.targets)}",
            found,
            "name a target for each output",
        )
    for output, (name, target) in zip(several, data.targets.items(), strict=True):
        if not isinstance(output, torch.Tensor):
            raise BadInput.field(
                "problem.module",
                "outputs that are tensors",
                type(output).__name__,
                "let forward return tensors",
            )
        shape = tuple(output.shape)
        if loss == "mse" and shape != target.shape:
            fix = "reshape one of them: shapes that broadcast would give another loss"
            raise BadInput.field(
                "problem.module",
                f"an output of shape {target.shape}, as {name} has",
                str(shape),
                fix,
            )
        if loss == "cross_entropy":
            classes = int(target.max()) + 1
            wanted = f"({', '.join(['n', 'K', '...'][: target.ndim + 1])})"
            if (
                len(shape) != target.ndim + 1
                or (shape[0], *shape[2:]) != target.shape
                or shape[1] < classes
            ):
                expected = (
                    f"an output of shape {wanted} for {name} of shape {target.shape}, with K of"
                    f" {classes} or more classes"
                )
                raise BadInput.field(
                    "problem.module",
                    expected,
                    str(shape),
                    "let forward return a score for each class",
                )


def _refusal(path: _Path, error: Exception) -> BadInput:
    expected, text, where = (
        "layers that torch.func.vmap takes",
        str(error).lower(),
        f"{path.innermost}{_place_of(error)}",
    )
    known = [(cause, fix) for sign, cause, fix in _CAUSES if sign in text]
    part = path.parts[-1][1] if path.parts else None
    if isinstance(part, torch.nn.modules.batchnorm._NormBase) and part.training:
        known = [_BATCH_NORM]
    if known:
        return BadInput.field("problem.module", expected, f"{known[0][0]}, {where}", known[0][1])
    fix = (
        "write that layer with other operations"
        if path.parts
        else "a loss takes the outputs and the list of targets, and returns one number"
    )
    return BadInput.field("problem.module", expected, f"an error {where}: {_text_of(error)}", fix)


def _text_of(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= LONGEST else words[:LONGEST].rsplit(" ", 1)[0] + " ..."


def _place_of(error: Exception) -> str:
    """The user's own line, where there is one: the innermost frame that is neither torch's nor this
    package's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_USERS)]
    return f", {Path(own[-1].filename).name} line {own[-1].lineno}" if own else ""
