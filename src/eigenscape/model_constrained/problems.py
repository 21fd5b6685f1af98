"""The cases that the configuration knows by name. A new case is an entry of `CASES`, or a user's
file (`user_case`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from eigenscape.config.model_constrained import ModelConstrainedSection
from eigenscape.errors import BadInput
from eigenscape.model_constrained.burgers import Burgers, random_waves
from eigenscape.model_constrained.case import (
    HELD_OUT,
    Case,
    Tensors,
    inverse_problem,
    standard_normal,
)
from eigenscape.model_constrained.deconvolution import (
    Deconvolution,
    blur_matrix,
    smooth_prior_factor,
)
from eigenscape.model_constrained.heat import Heat
from eigenscape.model_constrained.losses import Map, mc_tangent
from eigenscape.model_constrained.user_case import user_case
from eigenscape.networks.problems import Problem

WAVES = 3
"""Number of sine and cosine pairs of the initial waves of Burgers' equation: resolved by 16
cells."""


def case_named(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    """Return a case of the study, with its data drawn.

    Raises:
        BadInput: there is no case of that name, or the settings of its forward map cannot be used.

    Example:
        >>> case = case_named("deconvolution-tnet", ModelConstrainedSection(), seed=0)
        >>> case.problem.targets.shape
        (20, 24)
    """
    if name.partition("-")[0] in section.own:
        return user_case(name, section, seed)
    if name not in CASES:
        raise BadInput.field(
            "model_constrained.cases", f"one of {', '.join(CASES)}", name, "choose one of them"
        )
    return CASES[name](name, section, seed)


def _deconvolution(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    settings = section.deconvolution
    normals = standard_normal(seed, "deconvolution", section.pairs + HELD_OUT, settings.points)
    forward = Deconvolution(blur_matrix(settings.points, settings.observed, settings.blur))
    return inverse_problem(
        name, section, seed, forward, normals @ smooth_prior_factor(settings.points).T
    )


def _heat(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    settings = section.heat
    normals = standard_normal(seed, "heat", section.pairs + HELD_OUT, settings.modes)
    return inverse_problem(
        name, section, seed, Heat(settings.elements, settings.modes, settings.observed), normals
    )


def _burgers(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    settings, n = section.burgers, section.pairs
    step = Burgers(settings.points, settings.viscosity, settings.step)
    start = random_waves(standard_normal(seed, "burgers", n + HELD_OUT, 2 * WAVES), settings.points)
    states = step.trajectory(torch.from_numpy(start), settings.learned_steps).numpy()
    noise = (
        section.noise
        * float(start[:n].std())
        * standard_normal(seed, "noise of burgers", n, settings.points)
    )
    # A network that stays at 0 has an error of |u_1 - u_0|: the unit of both parts of the loss.
    change = float(np.mean((states[:n, 1] - states[:n, 0]) ** 2))
    arrays = {"states": states[:n], "noise": noise, "held": states[n:, :2]}
    precision = 1.0 / (settings.points * change)

    def loss(network: Map, alpha: float, tensors: Tensors) -> torch.Tensor:
        return mc_tangent(
            network,
            tensors["states"],
            step,
            settings.step,
            alpha,
            settings.model_steps,
            precision=precision,
            noise=tensors["noise"],
        )

    def error(network: Map, tensors: Tensors) -> torch.Tensor:
        before, after = tensors["held"].unbind(dim=1)
        return ((before + settings.step * network(before) - after) ** 2).mean() / (
            (after - before) ** 2
        ).mean()

    return Case(name, Problem(states[:n, 0] + noise, states[:n, 1]), arrays, loss, error)


CASES: dict[str, Callable[[str, ModelConstrainedSection, int], Case]] = {
    "deconvolution-mcdnn": _deconvolution,
    "deconvolution-tnet": _deconvolution,
    "deconvolution-taen": _deconvolution,
    "heat-mcdnn": _heat,
    "heat-tnet": _heat,
    "heat-taen": _heat,
    "burgers-mctangent": _burgers,
}
"""Every case, by its name in the configuration."""
