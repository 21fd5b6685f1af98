"""Addresses: what is written is read back, and nothing that is not a view gets through."""

import math
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.errors import BadInput
from eigenscape.explorer.presets import PRESETS
from eigenscape.explorer.state import ENTRIES, MOST_EDITS, CurveKind, Draw, State
from eigenscape.expressivity.networks import UNITS


def rounded(low: float, high: float) -> st.SearchStrategy[float]:
    # Addresses hold four decimals.
    return st.integers(math.ceil(low * 10**4), math.floor(high * 10**4)).map(
        lambda value: value / 10**4
    )


@st.composite
def states(draw: st.DrawFn) -> State:
    depth, width = draw(st.integers(1, 10)), draw(st.integers(4, 64))
    sizes = (2, *(width,) * depth, 1)
    numbers = {
        name: draw(rounded(ENTRIES[name].low, ENTRIES[name].high))
        for name in ("sigma_w", "sigma_b", "radius", "x", "y", "ratio", "angle")
    }
    counts = {
        name: draw(st.integers(int(ENTRIES[name].low), int(ENTRIES[name].high)))
        for name in ("seed", "corners", "cut", "layer", "row", "column")
    }
    edits = []
    for _ in range(draw(st.integers(0, 5))):
        layer = draw(st.integers(1, depth + 1))
        position = (
            layer,
            draw(st.integers(0, sizes[layer - 1])),
            draw(st.integers(1, sizes[layer])),
        )
        edits.append((position, draw(rounded(-5, 5))))
    points = draw(
        st.lists(st.tuples(rounded(-5, 5), rounded(-5, 5)), min_size=2, max_size=8, unique=True)
    )
    return State(
        depth=depth,
        width=width,
        activation=draw(st.sampled_from(sorted(UNITS))),
        draw=draw(st.sampled_from(Draw)),
        curve=draw(st.sampled_from(CurveKind)),
        edits=tuple(edits),
        points=tuple(points),
        closed=draw(st.booleans()),
        biases=draw(st.booleans()),
        study=draw(st.sampled_from(["", "sine", "my-study_2.0"])),
        cell=draw(st.sampled_from(["", "cells/d01-w005"])),
        **numbers,
        **counts,
    )


@given(states())
def test_an_address_gives_back_its_view(state: State) -> None:
    assert State.parse(state.query) == state


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_addresses(name: str) -> None:
    assert State.parse(PRESETS[name].state.query) == PRESETS[name].state


def test_the_default_has_an_empty_address() -> None:
    assert State().query == ""
    assert State.parse("") == State.parse("?") == State()


@given(st.text(max_size=200))
def test_any_text_is_a_view_or_one_line_that_says_why_not(text: str) -> None:
    said = ""
    try:
        State.parse(text)
    except BadInput as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) < 1_000


@given(st.sampled_from([*State.__dataclass_fields__]), st.text(max_size=60))
def test_any_value_is_read_or_refused_in_one_line(name: str, value: str) -> None:
    said = "a view"
    try:
        State.parse(f"{name}={quote(value)}")
    except BadInput as error:
        said = str(error)
    assert said.splitlines() == [said]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("depth=0", "depth"),
        ("depth=11", "depth"),
        ("depth=2.5", "depth"),
        ("depth=1e3", "depth"),
        ("depth=", "depth"),
        ("depth=٣", "depth"),  # int() reads other scripts' digits
        ("width=65", "width"),
        ("width=999999999999999999999999", "width"),
        ("sigma_w=nan", "sigma_w"),
        ("sigma_w=inf", "sigma_w"),
        ("sigma_w=1e99", "sigma_w"),
        ("radius=0", "radius"),
        ("activation=exec", "activation"),
        ("draw=split&width=3", "width"),
        ("curve=spiral", "curve"),
        ("edits=1.1.1", "edits"),
        ("edits=1.3.1:0.5", "edits"),  # there are two inputs
        ("edits=4.1.1:0.5", "edits"),
        ("edits=1.1.1:5.01", "edits"),
        ("edits=-1.1.1:1", "edits"),
        ("points=1:1", "points"),
        ("points=1:1,1:1", "points"),
        ("points=9:0,0:0", "points"),
        ("study=<script>", "study"),
        ("tab=admin", "tab"),
        ("depth=2&depth=3", "address"),
        ("colour=red", "colour"),
        ("depth", "address"),
    ],
)
def test_hostile_addresses_are_refused_by_name(query: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        State.parse(query)


def test_too_long_an_address_and_too_many_edits_are_refused() -> None:
    with pytest.raises(BadInput, match="16000 characters"):
        State.parse("edits=" + "1.1.1:1," * 3_000)
    edits = [((2, row, column), 0.5) for row in range(1, 65) for column in range(1, 65)][
        : MOST_EDITS + 1
    ]
    with pytest.raises(BadInput, match="at most 1000 entries"):
        State(width=64, edits=tuple(edits))


def test_a_smaller_network_keeps_the_edits_that_fit() -> None:
    state = State(depth=3, edits=(((1, 1, 4), 1.0), ((3, 2, 2), 2.0), ((4, 4, 1), 3.0)))

    # layer 3 is now the read-out, with one column
    assert state.resized(depth=2).edits == (((1, 1, 4), 1.0),)
    assert state.resized(width=3).edits == (((3, 2, 2), 2.0),)
