"""The cost model beside a run: predicted and measured seconds of every rule, and their ratio.

    python benchmarks/plan_against_runs.py --run [--configfile mine.yaml]
        runs the study in a fresh folder first
    python benchmarks/plan_against_runs.py --folder FOLDER
        reads such a run again

Machines are shared, and wall time then says who else was there. So every job is started through a
small program that notes the processor seconds (user and system) of the job and its children when
they end; Snakemake's own `benchmark` files sample them twice a minute and miss the last part. MPI
ranks spin while they wait, and that counts too.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

from eigenscape.catalogue import FIGURES

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

WITH_ARGUMENT = (
    *("second_moment", "spectrum", "cells", "large", "expressivity", "clustering", "trajectories"),
    *("sloppiness_theory", "model_constrained"),
)
"""Commands whose first argument names the job."""

WRAPPER = """#!{python}
import json, os, resource, subprocess, sys, time
started = time.time()
done = subprocess.run([{program!r}, *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
note = {{"command": sys.argv[1:], "seconds": used.ru_utime + used.ru_stime, \
"memory": used.ru_maxrss * 1024, "wall": time.time() - started}}
with open({notes!r}, "a") as file:
    file.write(json.dumps(note) + "\\n")
sys.exit(done.returncode)
"""


def copy_workflow(folder: Path, configfile: Path | None) -> None:
    """A place to run the workflow in: its files, and the study as study.yaml."""
    folder.mkdir(parents=True)
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("workflow", "envs"):
        shutil.copytree(ROOT / name, folder / name)
    if configfile:
        shutil.copy(configfile, folder / "study.yaml")


def run(folder: Path, configfile: Path | None, cores: int) -> None:
    """The workflow in a copy of the repository's root, each job's processor time noted."""
    copy_workflow(folder, configfile)
    programs = folder / "bin"
    programs.mkdir()
    for name in ("eigenscape", "mpiexec"):
        wrapper = programs / name
        wrapper.write_text(
            WRAPPER.format(
                python=sys.executable, program=str(BIN / name), notes=str(folder / "jobs.jsonl")
            )
        )
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    command = [str(BIN / "snakemake"), "--cores", str(cores), "--quiet", "rules", "host"]
    command += ["--configfile", "study.yaml"] if configfile else []
    environment = {**os.environ, "PATH": f"{programs}:{BIN}:{os.environ['PATH']}"}
    for variable in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    ):
        environment.pop(variable, None)
    started = time.monotonic()
    with (folder / "snakemake.log").open("w") as log:
        subprocess.run(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, check=True
        )
    (folder / "wall.json").write_text(
        json.dumps({"seconds": time.monotonic() - started, "cores": cores})
    )


def job_name(command: list[str]) -> str:
    """The model's name of a job, from its command line."""
    words = command[command.index("eigenscape") + 1 :] if "eigenscape" in command else command
    rule = words[0].replace("-", "_")
    if rule == "projection":
        return f"projection/w{words[words.index('--width') + 1]}"
    if rule == "figure":
        return f"figures/{FIGURES[words[1]].family.name}"
    return f"{rule}/{words[1]}" if rule in WITH_ARGUMENT else rule


def compare(folder: Path, measured: bool) -> str:
    """A line per stage and the total: predicted, measured, ratio."""
    from eigenscape.forecast.jobs import jobs_of
    from eigenscape.forecast.measuring import measured_machine
    from eigenscape.forecast.report import SNAKEMAKE_START, workflow_schedule
    from eigenscape.planning.machine import CORE
    from eigenscape.stages.common.configure import read_study

    extra = folder / "study.yaml"
    study = read_study([folder / "config.yaml", *([extra] if extra.exists() else [])])
    jobs = jobs_of(study)
    machine = measured_machine() if measured else CORE
    notes = {
        job_name(note["command"]): note
        for note in map(json.loads, (folder / "jobs.jsonl").read_text().splitlines())
    }
    missing = [job.name for job in jobs if job.name not in notes]
    lines = [
        f"{machine.title}; {platform.processor() or platform.machine()}, python"
        f" {platform.python_version()}, study {study.study}"
    ]
    lines.append(
        f"{'stage':<22}{'jobs':>5}{'predicted':>11}{'measured':>10}{'ratio':>7}{'worst job':>11}"
    )
    predicted_all = measured_all = 0.0
    for stage in dict.fromkeys(job.stage for job in jobs):
        own = [job for job in jobs if job.stage == stage and job.name in notes]
        if not own:
            continue
        predicted, found = (
            sum(values)
            for values in zip(
                *((machine.seconds(j.total), notes[j.name]["seconds"]) for j in own), strict=True
            )
        )
        ratios = [machine.seconds(job.total) / notes[job.name]["seconds"] for job in own]
        worst = max(ratios, key=lambda ratio: abs(math.log(ratio)))
        lines.append(
            f"{stage:<22}{len(own):>5}{predicted:>9.1f} s{found:>8.1f}"
            f" s{predicted / found:>7.2f}{worst:>11.2f}"
        )
        predicted_all, measured_all = predicted_all + predicted, measured_all + found
    lines.append(
        f"{'all, core time':<22}{len(notes):>5}{predicted_all:>9.1f} s{measured_all:>8.1f}"
        f" s{predicted_all / measured_all:>7.2f}"
    )
    # The jobs as they were measured, dealt by the same scheduler: what the run would have taken
    # with nobody else there.
    wall = (
        json.loads((folder / "wall.json").read_text())
        if (folder / "wall.json").exists()
        else {"cores": 2}
    )
    dealt = workflow_schedule(jobs, machine, wall["cores"])
    lines.append(
        f"makespan on {wall['cores']} cores: predicted {dealt.seconds + SNAKEMAKE_START:.0f} s"
    )
    if "seconds" in wall:
        lines[-1] += f", wall time of the run {wall['seconds']:.0f} s, the load of others included"
    if missing:
        lines.append(f"not in the run: {', '.join(missing)}")
    return "\n".join(lines)


def main() -> None:
    """Run, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--run", action="store_true", help="run the study first, in --folder or a temporary one"
    )
    parser.add_argument("--folder", type=Path, help="of a run")
    parser.add_argument("--configfile", type=Path, help="merged over config.yaml")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument(
        "--measured",
        action="store_true",
        help="with the rates that `eigenscape plan` measures, not the reference core's",
    )
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp()) / "run"
    if arguments.run:
        run(folder, arguments.configfile, arguments.cores)
    print(compare(folder, arguments.measured))


if __name__ == "__main__":
    main()
