"""The workflow on a private Slurm and on this machine, in copies of the repository's root, and what
must agree between them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from private_slurm import PrivateSlurm

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
QUICK_SNAKEMAKE = ROOT / "tests" / "slurm" / "quick_snakemake.py"

IN_SMALL = """
study: small
grid: {depth: [1, 2], width: [5, 10]}
headline: {depth: 4, width: 10, samples: 400}
sampling: {raw_parameter_limit: 150}
projection: {samples: 100, replicates: 40}
criticality: {depth: 4, width: 5, samples: 50, weight_std: [0.5, 2.0]}
training: {depth: [7]}
large: {depth: [2], width: [10], samples: 40, leading: 5}
expressivity: {enabled: false}
clustering: {enabled: false}
sloppiness: {enabled: false}
model_constrained: {enabled: false}
"""
"""The default workflow with four small networks, without the sciences whose jobs are all of one
kind: one rank, no array."""

ONE_LONG_CELL = """
study: long
grid: {depth: [1], width: [5]}
headline: {depth: 3, width: 15, samples: 300000}
"""
LONG_CELL = "headline/d03-w015-n300000"
"""P = 526; two ranks draw some 20,000 samples a second: long enough to be disturbed, short enough
to be computed."""

PATIENCE = 240.0
"""Seconds that a state of a job is waited for; a job starts Snakemake twice, on machines that may
be busy."""


@dataclass
class Run:
    """A copy of the repository's root in which Snakemake runs.

    Attributes:
        folder: of the copy.
        slurm: the cluster, or None for this machine.
        environment: settings of a user, over those of the cluster.
    """

    folder: Path
    slurm: PrivateSlurm | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, folder: Path, study: str, slurm: PrivateSlurm | None = None, **environment: str
    ) -> Run:
        """A copy with a study file of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("Snakefile", "config.yaml"):
            shutil.copy(ROOT / name, folder / name)
        for name in ("workflow", "envs", "slurm"):
            shutil.copytree(ROOT / name, folder / name)
        (folder / "study.yaml").write_text(study)
        return cls(folder, slurm, environment)

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start Snakemake; what it prints goes to ``snakemake.log`` of the folder, anew."""
        environment = dict(os.environ) if self.slurm is None else self.slurm.environment
        path = environment["PATH"].split(":")
        environment["PATH"] = ":".join(
            [path[0], str(BIN), *path[1:]] if self.slurm else [str(BIN), *path]
        )
        program = [str(BIN / "snakemake"), "--cores", "2"]
        if self.slurm is not None:
            # No accounting database here: Slurm's own controller remembers finished jobs for ten
            # minutes (MinJobAge).
            options = (
                "--slurm-status-command",
                "squeue",
                "--slurm-init-seconds-before-status-checks",
                "1",
                *options,
            )
            program = [sys.executable, str(QUICK_SNAKEMAKE), "--profile", "slurm"]
        with (self.folder / "snakemake.log").open("w") as log:
            return subprocess.Popen(
                [*program, "--configfile", "study.yaml", *options],
                cwd=self.folder,
                env={**environment, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def finish(self, *options: str) -> str:
        """Run Snakemake to a good end; what it printed."""
        code = self.start(*options).wait(550)
        assert code == 0, self.printed
        return self.printed

    @property
    def printed(self) -> str:
        """What Snakemake has printed."""
        return (self.folder / "snakemake.log").read_text()

    def results(self, study: str) -> Path:
        """The folder of a study's results."""
        return self.folder / "results" / study

    def start_long_cell(self, *options: str, **resources: int) -> subprocess.Popen[str]:
        """Start the second moment of the long cell alone, on a rank a node, with partial sums kept
        every second.
        """
        wanted = {"checkpoint_seconds": 1, "nodes": 2, **resources}
        settings = [f"second_moment:{name}={value}" for name, value in wanted.items()]
        return self.start(
            *options,
            "--set-resources",
            *settings,
            "--",
            f"results/long/ledger/second_moment/{LONG_CELL}.json",
        )

    def long_job(self) -> str:
        """The number of the latest job of the long cell."""
        assert self.slurm is not None
        mine = [
            number
            for number, comment in self.slurm.jobs().items()
            if comment.startswith("rule_second_moment_wildcards_headline")
        ]
        return max(mine, key=int)

    def shards(self) -> list[Path]:
        """Partial sums that were kept of the long cell."""
        return list((self.results("long") / "work").glob("headline/*/shards/node-*/band-*.json"))


def wait_for(
    condition: Callable[[], Any], what: str, running: subprocess.Popen[str] | None = None
) -> Any:
    """What ``condition`` returns once it is true."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = condition()
        if found:
            return found
        assert running is None or running.poll() is None, f"Snakemake ended before: {what}"
        assert time.monotonic() < deadline, f"not seen in {PATIENCE:.0f} s: {what}"
        time.sleep(0.1)


def numbers_of(results: Path) -> dict[str, str]:
    """A digest of every chunk, table and document of a study: all files whose bytes depend on its
    numbers alone.
    """
    kinds = ("cells/**/c/**/*", "headline/**/c/**/*", "projection/*", "tables/*")
    files = sorted(path for kind in kinds for path in results.glob(kind) if path.is_file())
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def digests_of(results: Path) -> dict[str, str]:
    """The digests in all receipts of a study."""
    return {
        str(path.relative_to(results)): json.loads(path.read_text())["digest"]
        for path in sorted(results.rglob("*.receipt.json"))
    }
