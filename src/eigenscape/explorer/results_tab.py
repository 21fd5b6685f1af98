"""The second tab: the map of a study; the spectrum, eigenvectors and provenance of one cell;
training trajectories.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update

from eigenscape.errors import EigenscapeError
from eigenscape.explorer import results
from eigenscape.explorer.figures_embedding import embedding_view, ends_table
from eigenscape.explorer.figures_results import (
    empty_figure,
    grid_values,
    map_figure,
    spectrum_figure,
    vectors_figure,
)
from eigenscape.explorer.numbers_network import Table, number_text
from eigenscape.explorer.widgets import choice, figure_panel, table

MOST_ROWS = 40
"""Largest number of eigenvalues in the table on the page; the download has all."""


EMBEDDING_WORDS = (
    "Predictions while networks train, by InPCA; drag to turn, click the legend to hide. Black:"
    " from ignorance to truth."
)


def panel() -> html.Div:
    """Build the tab, which is filled when it is opened."""
    controls = html.Div(
        [
            choice("study", "study", [], ""),
            choice("number", "number on the map", [], ""),
            choice("cell", "network (or click a cell of the map)", [], ""),
            html.Div(
                [
                    html.Button("Table as csv", id="download-table", type="button"),
                    html.Button("Spectrum as csv", id="download-spectrum", type="button"),
                    html.Button("Cell as json", id="download-cell", type="button"),
                    dcc.Download(id="download-results"),
                ],
                className="buttons",
            ),
        ],
        className="panel choices",
    )
    return html.Div(
        [
            controls,
            html.P(id="results-message", role="alert", className="message"),
            html.Div(
                [
                    figure_panel(
                        "grid-map",
                        "Map of the study",
                        "Grey cells have no number: not computed, or not finite.",
                        height="420px",
                    ),
                    figure_panel(
                        "spectrum",
                        "Spectrum of the network",
                        "Eigenvalues of C = E[∇L ∇Lᵀ]; dotted: index w.",
                        height="420px",
                    ),
                    figure_panel(
                        "vectors",
                        "Where its eigenvectors live",
                        "Mass of each eigenvector on each layer.",
                        height="300px",
                    ),
                    figure_panel(
                        "embedding", "Training trajectories", EMBEDDING_WORDS, height="460px"
                    ),
                    html.Section(
                        [
                            html.H2("Provenance"),
                            html.P(
                                "From the receipt; the numbers are those of its digest.",
                                className="explanation",
                            ),
                            html.Dl(id="provenance", className="provenance"),
                        ],
                        className="panel panel-provenance",
                    ),
                ],
                className="figures",
                id="results-figures",
            ),
        ]
    )


def callbacks(app: Dash, folder: Path) -> None:
    """Register the answers of the server."""
    outputs = {
        "message": Output("results-message", "children"),
        "hidden": Output("results-figures", "hidden"),
        "map": Output("grid-map", "figure"),
        "meaning": Output("grid-map-explanation", "children"),
        "map_numbers": Output("grid-map-numbers", "children"),
        "spectrum": Output("spectrum", "figure"),
        "spectrum_numbers": Output("spectrum-numbers", "children"),
        "vectors": Output("vectors", "figure"),
        "vectors_numbers": Output("vectors-numbers", "children"),
        "embedding": Output("embedding", "figure"),
        "embedding_numbers": Output("embedding-numbers", "children"),
        "provenance": Output("provenance", "children"),
    }

    @app.callback(
        output=outputs, inputs={"view": Input("results-view", "data")}, prevent_initial_call=True
    )
    def show(view: Any) -> dict[str, Any]:
        nothing: dict[str, Any] = dict.fromkeys(outputs, no_update)
        if not isinstance(view, dict) or view.get("tab") != "results":
            return nothing
        try:
            return {**nothing, **_shown(folder, view)}
        except EigenscapeError as error:
            return {**nothing, "message": results.explain(error), "hidden": True}

    @app.callback(
        Output("download-results", "data"),
        Input("download-table", "n_clicks"),
        Input("download-spectrum", "n_clicks"),
        Input("download-cell", "n_clicks"),
        State("results-view", "data"),
        prevent_initial_call=True,
    )
    def download(_table: Any, _spectrum: Any, _cell: Any, view: Any) -> Any:
        try:
            return _download(
                folder,
                str(ctx.triggered_id),
                {key: str(value) for key, value in dict(view or {}).items()},
            )
        except EigenscapeError:
            return no_update  # the page says already what is wrong


def completed(folder: Path, view: dict[str, str]) -> dict[str, Any]:
    """Complete the choices of a view by the first study, the number to cite and the headline.

    Raises:
        BadInput: there is no study.
        DamagedResult: the table cannot be read.
    """
    name = view.get("study") or results.studies(folder)[0]
    study = results.open_results(folder, name)
    first = (
        results.FIRST_NUMBER
        if results.FIRST_NUMBER in study.numbers
        else (study.numbers or [""])[0]
    )
    return {
        "study": name,
        "number": view.get("number") or first,
        "cell": view.get("cell") or study.study.headline_cell.folder,
    }


def lists(folder: Path, chosen: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return options and value of every list. A name that is not among the options is shown as
    empty, and the message explains it.
    """
    options: dict[str, list[dict[str, str]]] = {"study": [], "number": [], "cell": []}
    try:
        options["study"] = [{"label": name, "value": name} for name in results.studies(folder)]
        study = results.open_results(folder, chosen["study"])
        options["number"] = [
            {"label": name.replace("_", " "), "value": name} for name in study.numbers
        ]
        for cell in study.cells:
            options["cell"].append(
                {
                    "label": f"{cell.folder} (P = {cell.architecture.parameters:,})",
                    "value": cell.folder,
                }
            )
    except EigenscapeError:
        pass  # what there is to choose from; the tab says what is wrong
    return {
        name: {
            "options": names,
            "value": (
                chosen[name] if any(option["value"] == chosen[name] for option in names) else None
            ),
        }
        for name, names in options.items()
    }


def _shown(folder: Path, view: dict[str, str]) -> dict[str, Any]:
    study = results.open_results(folder, view["study"])
    number = study.number(view["number"])
    values = grid_values(study.table, number)
    rows = [
        (str(width), *[number_text(value) for value in row])
        for width, row in zip(values.index, values.to_numpy(float), strict=True)
    ]
    map_table = Table(
        f"{number} by width and depth",
        ("width \\ depth", *[str(depth) for depth in values.columns]),
        rows,
    )
    page: dict[str, Any] = {
        "message": "",
        "hidden": False,
        "map": map_figure(study, number, view["cell"]),
        "meaning": f"{study.meaning(number)}. Grey cells have no number.",
        "map_numbers": table(map_table),
    }
    try:
        page |= _trajectories(results.open_embedding(study))
    except EigenscapeError as error:  # the same holds for trajectories as for a damaged cell
        blank = empty_figure("no verified trajectories: see the message above")
        page |= {"message": results.explain(error), "embedding": blank, "embedding_numbers": ""}
    try:
        cell = results.open_cell(study, view["cell"])
    except EigenscapeError as error:  # the map is sound: one damaged cell does not hide it
        blank = empty_figure("no verified spectrum: see the message above")
        said = {
            "message": results.explain(error),
            "spectrum": blank,
            "vectors": blank,
            "provenance": [],
        }
        return {**page, **said, "spectrum_numbers": "", "vectors_numbers": ""}
    eigenvalues = cell.spectrum.eigenvalues
    spectrum_rows = [
        (str(index), number_text(value))
        for index, value in enumerate(eigenvalues[:MOST_ROWS], start=1)
    ]
    caption = (
        f"{len(eigenvalues)} eigenvalues, the first {len(spectrum_rows)}; status"
        f" {cell.spectrum.status}"
    )
    return {
        **page,
        "spectrum": spectrum_figure(cell),
        "spectrum_numbers": table(Table(caption, ("index", "eigenvalue"), spectrum_rows)),
        "vectors": vectors_figure(cell),
        "vectors_numbers": _masses(cell),
        "provenance": [html.Div([html.Dt(name), html.Dd(text)]) for name, text in cell.provenance],
    }


def _trajectories(found: results.OpenEmbedding | None) -> dict[str, Any]:
    """Return the figure of a study's trajectories and its numbers."""
    if found is None:
        return {
            "embedding": empty_figure("This study has no training trajectories."),
            "embedding_numbers": "",
        }
    view = embedding_view(found.points, found.geodesic, found.eigenvalues)
    return {"embedding": view, "embedding_numbers": table(ends_table(found.points))}


def _masses(found: results.OpenCell) -> Any:
    """Return the first eigenvectors' masses by layer as a table, the text alternative of the
    figure.
    """
    if found.masses is None:
        return "Eigenvectors are kept for the headline network only."
    columns = found.masses[:, :8]
    header = ("layer", *[str(index + 1) for index in range(columns.shape[1])])
    rows = [
        (str(layer), *[f"{value:.3f}" for value in row])
        for layer, row in enumerate(columns, start=1)
    ]
    return table(Table("Mass on each layer of the first columns of the picture", header, rows))


def _download(folder: Path, button: str, view: dict[str, str]) -> dict[str, str]:
    study = results.open_results(folder, view.get("study", ""))
    if button == "download-table":
        return {
            "content": study.table.to_csv(index=False),
            "filename": f"{study.name}-condition_number.csv",
            "type": "text/csv",
        }
    cell = results.open_cell(study, view.get("cell", ""))
    name = f"{study.name}-{cell.cell.folder.replace('/', '-')}"
    values = cell.spectrum.eigenvalues
    if button == "download-spectrum":
        lines = [f"{index},{float(value)!r}" for index, value in enumerate(values, start=1)]
        return {
            "content": "\n".join(["index,eigenvalue", *lines, ""]),
            "filename": f"{name}-spectrum.csv",
            "type": "text/csv",
        }
    content = {
        "provenance": dict(cell.provenance),
        "status": str(cell.spectrum.status),
        "eigenvalues": values.tolist(),
        "second_moment_diagonal": np.asarray(cell.spectrum.diagonal).tolist(),
    }
    return {
        "content": json.dumps(content, indent=1) + "\n",
        "filename": f"{name}.json",
        "type": "application/json",
    }
