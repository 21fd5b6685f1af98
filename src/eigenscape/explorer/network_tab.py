"""The first tab: controls at the left, figures at the right."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from eigenscape.explorer import network
from eigenscape.explorer.presets import PRESETS
from eigenscape.explorer.state import ENTRIES, STEP, WEIGHT_RANGE, CurveKind, Draw, State
from eigenscape.explorer.widgets import aria, choice, figure_panel, number, slider, tick
from eigenscape.expressivity.networks import UNITS

SUMMARY = (
    ("curve-length", "the curve"),
    ("latent-length", "its image in the last layer"),
    ("output-variation", "variation of the output"),
    ("lifted-length", "lifted curve (x, f(x))"),
    ("patterns", "activation patterns met"),
    ("root-chi", "√χ₁, growth per layer in wide networks"),
    ("certainty", "lengths are"),
)
"""Ids and names of the numbers above the figures."""


def panel(state: State) -> html.Div:
    """Build the tab; its figures come with the first answer of the server."""
    controls = html.Form(
        [_network(state), _curve(state), _weights(state)],
        className="controls",
        **aria(label="Network and curve"),
    )
    return html.Div(
        [controls, html.Div([_summary(), _figures()], className="views")], className="columns"
    )


def _range(name: str, label: str, state: State, title: str = "") -> html.Div:
    entry, value = ENTRIES[name], float(getattr(state, name))
    return slider(name, label, entry.low, entry.high, entry.step, value, title=title)


def _field(name: str, label: str, state: State) -> html.Div:
    entry = ENTRIES[name]
    return number(name, label, entry.low, entry.high, getattr(state, name))


def _network(state: State) -> html.Fieldset:
    presets = [
        html.Button(
            preset.title,
            id={"type": "action", "name": f"preset:{name}"},
            type="button",
            title=preset.why,
        )
        for name, preset in PRESETS.items()
    ]
    return html.Fieldset(
        [
            html.Legend("Network"),
            html.Div(presets, className="buttons", role="group", **aria(label="Presets")),
            _range("depth", "depth L", state, "hidden layers"),
            _range("width", "width w", state, "units in every hidden layer"),
            choice(
                "activation",
                "activation",
                [{"label": name.replace("_", "-"), "value": name} for name in UNITS],
                state.activation,
            ),
            choice(
                "draw",
                "weights",
                [{"label": draw.meaning, "value": draw.value} for draw in Draw],
                state.draw.value,
            ),
            _range("sigma_w", "σ_w", state, "standard deviation of the weights"),
            _range("sigma_b", "σ_b", state, "standard deviation of the biases"),
            html.Div(
                [
                    _field("seed", "seed", state),
                    html.Button("New draw", id={"type": "action", "name": "redraw"}, type="button"),
                ],
                className="row",
            ),
        ]
    )


def _curve(state: State) -> html.Fieldset:
    fields = [
        html.Div(
            _range("radius", "radius", state, "of the curve; half the length of a line"),
            className="for circle ellipse line polygon",
        ),
        html.Div(
            [_range("x", "centre x₁", state), _range("y", "centre x₂", state)],
            className="for circle ellipse line polygon",
        ),
        html.Div(_range("ratio", "axes' ratio", state), className="for ellipse"),
        html.Div(_range("angle", "angle", state, "degrees"), className="for ellipse line polygon"),
        html.Div(_range("corners", "corners", state), className="for polygon"),
        html.Div(
            [
                html.Label("points x₁:x₂, with commas between", htmlFor="points"),
                dcc.Input(id="points", type="text", value="-3:-3,0:3,3:-3", debounce=True),
                tick("closed", "closed", state.closed),
            ],
            className="field for points",
        ),
    ]
    kinds = [{"label": kind.value, "value": kind.value} for kind in CurveKind]
    return html.Fieldset(
        [
            html.Legend("Curve"),
            choice("curve", "kind", kinds, state.curve.value),
            html.Div(fields, id="curve-fields", className="curve-circle"),
        ]
    )


def _weights(state: State) -> html.Fieldset:
    return html.Fieldset(
        [
            html.Legend("Weights by hand"),
            html.Div(
                [
                    tick("biases", "biases too", state.biases),
                    html.Button(
                        "Undo all by hand", id={"type": "action", "name": "undo"}, type="button"
                    ),
                ],
                className="row",
            ),
            html.Div(
                [
                    html.P(
                        "A large network: sliders for four rows and columns of one layer.",
                        className="explanation",
                    ),
                    html.Div(
                        [
                            _field("layer", "layer", state),
                            _field("row", "from row", state),
                            _field("column", "from column", state),
                        ],
                        className="row",
                    ),
                ],
                id="window",
                hidden=True,
            ),
            html.Div(id="sliders"),
        ]
    )


def weight_sliders(state: State) -> list[dict[str, Any]]:
    """Return the sliders of a state, layer by layer, for the browser to create: as Dash's
    components they would take part in every update of the page, which then takes twice as long.
    """
    groups: dict[int, list[dict[str, Any]]] = {}
    for entry in network.sliders(state):
        # the step of the slider that is nearest to the entry
        groups.setdefault(entry.position[0], []).append(
            {
                "position": ".".join(map(str, entry.position)),
                "label": entry.label,
                "value": (round(entry.value, 2) + 0.0),
                "drawn": f"drawn: {entry.drawn:.4g}",
            }
        )
    last = state.depth + 1
    limits = {"min": -WEIGHT_RANGE, "max": WEIGHT_RANGE, "step": STEP}
    return [
        {"title": f"layer {layer}" if layer < last else "read-out", "sliders": entries, **limits}
        for layer, entries in groups.items()
    ]


def _summary() -> html.Section:
    entries = [html.Div([html.Dt(name), html.Dd("…", id=identity)]) for identity, name in SUMMARY]
    downloads = [
        html.Button("Numbers as csv", id="download-csv", type="button"),
        html.Button("All as json", id="download-json", type="button"),
        html.Button("Copy link", id="copy-link", type="button"),
        html.Span(id="copied", role="status"),
    ]
    return html.Section(
        [
            html.Dl(entries, className="summary"),
            html.Div(downloads, className="buttons"),
            html.P(id="spoken", className="unseen", role="status"),
        ],
        className="panel panel-summary",
        **aria(label="Lengths"),
    )


def _figures() -> html.Div:
    return html.Div(
        [
            figure_panel(
                "surface",
                "Output over the square",
                "f(x) on a 50 × 50 grid of [−5, 5]², and the lifted curve (x, f(x)).",
                height="360px",
            ),
            figure_panel(
                "polytopes",
                "Polytopes of the input plane",
                "On each cell the network is linear; brighter is steeper. Dots: where the curve"
                " meets a kink.",
                height="360px",
                control=_range(
                    "cut", "cut by layers", State(), "how many hidden layers cut the plane, at most"
                ),
            ),
            figure_panel(
                "images",
                "Image of the curve in every layer",
                "Two units, or the plane of two principal components (share of the variance).",
                height="250px",
            ),
            figure_panel(
                "lengths",
                "Length against depth",
                "Dashed: √χ₁ per layer from the first, the growth in wide random networks.",
                height="250px",
            ),
            figure_panel(
                "sensitivity",
                "Which layer matters",
                "Change of the output's variation as a weight matrix turns, its norm kept; both"
                " relative.",
                height="250px",
            ),
            html.Section(
                [
                    html.H2("Numbers by layer", id="layers-title"),
                    html.Div(id="layers", className="numbers"),
                ],
                className="panel panel-layers",
                **aria(labelledby="layers-title"),
            ),
        ],
        className="figures",
    )
