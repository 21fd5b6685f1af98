"""Everything that a shared address says: one frozen dataclass, checked on the server whoever wrote
the address.

An address holds only what differs from the default view, and of a network only the entries set by
hand: the rest is drawn from the seed. So a link stays short, and gives the same network on every
machine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, get_args, get_type_hints
from urllib.parse import parse_qsl, urlencode

from eigenscape.errors import BadInput
from eigenscape.explorer import entries
from eigenscape.explorer.entries import Edits, Entry, Points, Position, shortened
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
"""Step of the sliders of weights."""


class Draw(StrEnum):
    """Where the entries come from that are not set by hand."""

    SCALED = "scaled"
    PLAIN = "plain"
    SPLIT = "split"

    @property
    def meaning(self) -> str:
        """The meaning, as the page words it."""
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
        edits: entries set by hand, in the order of their positions.
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

    depth: Annotated[int, entries.whole(1, 10)] = 2
    width: Annotated[int, entries.whole(1, 64)] = 4
    activation: Annotated[str, Entry("an activation", str)] = "relu"
    draw: Annotated[Draw, entries.choice(Draw)] = Draw.PLAIN
    sigma_w: Annotated[float, entries.number(0, 10, 0.01)] = 1.4142
    sigma_b: Annotated[float, entries.number(0, 10, 0.01)] = 0.0
    seed: Annotated[int, entries.whole(0, 2**53 - 1)] = 0
    edits: Annotated[Edits, entries.EDITS] = ()
    curve: Annotated[CurveKind, entries.choice(CurveKind)] = CurveKind.CIRCLE
    radius: Annotated[float, entries.number(0.1, 5, 0.05)] = 4.0
    x: Annotated[float, entries.number(-5, 5, 0.05)] = 0.0
    y: Annotated[float, entries.number(-5, 5, 0.05)] = 0.0
    ratio: Annotated[float, entries.number(0.05, 1, 0.01)] = 0.5
    angle: Annotated[float, entries.number(-180, 180, 1)] = 0.0
    corners: Annotated[int, entries.whole(3, 12)] = 4
    points: Annotated[Points, entries.POINTS] = ((-3.0, -3.0), (0.0, 3.0), (3.0, -3.0))
    closed: Annotated[bool, entries.FLAG] = True
    cut: Annotated[int, entries.whole(0, 10)] = 10
    layer: Annotated[int, entries.whole(1, 11)] = 1
    row: Annotated[int, entries.whole(1, 64)] = 1
    column: Annotated[int, entries.whole(1, 64)] = 1
    biases: Annotated[bool, entries.FLAG] = False
    tab: Annotated[Tab, entries.choice(Tab)] = Tab.NETWORK
    study: Annotated[str, entries.name("the name of a study")] = ""
    number: Annotated[str, entries.name("a column of the table")] = ""
    cell: Annotated[str, entries.name("a cell such as cells/d02-w005")] = ""

    def __post_init__(self) -> None:
        for name, entry in ENTRIES.items():
            value = getattr(self, name)
            if entry.is_number and not (math.isfinite(value) and entry.low <= value <= entry.high):
                raise BadInput.field(
                    name,
                    f"a number from {entry.low:g} to {entry.high:g}",
                    f"{value:g}",
                    f"write {name}={getattr(State, name)}",
                )
        if self.activation not in UNITS:
            raise BadInput.field(
                "activation",
                f"one of {', '.join(UNITS)}",
                shortened(self.activation),
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
        # Kept as they were checked: sorted, without positions that occur twice.
        object.__setattr__(self, "edits", tuple(sorted(dict(self.edits).items())))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer from the two inputs to the output."""
        return (2, *(self.width,) * self.depth, 1)

    @property
    def drawing(self) -> tuple[Any, ...]:
        """What the entries of the network are drawn from."""
        return self.depth, self.width, self.draw, self.sigma_w, self.sigma_b, self.seed

    @property
    def results(self) -> dict[str, Any]:
        """What the results tab shows; the first tab's figures do not depend on it."""
        return {"study": self.study, "number": self.number, "cell": self.cell}

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
            (position, value)
            for position, value in changes.pop("edits", self.edits)
            if _fits(position, sizes)
        )
        return replace(self, **{"layer": min(self.layer, depth + 1), **changes, "edits": kept})

    @property
    def query(self) -> str:
        """The part of an address behind the question mark: what differs from the default."""
        pairs = [
            (name, entry.write(getattr(self, name)))
            for name, entry in ENTRIES.items()
            if getattr(self, name) != getattr(State, name)
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
                shortened(str(error)),
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
            if name not in ENTRIES:
                raise BadInput.field(
                    shortened(name), f"one of {', '.join(ENTRIES)}", "an unknown name", "remove it"
                )
        values = {}
        for name, text in texts.items():
            entry = ENTRIES[name]
            try:
                values[name] = entry.read(text)
            except (ValueError, OverflowError):
                raise BadInput.field(
                    name,
                    entry.expected,
                    shortened(text) or "nothing",
                    f"write {name}={entry.write(getattr(State, name))}",
                ) from None
        return cls(**values)


def _check_edits(state: State) -> None:
    if len(state.edits) > MOST_EDITS:
        raise BadInput.field(
            "edits",
            f"at most {MOST_EDITS} entries",
            str(len(state.edits)),
            "set fewer entries by hand",
        )
    for position, value in state.edits:
        if not _fits(position, state.sizes):
            name = ".".join(map(str, position))
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


def _fits(position: Position, sizes: tuple[int, ...]) -> bool:
    layer, row, column = position
    return 1 <= layer < len(sizes) and 0 <= row <= sizes[layer - 1] and 1 <= column <= sizes[layer]


ENTRIES: dict[str, Entry] = {
    name: get_args(hint)[1] for name, hint in get_type_hints(State, include_extras=True).items()
}
"""How every entry is read and written, in the order of the address. Depth and width end at what one
page shows, the seed at what a browser counts to, the curve at the plotted square."""
