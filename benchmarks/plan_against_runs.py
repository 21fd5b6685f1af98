"""The cost model beside a run: predicted and measured seconds of every rule, and their ratio.

    python benchmarks/plan_against_runs.py --run [--configfile mine.yaml]     runs the study in a fresh folder first
    python benchmarks/plan_against_runs.py --folder FOLDER                     reads such a run again

Machines are shared, and wall time then says who else was there. So every job is started through a small
program that notes the processor seconds (user and system) of the job and its children when they end;
Snakemake's own `benchmark` files sample them twice a minute and miss the last part. MPI ranks
spin while they wait, and that counts too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

WRAPPER = """#!{python}
import json, os, resource, subprocess, sys, time
started = time.time()
done = subprocess.run([{program!r}, *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
note = {{"command": sys.argv[1:], "seconds": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss * 1024, "wall": time.time() - started}}
with open({notes!r}, "a") as file:
    file.write(json.dumps(note) + "\\n")
sys.exit(done.returncode)
"""


def run(folder: Path, configfile: Path | None, cores: int) -> None:
    """The workflow in a copy of the repository's root, each job's processor time noted."""
    folder.mkdir(parents=True)
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("workflow", "envs"):
        shutil.copytree(ROOT / name, folder / name)
    if configfile:
        shutil.copy(configfile, folder / "study.yaml")
    programs = folder / "bin"
    programs.mkdir()
    for name in ("eigenscape", "mpiexec"):
        wrapper = programs / name
        wrapper.write_text(WRAPPER.format(python=sys.executable, program=str(BIN / name), notes=str(folder / "jobs.jsonl")))
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    command = [str(BIN / "snakemake"), "--cores", str(cores), "--quiet", "rules", "host"]
    command += ["--configfile", "study.yaml"] if configfile else []
    environment = {**os.environ, "PATH": f"{programs}:{BIN}:{os.environ['PATH']}"}
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        environment.pop(variable, None)
    started = time.monotonic()
    with (folder / "snakemake.log").open("w") as log:
        subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, check=True)
    (folder / "wall.json").write_text(json.dumps({"seconds": time.monotonic() - started, "cores": cores}))
