"""A small study of every science, and real Snakemake on it in a copy of the repository's root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SMALL = """
study: small
grid: {depth: [1, 2], width: [5, 10]}
headline: {depth: 2, width: 10, samples: 400}
sampling: {raw_parameter_limit: 150}
projection: {samples: 100, replicates: 40}
criticality: {depth: 4, width: 5, samples: 50, weight_std: [0.5, 2.0]}
training: {depth: [7]}
large: {depth: [3], width: [10], samples: 40, leading: 5}
expressivity:
  growth: {depth: 3, width: [4], relu_weight_std: [2.0], \
hard_tanh_weight_std: [2.0], bias_std: [0.0], networks: 2}
  sensitivity: {depth: 2, width: 4, networks: 2, angles: [0.1]}
  dichotomies: {depth: [2], width: [4], networks: 2}
  digits: {width: 8, one_layer_depth: 3, one_layer_epochs: 1, \
length_depth: 2, length_epochs: 1, measured: 1, runs: 2}
clustering:
  {depth: [1, 3], width: [8], channels: null, epochs: [0, 1], \
seeds: 2, inputs_per_class: 3, permutations: 20}
sloppiness:
  ensemble: {powers: [1.0], depth: [1], width: [4], channels: null, steps: 8, \
checkpoints: 4, seeds: 2, inputs_per_class: 1, replicates: 20}
  phase_map: {decay: [0.3, 1.0], ratio: [0.1, 10.0], steps: [10, 100], \
simulated_decay: [1.0], simulated_steps: [10], starts: 3}
  kernel: {kernels: [rbf], train: 20, test: 10}
  sgd: {examples: 20, batch: [2], steps: 10, components: 3, simulated: 2}
model_constrained:
  cases: [deconvolution-mcdnn]
  alpha: [0.0, 1.0]
  width: 2
  pairs: 4
  training_steps: 2
  replicas: 2
  deconvolution: {points: 4, observed: 3}
"""
SCIENCES = ("expressivity", "clustering", "sloppiness", "model_constrained")
LEAN = SMALL.partition("expressivity:")[0] + "".join(
    f"{science}: {{enabled: false}}\n" for science in SCIENCES
)
"""The same without the companion sciences: every job starts an interpreter, and theirs are two
thirds of all."""


def repository(folder: Path) -> Path:
    """A place to run the workflow in: its files, without results."""
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    shutil.copytree(ROOT / "envs", folder / "envs")
    (folder / "small.yaml").write_text(SMALL)
    return folder


def environment() -> dict[str, str]:
    """PATH with this environment's programs first, as the Makefile sets it."""
    of_make = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")  # of `make test`
    outside = {name: value for name, value in os.environ.items() if name not in of_make}
    return {**outside, "PATH": f"{BIN}:{os.environ['PATH']}"}


def with_make(folder: Path) -> Path:
    """The same with the Makefile, whose environment is this one."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for part in BIN.parent.iterdir():
        if part.suffix != ".stamp":
            (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv" / "run.stamp").touch()  # as after its set-up
    return folder


def make(folder: Path, target: str, config: str = "small.yaml") -> subprocess.CompletedProcess[str]:
    """Make a target of a study, to its end."""
    return subprocess.run(
        ["make", target, f"CONFIG={config}", "CORES=2"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def snakemake(
    folder: Path, *options: str, config: str = "small.yaml"
) -> subprocess.CompletedProcess[str]:
    """Run the workflow to its end."""
    command = [
        str(BIN / "snakemake"),
        "--cores",
        "2",
        "--rerun-incomplete",
        "--configfile",
        config,
        *options,
    ]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
