"""What the server answers when a control moves: the new state, and of the page only what changes.

The browser sends the address of the view it shows, the values of all controls, and those of the
visible sliders of weights. One request is on its way at a time (see assets/explorer.js), so the
address is that of the last answer.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from eigenscape.errors import BadInput
from eigenscape.explorer.entries import Edits
from eigenscape.explorer.network import sliders
from eigenscape.explorer.presets import PRESETS
from eigenscape.explorer.snapshot import Snapshot, snapshot
from eigenscape.explorer.state import ENTRIES, STEP, State

CONTROLS = tuple(name for name in ENTRIES if name != "edits")
"""Controls of the page, named as the entries of the state that they set."""


@dataclass(frozen=True)
class Request:
    """What the browser sends.

    Attributes:
        query: of the view it shows.
        controls: value of every control; empty on opening a page.
        weights: value of every visible slider by its position.
        action: ``preset:he``, ``redraw``, ``undo``, or nothing.
    """

    query: str
    controls: Mapping[str, Any]
    weights: Mapping[str, Any] | None
    action: str

    @classmethod
    def of(cls, content: Any) -> Request:
        """The request in what arrived.

        Raises:
            BadInput: it is none.
        """
        try:
            controls, weights = dict(content.get("controls") or {}), content.get("weights")
            return cls(
                str(content.get("query") or ""),
                controls,
                None if weights is None else dict(weights),
                str(content.get("action") or ""),
            )
        except (AttributeError, TypeError, ValueError):
            raise BadInput.field(
                "request", "what this page sends", type(content).__name__, "reload the page"
            ) from None


def state_of(request: Request) -> State:
    """The view that a request asks for.

    Raises:
        BadInput: a value outside its range; one line.

    Example:
        >>> state_of(Request("depth=3", {"width": 8}, {"1.1.1": 0.25}, "")).width
        8
    """
    base = State.parse(request.query)
    if request.action.startswith("preset:"):
        name = request.action.removeprefix("preset:")
        if name not in PRESETS:
            raise BadInput.field(
                "preset", f"one of {', '.join(PRESETS)}", "an unknown name", "reload the page"
            )
        return replace(PRESETS[name].state, tab=base.tab, **base.results)
    if request.action == "redraw":
        return replace(base, seed=(base.seed + 1) % int(ENTRIES["seed"].high), edits=())
    if request.action == "undo":
        return replace(base, edits=())
    texts = {name: _text(value) for name, value in request.controls.items() if name in CONTROLS}
    # Each alone, among defaults that go with it.
    said = {name: getattr(State.of({name: text}), name) for name, text in texts.items()}
    # A slider shows the nearest of its steps; the value is another one only when it moves.
    changes = {
        name: value
        for name, value in said.items()
        if not ENTRIES[name].shows_alike(value, getattr(base, name))
    }
    resized = base.resized(**changes)
    if resized.drawing != base.drawing:
        return resized  # the visible sliders are those of the old draw
    return replace(base, **changes, edits=_edits(base, request.weights or {}))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value)


def _edits(base: State, weights: Mapping[str, Any]) -> Edits:
    """Entries set by hand: those whose slider is not where the draw, rounded to the slider's step,
    puts it.
    """
    edits = dict(base.edits)
    for entry in sliders(base):
        value = weights.get(".".join(map(str, entry.position)))
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= 1e6:
            continue
        if abs(value - entry.drawn) > 0.51 * STEP:
            if abs(value - entry.value) > 0.51 * STEP:
                edits[entry.position] = round(float(value), 4)
        else:
            edits.pop(entry.position, None)
    return tuple(edits.items())


def controls_of(state: State) -> dict[str, Any]:
    """The value of every control that shows a state."""
    values: dict[str, Any] = {}
    for name in CONTROLS:
        value = getattr(state, name)
        if isinstance(value, bool):
            values[name] = ["1"] if value else []
        else:
            values[name] = value if ENTRIES[name].is_number else ENTRIES[name].write(value)
    return values


@functools.lru_cache(maxsize=32)
def known_snapshot(state: State) -> Snapshot:
    """The snapshot of a state's network part, kept for downloads and for going back."""
    return snapshot(state)


def network_part(state: State) -> State:
    """The state as far as the first tab's figures depend on it."""
    names = ("tab", *state.results, "layer", "row", "column", "biases")
    return replace(state, **{name: getattr(State, name) for name in names})
