"""Where the time of a whole job goes: every process of `make figures`, from Snakemake to the last
figure.

    python benchmarks/whole_job.py [--configfile mine.yaml] [--cores 2] [TARGET ...]
        runs a study in a fresh folder
    python benchmarks/whole_job.py --results results
        takes results over, and draws their figures again
    python benchmarks/whole_job.py --folder FOLDER
        reads such a run again
    python benchmarks/whole_job.py --sampled results/sine
        any run, by Snakemake's own samples

`benchmarks/recorder` is put on PYTHONPATH, so every Python process notes what it spent its
processor time on (user and system, all threads): the start of the interpreter, imports, compiled
kernels (read from their cache, or compiled), files (Zarr, receipts, documents), drawing, and the
rest, which is arithmetic and the Python around it. Snakemake's own samples of processor time lie
beside every run's results; they are taken twice a minute and miss the end of a job. The floor of a
rule is the floating-point operations that the plan counts for it over the dgemm rate of one core,
measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

from plan_against_runs import BIN, copy_workflow, job_name

RECORDER = Path(__file__).parent / "recorder"
COLUMNS = ("imports", "kernels", "files", "drawing", "arithmetic")


def run(
    folder: Path, configfile: Path | None, cores: int, targets: list[str], results: Path | None
) -> None:
    """The workflow in a copy of the repository's root, every process noted."""
    copy_workflow(folder, configfile)
    if results:
        shutil.copytree(
            results,
            folder / "results",
            copy_function=os.link,
            ignore=shutil.ignore_patterns("figures", "logs", "benchmarks"),
        )
    (folder / "notes").mkdir()
    environment = {
        **os.environ,
        "EIGENSCAPE_WHOLE_JOB": str(folder / "notes"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    environment["PYTHONPATH"] = f"{RECORDER}:{os.environ.get('PYTHONPATH', '')}".rstrip(":")
    command = [str(BIN / "snakemake"), "--cores", str(cores), "--quiet", "rules", "host"]
    command += [*(["--configfile", "study.yaml"] if configfile else []), "--", *targets]
    rates = [dgemm_rate()]
    started = time.monotonic()
    with (folder / "snakemake.log").open("w") as log:
        subprocess.run(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, check=True
        )
    wall = time.monotonic() - started
    rates.append(dgemm_rate())
    facts = {
        "wall": wall,
        "cores": cores,
        "dgemm": sum(rates) / 2,
        "date": time.strftime("%Y-%m-%d"),
        "load": os.getloadavg()[0],
    }
    (folder / "run.json").write_text(json.dumps(facts))


def dgemm_rate() -> float:
    """Flop/s of a product on one core, by processor time."""
    from eigenscape.forecast.measuring import Probe, probed

    return probed().rates[Probe.PRODUCT]


def flops_by_job(folder: Path) -> dict[str, float]:
    """Floating-point operations that the plan counts for each job, over all its cores."""
    from eigenscape.forecast.jobs import jobs_of
    from eigenscape.stages.common.configure import read_study

    extra = folder / "study.yaml"
    study = read_study([folder / "config.yaml", *([extra] if extra.exists() else [])])
    return {job.name: job.total.flops for job in jobs_of(study)}


def table(folder: Path) -> str:
    """A line per rule, then what is not the commands themselves."""
    facts = json.loads((folder / "run.json").read_text())
    notes: list[dict[str, Any]] = [
        json.loads(path.read_text()) for path in sorted((folder / "notes").iterdir())
    ]
    commands = [note for note in notes if note["program"] == "eigenscape"]
    snakemake = next(note for note in notes if note["program"] == "snakemake")
    flops = flops_by_job(folder)
    jobs: dict[str, set[str]] = defaultdict(set)
    seconds: dict[str, Counter[str]] = defaultdict(Counter)
    starts: Counter[str] = Counter()
    for note in commands:
        name = job_name(note["arguments"])
        rule = name.partition("/")[0]
        jobs[rule].add(name)
        starts[rule] += 1
        seconds[rule].update(spread(note))
    rules = sorted(jobs, key=lambda rule: -sum(seconds[rule].values()))
    lines = [
        (
            f"{facts['date']}, {platform.processor() or platform.machine()}, {facts['cores']}"
            f" cores, load {facts['load']:.1f} at the end; dgemm {facts['dgemm'] / 1e9:.1f} GFLOP/s"
            " on one core; core-seconds"
        ),
        f"{'rule':<24}{'jobs':>5}{'starts':>7}{'all':>8}{'start':>7}"
        + "".join(f"{column:>11}" for column in COLUMNS)
        + f"{'floor':>8}{'ratio':>7}",
    ]
    whole: Counter[str] = Counter()
    for rule in rules:
        floor = sum(flops.get(name, 0.0) for name in jobs[rule]) / facts["dgemm"]
        lines.append(_line(rule, len(jobs[rule]), starts[rule], seconds[rule], floor))
        whole.update(seconds[rule])
    floor = sum(flops.get(name, 0.0) for names in jobs.values() for name in names) / facts["dgemm"]
    lines.append(
        _line("all commands", sum(map(len, jobs.values())), sum(starts.values()), whole, floor)
    )
    ends = snakemake["children"] - sum(whole.values())
    lines.append(
        f"{'Snakemake itself':<24}{1:>5}{1:>7}{snakemake['own']:>8.1f}, of which"
        f" {snakemake['seconds'].get('imports', 0.0):.1f} imports"
    )
    lines.append(f"{'shells, launchers, ends':<36}{ends:>8.1f}")
    busy = snakemake["own"] + snakemake["children"]
    lines.append(
        f"{'all':<36}{busy:>8.1f}, {busy / floor:.1f} times the floor"
        if floor
        else f"{'all':<36}{busy:>8.1f}"
    )
    lines.append(
        f"wall time {facts['wall']:.0f} s; {facts['cores']} cores were"
        f" {100 * busy / facts['wall'] / facts['cores']:.0f} % busy with it"
    )
    return "\n".join(lines)


def sampled_table(study_folder: Path) -> str:
    """A line per rule from Snakemake's ``benchmark`` files: jobs, sampled core-seconds, floor and
    ratio.
    """
    from eigenscape.forecast.jobs import jobs_of
    from eigenscape.stages.common.configure import load_study
    from eigenscape.store.layout import StudyFolder

    study = load_study(StudyFolder(study_folder))
    flops = {job.name: job.total.flops for job in jobs_of(study)}
    rate, root = dgemm_rate(), study_folder / "benchmarks"
    seconds: Counter[str] = Counter()
    floors: Counter[str] = Counter()
    jobs: Counter[str] = Counter()
    for path in root.glob("**/*.tsv"):
        name = str(path.relative_to(root).with_suffix(""))
        rule = name.partition("/")[0]
        head, values = (line.split("\t") for line in path.read_text().splitlines()[:2])
        sampled = dict(zip(head, values, strict=True))["cpu_time"]
        seconds[rule] += float(sampled) if sampled.replace(".", "").isdigit() else 0.0
        floors[rule] += flops.get(name, 0.0) / rate
        jobs[rule] += 1
    lines = [
        f"dgemm {rate / 1e9:.1f} GFLOP/s on one core; core-seconds as sampled",
        f"{'rule':<24}{'jobs':>5}{'all':>8}{'floor':>8}{'ratio':>7}",
    ]
    for rule, total in [*seconds.most_common(), ("all", sum(seconds.values()))]:
        floor = floors[rule] if rule != "all" else sum(floors.values())
        count = jobs[rule] if rule != "all" else sum(jobs.values())
        lines.append(
            f"{rule:<24}{count:>5}{total:>8.1f}"
            + (f"{floor:>8.1f}{total / floor:>7.1f}" if floor > 0.05 else "")
        )
    return "\n".join(lines)


def spread(note: dict[str, Any]) -> dict[str, float]:
    """The processor seconds of one process by kind; what was not seen between two looks counts with
    arithmetic.
    """
    found = {
        "start": note["seconds"]["start"],
        **{column: note["seconds"].get(column, 0.0) for column in COLUMNS},
    }
    found["arithmetic"] += max(0.0, note["own"] - sum(found.values()))
    return found


def _line(name: str, jobs: int, starts: int, seconds: Counter[str], floor: float) -> str:
    total = sum(seconds.values())
    ratio = f"{floor:>8.1f}{total / floor:>7.1f}" if floor else f"{'':>15}"
    parts = "".join(f"{seconds[column]:>11.1f}" for column in COLUMNS)
    return f"{name:<24}{jobs:>5}{starts:>7}{total:>8.1f}{seconds['start']:>7.1f}{parts}{ratio}"


def main() -> None:
    """Run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "targets", nargs="*", help="only these results; all figures and tables without"
    )
    parser.add_argument("--folder", type=Path, help="of a run")
    parser.add_argument("--sampled", type=Path, help="results of one study")
    parser.add_argument("--configfile", type=Path, help="merged over config.yaml")
    parser.add_argument(
        "--results", type=Path, help="of an earlier run; on the same disk as the temporary folder"
    )
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.sampled:
        print(sampled_table(arguments.sampled))
        return
    if arguments.folder is None:
        arguments.folder = Path(tempfile.mkdtemp()) / "run"
        run(
            arguments.folder,
            arguments.configfile,
            arguments.cores,
            arguments.targets,
            arguments.results,
        )
        print(f"kept in {arguments.folder}", file=sys.stderr)
    print(table(arguments.folder))


if __name__ == "__main__":
    main()
