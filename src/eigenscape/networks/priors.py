"""Priors: distributions over parameter vectors, independent across parameters.

Every prior is a standard draw (normal, or uniform on [-1, 1)) times a scale per parameter, so one
generator serves all, and a new prior is one entry of `PRIORS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from eigenscape.architecture import LayerBlock, Layout
from eigenscape.errors import BadInput


class StandardDraw(Enum):
    """The distribution that the scales multiply."""

    NORMAL = 0
    """Mean 0, variance 1."""
    UNIFORM = 1
    """Uniform on [-1, 1), variance 1/3."""

    @property
    def variance(self) -> float:
        """The variance of one standard draw."""
        return 1.0 if self is StandardDraw.NORMAL else 1.0 / 3.0


@dataclass(frozen=True)
class Prior:
    """A prior by layer: theta = scale * standard draw.

    Attributes:
        name: as written in the configuration.
        draw: the standard distribution.
        weight_scale: scale of a layer's weights, from its fan-in and fan-out.
        bias_scale: scale of a layer's biases; 0 fixes them at zero.
        source: where the prior is taken from.
        symmetric: parameters are independent, alike within a layer's weights and within its biases,
            and symmetric about zero: what the symmetries of the second moment ask for. All priors
            here are; one that is not must say so, and is not projected
            (`active_subspace.symmetry`).
    """

    name: str
    draw: StandardDraw
    weight_scale: Callable[[LayerBlock], float]
    bias_scale: Callable[[LayerBlock], float]
    source: str
    symmetric: bool = True

    def scales(self, architecture: Layout) -> np.ndarray:
        """The scale of every parameter, (P,) float64.

        Example:
            >>> from eigenscape.architecture import Architecture
            >>> prior_named("he_normal").scales(Architecture(depth=1, width=2))
            array([1.41421356, 1.41421356, 0.        , 0.        , 1.        ,
                   1.        , 0.        ])
        """
        scales = np.empty(architecture.parameters)
        for layer in architecture.layers:
            scales[layer.weight] = self.weight_scale(layer)
            scales[layer.bias] = self.bias_scale(layer)
        return scales


def _one(_: LayerBlock) -> float:
    return 1.0


def _zero(_: LayerBlock) -> float:
    return 0.0


def _inverse_root_fan_in(layer: LayerBlock) -> float:
    return 1.0 / math.sqrt(layer.fan_in)


PRIORS = {
    prior.name: prior
    for prior in (
        Prior(
            "standard_normal",
            StandardDraw.NORMAL,
            _one,
            _one,
            "N(0, 1) on every weight and bias: the prior of the published active-subspace pages",
        ),
        Prior(
            "lecun_normal",
            StandardDraw.NORMAL,
            _inverse_root_fan_in,
            _zero,
            "N(0, 1/fan_in), biases zero: LeCun, Bottou, Orr, Muller, Efficient BackProp, 1998,"
            " section 4.6",
        ),
        Prior(
            "glorot_uniform",
            StandardDraw.UNIFORM,
            lambda layer: math.sqrt(6.0 / (layer.fan_in + layer.fan_out)),
            _zero,
            "U(+-sqrt(6/(fan_in + fan_out))), biases zero: Glorot, Bengio, AISTATS 2010",
        ),
        Prior(
            "he_normal",
            StandardDraw.NORMAL,
            lambda layer: math.sqrt(2.0 / layer.fan_in),
            _zero,
            "N(0, 2/fan_in), biases zero: He, Zhang, Ren, Sun, ICCV 2015, arXiv 1502.01852",
        ),
        Prior(
            "pytorch_default",
            StandardDraw.UNIFORM,
            _inverse_root_fan_in,
            _inverse_root_fan_in,
            "U(+-1/sqrt(fan_in)) on weights and biases: torch.nn.Linear.reset_parameters",
        ),
    )
}


def scaled_normal(weight_std: float, bias_std: float) -> Prior:
    """N(0, weight_std^2/fan_in) weights and N(0, bias_std^2) biases: the two-parameter family of
    mean-field theory.

    Source: Poole et al. 2016, arXiv 1606.05340.

    Example:
        >>> from eigenscape.architecture import Architecture
        >>> scaled_normal(2.0, 0.5).scales(Architecture(depth=1, width=4))[-2:]
        array([1. , 0.5])
    """
    return Prior(
        f"scaled_normal({weight_std:g}, {bias_std:g})",
        StandardDraw.NORMAL,
        lambda layer: weight_std / math.sqrt(layer.fan_in),
        lambda _: bias_std,
        "N(0, sigma_w^2/fan_in), biases N(0, sigma_b^2): Poole et al. 2016, arXiv 1606.05340",
    )


def prior_named(name: str) -> Prior:
    """Look a prior up.

    Raises:
        BadInput: no prior of that name.

    Example:
        >>> prior_named("standard_normal").draw
        <StandardDraw.NORMAL: 0>
    """
    if name not in PRIORS:
        raise BadInput.field(
            "prior.kind",
            f"one of {', '.join(PRIORS)}",
            name,
            "write prior: {kind: standard_normal}",
        )
    return PRIORS[name]
