"""Time and memory of spectra without C, as P and N grow; each run a process of its own, whose peak
is the kernel's account of it.

python benchmarks/large_networks.py          all runs, up to P = 10^6; half an hour on a core,
                                             4.5 GB
python benchmarks/large_networks.py --quick  the smallest ones
python benchmarks/large_networks.py --draw   the figure again, from
                                             benchmarks/results/large_networks.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eigenscape.config.study import Study
from eigenscape.planning.large import large_cell, plan_large
from eigenscape.stages.common.configure import write_study
from eigenscape.store.array_files import receipt_of
from eigenscape.store.layout import StudyFolder

RESULTS = Path(__file__).parent / "results" / "large_networks.json"
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "large_networks_growth.png"


@dataclass(frozen=True)
class Setting:
    """One run."""

    route: str
    width: int
    samples: int
    memory_gb: float = 4.0

    @property
    def study(self) -> Study:
        """A study of that one network of four hidden layers; the matrix-free density by few steps,
        for time.
        """
        large = {
            "depth": [4],
            "width": [self.width],
            "samples": self.samples,
            "route": self.route,
            "memory_gb": self.memory_gb,
        }
        return Study.from_mapping(
            {
                "study": "large",
                "grid": {"depth": [1], "width": [5]},
                "large": large | {"steps": 8, "probes": 4, "leading": 20},
            }
        )


QUICK = [Setting(route, width, 256) for width in (57, 182) for route in ("dual", "matrix_free")]
ALL = [
    *QUICK,
    *(Setting("dual", 182, samples) for samples in (128, 512, 1024, 2048)),
    Setting("dual", 577, 256),
    Setting("dual", 577, 1000),
    Setting("matrix_free", 577, 256),
]


def measured(setting: Setting) -> dict[str, Any]:
    """What the receipt of one run says, and the processor seconds of its process."""
    study = setting.study
    plan = plan_large(study, study.large.architectures()[0])
    with tempfile.TemporaryDirectory() as temporary:
        folder = StudyFolder(Path(temporary) / "large")
        write_study(study, folder)
        network = plan.architecture.label
        command = [
            sys.executable,
            "-m",
            "eigenscape",
            "large",
            network,
            "--study",
            str(folder.study),
            "--checkpoint-seconds",
            "1e9",
        ]
        began, used = time.monotonic(), os.times()
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        wall, now = time.monotonic() - began, os.times()
        receipt = json.loads(receipt_of(folder.large(large_cell(study, plan))).read_text())
    return {
        "route": setting.route,
        "parameters": plan.architecture.parameters,
        "samples": setting.samples,
        "wall_seconds": round(wall, 1),
        "core_seconds": round(
            now.children_user + now.children_system - used.children_user - used.children_system, 1
        ),
        "gradients_computed": receipt["gradients_computed"],
        "planned_bytes": receipt["memory"]["planned"],
        "peak_bytes": receipt["memory"]["peak_resident"],
    }


def interpreter_bytes() -> int:
    """The peak of the same program before it holds anything: a network of 31 parameters."""
    small = Setting("dual", 2, 8)
    return int(measured(small)["peak_bytes"])


def table(results: dict[str, Any]) -> str:
    """The runs as text."""
    lines = [
        (
            f"{results['date']}, {results['machine']}, one thread; interpreter alone"
            f" {results['interpreter_bytes'] / 1e9:.2f} GB"
        ),
        "",
    ]
    heads = (
        "route",
        "P",
        "N",
        "core s",
        "wall s",
        "gradients",
        "planned GB",
        "peak GB",
        "C would be",
    )
    lines.append("{:<12}{:>11}{:>7}{:>9}{:>9}{:>11}{:>12}{:>9}{:>13}".format(*heads))
    for run in results["runs"]:
        numbers = (
            f"{run['parameters']:>11,}{run['samples']:>7,}"
            f"{run['core_seconds']:>9,.1f}{run['wall_seconds']:>9,.1f}"
        )
        memory = (
            f"{run['planned_bytes'] / 1e9:>12.2f}{run['peak_bytes'] / 1e9:>9.2f}"
            f"{8 * run['parameters'] ** 2 / 1e9:>10,.0f} GB"
        )
        lines.append(f"{run['route']:<12}{numbers}{run['gradients_computed']:>11,}{memory}")
    return "\n".join(lines)


def draw(results: dict[str, Any]) -> None:
    """Growth with P at N = 256, and with N at P = 1e5."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    from eigenscape.figures.style import DOTS_PER_INCH, DOUBLE_COLUMN, GREY, PALETTE, paper_style

    runs = results["runs"]
    with paper_style():
        figure = Figure(figsize=(DOUBLE_COLUMN, 4.6), layout="constrained")
        axes = figure.subplots(2, 2, sharex="col")
        columns = (
            ("parameters", "parameters $P$", lambda r: r["samples"] == 256),
            ("samples", "samples $N$", lambda r: r["width"] == 182),
        )
        for column, (key, label, chosen) in enumerate(columns):
            for route, colour, marker in (
                ("dual", "blue", "o"),
                ("matrix_free", "vermillion", "s"),
            ):
                own = sorted(
                    (r for r in runs if r["route"] == route and chosen(r)), key=lambda r: r[key]
                )
                x, colour, words = [r[key] for r in own], PALETTE[colour], route.replace("_", "-")
                style = {"color": colour, "marker": marker, "markersize": 4}
                axes[0, column].plot(x, [r["core_seconds"] for r in own], label=words, **style)
                axes[1, column].plot(
                    x, [r["peak_bytes"] / 1e9 for r in own], label=f"{words}, peak", **style
                )
                planned = [(r["planned_bytes"] + results["interpreter_bytes"]) / 1e9 for r in own]
                axes[1, column].plot(
                    x,
                    planned,
                    color=colour,
                    linestyle="--",
                    linewidth=0.8,
                    label="planned, with interpreter",
                )
            for row in (0, 1):
                axes[row, column].set(xscale="log", yscale="log")
                axes[row, column].set_ylim(
                    *((1, 300) if row == 0 else (0.1, 2e4 if column == 0 else 10))
                )
                for axis in (axes[row, column].xaxis, axes[row, column].yaxis):
                    axis.set_minor_formatter(NullFormatter())
            axes[1, column].set(xlabel=label)
        numbers = sorted({r["samples"] for r in runs if r["width"] == 182})
        axes[1, 1].set_xticks(numbers, [f"{number:,}" for number in numbers])
        ends = [r["parameters"] for r in runs if r["samples"] == 256]
        axes[1, 0].plot(
            [min(ends), max(ends)],
            [8 * p**2 / 1e9 for p in (min(ends), max(ends))],
            color=GREY,
            linestyle=":",
            label="$C$ alone",
        )
        axes[0, 0].set(ylabel="core seconds", title="$N$ = 256")
        axes[1, 0].set(ylabel="memory, GB")
        axes[0, 1].set(title="$P$ = 100,465")
        axes[0, 0].legend()
        axes[1, 0].legend()
        FIGURE.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(FIGURE, dpi=DOTS_PER_INCH // 2)


def main() -> None:
    """Run, note after every run, print, draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--draw", action="store_true")
    chosen = parser.parse_args()
    if not chosen.draw:
        machine = f"{platform.machine()}, {os.cpu_count()} cores shared with others"
        results = {
            "date": time.strftime("%Y-%m-%d"),
            "machine": machine,
            "interpreter_bytes": interpreter_bytes(),
            "runs": [],
        }
        for setting in QUICK if chosen.quick else ALL:
            results["runs"].append({"width": setting.width, **measured(setting)})
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
            print(table(results).splitlines()[-1], flush=True)
    results = json.loads(RESULTS.read_text())
    RESULTS.with_suffix(".txt").write_text(table(results) + "\n")
    print(table(results))
    draw(results)


if __name__ == "__main__":
    main()
