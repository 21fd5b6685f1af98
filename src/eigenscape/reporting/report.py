"""The stage `report`: one self-contained page for one study, for a collaborator to open.

Figures and tables stand inside the page; it loads nothing. The same results give the same bytes: no
date but those of the receipts.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eigenscape.catalogue.reading import FINDINGS
from eigenscape.config.study import Study
from eigenscape.findings.verdicts import Verdict
from eigenscape.reporting.references import references_of
from eigenscape.reporting.summary import DrawnFigure, FindingRow, Summary, flat_settings, summary_of
from eigenscape.store.io_log import note_read
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically
from eigenscape.version import __version__

MARKS = {
    Verdict.HOLDS: ("✓", "holds"),
    Verdict.CONDITION: ("◐", "condition"),
    Verdict.DOES_NOT: ("✗", "not"),
    Verdict.NOT_SHOWN: ("?", "open"),
    Verdict.NOT_TESTABLE: ("–", "open"),
}
"""A sign and a class of the style sheet for every verdict: told apart without colour."""

LARGEST_EMBEDDED_TABLE = 1_000_000
"""Bytes up to which a table is put into the page: all of the default study (0.6 MB at most), which
together stay far below the figures."""

CELL_COLUMNS = {
    "depth": "depth",
    "width": "width",
    "P": "parameters",
    "N": "samples",
    "samples": "log10_cond",
    "bracket": "log10_cond_low",
    "projected": "log10_cond_sym",
    "interval": "log10_cond_sym_low",
    "effective N": "log10_cond_sym_effective_samples",
    "of the projected": "status_sym",
    "noise": "log10_cond_null",
    "status": "status",
}
"""Heads of the table of networks, and the columns of tables/condition_number.csv that they show and
sort by."""


def report_path(folder: StudyFolder) -> Path:
    """Where the page lies."""
    return folder.root / "report.html"


def write_report(study: Study, folder: StudyFolder, to: Path | None = None) -> Path:
    """Write the page of a study: beside its results, or elsewhere.

    Returns:
        Its path.

    Raises:
        BadInput: the study has neither figures nor tables yet.
    """
    summary = summary_of(study, folder)
    for shown in (
        *summary.tables,
        *(figure.png for drawn in summary.figures.values() for figure in drawn),
    ):
        note_read(shown)
    path = to or report_path(folder)
    write_atomically(path, page(summary).encode())
    return path


def page(summary: Summary) -> str:
    """The page as HTML; every text is escaped."""
    import jinja2  # noqa: PLC0415

    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html.j2").render(context_of(summary))


def context_of(summary: Summary) -> dict[str, Any]:
    """What the template shows, as text."""
    study, origins = summary.study, summary.origins
    sciences = [
        (_anchor(science), _title(science), [_figure(one) for one in drawn])
        for science, drawn in summary.figures.items()
    ]
    sections = [
        ("findings", "Findings"),
        *((anchor, name) for anchor, name, _ in sciences),
        ("tables", "Tables"),
    ]
    sections += [
        ("configuration", "Configuration"),
        ("making", "How it was made"),
        ("checking", "Checking"),
        ("references", "References"),
    ]
    first_figure = next((drawn[0].name for drawn in summary.figures.values()), "eigenvalues")
    return {
        "study": study,
        "version": __version__,
        "facts": facts_of(summary),
        "sections": sections,
        "findings": _by_science(summary.findings),
        "tally": _tally(summary.findings),
        "no_findings": no_findings(study),
        "sciences": sciences,
        "headline": [_headline(row) for row in summary.headline],
        "cells": [_cell(row) for row in summary.cells],
        "cell_columns": list(CELL_COLUMNS),
        "cell_summary": _cell_summary(summary.cells),
        "tables": [_table(path) for path in summary.tables],
        "changed": summary.changed,
        "settings": list(flat_settings(study)),
        "origin_words": _origin_words(summary),
        "versions": [
            (name, ", ".join(sorted(versions))) for name, versions in origins.versions.items()
        ],
        "machines": sorted(origins.machines.items()),
        "timings": summary.timings,
        "timing_words": timing_words(summary),
        "study_file": f"{study.study}/study.json",
        "example": f"{study.study}/figures/{first_figure}.pdf",
        "references": [(reference.text(), reference.link) for reference in references_of(study)],
    }


def facts_of(summary: Summary) -> list[tuple[str, str]]:
    """The study in a few words."""
    study = summary.study
    computed = sum(1 for row in summary.cells if row.get("status") != "over_raw_parameter_limit")
    grid = f"depth {_range(study.grid.depth)}, width {_range(study.grid.width)}"
    return [
        ("problem", _problem(study)),
        (
            "network",
            (
                f"{study.problem.module or study.network.activation}, prior"
                f" {study.prior.kind.replace('_', ' ')}"
            ),
        ),
        ("grid", f"{grid}: {len(summary.cells)} networks, {computed} with raw numbers"),
        (
            "headline",
            (
                f"depth {study.headline.depth}, width {study.headline.width}, N ="
                f" {study.headline.samples:,}"
            ),
        ),
        ("seed", str(study.sampling.seed)),
        ("made", _days(summary)),
    ]


def no_findings(study: Study) -> str:
    """Why there is no table of findings.

    Example:
        >>> no_findings(Study())
        'No table of findings is there yet: run the workflow to its end.'
    """
    if reason := FINDINGS.left_out(study):
        return f"Published findings are not assessed by this study: {reason}."
    return "No table of findings is there yet: run the workflow to its end."


def _problem(study: Study) -> str:
    problem = study.problem
    if not problem.is_user_defined:
        return (
            f"{problem.kind}, {problem.points} points on {list(problem.interval)}, {problem.loss}"
        )
    network = f"{problem.module} on " if problem.module else ""
    return (
        f"{network}{Path(str(problem.file)).name}: {', '.join(problem.inputs or ())} to"
        f" {', '.join(problem.targets or ())}, {problem.loss}"
    )


def _range(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}" if len(values) > 1 else str(values[0])


def _days(summary: Summary) -> str:
    first, last = summary.origins.first[:10], summary.origins.last[:10]
    if not first:
        return "date not known"
    return first if first == last else f"{first} to {last}"


def timing_words(summary: Summary) -> str:
    """All jobs in a sentence."""
    jobs = sum(timing.jobs for timing in summary.timings)
    seconds, cpu = (
        sum(getattr(timing, name) for timing in summary.timings) for name in ("seconds", "cpu")
    )
    return (
        f"{jobs} jobs, {seconds / 60:.1f} minutes one after the other, {cpu / 60:.1f} core minutes."
    )


def _origin_words(summary: Summary) -> str:
    origins = summary.origins
    words = f"By {origins.receipts} receipts"
    if origins.first:
        words += f", the first of {origins.first} and the last of {origins.last} (UTC)"
    return words + (f"; {origins.undated} of them have no date." if origins.undated else ".")


def _anchor(science: str) -> str:
    return "science-" + science.replace(",", "").replace(" ", "-")


def _title(science: str) -> str:
    return science[0].upper() + science[1:]


def _figure(figure: DrawnFigure) -> dict[str, Any]:
    data = figure.png.read_bytes()
    # of the header of a PNG, so that the page does not jump while it loads
    width, height = struct.unpack(">II", data[16:24])
    return {
        "name": figure.name,
        "title": figure.caption.title,
        "text": figure.caption.text,
        "data": "data:image/png;base64," + base64.b64encode(data).decode(),
        "width": width,
        "height": height,
    }


def _by_science(findings: list[FindingRow]) -> list[tuple[str, list[dict[str, str]]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for one in findings:
        mark, kind = _mark(one.verdict)
        row = {
            "finding": one.finding,
            "verdict": one.verdict,
            "evidence": one.evidence,
            "condition": one.condition,
            "replication": one.replication,
        }
        found.setdefault(one.science, []).append({**row, "mark": mark, "kind": kind})
    return list(found.items())


def _mark(verdict: str) -> tuple[str, str]:
    return MARKS[Verdict(verdict)] if verdict in set(Verdict) else ("?", "open")


def _tally(findings: list[FindingRow]) -> list[tuple[str, int, str, str]]:
    counts = {verdict: sum(one.verdict == verdict for one in findings) for verdict in Verdict}
    return [(str(verdict), count, *MARKS[verdict]) for verdict, count in counts.items() if count]


def _headline(row: dict[str, str]) -> dict[str, str]:
    low, high = _short(row.get("low", "")), _short(row.get("high", ""))
    name = row.get("number", "")
    return {
        "number": name,
        "value": _short(row.get("value", "")),
        "interval": f"{low} to {high}" if low and high else "",
        "null": _short(row.get("null", "")),
    }


def _cell(row: dict[str, str]) -> list[tuple[str, str]]:
    """The texts of a row, each with the number that it sorts by."""
    ends = {
        "bracket": ("log10_cond_low", "log10_cond_high"),
        "interval": ("log10_cond_sym_low", "log10_cond_sym_high"),
    }
    cells = []
    for head, column in CELL_COLUMNS.items():
        value = row.get(column, "")
        text = value if head in ("depth", "width", "P", "N") else _short(value, 2)
        if head in ends:
            low, high = (_short(row.get(name, ""), 2) for name in ends[head])
            text = f"{low} to {high}" if low and high else ""
        if head == "effective N":
            text = f"{float(value):,.0f}" if _is_number(value) else ""
        if column in ("status", "status_sym"):
            text, value = value.replace("_", " "), ""
        cells.append(
            (text if value != "0" or head != "N" else "", value if _is_number(value) else "")
        )
    return cells


def _cell_summary(rows: list[dict[str, str]]) -> str:
    values = [
        float(row["log10_cond_sym"]) for row in rows if _is_number(row.get("log10_cond_sym", ""))
    ]
    if not values:
        return "no projected number is finite"
    return f"the {len(values)} finite projected ones go from {min(values):.2f} to {max(values):.2f}"


def _table(path: Path) -> dict[str, str]:
    data = path.read_bytes()
    embedded = (
        "data:text/csv;charset=utf-8," + quote(data, safe=",")
        if len(data) <= LARGEST_EMBEDDED_TABLE
        else ""
    )
    rows = max(data.count(b"\n") - 1, 0)
    return {"name": path.name, "rows": f"{rows:,}", "data": embedded}


def _short(value: str, decimals: int | None = None) -> str:
    """A number for people; a text as it is."""
    if not _is_number(value):
        return "" if value in ("", "nan") else value
    return f"{float(value):.{decimals}f}" if decimals is not None else f"{float(value):.4g}"


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
