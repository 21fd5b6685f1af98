"""Priors of a user's module: by the names of its parameters, or around values that it has.

    theta_i = centre_i + deviation_i * (standard normal, or uniform on [-1, 1))

independent across parameters. Named priors scale a weight by its fan-in and fan-out as torch counts
them (`torch.nn.init`): the second dimension times the receptive field, and the first one times it.
A parameter of one dimension beside such a weight is its bias. What is neither (gains of
normalisation layers) keeps the factory's value under every named prior but the standard normal,
since a gain of zero, which those priors give to biases, would cut the network off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import numpy as np
import torch

from eigenscape.architecture import LayerBlock
from eigenscape.config.sampling import by_name_complaint
from eigenscape.errors import BadInput
from eigenscape.networks.draws import ScaledDraws
from eigenscape.networks.priors import StandardDraw, prior_named
from eigenscape.seeding import stream_key


@dataclass(frozen=True, eq=False)
class ModulePrior:
    """A prior by parameter; a module need not have symmetries, so C is not projected onto any.

    Attributes:
        centre: (P,).
        deviations: (P,), of at least 0; 0 fixes a parameter at its centre.
        uniform: (P,), where the draw is uniform.
    """

    centre: np.ndarray
    deviations: np.ndarray
    uniform: np.ndarray

    def deviations_of(self, draw: StandardDraw) -> np.ndarray:
        """(P,), the deviations of the parameters that this draw is for, 0 elsewhere."""
        mine = self.uniform if draw is StandardDraw.UNIFORM else ~self.uniform
        return np.where(mine, self.deviations, 0.0)


@dataclass(frozen=True, eq=False)
class ModuleDraws:
    """theta_n = centre plus scaled draws, normal or uniform by parameter.

    Where there are both kinds, uniform ones come from a stream of their own: a normal and a uniform
    of one pair of counter words would depend on each other.

    Attributes:
        prior: from `module_prior`.
        key: of the random stream.

    Example:
        >>> prior = module_prior(torch.nn.Linear(2, 1), by_name={"bias": "zero"})
        >>> theta = np.empty((1, 3))
        >>> ModuleDraws(prior, key=0).fill(theta, 0)
        >>> bool(theta[0, 2] == 0)
        True
    """

    prior: ModulePrior
    key: int

    def fill(self, parameters: np.ndarray, first: int) -> None:
        """Draw vectors ``first``, ``first + 1``, ... into the rows of ``parameters`` (B, P).

        Raises:
            BadInput: P is that of another module.
        """
        if parameters.shape[1] != len(self.prior.centre):
            expected, found = (
                f"a prior of {parameters.shape[1]} parameters",
                f"one of {len(self.prior.centre)}",
            )
            raise BadInput.field("prior", expected, found, "make it from the same module")
        whole, *others = self._streams
        whole.fill(parameters, first)
        for stream in others:
            drawn = np.empty_like(parameters)
            stream.fill(drawn, first)
            parameters += drawn
        if self.prior.centre.any():
            parameters += self.prior.centre.astype(parameters.dtype)

    @cached_property
    def _streams(self) -> list[ScaledDraws]:
        """One for each kind of draw that there is."""
        kinds = [draw for draw in StandardDraw if self.prior.deviations_of(draw).any()]
        keys = (self.key, stream_key(0, "uniform entries", self.key))
        return [
            ScaledDraws(draw, self.prior.deviations_of(draw), key)
            for draw, key in zip(kinds, keys, strict=False)
        ]


def free_parameters(module: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The parameters that theta holds, by name and in its order; one that two layers share counts
    once.

    Raises:
        BadInput: there are none, or one holds no real numbers.
    """
    found = {
        name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad
    }
    if not found:
        what = f"none in {type(module).__name__}"
        raise BadInput.field(
            "module", "parameters that require gradients", what, "do not freeze all of them"
        )
    for name, parameter in found.items():
        if isinstance(parameter, torch.nn.parameter.UninitializedParameter) or parameter.is_meta:
            raise BadInput.field(
                "module",
                f"values in parameter {name}",
                "none yet",
                "give the sizes, as in Linear for LazyLinear",
            )
        if not parameter.is_floating_point():
            fix = (
                "keep real and imaginary part as two parameters, joined by torch.complex in forward"
            )
            raise BadInput.field(
                "module", f"real numbers in parameter {name}", str(parameter.dtype), fix
            )
    return found


def module_prior(
    module: torch.nn.Module,
    kind: str = "standard_normal",
    by_name: Mapping[str, Any] | None = None,
    scale: float = 0.01,
    relative: bool = False,
) -> ModulePrior:
    """The prior of a module's parameters.

    Args:
        module: whose names, shapes and values count; for ``around`` it has the checkpoint's values
            already.
        kind: a name of `networks.priors.PRIORS`, or ``around``: own values plus ``scale`` times
            N(0, 1).
        by_name: entries by name or pattern, of which the first that fits counts: ``zero``, ``own``
            (fixed), a name of `PRIORS`, or ``{"kind": "normal" | "uniform" | "around", "scale":
            s}``; uniform is on [-s, s).
        scale: of kind ``around``.
        relative: ``scale`` is in units of each tensor's root mean square.

    Raises:
        BadInput: a pattern fits no parameter, or none that a pattern before it leaves; a prior is
            not known; nothing is random.

    Example:
        >>> by_name = {"bias": {"kind": "uniform", "scale": 0.1}}
        >>> prior = module_prior(torch.nn.Linear(4, 1), "lecun_normal", by_name)
        >>> prior.deviations, prior.uniform
        (array([0.5, 0.5, 0.5, 0.5, 0.1]), array([False, False, False, False,  True]))
    """
    entries, free = dict(by_name or {}), free_parameters(module)
    if complaint := by_name_complaint(entries):
        raise BadInput(
            f"prior.by_name: expected {complaint}, found {entries}; write by_name={{'*.bias':"
            " 'zero'}"
        )
    if not 0 < scale < math.inf:
        raise BadInput.field("prior.scale", "a positive number", str(scale), "write 0.01")
    unused = [
        pattern for pattern in entries if not any(fnmatchcase(name, pattern) for name in free)
    ]
    if unused:
        few = ", ".join(list(free)[:4]) + (", ..." if len(free) > 4 else "")
        raise BadInput.field(
            "prior.by_name",
            f"patterns that fit a parameter ({few})",
            repr(unused[0]),
            "correct or remove it",
        )
    first = {
        name: next((pattern for pattern in entries if fnmatchcase(name, pattern)), None)
        for name in free
    }
    if hidden := [pattern for pattern in entries if pattern not in first.values()]:
        expected, fix = (
            "patterns of which each decides something",
            "the first that fits counts: write names before patterns",
        )
        raise BadInput.field(
            "prior.by_name",
            expected,
            f"{hidden[0]!r} behind others that fit the same parameters",
            fix,
        )
    centres, deviations, uniform = [], [], []
    for name, parameter in free.items():
        pattern = first[name]
        entry = (
            entries[pattern]
            if pattern is not None
            else {"kind": "around", "scale": scale}
            if kind == "around"
            else kind
        )
        in_units = relative and pattern is None
        centre, deviation, is_uniform = _one(module, name, parameter, entry, in_units=in_units)
        centres.append(centre)
        deviations.append(np.full(parameter.numel(), deviation))
        uniform.append(np.full(parameter.numel(), is_uniform))
    prior = ModulePrior(
        np.concatenate(centres), np.concatenate(deviations), np.concatenate(uniform)
    )
    if not prior.deviations.any():
        raise BadInput.field(
            "prior",
            "some parameter that is random",
            "all of them fixed",
            "give one a positive scale",
        )
    return prior


def _one(
    module: torch.nn.Module, name: str, parameter: torch.nn.Parameter, entry: Any, *, in_units: bool
) -> tuple[np.ndarray, float, bool]:
    """Centre (of the tensor's size), deviation, and whether the draw is uniform."""
    values = parameter.detach().double().cpu().numpy().ravel()
    kind, scale = (
        (entry, 0.0) if isinstance(entry, str) else (str(entry["kind"]), float(entry["scale"]))
    )
    if kind == "own":
        return values, 0.0, False
    if kind == "around":
        return values, scale * (float(np.sqrt(np.mean(values**2))) if in_units else 1.0), False
    zero = np.zeros_like(values)
    if kind in ("zero", "normal", "uniform"):
        return zero, scale, kind == "uniform"
    named = prior_named(kind)
    is_uniform = named.draw is StandardDraw.UNIFORM
    if kind == "standard_normal":
        return zero, 1.0, False
    if parameter.dim() >= 2:
        return zero, named.weight_scale(_fans(parameter)), is_uniform
    weight = _sibling_weight(module, name)
    if weight is None:
        return values, 0.0, False
    return zero, named.bias_scale(_fans(weight)), is_uniform


def _sibling_weight(module: torch.nn.Module, name: str) -> torch.Tensor | None:
    """The weight of two dimensions or more that a bias belongs to, by its name: ``x.bias`` to
    ``x.weight``, also where the weight is shared, ``in_proj_bias`` to ``in_proj_weight``,
    ``bias_hh_l0`` to ``weight_hh_l0``.
    """
    owner, dot, last = name.rpartition(".")
    if "bias" not in last:
        return None
    weight = dict(module.named_parameters(remove_duplicate=False)).get(
        owner + dot + last.replace("bias", "weight")
    )
    return weight if weight is not None and weight.dim() >= 2 else None


def _fans(weight: torch.Tensor) -> LayerBlock:
    field = math.prod(weight.shape[2:])
    nowhere = slice(0, 0)
    return LayerBlock(weight.shape[1] * field, weight.shape[0] * field, nowhere, nowhere)
