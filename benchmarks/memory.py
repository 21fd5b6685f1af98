"""What every stage of the workflow holds at its peak, beside what the plan says: real commands,
each a process of its own.

python benchmarks/memory.py                     every stage, and growth with P and N; some ten
                                                minutes on a core, 1 GB
python benchmarks/memory.py --only parameters   one part of it: parameters, samples or tests
python benchmarks/memory.py --quick             the smallest sizes
python benchmarks/memory.py --draw              the figure and tables again, from
                                                benchmarks/results/memory.json

The peak is the kernel's account of the process (`ru_maxrss`), less that of the same command on a
network of a few parameters, which loads the same libraries. Memory that is freed goes back at once,
by settings of the C library's allocator: as it comes, it keeps some. The last rows are those of the
tests (tests/peaks.py): every other stage, at sizes of a second or so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eigenscape.architecture import Architecture
from eigenscape.config.study import Study
from eigenscape.forecast.jobs import jobs_of
from eigenscape.planning import cells
from eigenscape.stages.common.configure import write_study
from eigenscape.store.layout import StudyFolder

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import peaks

RESULTS = Path(__file__).parent / "results" / "memory.json"
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "memory.png"
WIDTHS, DEPTH = (10, 15, 20, 28), 5
"""P = 471, 1,006, 1,741 and 3,333."""

SAMPLES = (200, 800, 1600, 7000, 28_000)
"""Around P = 1,741: fewer than parameters up to 1,600, a bracket from 3,482 on."""

NONE = {
    name: {"enabled": False}
    for name in ("expressivity", "clustering", "sloppiness", "model_constrained")
}


def study_of(width: int, samples: int, depth: int = DEPTH, **sections: Any) -> Study:
    """One network as the headline and the only one of the grid."""
    network = {"depth": depth, "width": width}
    grid = {name: [size] for name, size in network.items()}
    limit = {"raw_parameter_limit": 10_000, "samples_per_parameter": 4}
    common = {
        "study": "memory",
        "grid": grid,
        "headline": network | {"samples": samples},
        "sampling": limit,
        "large": {"depth": []},
    }
    return Study.from_mapping(common | NONE | sections)


@dataclass(frozen=True)
class Setting:
    """A command on one study, after others that it needs.

    Attributes:
        series: of the figure, or "" for the table alone.
        stage: in words.
        study: what it runs on.
        command: arguments of eigenscape.
        before: commands whose results it reads.
        job: name of the job whose memory the plan states; the headline's spectrum and second moment
            where empty.
        loads: the same command on next to nothing, by its study and arguments.
        label: the size, for the table.
    """

    series: str
    stage: str
    study: Study
    command: tuple[str, ...]
    before: tuple[tuple[str, ...], ...]
    job: str
    loads: tuple[Study, tuple[str, ...]]
    label: dict[str, int]

    @property
    def planned(self) -> int:
        """Bytes by the plan, beside the interpreter."""
        cell = self.study.headline_cell
        if self.command[0] == "second-moment":
            return cells.second_moment(cell, self.study.problem.points).memory
        if self.command[0] == "spectrum":
            return cells.spectrum(cell, self.study, vectors="--vectors" in self.command).memory
        jobs = jobs_of(self.study)
        return next(job.work.memory for job in jobs if job.name == self.job)


def headline(study: Study, *command: str) -> tuple[str, ...]:
    """A command for the headline cell."""
    return (command[0], study.headline_cell.folder, *command[1:])


def of_matrices(width: int, samples: int, series: str) -> Iterator[Setting]:
    """The stages that hold matrices, for one network."""
    study, tiny = study_of(width, samples), study_of(2, 100, depth=1)
    moment = headline(study, "second-moment")
    size = {"parameters": study.headline_cell.architecture.parameters, "samples": samples}

    def like(command: tuple[str, ...]) -> tuple[Study, tuple[str, ...]]:
        return tiny, tuple(
            tiny.headline_cell.folder if word == study.headline_cell.folder else word
            for word in command
        )

    values, vectors = headline(study, "spectrum"), headline(study, "spectrum", "--vectors")
    yield Setting(series, "second moment", study, moment, (), "", like(moment), size)
    yield Setting(series, "spectrum", study, values, (moment,), "", like(values), size)
    yield Setting(
        series, "spectrum with vectors", study, vectors, (moment,), "", like(vectors), size
    )
    if series == "parameters":
        projection, small = ("projection", "--width", str(width)), ("projection", "--width", "2")
        yield Setting(
            series, "projection", study, projection, (), f"projection/w{width}", (tiny, small), size
        )
        if width <= 20:  # ten eigensolves: beyond, they would take longer than everything else
            yield Setting(
                series,
                "importance",
                study,
                ("importance",),
                (moment, vectors),
                "importance",
                (tiny, ("importance",)),
                size,
            )


def peak(arguments: list[str]) -> tuple[int, float]:
    """Bytes of one process at its peak, and its processor seconds."""
    environment = os.environ | peaks.SETTINGS | dict.fromkeys(peaks.THREADS, "1")
    process = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    error = process.stderr.read().decode() if process.stderr else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {error}")
    return used.ru_maxrss * 1024, used.ru_utime + used.ru_stime


class Runs:
    """Commands on studies, each once; a study's results stay where its other commands find them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._done: dict[tuple[str, tuple[str, ...]], tuple[int, float]] = {}

    def peak_of(
        self, study: Study, command: tuple[str, ...], before: tuple[tuple[str, ...], ...]
    ) -> tuple[int, float]:
        """The peak and the processor seconds of a command, after those that it needs."""
        name = hashlib.sha256(study.model_dump_json().encode()).hexdigest()[:16]
        folder = StudyFolder(self._root / name)
        write_study(study, folder)
        for each in (*before, command):
            if (name, each) not in self._done:
                self._done[name, each] = peak(
                    [sys.executable, "-m", "eigenscape", *each, "--study", str(folder.study)]
                )
        return self._done[name, command]


def measured(setting: Setting, runs: Runs, loaded: dict[str, int]) -> dict[str, Any]:
    """One run beside its plan; ``loaded`` remembers what commands take before they hold
    anything.
    """
    found, seconds = runs.peak_of(setting.study, setting.command, setting.before)
    small, command = setting.loads
    key = " ".join(command)
    if key not in loaded:
        before = (headline(small, "second-moment"), headline(small, "spectrum", "--vectors"))
        needed = (
            before if command[0] == "importance" else before[:1] if command[0] == "spectrum" else ()
        )
        loaded[key] = runs.peak_of(small, command, needed)[0]
    row = {
        "series": setting.series,
        "stage": setting.stage,
        **setting.label,
        "planned_bytes": setting.planned,
    }
    return row | {
        "peak_bytes": found - loaded[key],
        "loaded_bytes": loaded[key],
        "core_seconds": round(seconds, 1),
    }


def settings(*, quick: bool) -> Iterator[Setting]:
    """Everything that is run."""
    for width in WIDTHS[: 2 if quick else None]:
        parameters = Architecture(DEPTH, width).parameters
        yield from of_matrices(width, 4 * parameters, "parameters")
    for samples in SAMPLES[: 2 if quick else None]:
        yield from of_matrices(20, samples, "samples")


def of_the_tests() -> Iterator[dict[str, Any]]:
    """The stages as the tests run and assert them."""
    for family in peaks.FAMILIES:
        for stage, (planned, held) in peaks.measured(family).items():
            yield {"series": "tests", "stage": stage, "planned_bytes": planned, "peak_bytes": held}


def table(results: dict[str, Any]) -> str:
    """The runs as text."""
    lines = [f"{results['date']}, {results['machine']}, one thread", ""]
    lines.append(
        f"{'stage':<34}{'P':>8}{'N':>9}{'plan, MB':>11}{'peak, MB':>11}"
        f"{'peak/plan':>11}{'loaded, MB':>12}{'core s':>9}"
    )
    for run in results["runs"]:
        size = "".join(
            f"{run[name]:>{width},}" if name in run else " " * width
            for name, width in (("parameters", 8), ("samples", 9))
        )
        megabytes = (
            f"{run['planned_bytes'] / 1e6:>11,.1f}{run['peak_bytes'] / 1e6:>11,.1f}"
            f"{run['peak_bytes'] / run['planned_bytes']:>11.2f}"
        )
        rest = (
            f"{run['loaded_bytes'] / 1e6:>12,.0f}{run['core_seconds']:>9,.1f}"
            if "loaded_bytes" in run
            else ""
        )
        lines.append(f"{run['stage']:<34}{size}{megabytes}{rest}")
    return "\n".join(lines)


def draw(results: dict[str, Any]) -> None:
    """Growth with P at N = 4 P and with N at P = 1,741: the plan as lines, measurements as
    points.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    from eigenscape.figures.style import DOTS_PER_INCH, DOUBLE_COLUMN, GREY, PALETTE, paper_style

    stages = {
        "second moment": ("blue", "o"),
        "spectrum": ("vermillion", "s"),
        "spectrum with vectors": ("green", "^"),
        "importance": ("purple", "D"),
        "projection": ("orange", "v"),
    }
    with paper_style():
        figure = Figure(figsize=(DOUBLE_COLUMN, 3.2), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        for axis, series, label in zip(
            axes, ("parameters", "samples"), ("parameters $P$", "samples $N$"), strict=True
        ):
            for stage, (colour, marker) in stages.items():
                own = sorted(
                    (r for r in results["runs"] if r["series"] == series and r["stage"] == stage),
                    key=lambda r: r[series],
                )
                if own:
                    x = [run[series] for run in own]
                    axis.plot(
                        x,
                        [run["planned_bytes"] / 1e9 for run in own],
                        color=PALETTE[colour],
                        linewidth=1,
                    )
                    held = [max(run["peak_bytes"], 1e6) / 1e9 for run in own]
                    axis.plot(
                        x,
                        held,
                        color=PALETTE[colour],
                        marker=marker,
                        markersize=4,
                        linestyle="none",
                        label=stage,
                    )
            axis.set(xscale="log", yscale="log", xlabel=label)
        size = [run["parameters"] for run in results["runs"] if run["series"] == "parameters"]
        ends = [min(size), max(size)]
        axes[0].plot(
            ends, [8 * p**2 / 1e9 for p in ends], color=GREY, linestyle=":", label="$C$ alone"
        )
        # gradients in place of C below; a bracket from there on
        for limit, words in (
            (1741, "$N = P$"),
            (2 * 1741, "$2P$"),
        ):
            axes[1].axvline(limit, color=GREY, linewidth=0.6)
            axes[1].annotate(
                words,
                (limit, 0.98),
                xycoords=axes[1].get_xaxis_transform(),
                rotation=90,
                ha="left",
                va="top",
                fontsize=7,
            )
        axes[0].set(ylabel="memory beside the interpreter, GB", title="$N = 4 P$")
        axes[1].set(title="$P$ = 1,741")
        axes[0].set_xticks(sorted(set(size)), [f"{number:,}" for number in sorted(set(size))])
        axes[0].xaxis.set_minor_formatter(NullFormatter())
        axes[1].legend(*axes[0].get_legend_handles_labels(), loc="lower right", frameon=True)
        FIGURE.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(FIGURE, dpi=DOTS_PER_INCH // 2)


def main() -> None:
    """Run, note after every run, print, draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--only", choices=["parameters", "samples", "tests"])
    chosen = parser.parse_args()
    if not chosen.draw:
        loaded: dict[str, int] = {}
        machine = f"{platform.machine()}, {os.cpu_count()} cores shared with others"
        old = json.loads(RESULTS.read_text())["runs"] if chosen.only and RESULTS.exists() else []
        runs = [run for run in old if run["series"] != chosen.only]

        def note(run: dict[str, Any]) -> None:
            runs.append(run)
            results = {"date": time.strftime("%Y-%m-%d"), "machine": machine, "runs": runs}
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
            print(table(results).splitlines()[-1], flush=True)

        with tempfile.TemporaryDirectory() as temporary:
            commands = Runs(Path(temporary))
            for setting in settings(quick=chosen.quick):
                if chosen.only and setting.series != chosen.only:
                    continue
                note(measured(setting, commands, loaded))
        for row in of_the_tests() if chosen.only in (None, "tests") and not chosen.quick else ():
            note(row)
    results = json.loads(RESULTS.read_text())
    RESULTS.with_suffix(".txt").write_text(table(results) + "\n")
    print(table(results))
    draw(results)


if __name__ == "__main__":
    main()
