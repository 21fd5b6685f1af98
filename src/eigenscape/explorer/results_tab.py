"""The second tab: the map of a study, and of one cell its spectrum, its eigenvectors and its provenance."""

from __future__ import annotations

from pathlib import Path

from dash import Dash, dcc, html


def panel() -> html.Div:
    """The tab, filled when it is opened."""
    return html.Div([dcc.Dropdown(id="study"), dcc.Dropdown(id="number"), dcc.Dropdown(id="cell"), dcc.Graph(id="grid-map")])


def callbacks(app: Dash, results: Path) -> None:
    """What the server answers."""
    del app, results
