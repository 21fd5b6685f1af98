"""A finished study in one object, for whoever tells of it: the report, the paper and the crate.

Only tables, figures, receipts and timings are read; nothing is computed. What is not there is left
out, and said to be missing where a reader would look for it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eigenscape.catalogue import CHAPTERS, FIGURES, caption_of
from eigenscape.catalogue.rows import Caption
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.store import products
from eigenscape.store.layout import StudyFolder


@dataclass(frozen=True)
class DrawnFigure:
    """A figure that is there: its name, what it shows, and its files."""

    name: str
    caption: Caption
    png: Path
    pdf: Path


@dataclass(frozen=True)
class FindingRow:
    """A row of the table of findings."""

    science: str
    finding: str
    verdict: str
    evidence: str
    condition: str
    replication: str


@dataclass(frozen=True)
class Timing:
    """All jobs of one rule.

    Attributes:
        rule: of the workflow.
        jobs: how many.
        seconds: wall time of all of them together.
        longest: wall time of the longest.
        cpu: seconds of all cores.
        memory: MB at the peak of the largest.
    """

    rule: str
    jobs: int
    seconds: float
    longest: float
    cpu: float
    memory: float


@dataclass
class Origins:
    """What made the results, over all receipts.

    Attributes:
        receipts: how many were read, and those without a date.
        first, last: dates.
        versions: of each package, all that occur.
        machines: in words, with the number of results that each made.
    """

    receipts: int = 0
    undated: int = 0
    first: str = ""
    last: str = ""
    versions: dict[str, set[str]] = field(default_factory=dict)
    machines: dict[str, int] = field(default_factory=dict)

    def add(self, receipt: Mapping[str, Any]) -> None:
        """One more receipt."""
        self.receipts += 1
        made = receipt.get("made") or {}
        versions = {
            "eigenscape": receipt.get("eigenscape"),
            "python": made.get("python"),
            **made.get("packages", {}),
        }
        for name, version in versions.items():
            if version:
                self.versions.setdefault(name, set()).add(str(version))
        if "at" not in made:
            self.undated += 1
            return
        self.first = min(self.first or made["at"], made["at"])
        self.last = max(self.last, made["at"])
        words = machine_words(made.get("machine", {}))
        self.machines[words] = self.machines.get(words, 0) + 1


@dataclass(frozen=True)
class Summary:
    """A study as a reader gets it.

    Attributes:
        study: its configuration.
        folder: where it lies.
        figures: by science, those that are there, in the order of `catalogue.FIGURES`.
        findings: rows of tables/findings.csv.
        cells: rows of tables/condition_number.csv, as text.
        headline: rows of tables/headline.csv, as text.
        changed: keys of the configuration that differ from the defaults: name, value, default.
        timings: by rule, longest first.
        origins: what made the results.
    """

    study: Study
    folder: StudyFolder
    figures: Mapping[str, list[DrawnFigure]]
    findings: list[FindingRow]
    cells: list[dict[str, str]]
    headline: list[dict[str, str]]
    changed: list[tuple[str, str, str]]
    timings: list[Timing]
    origins: Origins

    @property
    def tables(self) -> list[Path]:
        """All tables as csv."""
        return sorted((self.folder.root / "tables").glob("*.csv"))


def summary_of(study: Study, folder: StudyFolder) -> Summary:
    """Gather what a study left on disk.

    Raises:
        BadInput: there is neither a figure nor a table yet.
    """
    figures = drawn_figures(folder)
    tables = folder.root / "tables"
    if not figures and not list(tables.glob("*.csv")):
        fix = f"run `snakemake --cores 2 --configfile {folder.study}` first"
        raise BadInput.field(
            str(folder.root), "figures and tables of a study that has run", "none", fix
        )
    return Summary(
        study,
        folder,
        figures,
        [
            FindingRow(**{name: row.get(name, "") for name in FindingRow.__dataclass_fields__})
            for row in _rows(tables / "findings.csv")
        ],
        _rows(folder.table),
        _rows(tables / "headline.csv"),
        changed_settings(study),
        timings_of(folder),
        origins_of(folder),
    )


def drawn_figures(folder: StudyFolder) -> dict[str, list[DrawnFigure]]:
    """Figures that are there, by science: those of the default study in its order, then those drawn
    on request.
    """
    there = {path.stem: path for path in sorted((folder.root / "figures").glob("*.png"))}
    names = [
        *(name for name in FIGURES if name in there),
        *(name for name in there if name not in FIGURES),
    ]
    found: dict[str, list[DrawnFigure]] = {}
    for science in CHAPTERS:
        drawn = [
            DrawnFigure(name, caption_of(name), there[name], there[name].with_suffix(".pdf"))
            for name in names
        ]
        if mine := [figure for figure in drawn if figure.caption.chapter == science]:
            found[science] = mine
    return found


def changed_settings(study: Study) -> list[tuple[str, str, str]]:
    """Keys of the configuration whose value is not the default, with both.

    Example:
        >>> changed_settings(Study.from_mapping({"network": {"activation": "relu"}}))
        [('network.activation', 'relu', 'tanh')]
    """
    mine, default = dict(flat_settings(study)), dict(flat_settings(Study()))
    names = [*mine, *(name for name in default if name not in mine)]
    return [
        (name, mine.get(name, "-"), default.get(name, "-"))
        for name in names
        if mine.get(name) != default.get(name)
    ]


def flat_settings(study: Study) -> Iterator[tuple[str, str]]:
    """Every key of the configuration with its value, as section.key.

    Example:
        >>> dict(flat_settings(Study()))["headline.width"]
        '35'
    """
    yield from _flat(study.model_dump(mode="json"), "")


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def timings_of(folder: StudyFolder) -> list[Timing]:
    """What Snakemake measured of each rule; a job that ran again counts once, as it ran last."""
    found: dict[str, list[dict[str, str]]] = {}
    benchmarks = folder.root / "benchmarks"
    for path in sorted(benchmarks.rglob("*.tsv")):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        if rows:
            found.setdefault(path.relative_to(benchmarks).parts[0].removesuffix(".tsv"), []).append(
                rows[-1]
            )
    timings = [
        Timing(
            rule,
            len(rows),
            sum(_number(row, "s") for row in rows),
            max(_number(row, "s") for row in rows),
            sum(_number(row, "cpu_time") for row in rows),
            max(_number(row, "max_rss") for row in rows),
        )
        for rule, rows in found.items()
    ]
    return sorted(timings, key=lambda timing: -timing.seconds)


def _number(row: Mapping[str, str], name: str) -> float:
    """A number of a benchmark; jobs that end within a moment have NA."""
    try:
        return float(row[name])
    except (KeyError, TypeError, ValueError):
        return 0.0


def origins_of(folder: StudyFolder) -> Origins:
    """What the receipts of a study say of their making."""
    origins = Origins()
    beside = [
        path
        for path in folder.root.rglob("*.receipt.json")
        if path.relative_to(folder.root).parts[0] not in products.HIDDEN
    ]
    # The page and the paper present the results; their own dates are not those of the results.
    rendered = {
        products.receipt_of(folder.root / name, folder) for name in ("report.html", "paper.pdf")
    }
    for path in [*beside, *(path for path in products.products(folder) if path not in rendered)]:
        try:
            receipt = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue  # `verify` names receipts that cannot be read
        if isinstance(receipt, dict):
            origins.add(receipt)
    return origins


def machine_words(machine: Mapping[str, Any]) -> str:
    """A machine as a line.

    Example:
        >>> machine_words(
        ...     {"processor": "EPYC", "cores": 2, "memory_gb": 8.3, "system": "Linux 6.1 x86_64"}
        ... )
        'EPYC, 2 cores, 8.3 GB, Linux 6.1 x86_64'
    """
    known = {
        "processor": "{}",
        "cores": "{} cores",
        "memory_gb": "{} GB",
        "gpu": "GPU {}",
        "system": "{}",
    }
    return ", ".join(words.format(machine[key]) for key, words in known.items() if key in machine)


def _rows(path: Path) -> list[dict[str, str]]:
    """A table as text; nothing where it is not there."""
    try:
        with path.open(newline="") as file:
            return [dict(row) for row in csv.DictReader(file)]
    except FileNotFoundError:
        return []
