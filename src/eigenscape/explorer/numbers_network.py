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


def shown(value: float) -> str:
    """Format a number as on the page: six significant digits.

    Example:
        >>> shown(25.132741228718345), shown(0.0)
        ('25.1327', '0')
    """
    return f"{value:.6g}"


def lengths_table(found: Snapshot) -> Table:
    """Return, per layer, latent length, growth from the layer below, transitions, and sign
    transitions for units that have others.
    """
    analysis, known = found.analysis, found.layers.piecewise_linear
    lengths = analysis.latent_lengths
    rows: list[tuple[str, ...]] = [("0 (curve)", shown(lengths[0]), "", "", "")]
    for layer in range(1, len(lengths)):
        growth = shown(lengths[layer] / lengths[layer - 1]) if lengths[layer - 1] > 0 else "–"
        counts = (
            str(count[layer - 1]) if known else "–"
            for count in (analysis.transitions, analysis.sign_transitions)
        )
        rows.append((str(layer), shown(lengths[layer]), growth, *counts))
    header = ("layer", "latent length", "growth", "transitions", "sign changes")
    return Table("Length of the curve's image in every layer", header, rows)


def summary(found: Snapshot) -> dict[str, str]:
    """Return the numbers above the figures, by their id on the page."""
    certainty = (
        "exact" if found.layers.piecewise_linear else f"± {found.analysis.error_estimate:.1e}"
    )
    return {
        "curve-length": shown(found.analysis.latent_lengths[0]),
        "latent-length": shown(found.analysis.latent_lengths[-1]),
        "output-variation": shown(found.analysis.output_variation),
        "lifted-length": shown(found.analysis.lifted_length),
        "patterns": str(found.analysis.distinct_patterns) if found.layers.piecewise_linear else "–",
        "root-chi": "–" if found.root_chi is None else shown(found.root_chi),
        "certainty": certainty,
    }


def figure_tables(found: Snapshot) -> dict[str, Table]:
    """Return the text alternative of every figure, by its name."""
    surface, z = found.surface, found.outputs
    low, high = (
        np.unravel_index(surface.argmin(), surface.shape),
        np.unravel_index(surface.argmax(), surface.shape),
    )

    def at(place: tuple[Any, ...]) -> str:
        return f"({shown(found.axis[place[1]])}, {shown(found.axis[place[0]])})"

    surface_rows = [
        ("least f on the grid", shown(surface[low]), at(low)),
        ("greatest f on the grid", shown(surface[high]), at(high)),
        ("least f on the curve", shown(z.min()), _point(found.points[z.argmin()])),
        ("greatest f on the curve", shown(z.max()), _point(found.points[z.argmax()])),
    ]
    return {
        "surface": Table(
            "The output f over the square and on the curve",
            ("quantity", "value", "at"),
            surface_rows,
        ),
        "polytopes": _polytopes(found),
        "images": Table(
            "Images of the curve",
            ("layer", "width", "height", "variance shown"),
            [
                (
                    str(number),
                    shown(np.ptp(image.points[:, 0])),
                    shown(np.ptp(image.points[:, 1])),
                    f"{image.share:.1%}",
                )
                for number, image in enumerate(found.images, start=1)
            ],
        ),
        "lengths": _against_theory(found),
        "sensitivity": Table(
            "Relative change of the output's variation per relative change of a matrix that keeps"
            " its norm",
            ("matrix", "sensitivity"),
            (
                []
                if found.sensitivity is None
                else [
                    (f"W{number}", shown(value))
                    for number, value in enumerate(found.sensitivity, start=1)
                ]
            ),
        ),
    }


def tables(found: Snapshot) -> dict[str, dict[str, Any]]:
    """Return all tables by their id on the page, for the browser to write."""
    named = {f"{name}-numbers": content for name, content in figure_tables(found).items()}
    return {
        name: asdict(content) for name, content in {"layers": lengths_table(found), **named}.items()
    }


def _point(point: np.ndarray) -> str:
    return f"({shown(point[0])}, {shown(point[1])})"


def _polytopes(found: Snapshot) -> Table:
    cells, slopes, bins = found.polytopes.cells, found.polytopes.slopes, slope_bins(found.polytopes)
    steepest = slopes.max(initial=0.0)
    rows = [
        (
            f"{shown(steepest * number / BINS)} to {shown(steepest * (number + 1) / BINS)}",
            str(int((bins == number).sum())),
            shown(sum(areas)),
        )
        for number in range(BINS)
        if (
            areas := [
                cell.area for cell, its_bin in zip(cells, bins, strict=True) if its_bin == number
            ]
        )
    ]
    caption = f"{len(cells)} polytopes, cut by {found.polytopes.layers} hidden layers"
    return Table(
        found.polytopes.note or caption, ("size of the linear map", "polytopes", "area"), rows
    )


def _against_theory(found: Snapshot) -> Table:
    lengths = found.analysis.latent_lengths
    if found.root_chi is None:
        plain = [(str(layer), shown(lengths[layer]), "–") for layer in range(1, len(lengths))]
        return Table(
            f"Latent length; {NO_MEAN_FIELD}", ("layer", "latent length", "mean field"), plain
        )
    line = lengths[1] * found.root_chi ** np.arange(len(lengths) - 1.0)
    rows = [
        (str(layer), shown(lengths[layer]), shown(line[layer - 1]))
        for layer in range(1, len(lengths))
    ]
    caption = (
        f"Latent length beside √χ₁ = {shown(found.root_chi)} per layer, from σ_w ="
        f" {shown(found.sigma_w)}"
    )
    return Table(caption, ("layer", "latent length", "mean field"), rows)


def as_csv(found: Snapshot) -> str:
    """Return the numbers per layer in full precision as csv; comment lines name the network."""
    text = io.StringIO()
    text.write(f"# eigenscape {__version__} explorer, view: ?{found.state.query}\n")
    text.write(
        f"# output_variation={found.analysis.output_variation!r}"
        f" lifted_length={found.analysis.lifted_length!r}\n"
    )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["layer", "latent_length", "transitions", "sign_transitions", "sensitivity_of_its_weights"]
    )
    for layer, length in enumerate(found.analysis.latent_lengths):
        known = layer and found.layers.piecewise_linear
        counts = [
            int(count[layer - 1]) if known else ""
            for count in (found.analysis.transitions, found.analysis.sign_transitions)
        ]
        sensitivity = (
            float(found.sensitivity[layer - 1]) if layer and found.sensitivity is not None else ""
        )
        writer.writerow([layer, float(length), *counts, sensitivity])
    if found.sensitivity is not None:
        writer.writerow(["output", "", "", "", float(found.sensitivity[-1])])
    return text.getvalue()


def as_json(found: Snapshot) -> str:
    """Return all data of the figures as json, including the network's entries."""
    analysis = found.analysis
    content = {
        "eigenscape": __version__,
        "view": f"?{found.state.query}",
        "activation": found.layers.activation,
        "weights": [weight.tolist() for weight in found.layers.weights],
        "biases": [bias.tolist() for bias in found.layers.biases],
        "latent_lengths": analysis.latent_lengths.tolist(),
        "output_variation": analysis.output_variation,
        "lifted_length": analysis.lifted_length,
        "error_estimate": analysis.error_estimate,
        "breakpoints": [t.tolist() for t in analysis.breakpoints],
        "transitions": analysis.transitions.tolist() if found.layers.piecewise_linear else None,
        "sign_transitions": (
            analysis.sign_transitions.tolist() if found.layers.piecewise_linear else None
        ),
        "distinct_patterns": analysis.distinct_patterns if found.layers.piecewise_linear else None,
        "sigma_w": found.sigma_w,
        "root_chi_1": found.root_chi,
        "sensitivity": None if found.sensitivity is None else found.sensitivity.tolist(),
        "curve": found.points.tolist(),
        "outputs": found.outputs.tolist(),
        "polytopes": [
            {"corners": cell.polygon.tolist(), "matrix": cell.matrix.tolist()}
            for cell in found.polytopes.cells
        ],
    }
    return json.dumps(content, indent=1) + "\n"
