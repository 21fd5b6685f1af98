"""What the server answers beside Dash: the views of the first tab, and their numbers as files.

A view does not go through Dash's callbacks: carrying it there and back through the page's
components took the browser longer than the server computes. ``POST /view`` takes what the page's
script sends and gives what it writes; ``GET /network.csv?VIEW`` and ``/network.json?VIEW`` give the
numbers of the view that an address says, also to other programs.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask

from eigenscape.errors import BadInput, EigenscapeError
from eigenscape.explorer import answers, network_tab, numbers_network, results_tab
from eigenscape.explorer.figures_network import FIGURES, figure_updates, whole_figures
from eigenscape.explorer.state import State, Tab


def register(server: flask.Flask, results: Path) -> None:
    """Add the routes to a server.

    Args:
        server: Dash's own.
        results: folder with the studies that the second tab opens.
    """

    @server.post("/view")
    def view() -> flask.Response:
        # Only content that says it is JSON is read: a form of another site cannot say so.
        return _json(answer(flask.request.get_json(silent=True), results))

    @server.get("/network.<kind>")
    def numbers(kind: str) -> flask.Response:
        if kind not in ("csv", "json"):
            flask.abort(404)
        try:
            state = State.parse(flask.request.query_string.decode())
            found = answers.known_snapshot(answers.network_part(state))
        except (BadInput, UnicodeDecodeError) as error:
            return flask.Response(f"{error}\n", 400, mimetype="text/plain")
        text, mimetype = (
            (numbers_network.as_csv(found), "text/csv")
            if kind == "csv"
            else (numbers_network.as_json(found), "application/json")
        )
        name = f"attachment; filename=eigenscape-network.{kind}"
        return flask.Response(text, mimetype=mimetype, headers={"Content-Disposition": name})


def _json(content: dict[str, Any]) -> flask.Response:
    return flask.Response(
        json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
        mimetype="application/json",
    )


def answer(sent: Any, results: Path) -> dict[str, Any]:
    """The parts of the page that change; or a message that says what is wrong, and the page stays
    as it is.

    A page that cannot be opened as its address asks shows the default, and the message.

    Example:
        >>> answer({"controls": {"radius": "9"}}, Path("results"))["message"]
        'radius: expected a number from 0.1 to 5, found 9; write radius=4.0'
    """
    try:
        return _changed(sent, results)
    except EigenscapeError as error:
        if not _opening(sent):
            return {"number": _number(sent), "message": str(error), "error": True}
        return {**_changed({**sent, "query": ""}, results), "message": str(error)}


def _number(sent: Any) -> int:
    return (
        int(sent["number"]) if isinstance(sent, dict) and isinstance(sent.get("number"), int) else 0
    )


def _opening(sent: Any) -> bool:
    return isinstance(sent, dict) and sent.get("opening") is True


def _changed(sent: Any, results: Path) -> dict[str, Any]:
    request = answers.Request.of(sent)
    opening = _opening(sent)
    before = State.parse(request.query)
    state = before if opening else answers.state_of(request)
    state = _with_choices(state, before, results)
    properties: dict[str, dict[str, Any]] = {}
    response: dict[str, Any] = {
        "number": _number(sent),
        "query": state.query,
        "message": "",
        "properties": properties,
    }
    now, then = answers.network_part(state), answers.network_part(before)
    if opening or now != then:
        found = answers.known_snapshot(now)
        # A whole figure only where its axes change: the camera and the zoom of the others are never
        # touched.
        new = (
            set(FIGURES)
            if opening
            else ({"images", "lengths"} if state.depth != before.depth else set())
        )
        properties.update(
            {name: {"figure": figure} for name, figure in whole_figures(found, new).items()}
        )
        response["figures"] = figure_updates(found, set(FIGURES) - new)
        response["texts"] = numbers_network.summary(found)
        response["tables"] = numbers_network.tables(found)
    if opening or _sliders_of(state) != _sliders_of(before) or request.action:
        response["sliders"] = network_tab.weight_sliders(state)
        properties["window"] = {"hidden": state.depth <= 2 and state.width <= 4}
    if opening or request.action:
        response["controls"] = answers.controls_of(state)
    if state.tab is Tab.RESULTS:  # what was not chosen has been completed
        response["lists"] = results_tab.lists(results, state.results)
    if opening or state.curve is not before.curve:
        properties["curve-fields"] = {"className": f"curve-{state.curve}"}
    if opening or state.tab is not before.tab:
        response["tab"] = state.tab.value
    if opening or (state.tab, state.results) != (before.tab, before.results):
        properties["results-view"] = {"data": {"tab": state.tab.value, **state.results}}
    return response


def _with_choices(state: State, before: State, results: Path) -> State:
    """The state with what the results tab shows where nothing is chosen yet; another study keeps no
    cell of the last one.
    """
    if state.tab is not Tab.RESULTS:
        return state
    if before.study and state.study != before.study:
        state = replace(state, cell="")
    try:
        return replace(state, **results_tab.completed(results, state.results))
    except EigenscapeError:
        return state  # the tab says what is wrong


def _sliders_of(state: State) -> tuple[Any, ...]:
    """What decides which sliders there are and where the draw puts them."""
    return (*state.drawing, state.layer, state.row, state.column, state.biases)
