"""The application: the page, the inputs of its scripts, and its access control."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, dcc, html

from eigenscape.explorer import answers, network_tab, results_tab, routes
from eigenscape.explorer.state import State, Tab
from eigenscape.explorer.widgets import aria

TABS: dict[Tab, tuple[str, Callable[[], html.Div]]] = {
    Tab.NETWORK: ("A network", lambda: network_tab.panel(State())),
    Tab.RESULTS: ("A study's results", results_tab.panel),
}
"""Title and content of every tab, in their order; a new tab needs an entry here, a name in `Tab`,
and its callbacks in `build`."""

LARGEST_REQUEST = 2**20
"""Largest number of bytes of a request; the largest request of the page has a few thousand."""


def build(results: Path, hosts: frozenset[str] | None = None) -> Dash:
    """Build the application.

    Args:
        results: the folder with the studies that the second tab opens.
        hosts: names under which it may be called; None means any. This refuses pages of other sites
            that make a browser resolve their own name to this machine (DNS rebinding).

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
    routes.register(app.server, results)
    results_tab.callbacks(app, results)
    return app


def _only_as(app: Dash, hosts: frozenset[str]) -> None:
    from flask import abort, request  # noqa: PLC0415

    def refuse_other_names() -> None:
        name = request.host.rsplit(":", 1)[0].strip("[]")
        if name not in hosts:
            abort(
                403,
                f"expected one of {', '.join(sorted(hosts))} as the host, found another; open the"
                " printed address",
            )

    app.server.before_request(refuse_other_names)


def _page() -> html.Div:
    tabs = [
        html.Button(
            title,
            id=f"tab-{name}",
            role="tab",
            type="button",
            tabIndex=0 if name is Tab.NETWORK else -1,
            **aria(selected=str(name is Tab.NETWORK).lower(), controls=f"panel-{name}"),
        )
        for name, (title, _) in TABS.items()
    ]
    header = html.Header(
        [
            html.H1("eigenscape explorer"),
            html.Div(tabs, role="tablist", className="tabs", **aria(label="Views")),
            html.P(id="message", role="alert", className="message"),
            html.P(id="computing", role="status", className="computing"),
        ]
    )
    panels = [
        html.Main(
            panel(),
            id=f"panel-{name}",
            role="tabpanel",
            hidden=name is not Tab.NETWORK,
            **aria(labelledby=f"tab-{name}"),
        )
        for name, (_, panel) in TABS.items()
    ]
    stores = [dcc.Store(id="tab", data=Tab.NETWORK.value), dcc.Store(id="results-view")]
    return html.Div([dcc.Location(id="address", refresh=False), *stores, header, *panels])


def _clientside(app: Dash) -> None:
    def browser(name: str, *inputs: Input, initial: bool = False) -> None:
        register: Any = app.clientside_callback  # which has no types
        register(ClientsideFunction("explorer", name), *inputs, prevent_initial_call=not initial)

    browser("open", Input("address", "search"), initial=True)
    controls = [Input(name, "data" if name == "tab" else "value") for name in answers.CONTROLS]
    browser("moved", *controls, Input({"type": "action", "name": ALL}, "n_clicks"))
    browser("tab", *[Input(f"tab-{name}", "n_clicks") for name in TABS])
    browser("picked", Input("grid-map", "clickData"))
    browser("copy", Input("copy-link", "n_clicks"))
    browser("download", Input("download-csv", "n_clicks"), Input("download-json", "n_clicks"))
