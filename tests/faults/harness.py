"""What the rows of the fault matrix share: starting real runs, ending every process of them, and
comparing bits.

Each run carries a mark in its environment, by which all its processes are found, whatever session,
group or parent they have by then (MPICH's launcher puts every rank in a session of its own).
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from eigenscape.config.study import Study
from eigenscape.stages.common.configure import load_study, write_study
from eigenscape.store.layout import StudyFolder

LIMIT = 120.0
"""Seconds that a run, or its failure, may take: a quiet machine needs 3, and the watchdog of these
runs bites after `HANG`."""

HANG = 5.0
"""Seconds without progress, after which the watchdog of these runs bites; a block takes 0.05 s, or
a second on a loaded machine."""

MARK = "EIGENSCAPE_FAULT_RUN"
BIN = Path(sys.executable).parent
INJECTORS = Path(__file__).with_name("injectors.py")
SAMPLES = 16 * 300
"""Slots of 300 samples, hence blocks of 256 and 44, so that shards of slots under way exist too."""


@dataclass(frozen=True)
class Case:
    """A study of one headline cell, P = 253 unless told otherwise, in a folder of its own."""

    study: Study
    folder: StudyFolder

    @classmethod
    def at(cls, root: Path, **sections: Mapping[str, Any]) -> Case:
        """Written and ready to run."""
        defaults = {
            "grid": {"depth": [1], "width": [5]},
            "headline": {"depth": 2, "width": 14, "samples": SAMPLES},
        }
        study = Study.from_mapping({"study": "faults", **defaults, **sections})
        folder = StudyFolder(root)
        write_study(study, folder)
        return cls(study, folder)

    @classmethod
    def made_by_the_workflow(cls, root: Path) -> Case:
        """The study whose results lie there."""
        folder = StudyFolder(root)
        return cls(load_study(folder), folder)

    @property
    def cell(self) -> str:
        """The argument of the commands."""
        return self.study.headline_cell.folder

    @property
    def store(self) -> Path:
        return self.folder.second_moment(self.study.headline_cell)

    @property
    def receipt(self) -> Path:
        return self.folder.receipt(self.store)

    @property
    def shards(self) -> Path:
        return self.folder.shards(self.study.headline_cell)

    @property
    def leases(self) -> Path:
        return self.folder.leases(self.study.headline_cell)

    @property
    def work(self) -> Path:
        return self.folder.work(self.study.headline_cell)

    def shard_receipts(self) -> list[Path]:
        """Receipts of the shards that are there."""
        # pathlib's trips over folders that vanish
        return [Path(name) for name in sorted(glob.glob(f"{self.shards}/*/band-*.json"))]

    def bits(self) -> dict[str, bytes]:
        """Every chunk that is stored, byte for byte, and the digest and mean loss of the
        receipt.
        """
        receipt = json.loads(self.receipt.read_text())
        chunks = {
            str(path.relative_to(self.store)): path.read_bytes()
            for path in sorted(self.store.glob("*/c/**/*"))
            if path.is_file()
        }
        return {
            **chunks,
            "receipt": (
                f"{receipt['digest']} {receipt['mean_loss']!r} {receipt['excluded']}".encode()
            ),
        }

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Time and bytes of every file of the study."""
        found = sorted(path for path in self.folder.root.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.folder.root)): (path.stat().st_mtime_ns, path.read_bytes())
            for path in found
        }


@dataclass
class Run:
    """A program that has been started, with all processes that it starts itself."""

    command: list[str]
    output_file: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    popen: subprocess.Popen[bytes] | None = None

    def start(self, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> Run:
        """Start it, in a session of its own, with both streams in one file."""
        with self.output_file.open("wb") as output:
            self.popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=cwd,
                env={
                    **os.environ,
                    "PATH": f"{BIN}:{os.environ['PATH']}",
                    **(environment or {}),
                    MARK: self.mark,
                },
            )
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self.popen is not None, "not started"
        return self.popen

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.output_file.read_text(errors="replace")

    def wait(self, limit: float = LIMIT) -> int:
        """Its exit code; the test fails where it has none within the limit."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"still running after {limit} s; it printed:\n{self.output}"
            ) from None

    def processes(self) -> list[psutil.Process]:
        """Every process that carries the mark."""
        found = []
        for process in psutil.process_iter():
            try:
                if (
                    process.environ().get(MARK) == self.mark
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
                continue
        return found

    def kill_tree(self) -> None:
        """SIGKILL to all of it: launcher, ranks and heartbeat, until none is left."""
        while processes := self.processes():
            for process in processes:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
            time.sleep(0.02)  # not psutil's wait, which would take the exit code from under `Popen`
            if self.popen is not None:
                self.popen.poll()
        if self.popen is not None:
            self.popen.wait(LIMIT)


def until(
    condition: Callable[[], bool], what: str, run: Run | None = None, limit: float = LIMIT
) -> None:
    """Wait for something that is to happen; the test fails if it does not, or if the run ends
    before.
    """
    end = time.monotonic() + limit
    while not condition():
        if run is not None and run.process.poll() is not None and not condition():
            raise AssertionError(f"the run ended before {what}; it printed:\n{run.output}")
        assert time.monotonic() < end, f"no {what} within {limit} s"
        time.sleep(0.01)


class Runs:
    """Starts runs, and ends all of them at the end of a test."""

    def __init__(self, root: Path) -> None:
        self._root, self._started = root, []

    def start(
        self, *command: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Run:
        """Start any program of this environment."""
        self._root.mkdir(parents=True, exist_ok=True)
        run = Run(list(command), self._root / f"output-{len(self._started):02d}.txt")
        self._started.append(run)
        return run.start(cwd, environment)

    def second_moment(
        self, case: Case, ranks: int, *options: str, fault: str = "none", under: Sequence[str] = ()
    ) -> Run:
        """Start the stage under mpiexec as the workflow does, with a fault of `injectors`, under
        another program where one is given.
        """
        program = ["-m", "eigenscape"] if fault == "none" else [str(INJECTORS), fault]
        launcher = (
            [str(BIN / "mpiexec"), "-n", str(ranks), sys.executable, "-m", "mpi4py"]
            if ranks > 1
            else [sys.executable]
        )
        quick = ["--checkpoint-seconds", "0", "--hang-seconds", str(HANG), "--stale-seconds", "2"]
        stage = [
            "second-moment",
            case.cell,
            "--ranks",
            str(ranks),
            "--study",
            str(case.folder.study),
        ]
        log = ["--log", str(case.folder.root / "second_moment.log")]
        return self.start(*under, *launcher, *program, *stage, *log, *quick, *options)

    def stage(self, case: Case, name: str, *options: str) -> Run:
        """Start another command of the program on one process."""
        return self.start(
            sys.executable, "-m", "eigenscape", name, *options, "--study", str(case.folder.study)
        )

    def end(self) -> None:
        """Leave no process behind."""
        for run in self._started:
            run.kill_tree()


def interrupted(runs: Runs, case: Case, ranks: int = 2) -> list[Path]:
    """Leave a cell unfinished, all processes killed: the receipts of the shards that are there."""
    run = runs.second_moment(case, ranks, fault="slow@block:*:*")
    until(lambda: len(case.shard_receipts()) >= 3, "three shards", run)
    run.kill_tree()
    assert not case.receipt.exists()
    return case.shard_receipts()


def log_of(case: Case) -> str:
    """What rank 0 of the latest run wrote to its log."""
    return (case.folder.root / "second_moment.log").read_text()


SMALL = (
    "study: small\ngrid: {{depth: [1], width: [5]}}\nheadline: {{depth: 2, width: 14, samples:"
    " {samples}}}\n"
)
"""The study of `Case.at`, for the workflow."""


@dataclass(frozen=True)
class Workflow:
    """A copy of the files that the workflow needs, and a small study in it."""

    root: Path
    samples: int

    @classmethod
    def at(cls, root: Path, samples: int = SAMPLES) -> Workflow:
        """Copied there, ready to run."""
        repository = Path(__file__).parents[2]
        root.mkdir()
        for name in ("Snakefile", "config.yaml"):
            shutil.copy(repository / name, root / name)
        for name in ("workflow", "envs"):
            shutil.copytree(repository / name, root / name)
        (root / "small.yaml").write_text(SMALL.format(samples=samples))
        return cls(root, samples)

    @property
    def results(self) -> Path:
        return self.root / "results" / "small"

    def note(self, rule: str) -> str:
        """What Snakemake is asked for: the ledger's note of a rule of the headline cell."""
        return f"results/small/ledger/{rule}/headline/d02-w014-n{self.samples}.json"

    def snakemake(
        self, runs: Runs, *options: str, environment: Mapping[str, str] | None = None
    ) -> Run:
        """Start it."""
        settings = [
            "--cores",
            "2",
            "--configfile",
            "small.yaml",
            "--rerun-triggers",
            "params",
            "input",
            "mtime",
        ]
        return runs.start(
            str(BIN / "snakemake"), *options, *settings, cwd=self.root, environment=environment
        )
