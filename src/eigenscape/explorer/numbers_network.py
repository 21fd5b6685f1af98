"""The numbers of a snapshot as tables, for sighted readers and screen readers, and as csv and
json.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from eigenscape.explorer.figures_network import BINS, slope_bins
from eigenscape.explorer.snapshot import NO_MEAN_FIELD, Snapshot
from eigenscape.version import __version__


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes:
        caption: the caption of the table.
        header: the names of the columns.
        rows: the rows, as texts.
    """

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def number_text(value: float) -> str:
    """Format a number as on the page: six significant digits.

    Example:
        >>> number_text(25.132741228718345), number_text(0.0)
        ('25.1327', '0')
    """
    return f"{value:.6g}"


def lengths_table(snapshot: Snapshot) -> Table:
    """Return, per layer, latent length, growth from the layer below, transitions, and sign
    transitions for units that have others.
    """
    analysis, known = snapshot.analysis, snapshot.layers.piecewise_linear
    lengths = analysis.latent_lengths
    rows: list[tuple[str, ...]] = [("0 (curve)", number_text(lengths[0]), "", "", "")]
    for layer in range(1, len(lengths)):
        growth = number_text(lengths[layer] / lengths[layer - 1]) if lengths[layer - 1] > 0 else "–"
        counts = (
            str(count[layer - 1]) if known else "–"
            for count in (analysis.transitions, analysis.sign_transitions)
        )
        rows.append((str(layer), number_text(lengths[layer]), growth, *counts))
    header = ("layer", "latent length", "growth", "transitions", "sign changes")
    return Table("Length of the curve's image in every layer", header, rows)


def summary(snapshot: Snapshot) -> dict[str, str]:
    """Return the numbers above the figures, by their id on the page."""
    certainty = (
        "exact" if snapshot.layers.piecewise_linear else f"± {snapshot.analysis.error_estimate:.1e}"
    )
    return {
        "curve-length": number_text(snapshot.analysis.latent_lengths[0]),
        "latent-length": number_text(snapshot.analysis.latent_lengths[-1]),
        "output-variation": number_text(snapshot.analysis.output_variation),
        "lifted-length": number_text(snapshot.analysis.lifted_length),
        "patterns": str(snapshot.analysis.distinct_patterns)
        if snapshot.layers.piecewise_linear
        else "–",
        "root-chi": "–" if snapshot.root_chi is None else number_text(snapshot.root_chi),
        "certainty": certainty,
    }


def figure_tables(snapshot: Snapshot) -> dict[str, Table]:
    """Return the text alternative of every figure, by its name."""
    surface, z = snapshot.surface, snapshot.outputs
    low, high = (
        np.unravel_index(surface.argmin(), surface.shape),
        np.unravel_index(surface.argmax(), surface.shape),
    )

    def at(position: tuple[Any, ...]) -> str:
        x, y = snapshot.axis[position[1]], snapshot.axis[position[0]]
        return f"({number_text(x)}, {number_text(y)})"

    surface_rows = [
        ("least f on the grid", number_text(surface[low]), at(low)),
        ("greatest f on the grid", number_text(surface[high]), at(high)),
        ("least f on the curve", number_text(z.min()), _point(snapshot.points[z.argmin()])),
        ("greatest f on the curve", number_text(z.max()), _point(snapshot.points[z.argmax()])),
    ]
    return {
        "surface": Table(
            "The output f over the square and on the curve",
            ("quantity", "value", "at"),
            surface_rows,
        ),
        "polytopes": _polytopes(snapshot),
        "images": Table(
            "Images of the curve",
            ("layer", "width", "height", "variance shown"),
            [
                (
                    str(number),
                    number_text(np.ptp(image.points[:, 0])),
                    number_text(np.ptp(image.points[:, 1])),
                    f"{image.share:.1%}",
                )
                for number, image in enumerate(snapshot.images, start=1)
            ],
        ),
        "lengths": _against_theory(snapshot),
        "sensitivity": Table(
            "Relative change of the output's variation per relative change of a matrix that keeps"
            " its norm",
            ("matrix", "sensitivity"),
            (
                []
                if snapshot.sensitivity is None
                else [
                    (f"W{number}", number_text(value))
                    for number, value in enumerate(snapshot.sensitivity, start=1)
                ]
            ),
        ),
    }


def tables(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Return all tables by their id on the page, for the browser to write."""
    named = {f"{name}-numbers": content for name, content in figure_tables(snapshot).items()}
    return {
        name: asdict(content)
        for name, content in {"layers": lengths_table(snapshot), **named}.items()
    }


def _point(point: np.ndarray) -> str:
    return f"({number_text(point[0])}, {number_text(point[1])})"


def _polytopes(snapshot: Snapshot) -> Table:
    cells, slopes, bins = (
        snapshot.polytopes.cells,
        snapshot.polytopes.slopes,
        slope_bins(snapshot.polytopes),
    )
    steepest = slopes.max(initial=0.0)
    rows = [
        (
            f"{number_text(steepest * number / BINS)} to"
            f" {number_text(steepest * (number + 1) / BINS)}",
            str(int((bins == number).sum())),
            number_text(sum(areas)),
        )
        for number in range(BINS)
        if (
            areas := [
                cell.area for cell, its_bin in zip(cells, bins, strict=True) if its_bin == number
            ]
        )
    ]
    caption = f"{len(cells)} polytopes, cut by {snapshot.polytopes.layers} hidden layers"
    return Table(
        snapshot.polytopes.note or caption, ("size of the linear map", "polytopes", "area"), rows
    )


def _against_theory(snapshot: Snapshot) -> Table:
    lengths = snapshot.analysis.latent_lengths
    if snapshot.root_chi is None:
        plain = [(str(layer), number_text(lengths[layer]), "–") for layer in range(1, len(lengths))]
        return Table(
            f"Latent length; {NO_MEAN_FIELD}", ("layer", "latent length", "mean field"), plain
        )
    line = lengths[1] * snapshot.root_chi ** np.arange(len(lengths) - 1.0)
    rows = [
        (str(layer), number_text(lengths[layer]), number_text(line[layer - 1]))
        for layer in range(1, len(lengths))
    ]
    caption = (
        f"Latent length beside √χ₁ = {number_text(snapshot.root_chi)} per layer, from σ_w ="
        f" {number_text(snapshot.sigma_w)}"
    )
    return Table(caption, ("layer", "latent length", "mean field"), rows)


def as_csv(snapshot: Snapshot) -> str:
    """Return the numbers per layer in full precision as csv; comment lines name the network."""
    text = io.StringIO()
    text.write(f"# eigenscape {__version__} explorer, view: ?{snapshot.state.query}\n")
    text.write(
        f"# output_variation={snapshot.analysis.output_variation!r}"
        f" lifted_length={snapshot.analysis.lifted_length!r}\n"
    )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["layer", "latent_length", "transitions", "sign_transitions", "sensitivity_of_its_weights"]
    )
    for layer, length in enumerate(snapshot.analysis.latent_lengths):
        known = layer and snapshot.layers.piecewise_linear
        counts = [
            int(count[layer - 1]) if known else ""
            for count in (snapshot.analysis.transitions, snapshot.analysis.sign_transitions)
        ]
        sensitivity = (
            float(snapshot.sensitivity[layer - 1])
            if layer and snapshot.sensitivity is not None
            else ""
        )
        writer.writerow([layer, float(length), *counts, sensitivity])
    if snapshot.sensitivity is not None:
        writer.writerow(["output", "", "", "", float(snapshot.sensitivity[-1])])
    return text.getvalue()


def as_json(snapshot: Snapshot) -> str:
    """Return all data of the figures as json, including the network's entries."""
    analysis = snapshot.analysis
    content = {
        "eigenscape": __version__,
        "view": f"?{snapshot.state.query}",
        "activation": snapshot.layers.activation,
        "weights": [weight.tolist() for weight in snapshot.layers.weights],
        "biases": [bias.tolist() for bias in snapshot.layers.biases],
        "latent_lengths": analysis.latent_lengths.tolist(),
        "output_variation": analysis.output_variation,
        "lifted_length": analysis.lifted_length,
        "error_estimate": analysis.error_estimate,
        "breakpoints": [t.tolist() for t in analysis.breakpoints],
        "transitions": analysis.transitions.tolist() if snapshot.layers.piecewise_linear else None,
        "sign_transitions": (
            analysis.sign_transitions.tolist() if snapshot.layers.piecewise_linear else None
        ),
        "distinct_patterns": analysis.distinct_patterns
        if snapshot.layers.piecewise_linear
        else None,
        "sigma_w": snapshot.sigma_w,
        "root_chi_1": snapshot.root_chi,
        "sensitivity": None if snapshot.sensitivity is None else snapshot.sensitivity.tolist(),
        "curve": snapshot.points.tolist(),
        "outputs": snapshot.outputs.tolist(),
        "polytopes": [
            {"corners": cell.polygon.tolist(), "matrix": cell.matrix.tolist()}
            for cell in snapshot.polytopes.cells
        ],
    }
    return json.dumps(content, indent=1) + "\n"
