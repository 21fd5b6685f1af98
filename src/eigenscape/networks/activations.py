"""The activation functions, and what the rest of the package must know of each.

Derivatives are written in terms of the unit's output ``h = phi(z)``, so that the backward pass
needs no pre-activations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from eigenscape.errors import BadInput


@dataclass(frozen=True)
class Activation:
    """One activation function.

    Attributes:
        name: as written in the configuration.
        code: the number by which the compiled kernel knows it; negative where it does not.
        odd: phi(-z) = -phi(z); then sign flips of hidden units are symmetries of the loss.
        function: phi on numpy arrays, real or (where analytic) complex.
        derivative_from_output: phi' as a function of h = phi(z).
        source: where it was introduced or is defined.
    """

    name: str
    code: int
    odd: bool
    function: Callable[[Any], Any]
    derivative_from_output: Callable[[Any], Any]
    source: str


LINEAR = Activation(
    "linear",
    0,
    True,
    lambda z: z,
    np.ones_like,
    "Saxe, McClelland, Ganguli, ICLR 2014, arXiv 1312.6120 (deep linear networks)",
)
TANH = Activation(
    "tanh",
    1,
    True,
    np.tanh,
    lambda h: 1 - h * h,
    "LeCun, Bottou, Orr, Muller, Efficient BackProp, 1998",
)
RELU = Activation(
    "relu",
    2,
    False,
    lambda z: np.maximum(z, 0),
    lambda h: np.where(h > 0, 1.0, 0.0),
    "Nair, Hinton, ICML 2010; phi'(0) = 0",
)
SIGMOID = Activation(
    "sigmoid",
    3,
    False,
    lambda z: 0.5 * (1 + np.tanh(0.5 * z)),
    lambda h: h * (1 - h),
    "Rumelhart, Hinton, Williams, Nature 323, 1986",
)
HARD_TANH = Activation(
    "hard_tanh",
    -1,
    True,
    lambda z: np.clip(z, -1, 1),
    lambda h: np.where(np.abs(h) < 1, 1.0, 0.0),
    "Collobert, PhD thesis, Universite Paris VI, 2004; as in Raghu et al., ICML 2017, arXiv"
    " 1606.05336",
)
"""Outside `ACTIVATIONS` on purpose: the curve analysis and its mean field know it, the gradient
kernel does not, and the study's grid and its sweep over all activations stay what they are."""

ACTIVATIONS = {activation.name: activation for activation in (LINEAR, TANH, RELU, SIGMOID)}


def activation_named(name: str) -> Activation:
    """Look an activation up.

    Raises:
        BadInput: no activation of that name.

    Example:
        >>> activation_named("tanh").odd
        True
    """
    if name not in ACTIVATIONS:
        raise BadInput.field(
            "network.activation",
            f"one of {', '.join(ACTIVATIONS)}",
            name,
            "write network: {activation: tanh}",
        )
    return ACTIVATIONS[name]
