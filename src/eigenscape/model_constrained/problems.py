"""Cases: data, forward map and loss together, as a study samples them. A new one is an entry of `CASES`.

A case needs named arrays, the sizes of its network, and two functions of a network: its loss with weight alpha, and how wrong it is
on data that it has not seen. Variances scale both parts of every loss, so alpha = 1 weighs a relative error of the model as
much as one of the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.model_constrained.burgers import Burgers, random_waves
from eigenscape.model_constrained.deconvolution import Deconvolution, blur_matrix, smooth_prior_factor
from eigenscape.model_constrained.heat import Heat
from eigenscape.model_constrained.losses import Map, mc_dnn, mc_tangent
from eigenscape.model_constrained_section import ModelConstrainedSection
from eigenscape.networks.activations import Activation
from eigenscape.networks.functional import Loss, network_output
from eigenscape.networks.loss_sampler import LossBeside
from eigenscape.networks.problems import Problem
from eigenscape.seeding import stream_key

Tensors = Mapping[str, torch.Tensor]

HELD_OUT = 200
"""Pairs that no network is trained on: the error's own sampling error is then below 10 %."""

WAVES = 3
"""Sine and cosine pairs of the waves that Burgers' equation starts from: resolved by 16 cells."""


@dataclass(frozen=True)
class Case:
    """What is sampled.

    Attributes:
        name: of forward map and loss.
        problem: network inputs (n, inputs) and what they are compared with (n, outputs).
        arrays: everything that the two functions use, float64.
        loss: of a network, alpha and the arrays as tensors; scalar.
        error: of a network and the arrays: squared error on data not seen, 1 for a network that knows their mean at best.
    """

    name: str
    problem: Problem
    arrays: Mapping[str, np.ndarray]
    loss: Callable[[Map, float, Tensors], torch.Tensor]
    error: Callable[[Map, Tensors], torch.Tensor]

    def loss_beside(self, architecture: Architecture, activation: Activation, alpha: float) -> LossBeside:
        """The loss as a function of parameter vectors, for `networks.loss_sampler`."""

        def beside(like: torch.Tensor) -> Loss:
            tensors = self._tensors(like)
            return lambda theta: self.loss(lambda x: network_output(theta, x, architecture, activation), alpha, tensors)

        return beside

    def error_beside(self, architecture: Architecture, activation: Activation) -> LossBeside:
        """The error in the same way."""

        def beside(like: torch.Tensor) -> Loss:
            tensors = self._tensors(like)
            return lambda theta: self.error(lambda x: network_output(theta, x, architecture, activation), tensors)

        return beside

    def _tensors(self, like: torch.Tensor) -> Tensors:
        return {name: torch.as_tensor(array, dtype=like.dtype, device=like.device) for name, array in self.arrays.items()}


def case_named(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    """A case of the study, with its data drawn.

    Raises:
        BadInput: no case of that name, or settings of its forward map that cannot be used.

    Example:
        >>> case_named("deconvolution-tnet", ModelConstrainedSection(), seed=0).problem.targets.shape
        (20, 24)
    """
    if name not in CASES:
        raise BadInput.field("model_constrained.cases", f"one of {', '.join(CASES)}", name, "choose one of them")
    return CASES[name](name, section, seed)


def _standard_normal(seed: int, name: str, rows: int, columns: int) -> np.ndarray:
    """Rows that do not depend on their number."""
    generator = np.random.Generator(np.random.Philox(key=stream_key(seed, "model-constrained", name)))
    return generator.standard_normal((rows, columns))


@dataclass(frozen=True)
class Shifted:
    """(G(u) - shift) / scale: observations of order one, which is what networks like to be given."""

    forward: Map
    shift: np.ndarray
    scale: float

    def __call__(self, u: torch.Tensor) -> torch.Tensor:
        """Of unknowns (..., m)."""
        return (self.forward(u) - torch.as_tensor(self.shift, dtype=u.dtype, device=u.device)) / self.scale


def _inverse_problem(name: str, section: ModelConstrainedSection, seed: int, forward: Map, unknown: np.ndarray) -> Case:
    """The case mcDNN or TNet for unknowns (n + held out, m), whose observations are computed, standardised and given noise."""
    n = section.pairs
    seen = forward(torch.from_numpy(unknown)).numpy()
    shift = seen[:n].mean(axis=0)
    scale = float(np.sqrt(np.mean((seen[:n] - shift) ** 2)))
    observed = (seen - shift) / scale + section.noise * _standard_normal(seed, f"noise of {name.partition('-')[0]}", *seen.shape)
    mean = unknown[:n].mean(axis=0)
    variance = float(np.mean((unknown[:n] - mean) ** 2))
    arrays = {"u": unknown[:n], "y": observed[:n], "mean": mean, "held_u": unknown[n:], "held_y": observed[n:]}
    u_precision, y_precision = 1.0 / (unknown.shape[1] * variance), 1.0 / seen.shape[1]
    standardised, target = Shifted(forward, shift, scale), "u" if name.endswith("mcdnn") else "mean"

    def loss(network: Map, alpha: float, tensors: Tensors) -> torch.Tensor:
        return mc_dnn(network, tensors[target], tensors["y"], standardised, alpha, u_precision, y_precision)

    def error(network: Map, tensors: Tensors) -> torch.Tensor:
        wrong = ((network(tensors["held_y"]) - tensors["held_u"]) ** 2).mean()
        return wrong / ((tensors["mean"] - tensors["held_u"]) ** 2).mean()

    return Case(name, Problem(observed[:n], unknown[:n]), arrays, loss, error)


def _deconvolution(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    settings = section.deconvolution
    drawn = _standard_normal(seed, "deconvolution", section.pairs + HELD_OUT, settings.points)
    forward = Deconvolution(blur_matrix(settings.points, settings.observed, settings.blur))
    return _inverse_problem(name, section, seed, forward, drawn @ smooth_prior_factor(settings.points).T)


def _heat(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    settings = section.heat
    drawn = _standard_normal(seed, "heat", section.pairs + HELD_OUT, settings.modes)
    return _inverse_problem(name, section, seed, Heat(settings.elements, settings.modes, settings.observed), drawn)


def _burgers(name: str, section: ModelConstrainedSection, seed: int) -> Case:
    settings, n = section.burgers, section.pairs
    step = Burgers(settings.points, settings.viscosity, settings.step)
    start = random_waves(_standard_normal(seed, "burgers", n + HELD_OUT, 2 * WAVES), settings.points)
    states = step.trajectory(torch.from_numpy(start), settings.learned_steps).numpy()
    noise = section.noise * float(start[:n].std()) * _standard_normal(seed, "noise of burgers", n, settings.points)
    # A network that stays at 0 has an error of |u_1 - u_0|: the unit of both parts of the loss.
    change = float(np.mean((states[:n, 1] - states[:n, 0]) ** 2))
    arrays = {"states": states[:n], "noise": noise, "held": states[n:, :2]}
    precision = 1.0 / (settings.points * change)

    def loss(network: Map, alpha: float, tensors: Tensors) -> torch.Tensor:
        return mc_tangent(
            network, tensors["states"], step, settings.step, alpha, settings.model_steps, precision=precision, noise=tensors["noise"]
        )

    def error(network: Map, tensors: Tensors) -> torch.Tensor:
        before, after = tensors["held"].unbind(dim=1)
        return ((before + settings.step * network(before) - after) ** 2).mean() / ((after - before) ** 2).mean()

    return Case(name, Problem(states[:n, 0] + noise, states[:n, 1]), arrays, loss, error)


CASES: dict[str, Callable[[str, ModelConstrainedSection, int], Case]] = {
    "deconvolution-mcdnn": _deconvolution,
    "deconvolution-tnet": _deconvolution,
    "heat-mcdnn": _heat,
    "heat-tnet": _heat,
    "burgers-mctangent": _burgers,
}
"""Every case, by the name of the configuration."""
