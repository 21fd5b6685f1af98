"""How the entries of an address are read from text, written, and bounded."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Position = tuple[int, int, int]
"""An entry of a network: layer from 1 to L + 1, row from 1 to fan-in or 0 for the bias, column from
1 to fan-out."""

Edits = tuple[tuple[Position, float], ...]
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Entry:
    """A kind of entry of an address.

    Attributes:
        expected: what its text should be.
        read: the value of a text; ValueError where it has none.
        write: the text that is read back.
        low, high: least and greatest value; NaN where it is no number.
        step: of its slider.
    """

    expected: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    low: float = math.nan
    high: float = math.nan
    step: float = 1

    @property
    def is_number(self) -> bool:
        """Whether it has a range."""
        return not math.isnan(self.low)

    def shows_alike(self, one: Any, other: Any) -> bool:
        """Whether the slider of a number shows two values at the same step."""
        return self.is_number and abs(one - other) <= 0.51 * self.step


def number(low: float, high: float, step: float) -> Entry:
    """A number in a range, to four decimals."""
    return Entry("a number", _read_number, "{:.10g}".format, low, high, step)


def whole(low: int, high: int) -> Entry:
    """A whole number in a range, of plain digits: int() reads those of other scripts too."""
    return Entry("a whole number", _read_whole, str, low, high)


def choice(members: type[StrEnum]) -> Entry:
    """A member of an enumeration."""
    return Entry(f"one of {', '.join(members)}", members)


def name(expected: str) -> Entry:
    """A word by which results are found."""
    return Entry(expected, _read_name)


def _read_whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,16}", text):
        raise ValueError(text)
    return int(text)


def _read_number(text: str) -> float:
    if (
        not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?", text)
        or len(text) > 24
    ):
        raise ValueError(text)
    return round(float(text), 4) + 0.0


def _read_flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _read_edits(text: str) -> Edits:
    edits: list[tuple[Position, float]] = []
    for part in text.split(",") if text else []:
        position, value = part.split(":")
        layer, row, column = position.split(".")
        edits.append(
            ((_read_whole(layer), _read_whole(row), _read_whole(column)), _read_number(value))
        )
    return tuple(edits)


def _read_points(text: str) -> Points:
    points = []
    for part in text.replace(" ", "").split(","):
        x, y = part.split(":")
        points.append((_read_number(x), _read_number(y)))
    return tuple(points)


def _read_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._/ -]{0,100}", text):
        raise ValueError(text)
    return text


def _write_edits(edits: Edits) -> str:
    return ",".join(f"{'.'.join(map(str, position))}:{value:.10g}" for position, value in edits)


def _write_points(points: Points) -> str:
    return ",".join(f"{x:.10g}:{y:.10g}" for x, y in points)


FLAG = Entry("0 or 1", _read_flag, lambda value: str(int(value)))
EDITS = Entry("entries such as 1.1.2:0.5 (layer.row.column:value)", _read_edits, _write_edits)
POINTS = Entry("points such as 0:0,1:1", _read_points, _write_points)


def shortened(text: str) -> str:
    """What was found, cut and without control characters, so that it cannot fill the page."""
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return plain if len(plain) <= 40 else f"{plain[:37]}..."
