"""Matched perturbations: sensitivities of many networks, and equal rotations of one layer at a
time.

A matched perturbation rotates W_l by an angle towards a random matrix of the same norm, W_l cos a +
R_l sin a with R_l orthogonal to W_l and |R_l| = |W_l|: every layer is changed by the same relative
amount, at the same norm, so that only the layer differs. This is a measurable form of "lower
weights matter more" (Raghu et al., arXiv 1606.05336).
"""

from __future__ import annotations

import numpy as np

from eigenscape.expressivity.analysis import analyse
from eigenscape.expressivity.curves import Curve
from eigenscape.expressivity.networks import Layers, generator


def turned(weight: np.ndarray, angle: float, draw: np.random.Generator) -> np.ndarray:
    """Return a matrix at an angle from another one, of the same Frobenius norm, in a random
    direction.

    A matrix of one entry, or of zeros, has no other direction, and is returned unchanged.

    Example:
        >>> moved = turned(np.eye(3), 0.3, np.random.default_rng(0))
        >>> [
        ...     round(float(number), 12)
        ...     for number in (np.trace(moved) / 3, np.linalg.norm(moved) ** 2)
        ... ]
        [0.955336489126, 3.0]
    """
    norm = np.linalg.norm(weight)
    if weight.size == 1 or norm == 0:
        return weight
    direction = draw.standard_normal(weight.shape)
    direction -= weight * ((direction * weight).sum() / norm**2)
    return np.asarray(
        weight * np.cos(angle) + direction * (norm / np.linalg.norm(direction)) * np.sin(angle)
    )


def perturbed_variation(layers: Layers, curve: Curve, angles: np.ndarray, seed: int) -> np.ndarray:
    """Return |V' - V| / max(V, V') of the output's total variation after one layer has been
    rotated, (L + 1, angles).

    Small changes are relative ones; 1 means that the rotation makes the output constant, or was
    constant before. Each layer is rotated in one random direction, the same for all angles.

    Example:
        >>> from eigenscape.expressivity.curves import circle
        >>> from eigenscape.expressivity.networks import random_layers
        >>> change = perturbed_variation(
        ...     random_layers(2, 8, 2.0, 0.0, "relu", seed=0),
        ...     circle(1.0),
        ...     np.array([0.0, 0.1]),
        ...     seed=0,
        ... )
        >>> change.shape, bool(change[:, 0].max() < 1e-12)
        ((3, 2), True)
    """
    length = analyse(layers, curve).output_variation
    changes = np.empty((layers.depth + 1, len(angles)))
    for layer, weight in enumerate(layers.weights):
        for column, angle in enumerate(angles):
            moved = layers.with_weight(layer, turned(weight, angle, generator(seed, "turn", layer)))
            other = analyse(moved, curve).output_variation
            changes[layer, column] = abs(other - length) / max(other, length, np.finfo(float).tiny)
    return changes
