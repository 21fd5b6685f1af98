"""How the cost of the job grows with P and N, by route: the figure of docs/side_by_side.md, from
kept results.

python benchmarks/draw_side_by_side.py benchmarks/results/side_by_side-<date>.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from peers.job import Job
from side_by_side import JOBS, ROUTES, stage_seconds

PALETTE = {  # Okabe and Ito's colours, with a marker each
    "eigenscape": ("#000000", "o"),
    "naive_loop": ("#E69F00", "s"),
    "torch_func": ("#56B4E9", "^"),
    "jax": ("#009E73", "D"),
    "backpack": ("#CC79A7", "v"),
    "athena_svd": ("#D55E00", "P"),
    "curvlinops": ("#0072B2", "X"),
}


def total(results: dict[str, Any], job: Job, route: str, stages: list[str]) -> float:
    """Median core-seconds of all stages together; NaN where one is missing."""
    taken = [stage_seconds(results, job, route, stage) for stage in stages]
    rounds = set(taken[0]).intersection(*taken[1:])
    return (
        median(sum(each[number] for each in taken) for number in rounds) if rounds else float("nan")
    )


def main() -> None:
    """Draw docs/images/side_by_side.png."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="kept by side_by_side.py")
    results = json.loads(parser.parse_args().results.read_text())
    by_size = [job for job in JOBS if job.samples == 1_000]
    widest = max(job.width for job in JOBS)
    measured = {(record["width"], record["samples"]) for record in results["records"]}
    by_samples = sorted(
        (job for job in JOBS if job.width == widest and (widest, job.samples) in measured),
        key=lambda job: job.samples,
    )
    whole = ["gradients", "second moment", "spectrum"]
    parameters, samples = (
        [job.architecture.parameters for job in by_size],
        [job.samples for job in by_samples],
    )
    panels = [
        (by_size, parameters, "parameters $P$", "gradients alone, $N$ = 1,000", whole[:1]),
        (
            by_size,
            parameters,
            "parameters $P$",
            "gradients, $C$ and its eigenvalues, $N$ = 1,000",
            whole,
        ),
        (
            by_samples,
            samples,
            "samples $N$",
            f"gradients and $C$, $P$ = {parameters[-1]:,}",
            whole[:2],
        ),
    ]
    figure, axes = plt.subplots(1, 3, figsize=(11.5, 4.3), layout="constrained")
    for axis, (jobs, at, label, title, stages) in zip(axes, panels, strict=True):
        for route, name in ROUTES.items():
            wanted = {"athena_svd": ["spectrum"], "curvlinops": ["largest eigenvalues"]}.get(
                route, stages
            )
            if route in ("athena_svd", "curvlinops") and stages == ["gradients"]:
                continue
            colour, marker = PALETTE[route]
            note = {
                "athena_svd": f"{name} (no gradients)",
                "curvlinops": f"{name} (10 largest only)",
            }.get(route, name)
            seconds = [total(results, job, route, wanted) for job in jobs]
            width = 2.2 if route == "eigenscape" else 1.3
            axis.loglog(
                at, seconds, color=colour, marker=marker, markersize=5, linewidth=width, label=note
            )
        axis.set(xlabel=label, title=title)
        axis.title.set_fontsize(10)
        axis.set_xticks(at, [f"{number:,}" for number in at])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("core-seconds, one thread")
    handles, labels = axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    path = Path(__file__).parents[1] / "docs" / "images" / "side_by_side.png"
    figure.savefig(path, dpi=150)
    print(path)


if __name__ == "__main__":
    main()
