"""The same job by the naive loop, torch.func, JAX, BackPACK, curvlinops, ATHENA's SVD and
eigenscape.

    python benchmarks/side_by_side.py [--rounds 2] [--brief]
        # docs/side_by_side.md: how to install the peers

The job: loss gradients of a tanh network at N parameter vectors, C = (1/N) sum g g^T, all
eigenvalues of C. Every route runs in a process of its own (JAX and torch in one process fight over
threads), on one thread, one after the other; a round runs all routes at all sizes, and rounds
repeat, so that a busy machine hits all alike. Counted are core-seconds. Every route's C and
eigenvalues are compared with eigenscape's. Results go to benchmarks/results, with the date.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from peers.job import Job

HERE = Path(__file__).parent
ROUTES = {
    "eigenscape": "eigenscape",
    "naive_loop": "naive loop",
    "torch_func": "torch.func",
    "jax": "JAX",
    "backpack": "BackPACK",
    "athena_svd": "ATHENA-style SVD",
    "curvlinops": "curvlinops",
}
NEEDS = {"jax": "jax", "backpack": "backpack", "curvlinops": "curvlinops"}
STAGES = ["gradients", "second moment", "spectrum", "largest eigenvalues"]
CURVLINOPS_UP_TO = 2 * 10**6
"""Samples times parameters: some fifty passes over the samples take half a minute there."""

# that of C costs the same for every N; the SVD of G does not, and is taken
JOBS = [
    *(Job(5, width, 1_000) for width in (5, 10, 20, 35)),
    Job(5, 35, 300, spectrum=False),
    Job(5, 35, 3_000, spectrum=False),
    Job(5, 35, 10_000, spectrum=False),
]
BRIEF = [Job(3, 5, 200), Job(3, 10, 200)]


def run_route(route: str, job: Job, reference: Path) -> dict[str, Any]:
    """One process; its stages, versions and checks, or why there are none."""
    fields = {
        "depth": job.depth,
        "width": job.width,
        "samples": job.samples,
        "spectrum": job.spectrum,
    }
    order = json.dumps({"route": route, "job": fields, "reference": str(reference)})
    done = subprocess.run(
        [sys.executable, HERE / "peers" / "worker.py", order],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return {
            "error": (
                done.stderr.strip().splitlines()[-1]
                if done.stderr.strip()
                else f"exit code {done.returncode}"
            )
        }
    return json.loads(done.stdout.strip().splitlines()[-1])


def processor() -> str:
    """The name of the processor, and how many of them."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def measure(jobs: list[Job], rounds: int, kept: Path | None) -> dict[str, Any]:
    """All rounds; what there is so far is kept after each process, and gone on from on the same
    day.
    """
    missing = {
        route: package
        for route, package in NEEDS.items()
        if importlib.util.find_spec(package) is None
    }
    for route, package in missing.items():
        print(f"{ROUTES[route]}: left out, {package} is not installed")
    records: list[dict[str, Any]] = []
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": processor(),
        "python": platform.python_version(),
        "records": records,
    }
    if kept is not None and kept.exists():
        records += json.loads(kept.read_text())["records"]
    done = [
        {key: record[key] for key in ("round", "depth", "width", "samples", "route")}
        for record in records
    ]
    with tempfile.TemporaryDirectory() as folder:  # of the reference numbers
        for round_number in range(rounds):
            for job in jobs:
                if job.samples > 3_000 and round_number % 2 == 1:
                    continue  # the dear ones every second round
                others = [
                    route for route in ROUTES if route != "eigenscape" and route not in missing
                ]
                shift = round_number % len(others)
                routes = ["eigenscape", *others[shift:], *others[:shift]]
                if (
                    job.samples * job.architecture.parameters > CURVLINOPS_UP_TO
                    and "curvlinops" in routes
                ):
                    routes.remove("curvlinops")
                who = {
                    "round": round_number,
                    "depth": job.depth,
                    "width": job.width,
                    "samples": job.samples,
                }
                pending = [route for route in routes if {**who, "route": route} not in done]
                if pending and "eigenscape" not in pending:
                    # for the numbers that the others are compared with
                    run_route("eigenscape", job, Path(folder))
                for route in pending:
                    found = run_route(route, job, Path(folder))
                    records.append({**who, "route": route, **found})
                    told = found.get("error") or "  ".join(
                        f"{stage} {taken:.3f}" for stage, taken in found["seconds"].items()
                    )
                    print(
                        f"round {round_number + 1}, {job.label}, {ROUTES[route]}: {told}",
                        file=sys.stderr,
                        flush=True,
                    )
                    if kept is not None:
                        kept.write_text(json.dumps(results, indent=1) + "\n")
    return results


def stage_seconds(results: dict[str, Any], job: Job, route: str, stage: str) -> dict[int, float]:
    """Core-seconds of one stage by round; none where the route has no such stage."""
    return {
        record["round"]: record["seconds"][stage]
        for record in results["records"]
        if (record["route"], record["depth"], record["width"], record["samples"])
        == (route, job.depth, job.width, job.samples)
        and stage in record.get("seconds", {})
    }


def spread(each: list[float], digits: int) -> str:
    """The median, and the range where there is one."""
    middle = f"{median(each):.{digits}f}"
    return (
        middle if len(each) == 1 else f"{middle} ({min(each):.{digits}f} to {max(each):.{digits}f})"
    )


def table(results: dict[str, Any], jobs: list[Job]) -> str:
    """Medians, ranges, and ratios to eigenscape taken round by round, in Markdown."""
    lines = [
        f"{results['date']}; {results['machine']}; Python {results['python']}; one thread;"
        " core-seconds, medians (ranges) of the rounds"
    ]
    versions: dict[str, str] = {}
    for record in results["records"]:
        versions.update(record.get("versions", {}))
    lines += ["", ", ".join(f"{name} {version}" for name, version in sorted(versions.items())), ""]
    measured = {
        (record["depth"], record["width"], record["samples"]) for record in results["records"]
    }
    for job in jobs:
        if (job.depth, job.width, job.samples) not in measured:
            continue
        lines += [
            f"**{job.label}**",
            "",
            "| route | stage | core-seconds | ms a sample | times eigenscape |",
            "|---|---|---|---|---|",
        ]
        for route, name in ROUTES.items():
            for stage in STAGES:
                taken = stage_seconds(results, job, route, stage)
                if not taken:
                    continue
                ours = stage_seconds(results, job, "eigenscape", stage)
                if stage == "spectrum" and route == "athena_svd":  # the SVD does the work of both
                    moment = stage_seconds(results, job, "eigenscape", "second moment")
                    ours = {number: moment[number] + values for number, values in ours.items()}
                ratios = [taken[number] / ours[number] for number in taken if number in ours]
                ratio = spread(ratios, 2) if ratios else ""
                each = [*taken.values()]
                per_sample = (
                    f"{1e3 * median(each) / job.samples:.3f}"
                    if stage in ("gradients", "second moment")
                    else ""
                )
                lines.append(f"| {name} | {stage} | {spread(each, 3)} | {per_sample} | {ratio} |")
        lines.append("")
    worst: dict[str, float] = {}
    for record in results["records"]:
        for what, share in record.get("checks", {}).items():
            name = f"{what} by {ROUTES[record['route']]}"
            worst[name] = max(worst.get(name, 0.0), share)
    lines.append(
        "Largest differences from eigenscape's numbers, as a share of what rounding allows (below 1"
        " agrees):"
    )
    lines += [""] + [f"- {name}: {share:.2g}" for name, share in worst.items()]
    errors = {
        f"{ROUTES[record['route']]}: {record['error']}"
        for record in results["records"]
        if "error" in record
    }
    return "\n".join([*lines, *(["", "Failed:", "", *sorted(errors)] if errors else []), ""])


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=2,
        help="how often everything is run (N = 10,000: every second time)",
    )
    parser.add_argument(
        "--brief",
        action="store_true",
        help="two small networks, to see that it works; nothing is kept",
    )
    parser.add_argument(
        "--table", type=Path, help="print the table of kept results, and measure nothing"
    )
    arguments = parser.parse_args()
    if arguments.table:
        print(table(json.loads(arguments.table.read_text()), JOBS))
        return
    jobs = BRIEF if arguments.brief else JOBS
    kept = (
        None
        if arguments.brief
        else HERE / "results" / f"side_by_side-{datetime.date.today().isoformat()}.json"
    )
    results = measure(jobs, arguments.rounds, kept)
    print(table(results, jobs))
    if kept is not None:
        kept.with_suffix(".md").write_text(table(results, jobs))
        print(f"kept in {kept}")
    if any(
        share > 1 for record in results["records"] for share in record.get("checks", {}).values()
    ):
        sys.exit("side_by_side: numbers differ by more than rounding allows; see the list above")


if __name__ == "__main__":
    main()
