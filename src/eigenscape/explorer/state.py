"""Everything that a shared address says: one frozen dataclass, checked on the server whoever wrote
the address.

An address holds only what differs from the default view, and of a network only the entries set by
hand: the rest is drawn from the seed. So a link stays short, and gives the same network on every
machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from eigenscape.errors import BadInput
from eigenscape.expressivity.networks import UNITS

LONGEST_QUERY = 16_000
"""Characters of an address. Servers and browsers take at least 8,000; a network of 1,000 entries
set by hand has 14,000."""

MOST_EDITS = 1_000
"""Entries set by hand: more than anyone moves one by one."""

MOST_POINTS = 64
"""Corners of a curve of one's own."""

WEIGHT_RANGE = 5.0
"""Sliders reach from -5 to 5, as in the application that this one follows."""

STEP = 0.01
"""Of the sliders of weights."""


STEPS = {
    "sigma_w": 0.01,
    "sigma_b": 0.01,
    "radius": 0.05,
    "x": 0.05,
    "y": 0.05,
    "ratio": 0.01,
    "angle": 1.0,
}
"""Of the sliders of the other numbers that are not whole."""


class Draw(StrEnum):
    """Where the entries come from that are not set by hand."""

    SCALED = "scaled"
    PLAIN = "plain"
    SPLIT = "split"

    @property
    def meaning(self) -> str:
        """As the page says it."""
        return {
            Draw.SCALED: "W ~ N(0, σ_w²/fan-in)",
            Draw.PLAIN: "W ~ N(0, σ_w²), read-out 1",
            Draw.SPLIT: "identity split",
        }[self]


class CurveKind(StrEnum):
    """Curves in the input plane."""

    CIRCLE = "circle"
    ELLIPSE = "ellipse"
    LINE = "line"
    POLYGON = "polygon"
    POINTS = "points"


class Tab(StrEnum):
    """The two tabs of the page."""

    NETWORK = "network"
    RESULTS = "results"


Place = tuple[int, int, int]
"""An entry of a network: layer from 1 to L + 1, row from 1 to fan-in or 0 for the bias, column from
1 to fan-out."""

LIMITS: dict[str, tuple[float, float]] = {
    "depth": (1, 10),
    "width": (1, 64),
    "sigma_w": (0, 10),
    "sigma_b": (0, 10),
    "seed": (0, 2**53 - 1),
    "radius": (0.1, 5),
    "x": (-5, 5),
    "y": (-5, 5),
    "ratio": (0.05, 1),
    "angle": (-180, 180),
    "corners": (3, 12),
    "cut": (0, 10),
    "layer": (1, 11),
    "row": (1, 64),
    "column": (1, 64),
}
"""Least and greatest value of every number. Depth and width: what one page shows; the seed: what a
browser counts to; the curve: the plotted square."""


@dataclass(frozen=True)
class State:
    """A view of the page.

    Attributes:
        depth: L hidden layers.
        width: units in each.
        activation: of the hidden units.
        draw: where entries come from that are not set by hand.
        sigma_w: standard deviation of the weights, times sqrt(fan-in) where the draw is scaled.
        sigma_b: standard deviation of the biases.
        seed: names the draw.
        edits: entries set by hand, in the order of their places.
        curve: kind of the curve; ``radius``, centre ``x``, ``y``, ``ratio`` of the axes, ``angle``
            in degrees and ``corners`` describe it, or for `CurveKind.POINTS` the corners
            ``points``.
        closed: whether a curve of points returns to its beginning.
        cut: how many hidden layers cut the plane into polytopes; at most L.
        layer, row, column: the part of a large network whose entries have sliders.
        biases: whether biases have sliders.
        tab: which tab is open.
        study, number, cell: what the results tab shows.

    Raises:
        BadInput: a value outside its range.

    Example:
        >>> State(depth=3, edits=(((1, 1, 2), 0.5),)).query
        'depth=3&edits=1.1.2:0.5'
        >>> State.parse("depth=3&edits=1.1.2:0.5").edits
        (((1, 1, 2), 0.5),)
    """

    depth: int = 2
    width: int = 4
    activation: str = "relu"
    draw: Draw = Draw.PLAIN
    sigma_w: float = 1.4142
    sigma_b: float = 0.0
    seed: int = 0
    edits: tuple[tuple[Place, float], ...] = ()
    curve: CurveKind = CurveKind.CIRCLE
    radius: float = 4.0
    x: float = 0.0
    y: float = 0.0
    ratio: float = 0.5
    angle: float = 0.0
    corners: int = 4
    points: tuple[tuple[float, float], ...] = ((-3.0, -3.0), (0.0, 3.0), (3.0, -3.0))
    closed: bool = True
    cut: int = 10
    layer: int = 1
    row: int = 1
    column: int = 1
    biases: bool = False
    tab: Tab = Tab.NETWORK
    study: str = ""
    number: str = ""
    cell: str = ""

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise BadInput.field(
                    name,
                    f"a number from {low:g} to {high:g}",
                    f"{value:g}",
                    f"write {name}={_DEFAULTS[name]}",
                )
        if self.activation not in UNITS:
            raise BadInput.field(
                "activation",
                f"one of {', '.join(UNITS)}",
                _short(self.activation),
                "write activation=relu",
            )
        if self.draw is Draw.SPLIT and self.width < 4:
            raise BadInput.field(
                "width", "at least 4 for the identity split", str(self.width), "write width=4"
            )
        if not 2 <= len(self.points) <= MOST_POINTS:
            raise BadInput.field(
                "points",
                f"2 to {MOST_POINTS} points",
                str(len(self.points)),
                "write points=0:0,1:1",
            )
        if any(
            not abs(coordinate) <= WEIGHT_RANGE for point in self.points for coordinate in point
        ):
            raise BadInput.field(
                "points", "coordinates from -5 to 5", "one outside", "move it into the square"
            )
        if all(point == self.points[0] for point in self.points):
            raise BadInput.field(
                "points", "two different points", "one point", "write points=0:0,1:1"
            )
        _check_edits(self)
        # Kept as they were checked: sorted, without places that occur twice.
        object.__setattr__(self, "edits", tuple(sorted(dict(self.edits).items())))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer from the two inputs to the output."""
        return (2, *(self.width,) * self.depth, 1)

    @property
    def cut_layers(self) -> int:
        """How many hidden layers cut the plane."""
        return min(self.cut, self.depth)

    def resized(self, **changes: Any) -> State:
        """The state with changes; what no longer fits the size of the network (edits, sliders'
        window) is left out.
        """
        depth, width = int(changes.get("depth", self.depth)), int(changes.get("width", self.width))
        sizes = (2, *(max(width, 0),) * max(depth, 0), 1)
        kept = tuple(
            (place, value)
            for place, value in changes.pop("edits", self.edits)
            if _fits(place, sizes)
        )
        return replace(self, **{"layer": min(self.layer, depth + 1), **changes, "edits": kept})

    @property
    def query(self) -> str:
        """The part of an address behind the question mark: what differs from the default."""
        pairs = [
            (field.name, _written(value))
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        ]
        return urlencode(pairs, safe=":,/")

    @classmethod
    def parse(cls, query: str) -> State:
        """The state of an address.

        Raises:
            BadInput: one line that names what is wrong.

        Example:
            >>> State.parse("?depth=99")
            Traceback (most recent call last):
            eigenscape.errors.BadInput: depth: expected a number from 1 to 10, found 99;
            write depth=2
        """
        if len(query) > LONGEST_QUERY:
            raise BadInput.field(
                "address",
                f"at most {LONGEST_QUERY} characters",
                str(len(query)),
                "start from a view of the page",
            )
        try:
            pairs = parse_qsl(
                query.removeprefix("?"),
                keep_blank_values=True,
                strict_parsing=bool(query.removeprefix("?")),
            )
        except ValueError as error:
            raise BadInput.field(
                "address",
                "name=value, joined by &",
                _short(str(error)),
                "start from a view of the page",
            ) from None
        if len({name for name, _ in pairs}) != len(pairs):
            raise BadInput.field(
                "address", "every name once", "one that occurs twice", "remove one of them"
            )
        return cls.of(dict(pairs))

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> State:
        """The state that texts by name describe.

        Raises:
            BadInput: an unknown name, or a text that does not describe what it should.
        """
        for name in texts:
            if name not in _READERS:
                raise BadInput.field(
                    _short(name), f"one of {', '.join(_READERS)}", "an unknown name", "remove it"
                )
        values = {name: _read(name, text) for name, text in texts.items()}
        return cls(**values)


def _read(name: str, text: str) -> Any:
    reader, expected = _READERS[name]
    try:
        return reader(text)
    except (ValueError, OverflowError):
        raise BadInput.field(
            name, expected, _short(text) or "nothing", f"write {name}={_written(_DEFAULTS[name])}"
        ) from None


def _check_edits(state: State) -> None:
    if len(state.edits) > MOST_EDITS:
        raise BadInput.field(
            "edits",
            f"at most {MOST_EDITS} entries",
            str(len(state.edits)),
            "set fewer entries by hand",
        )
    for place, value in state.edits:
        if not _fits(place, state.sizes):
            name = ".".join(map(str, place))
            raise BadInput.field(
                "edits",
                f"entries of a network {'→'.join(map(str, state.sizes))}",
                name,
                "remove it, or enlarge the network",
            )
        if not abs(value) <= WEIGHT_RANGE:
            raise BadInput.field(
                "edits", "values from -5 to 5", f"{value:g}", "write edits=1.1.1:0.5"
            )


def _fits(place: Place, sizes: tuple[int, ...]) -> bool:
    layer, row, column = place
    return 1 <= layer < len(sizes) and 0 <= row <= sizes[layer - 1] and 1 <= column <= sizes[layer]


def _short(text: str) -> str:
    """What was found, cut and without control characters, so that it cannot fill the page."""
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return plain if len(plain) <= 40 else f"{plain[:37]}..."


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,16}", text):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if (
        not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?", text)
        or len(text) > 24
    ):
        raise ValueError(text)
    return round(float(text), 4) + 0.0


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _edits(text: str) -> tuple[tuple[Place, float], ...]:
    found: list[tuple[Place, float]] = []
    for part in text.split(",") if text else []:
        place, value = part.split(":")
        layer, row, column = place.split(".")
        found.append(((_whole(layer), _whole(row), _whole(column)), _number(value)))
    return tuple(found)


def _points(text: str) -> tuple[tuple[float, float], ...]:
    found = []
    for part in text.replace(" ", "").split(","):
        x, y = part.split(":")
        found.append((_number(x), _number(y)))
    return tuple(found)


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._/ -]{0,100}", text):
        raise ValueError(text)
    return text


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple) and (not value or isinstance(value[0][0], tuple)):
        return ",".join(f"{'.'.join(map(str, place))}:{number:.10g}" for place, number in value)
    if isinstance(value, tuple):
        return ",".join(f"{x:.10g}:{y:.10g}" for x, y in value)
    return str(value)


_WHOLE, _NUMBER = (_whole, "a whole number"), (_number, "a number")
_YES_NO = (_flag, "0 or 1")
_READERS: dict[str, tuple[Any, str]] = {
    "depth": _WHOLE,
    "width": _WHOLE,
    "activation": (str, "an activation"),
    "draw": (Draw, f"one of {', '.join(Draw)}"),
    "sigma_w": _NUMBER,
    "sigma_b": _NUMBER,
    "seed": _WHOLE,
    "edits": (_edits, "entries such as 1.1.2:0.5 (layer.row.column:value)"),
    "curve": (CurveKind, f"one of {', '.join(CurveKind)}"),
    "radius": _NUMBER,
    "x": _NUMBER,
    "y": _NUMBER,
    "ratio": _NUMBER,
    "angle": _NUMBER,
    "corners": _WHOLE,
    "points": (_points, "points such as 0:0,1:1"),
    "closed": _YES_NO,
    "cut": _WHOLE,
    "layer": _WHOLE,
    "row": _WHOLE,
    "column": _WHOLE,
    "biases": _YES_NO,
    "tab": (Tab, f"one of {', '.join(Tab)}"),
    "study": (_name, "the name of a study"),
    "number": (_name, "a column of the table"),
    "cell": (_name, "a cell such as cells/d02-w005"),
}
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(State)}
