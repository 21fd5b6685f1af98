"""The application: the page, and what the server answers to it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, dcc, html, no_update
from dash import State as Held

from eigenscape.errors import BadInput, EigenscapeError
from eigenscape.explorer import answers, network_tab, numbers_network, results_tab
from eigenscape.explorer.figures_network import FIGURES, changes, whole
from eigenscape.explorer.state import State, Tab
from eigenscape.explorer.widgets import aria

log = logging.getLogger(__name__)

LARGEST_REQUEST = 2**20
"""Bytes of a request; the largest that the page sends has a few thousand."""


def build(results: Path, hosts: frozenset[str] | None = None) -> Dash:
    """The application.

    Args:
        results: folder with the studies that the second tab opens.
        hosts: names under which it may be called; None: any. A page of another site that makes a browser resolve its own
            name to this machine (DNS rebinding) is refused so.

    Example:
        >>> build(Path("results")).title
        'eigenscape explorer'
    """
    app = Dash(
        __name__,
        title="eigenscape explorer",
        update_title="",
        serve_locally=True,
        assets_folder=str(Path(__file__).parent / "assets"),
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    app.server.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    if hosts is not None:
        _only_as(app, hosts)
    app.layout = _page()
    _clientside(app)
    _network(app, results)
    results_tab.callbacks(app, results)
    return app


def _only_as(app: Dash, hosts: frozenset[str]) -> None:
    from flask import abort, request  # noqa: PLC0415

    def refuse_other_names() -> None:
        name = request.host.rsplit(":", 1)[0].strip("[]")
        if name not in hosts:
            abort(403, f"expected one of {', '.join(sorted(hosts))} as the host, found another; open the printed address")

    app.server.before_request(refuse_other_names)


def _page() -> html.Div:
    state = State()
    tabs = [
        html.Button(
            title,
            id=f"tab-{name}",
            role="tab",
            type="button",
            tabIndex=0 if name == "network" else -1,
            **aria(selected=str(name == "network").lower(), controls=f"panel-{name}"),
        )
        for name, title in (("network", "A network"), ("results", "A study's results"))
    ]
    header = html.Header(
        [
            html.H1("eigenscape explorer"),
            html.Div(tabs, role="tablist", className="tabs", **aria(label="Views")),
            html.P(id="message", role="alert", className="message"),
        ]
    )
    panels = [
        html.Main(network_tab.panel(state), id="panel-network", role="tabpanel", **aria(labelledby="tab-network")),
        html.Main(results_tab.panel(), id="panel-results", role="tabpanel", hidden=True, **aria(labelledby="tab-results")),
    ]
    stores = [dcc.Store(id=name) for name in ("request", "response", "results-view")]
    return html.Div([dcc.Location(id="address", refresh=False), dcc.Store(id="tab", data="network"), *stores, header, *panels])


def _clientside(app: Dash) -> None:
    def browser(name: str, *inputs: Input, initial: bool = False) -> None:
        register: Any = app.clientside_callback  # which has no types
        register(ClientsideFunction("explorer", name), *inputs, prevent_initial_call=not initial)

    browser("open", Input("address", "search"), initial=True)
    controls = [Input(name, "data" if name == "tab" else "value") for name in answers.CONTROLS]
    browser("moved", *controls, Input({"type": "action", "name": ALL}, "n_clicks"))
    browser("answered", Input("response", "data"))
    browser("tab", Input("tab-network", "n_clicks"), Input("tab-results", "n_clicks"))
    browser("picked", Input("grid-map", "clickData"))
    browser("copy", Input("copy-link", "n_clicks"))


def _network(app: Dash, results: Path) -> None:
    outputs = {
        "response": Output("response", "data"),
        "window": Output("window", "hidden"),
        "curve": Output("curve-fields", "className"),
        "results": Output("results-view", "data"),
        "figures": {name: Output(name, "figure") for name in FIGURES},
    }

    @app.callback(output=outputs, inputs={"sent": Input("request", "data")}, prevent_initial_call=True)
    def answer(sent: Any) -> dict[str, Any]:
        nothing = _nothing(outputs)
        try:
            return {**nothing, **_answer(sent, results)}
        except EigenscapeError as error:
            if not _opening(sent):
                return {**nothing, "response": {"number": _number(sent), "message": str(error), "error": True}}
            opened = _answer({**sent, "query": ""}, results)  # a page that cannot be opened as asked shows the default, and why
            return {**nothing, **opened, "response": {**opened["response"], "message": str(error)}}

    @app.callback(
        Output("download", "data"),
        Input("download-csv", "n_clicks"),
        Input("download-json", "n_clicks"),
        Held("response", "data"),
        prevent_initial_call=True,
    )
    def download(as_csv: int | None, as_json: int | None, response: Any) -> Any:
        from dash import ctx  # noqa: PLC0415

        try:
            state = State.parse(str((response or {}).get("query") or ""))
        except (BadInput, AttributeError):
            return no_update
        found = answers.known_snapshot(answers.network_part(state))
        if ctx.triggered_id == "download-csv":
            return {"content": numbers_network.as_csv(found), "filename": "eigenscape-network.csv", "type": "text/csv"}
        return {"content": numbers_network.as_json(found), "filename": "eigenscape-network.json", "type": "application/json"}


def _nothing(outputs: Any) -> Any:
    """No update of anything, in the shape of the outputs."""
    return {name: _nothing(part) for name, part in outputs.items()} if isinstance(outputs, dict) else no_update


def _number(sent: Any) -> int:
    return int(sent["number"]) if isinstance(sent, dict) and isinstance(sent.get("number"), int) else 0


def _opening(sent: Any) -> bool:
    return isinstance(sent, dict) and sent.get("opening") is True


def _answer(sent: Any, results: Path) -> dict[str, Any]:
    """Of the page, what changes."""
    request = answers.Request.of(sent)
    opening = _opening(sent)
    before = State.parse(request.query)
    state = before if opening else answers.state_of(request)
    state = _with_choices(state, before, results)
    changed: dict[str, Any] = {}
    response: dict[str, Any] = {"number": _number(sent), "query": state.query, "message": ""}
    now, then = answers.network_part(state), answers.network_part(before)
    if opening or now != then:
        found = answers.known_snapshot(now)
        # A whole figure only where its axes change: the camera and the zoom of the others are never touched.
        new = set(FIGURES) if opening else ({"images", "lengths"} if state.depth != before.depth else set())
        changed["figures"] = {name: figure if name in new else no_update for name, figure in whole(found).items()}
        response["figures"] = {name: change for name, change in changes(found).items() if name not in new}
        response["texts"] = numbers_network.summary(found)
        response["tables"] = numbers_network.tables(found)
    if opening or _sliders_of(state) != _sliders_of(before) or request.action:
        response["sliders"] = network_tab.weight_sliders(state)
        changed["window"] = state.depth <= 2 and state.width <= 4
    if opening or request.action:
        response["controls"] = answers.controls_of(state)
    if state.tab is Tab.RESULTS:  # what was not chosen has been completed
        chosen = {name: str(getattr(state, name)) for name in ("study", "number", "cell")}
        response["lists"] = results_tab.lists(results, chosen)
    if opening or state.curve is not before.curve:
        changed["curve"] = f"curve-{state.curve}"
    if opening or state.tab is not before.tab:
        response["tab"] = state.tab.value
    if opening or any(getattr(state, name) != getattr(before, name) for name in answers.RESULTS):
        changed["results"] = {name: str(getattr(state, name)) for name in answers.RESULTS}
    changed["response"] = response
    return changed


def _with_choices(state: State, before: State, results: Path) -> State:
    """The state with what the results tab shows where nothing is chosen yet; another study keeps no cell of the last one."""
    if state.tab is not Tab.RESULTS:
        return state
    if before.study and state.study != before.study:
        state = replace(state, cell="")
    try:
        chosen = {name: str(getattr(state, name)) for name in ("study", "number", "cell")}
        return replace(state, **results_tab.completed(results, chosen))
    except EigenscapeError:
        return state  # the tab says what is wrong


def _sliders_of(state: State) -> tuple[Any, ...]:
    """What decides which sliders there are and where the draw puts them."""
    drawing = (state.depth, state.width, state.draw, state.sigma_w, state.sigma_b, state.seed)
    return (*drawing, state.layer, state.row, state.column, state.biases)
