"""Named initial states, each with an explanation."""

from __future__ import annotations

from dataclasses import dataclass

from eigenscape.explorer.state import Draw, State


@dataclass(frozen=True)
class Preset:
    """A named state.

    Attributes:
        title: the text on its button.
        why: what the state illustrates.
        state: the state.
    """

    title: str
    why: str
    state: State


PRESETS = {
    "default": Preset(
        "2→4→4→1",
        "the bias-free ReLU network of the application that this one follows: W ~ N(0, 2),"
        " read-out 1",
        State(),
    ),
    "he": Preset(
        "He",
        "ReLU with σ_w² = 2: χ₁ = 1, so lengths neither grow nor shrink with depth, but for a loss"
        " of order depth/width",
        State(depth=5, width=32, draw=Draw.SCALED, sigma_w=1.4142),
    ),
    "critical": Preset(
        "Critical",
        "hard-tanh with σ_w = 1 and no biases: χ₁ = 1 at the fixed point q* = 0",
        State(depth=6, width=24, activation="hard_tanh", draw=Draw.SCALED, sigma_w=1.0),
    ),
    "chaotic": Preset(
        "Chaotic",
        "ReLU with σ_w² = 8: χ₁ = 4, so lengths double from layer to layer",
        State(depth=6, width=24, draw=Draw.SCALED, sigma_w=2.8284),
    ),
    "split": Preset(
        "Identity split",
        "x written as (x)₊ and (−x)₊: the image of a circle of radius r has the length 2πr in every"
        " layer",
        State(depth=2, width=4, draw=Draw.SPLIT),
    ),
}
