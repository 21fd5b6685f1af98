"""Parts of the page that are used more than once: labelled controls, figures with their numbers,
tables.
"""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from eigenscape.explorer.numbers_network import Table

GRAPH: Any = {
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "plotGlPixelRatio": 1,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "tableRotation", "resetCameraLastSave3d"],
}
"""Options of every figure: no link to other sites, no button that sends numbers to a service, and a
fixed size."""


def aria(**attributes: str) -> dict[str, Any]:
    """Return attributes for assistive technology in Dash's form.

    Example:
        >>> aria(label="Presets")
        {'aria-label': 'Presets'}
    """
    return {f"aria-{name}": value for name, value in attributes.items()}


def slider(
    identity: Any,
    label: str,
    low: float,
    high: float,
    step: float,
    value: float,
    name: str = "",
    title: str = "",
) -> html.Div:
    """Return a native range input: arrow keys, Home, End and screen readers work without any code.
    JavaScript writes its value beside it.
    """
    entry = dcc.Input(
        id=identity,
        type="range",
        min=low,
        max=high,
        step=step,
        value=value,
        debounce=False,
        name=name or label,
    )
    # The label holds its input, so that it names it without an id.
    return html.Div(
        html.Label(
            [html.Span(label), entry, html.Span(f"{value:g}", className="value")], title=title
        ),
        className="slider",
    )


def number(
    identity: str, label: str, low: float, high: float, value: float, title: str = ""
) -> html.Div:
    """Return a field for a number."""
    entry = dcc.Input(
        id=identity, type="number", min=low, max=high, step=1, value=value, debounce=False
    )
    return html.Div([html.Label(label, htmlFor=identity), entry], className="field", title=title)


def choice(identity: str, label: str, options: list[dict[str, str]], value: str) -> html.Div:
    """Return a list of options."""
    entry = dcc.Dropdown(
        id=identity, options=options, value=value, clearable=False, searchable=False
    )
    return html.Div([html.Label(label, htmlFor=identity), entry], className="field")


def tick(identity: str, label: str, value: bool) -> html.Div:
    """Return a check box."""
    return html.Div(
        dcc.Checklist(
            id=identity, options=[{"label": label, "value": "1"}], value=["1"] if value else []
        ),
        className="field",
    )


def figure_panel(
    name: str, title: str, explanation: str, *, height: str, control: html.Div | None = None
) -> html.Section:
    """Return a figure under its title, with its numbers as a table that opens below."""
    return html.Section(
        [
            html.H2(title, id=f"{name}-title"),
            html.P(explanation, className="explanation", id=f"{name}-explanation"),
            html.Div(
                dcc.Graph(
                    id=name,
                    config=GRAPH,
                    style={"height": height},
                    figure={"data": [], "layout": {"uirevision": "stay"}},
                ),
                role="img",
                **aria(labelledby=f"{name}-title", describedby=f"{name}-explanation"),
            ),
            *([] if control is None else [control]),
            html.Details(
                [
                    html.Summary("Numbers of this figure"),
                    html.Div(id=f"{name}-numbers", className="numbers"),
                ]
            ),
        ],
        className=f"panel panel-{name}",
        **aria(labelledby=f"{name}-title"),
    )


def table(content: Table) -> html.Table:
    """Return a table that screen readers can navigate."""
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in content.header]))
    body = [
        html.Tr([html.Th(first, scope="row"), *[html.Td(text) for text in rest]])
        for first, *rest in content.rows
    ]
    return html.Table([html.Caption(content.caption), head, html.Tbody(body)])
