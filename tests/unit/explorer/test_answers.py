"""From what the browser sends to the view it asks for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.errors import BadInput
from eigenscape.explorer.answers import CONTROLS, Request, controls_of, state_of
from eigenscape.explorer.network import sliders
from eigenscape.explorer.presets import PRESETS
from eigenscape.explorer.state import State


def asked(state: State, action: str = "", **changes: Any) -> State:
    """The answer to a page that shows a state, on which some controls and sliders were moved."""
    weights = {
        ".".join(map(str, entry.position)): round(entry.value, 2) for entry in sliders(state)
    }
    weights.update(
        {
            name.removeprefix("w").replace("_", "."): changes.pop(name)
            for name in list(changes)
            if name.startswith("w") and "_" in name
        }
    )
    return state_of(Request(state.query, {**controls_of(state), **changes}, weights, action))


@pytest.mark.parametrize("name", PRESETS)
def test_a_page_on_which_nothing_moved_asks_for_what_it_shows(name: str) -> None:
    # Sliders show steps of 0.01, the drawn entries behind them are not rounded: they must not count
    # as set by hand.
    assert asked(PRESETS[name].state) == PRESETS[name].state


def test_a_moved_slider_is_an_entry_set_by_hand_and_back_again_is_none() -> None:
    moved = asked(State(), w2_3_1=4.5)
    assert moved.edits == (((2, 3, 1), 4.5),)

    drawn = next(entry.drawn for entry in sliders(State()) if entry.position == (2, 3, 1))
    assert asked(moved, w2_3_1=drawn) == State()


def test_another_size_keeps_the_edits_that_fit_and_no_old_sliders() -> None:
    state = State(edits=(((1, 1, 1), 1.0), ((3, 4, 1), 2.0)))

    assert asked(state, width=3).edits == (((1, 1, 1), 1.0),)


def test_a_new_draw_is_another_seed_without_edits() -> None:
    found = asked(State(seed=3, edits=(((1, 1, 1), 1.0),)), action="redraw")

    assert (found.seed, found.edits) == (4, ())


def test_undo_forgets_what_was_set_by_hand_and_presets_keep_the_open_tab() -> None:
    state = State(depth=3, edits=(((1, 1, 1), 1.0),), study="sine")

    assert asked(state, action="undo") == State(depth=3, study="sine")
    assert asked(state, action="preset:he").study == "sine"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"depth": None}, "depth"),
        ({"seed": 1.5}, "seed"),
        ({"radius": "wide"}, "radius"),
        ({"points": "1:1"}, "points"),
    ],
)
def test_a_control_without_a_valid_value_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        asked(State(), **changes)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*CONTROLS, "1.1.1", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    JSON | st.fixed_dictionaries({"query": JSON, "controls": JSON, "weights": JSON, "action": JSON})
)
def test_anything_that_arrives_is_a_view_or_one_line(content: Any) -> None:
    said = ""
    try:
        state_of(Request.of(content))
    except BadInput as error:
        said = str(error)
    assert "\n" not in said
