"""Mean field: how signals and gradients grow from layer to layer in wide random networks.

With weights of variance sigma_w^2 / fan_in and biases of variance sigma_b^2, pre-activations of a
wide layer are Gaussian with variance q, and q tends to a fixed point q* of

    q = sigma_w^2 E[phi(sqrt(q) z)^2] + sigma_b^2,   z ~ N(0, 1).

Gradients grow towards the input by the factor ``chi_1 = sigma_w^2 E[phi'(sqrt(q*) z)^2]`` per
layer: chi_1 > 1 is the chaotic phase (early layers carry the gradient), chi_1 < 1 the ordered one,
1 critical. Poole et al. 2016 (arXiv 1606.05340); Schoenholz et al. 2017 (arXiv 1611.01232).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy

from eigenscape.architecture import Architecture
from eigenscape.networks.activations import HARD_TANH, LINEAR, RELU, Activation
from eigenscape.networks.priors import Prior

_Z = np.linspace(-10.0, 10.0, 8001)
"""Nodes of the trapezoid rule for Gaussian averages. It converges exponentially for analytic
functions: the error is about exp(-pi^2 / (h sqrt(q))) for tanh, below 1e-16 up to q = 4,000 at the
step h = 0.0025."""

_WEIGHTS = np.exp(-0.5 * _Z**2) * (20.0 / 8000) / math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class MeanField:
    """Fixed point of a wide network.

    Attributes:
        weight_variance: sigma_w^2.
        bias_variance: sigma_b^2.
        q_star: variance of pre-activations far from the input; infinite where it grows without
            bound.
        chi_1: growth of the gradient's second moment per layer, towards the input.
    """

    weight_variance: float
    bias_variance: float
    q_star: float
    chi_1: float

    def log10_layer_profile(self, depth: int) -> float:
        """(L - 1) log10 chi_1: decades between the first and the last hidden layer's gradient
        variances.
        """
        return (depth - 1) * math.log10(self.chi_1) if self.chi_1 > 0 else -math.inf


def mean_field(activation: Activation, weight_variance: float, bias_variance: float) -> MeanField:
    """The fixed point for given variances, sigma_w^2 (times 1/fan_in) and sigma_b^2.

    ReLU and linear units are homogeneous: chi_1 is sigma_w^2 / 2 and sigma_w^2 whatever q is. For
    tanh, hard-tanh (phi'^2 = 1 where |z| < 1, else 0) and sigmoid q* is the root of the fixed-point
    equation in (0, sigma_w^2 + sigma_b^2], 0 in the ordered phase of tanh and hard-tanh without
    biases.

    Example:
        >>> from eigenscape.networks.activations import RELU, TANH
        >>> mean_field(RELU, 2.0, 0.0).chi_1
        1.0
        >>> round(mean_field(TANH, 1.0, 0.0).chi_1, 12)
        1.0
    """
    if activation in (LINEAR, RELU):
        gain = weight_variance * (1.0 if activation is LINEAR else 0.5)
        growing = gain > 1.0 or (gain == 1.0 and bias_variance > 0)
        q_star = math.inf if growing else (bias_variance / (1.0 - gain) if gain < 1.0 else math.nan)
        return MeanField(weight_variance, bias_variance, q_star, gain)
    q_star = _fixed_point(activation, weight_variance, bias_variance)
    if activation is HARD_TANH:
        return MeanField(
            weight_variance, bias_variance, q_star, weight_variance * _hard_tanh_linear_part(q_star)
        )
    h = activation.function(math.sqrt(q_star) * _Z)
    chi_1 = weight_variance * float(_WEIGHTS @ activation.derivative_from_output(h) ** 2)
    return MeanField(weight_variance, bias_variance, q_star, chi_1)


def _fixed_point(activation: Activation, weight_variance: float, bias_variance: float) -> float:
    def excess(q: float) -> float:
        mean_square = _mean_square(activation, q)
        return weight_variance * mean_square + bias_variance - q

    highest = weight_variance + bias_variance
    lowest = 0.0 if excess(0.0) > 0 else 1e-9 * highest
    if excess(lowest) <= 0.0:
        # ordered, or so near criticality that the fixed point is below 1e-9 of the largest possible
        # one
        return 0.0
    return float(scipy.optimize.brentq(excess, lowest, highest, xtol=1e-15 * highest, rtol=1e-14))


def _mean_square(activation: Activation, q: float) -> float:
    """E[phi(sqrt(q) z)^2]; in closed form for hard-tanh, whose kinks the trapezoid rule resolves
    poorly.
    """
    if activation is not HARD_TANH:
        return float(_WEIGHTS @ activation.function(math.sqrt(q) * _Z) ** 2)
    if q == 0.0:
        return 0.0
    inside = _hard_tanh_linear_part(q)
    return q * (inside - math.sqrt(2 / (math.pi * q)) * math.exp(-0.5 / q)) + 1.0 - inside


def _hard_tanh_linear_part(q: float) -> float:
    """E[phi'(sqrt(q) z)^2] = P(|sqrt(q) z| < 1), the share of units in their linear part."""
    return math.erf(1 / math.sqrt(2 * q)) if q > 0.0 else 1.0


def mean_field_of(activation: Activation, prior: Prior, architecture: Architecture) -> MeanField:
    """The fixed point of a network's hidden layers under a prior; fan-in is the width.

    Example:
        >>> from eigenscape.networks.activations import TANH
        >>> from eigenscape.networks.priors import prior_named
        >>> mean_field_of(TANH, prior_named("standard_normal"), Architecture(5, 35)).chi_1 > 1
        True
        >>> mean_field_of(TANH, prior_named("pytorch_default"), Architecture(5, 35)).chi_1 < 1
        True
    """
    hidden = Architecture(2, architecture.width).layers[1]
    variance = prior.draw.variance
    weight_variance = variance * prior.weight_scale(hidden) ** 2 * hidden.fan_in
    return mean_field(activation, weight_variance, variance * prior.bias_scale(hidden) ** 2)
