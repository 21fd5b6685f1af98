"""The work of the experiments with curves: into how many pieces a curve falls, and what a piece
costs.

A piece of the curve in a layer of k units costs k searches for a crossing, plus as many numbers to
pass on. Pieces are estimated, not counted: about c k sqrt(sigma_w)^l new ones in hidden layer l of
hard-tanh networks (c = 4: each unit crosses two kinks, twice a turn), 2 k in every layer of ReLU
networks, whose transitions do not grow.
"""

from __future__ import annotations

from eigenscape.config.sizes import CURVE_BATCH, TRAINED_DIGITS
from eigenscape.config.study import Study
from eigenscape.planning import memory
from eigenscape.planning.work import NOTHING, Kind, Work

SECONDS_PER_LOOK = 3e-8
"""Seconds per unit and piece: two ends, a slope, a split and the closed forms, in numpy. The value
is fitted to the default experiments; pieces are overestimated, so that an actual search cost 70 to
110 ns on 8 x 64 networks."""

SECONDS_PER_LAYER = 0.3e-3
"""Seconds of the numpy calls of a layer, whatever its size: 0.35 ms for a whole 2 x 4 network, some
5 ms for 8 x 8."""


def analysis(depth: int, width: int, sigma_w: float, activation: str) -> Work:
    """Count the work of the analysis of one curve through one network of L hidden layers."""
    rate, crossings = (max(1.0, sigma_w**0.5), 4) if activation == "hard_tanh" else (1.0, 2)
    pieces = looks = 0.0
    for layer in range(depth):
        pieces += crossings * width * rate**layer
        looks += pieces * width
    return Work(
        {Kind.SCALAR: looks * SECONDS_PER_LOOK + depth * SECONDS_PER_LAYER},
        memory.curve(pieces, width, depth),
    )


def experiments(study: Study) -> dict[str, Work]:
    """Return the work of every experiment by its name; empty if the study leaves them out."""
    if not study.expressivity.enabled:
        return {}
    return {
        "growth": _growth(study),
        "sensitivity": _sensitivity(study),
        "dichotomies": _dichotomies(study),
        "digits": _digits(study),
    }


def _growth(study: Study) -> Work:
    section = study.expressivity.growth
    deviations = [("relu", sigma_w) for sigma_w in section.relu_weight_std]
    deviations += [("hard_tanh", sigma_w) for sigma_w in section.hard_tanh_weight_std]
    one = sum(
        (
            analysis(section.depth, width, sigma_w, activation)
            for activation, sigma_w in deviations
            for width in section.width
        ),
        NOTHING,
    )
    return section.networks * len(section.bias_std) * one


def _sensitivity(study: Study) -> Work:
    """Count the work of a network, its gradient (as much as two analyses), and every matrix turned
    by every angle.
    """
    section = study.expressivity.sensitivity
    calls = section.networks * (3 + (section.depth + 1) * len(section.angles))
    pair = analysis(section.depth, section.width, section.relu_weight_std, "relu")
    return calls * (
        pair + analysis(section.depth, section.width, section.hard_tanh_weight_std, "hard_tanh")
    )


def _dichotomies(study: Study) -> Work:
    """Count the work of passing every input of every swept layer through the layers above it."""
    section = study.expressivity.dichotomies
    work = NOTHING
    for width in section.width:
        for depth in section.depth:
            work += sum(
                (
                    analysis(above, width, section.weight_std, "hard_tanh")
                    for above in range(1, depth + 1)
                ),
                NOTHING,
            )
    return section.networks * section.inputs * work


TORCH_RATE = 25e9
"""Flops per second of batches of 128 x 64 through products and clamps of width 64 in single
precision, forward and backward."""

SECONDS_PER_TORCH_LAYER = 0.08e-3
"""Seconds of the calls of one layer: forward, backward and step."""


def _digits(study: Study) -> Work:
    section = study.expressivity.digits
    width, steps = section.width, TRAINED_DIGITS // CURVE_BATCH
    products = 6.0 * CURVE_BATCH * width**2
    above = section.one_layer_depth * (section.one_layer_depth - 1) / 2
    one_step = section.runs * above * products / TORCH_RATE + 2 * above * SECONDS_PER_TORCH_LAYER
    one_layer = len(section.one_layer_weight_variance) * section.one_layer_epochs * steps * one_step
    deep_step = section.length_depth * (products / TORCH_RATE + 2 * SECONDS_PER_TORCH_LAYER)
    followed = Work(
        memory=memory.digit_training(section.runs, section.one_layer_depth, width, TRAINED_DIGITS)
    )
    for variance in section.length_weight_variance:
        looks = analysis(section.length_depth, width, variance**0.5, section.activation)
        followed += (
            Work({Kind.SCALAR: section.length_epochs * steps * deep_step})
            + (section.measured + 1) * looks
        )
    return Work({Kind.START: 1.0, Kind.SCALAR: one_layer}) + section.runs * followed
