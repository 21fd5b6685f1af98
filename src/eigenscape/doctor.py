"""The stage `doctor`: checks whether this machine or cluster provides what eigenscape relies on.
Each check is one line with its remedy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from eigenscape.extras import install_command
from eigenscape.store.environment import package_versions

PROBE_SECONDS = 120
"""Time limit of the probe. Two ranks start in seconds; a node with a cold file system was observed
to take a minute to import Python's packages."""

QUEUE_SECONDS = 600
"""Time that `srun` may wait in the queue before the check is given up."""

SMALL_SCRATCH = 10**9
"""Free bytes of scratch below which a warning is given; compilers and MPI libraries keep files
there, eigenscape itself none."""

SKEW_SECONDS = 2.0
"""Largest acceptable clock difference. Snakemake compares times of files, and file systems keep
them to a second or two."""

NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs")
"""File systems on which a file written by one node may become visible late on another."""


class Outcome(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILS = "fails"


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes:
        name: the subject of the check.
        outcome: whether it passed.
        found: what was observed.
        fix: the remedy; empty if none is needed.

    Example:
        >>> print(Check("scratch", Outcome.WARNING, "/tmp, 1 MB free", "set TMPDIR"))
        warning  scratch: /tmp, 1 MB free; set TMPDIR
    """

    name: str
    outcome: Outcome
    found: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.outcome:<8} {self.name}: {self.found}" + (
            f"; {self.fix}" if self.fix else ""
        )


@dataclass(frozen=True)
class SlurmRequest:
    """Options with which `srun` starts two ranks.

    Attributes:
        account: the account to charge; the user's default if empty.
        partition: the partition to run in; the cluster's default if empty.
        gpus: number of GPUs of the job, one per rank; 0 for none.
        extra: further options of `srun`.
    """

    account: str = ""
    partition: str = ""
    gpus: int = 0
    extra: tuple[str, ...] = ()

    def command(self, nodes: int, mpi_type: str | None) -> list[str]:
        """Return the `srun` command for two ranks.

        Example:
            >>> SlurmRequest(partition="short", gpus=2).command(2, "pmi2")[1:]
            ['--ntasks=2', '--nodes=2', '--time=5', '--kill-on-bad-exit=1', '--mpi=pmi2',
             '--partition=short', '--gpus=2', '--ntasks-per-gpu=1']
        """
        options = ["--ntasks=2", f"--nodes={nodes}", "--time=5", "--kill-on-bad-exit=1"]
        options += [f"--mpi={mpi_type}"] if mpi_type else []
        options += [f"--account={self.account}"] if self.account else []
        options += [f"--partition={self.partition}"] if self.partition else []
        options += [f"--gpus={self.gpus}", "--ntasks-per-gpu=1"] if self.gpus else []
        return ["srun", *options, *self.extra]


@dataclass(frozen=True)
class Launch:
    """The result of starting two ranks.

    Attributes:
        worlds: the probe's lines of JSON: one if the two ranks see each other, two if each is
            alone.
        messages: the last line that the launcher wrote to stderr.
    """

    worlds: list[dict[str, Any]]
    messages: str

    @property
    def together(self) -> bool:
        """Whether the two ranks saw each other."""
        return [world["size"] for world in self.worlds] == [2]

    @property
    def ranks(self) -> list[dict[str, Any]]:
        """The facts that the ranks observed."""
        return [rank for world in self.worlds for rank in world["ranks"]]

    @property
    def problem(self) -> str:
        """The reason why the launch failed."""
        if self.worlds:
            return f"{len(self.worlds)} ranks that do not see each other"
        return self.messages or "no answer"


def check_machine(results: Path) -> Iterator[Check]:
    """Run all checks that need no Slurm."""
    yield check_versions()
    yield check_mpiexec(results)
    yield check_blas_threads()
    yield check_gpus()
    yield from check_file_system(results)
    yield check_scratch(Path(tempfile.gettempdir()))


def check_slurm(results: Path, request: SlurmRequest = SlurmRequest()) -> Iterator[Check]:
    """Check two ranks started by `srun`, on two nodes if the cluster provides them."""
    yield check_versions()
    yield from check_file_system(results)
    if shutil.which("srun") is None:
        yield Check(
            "srun",
            Outcome.FAILS,
            "not on PATH",
            "run this on a login node of the cluster, with its Slurm module loaded",
        )
        return
    launch, nodes, mpi_type, tried = _launched_by_srun(results, request)
    if not launch.together:
        yield Check(
            "MPI by srun",
            Outcome.FAILS,
            f"{launch.problem} (tried {', '.join(tried)})",
            "set --account, --partition or --extra as your site requires; if ranks do not see each"
            " other, build mpi4py against the site's MPI: MPICC=mpicc .venv/bin/pip install"
            " --force-reinstall --no-cache-dir --no-binary mpi4py mpi4py",
        )
        return
    library = launch.worlds[0]["library"]
    if mpi_type is None:
        yield Check("MPI by srun", Outcome.OK, f"2 ranks on {nodes} node(s), {library}")
    else:
        yield Check(
            "MPI by srun",
            Outcome.WARNING,
            f"2 ranks on {nodes} node(s), {library}, but only with --mpi={mpi_type}",
            f'export EIGENSCAPE_LAUNCHER="srun --mpi={mpi_type} --kill-on-bad-exit=1" before'
            " snakemake",
        )
    if nodes == 1:
        yield Check(
            "two nodes",
            Outcome.WARNING,
            "only one was available",
            "the following checks do not cover a second node; request more by --extra",
        )
    yield from checks_of_ranks(launch.ranks, request.gpus)


def _launched_by_srun(
    results: Path, request: SlurmRequest
) -> tuple[Launch, int, str | None, list[str]]:
    """Return the first launch whose ranks see each other, with its nodes and --mpi type; if there
    is none, the first launch.
    """
    first: Launch | None = None
    tried = []
    for mpi_type in (None, *_mpi_types()):
        for nodes in (2, 1):
            command = request.command(nodes, mpi_type)
            launch = start_two_ranks(command, results, QUEUE_SECONDS)
            tried.append(f"--mpi={mpi_type or 'default'} on {nodes}")
            if launch.together:
                return launch, nodes, mpi_type, tried
            first = first or launch
            if launch.worlds:
                break  # both started, alone: nodes are not the reason
    assert first is not None  # noqa: S101 - the loop ran
    return first, 0, None, tried


def _mpi_types() -> list[str]:
    """Return the types that `srun --mpi=list` prints, except none: one word per line, after the
    program's name in some versions.
    """
    listed = subprocess.run(
        ["srun", "--mpi=list"],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = (
        line.strip().removeprefix("srun: ").strip()
        for line in (listed.stdout + listed.stderr).splitlines()
    )
    return [line for line in lines if re.fullmatch(r"\w+", line) and line != "none"]


def checks_of_ranks(ranks: list[dict[str, Any]], gpus: int) -> Iterator[Check]:
    """Check shared files, clocks, scratch and devices from the facts that the ranks observed
    (dictionaries of `eigenscape.distributed.probe`).
    """
    unseen = [rank for rank in ranks if rank["unseen_files"]]
    late = max(rank["seconds_until_seen"] for rank in ranks)
    if unseen:
        found = (
            f"{unseen[0]['node']} does not see what {ranks[unseen[0]['unseen_files'][0]]['node']}"
            " wrote"
        )
        yield Check(
            "shared files",
            Outcome.FAILS,
            found,
            "put the results onto a file system that all nodes share",
        )
    elif late > SKEW_SECONDS:
        yield Check(
            "shared files",
            Outcome.WARNING,
            f"seen by the other rank after {late:.0f} s",
            f"raise --latency-wait above {4 * late:.0f}",
        )
    else:
        yield Check("shared files", Outcome.OK, "each rank sees what the other wrote")
    skew = max(rank["clock"] for rank in ranks) - min(rank["clock"] for rank in ranks)
    fix = (
        ""
        if skew < SKEW_SECONDS
        else "synchronise the clocks of the nodes (NTP), since Snakemake compares times of files"
    )
    yield Check("clocks", Outcome.WARNING if fix else Outcome.OK, f"{skew:.2f} s apart", fix)
    for rank in ranks:
        enough = rank["scratch_writable"] and rank["scratch_free"] > SMALL_SCRATCH
        found = f"{rank['scratch']}, {_gigabytes(rank['scratch_free'])} free" + (
            "" if rank["scratch_writable"] else ", not writable"
        )
        yield Check(
            f"scratch of {rank['node']}",
            Outcome.OK if enough else Outcome.WARNING,
            found,
            "" if enough else "set TMPDIR",
        )
    if gpus:
        yield _check_binding(ranks)


def _check_binding(ranks: list[dict[str, Any]]) -> Check:
    """Check that every rank of a node has a device: each takes the visible device of its local
    number.
    """
    bound = {}
    for rank in ranks:
        visible = [device for device in rank["devices"].split(",") if device]
        if visible:
            bound[rank["rank"]] = (rank["node"], visible[rank["local_rank"] % len(visible)])
    found = ", ".join(
        f"rank {rank['rank']} on {rank['node']} sees {rank['devices'] or 'none'}" for rank in ranks
    )
    if len(bound) < len(ranks):
        return Check(
            "GPUs of ranks",
            Outcome.FAILS,
            found,
            "request GPUs as your site requires, such as --extra --gres=gpu:1",
        )
    if len(set(bound.values())) < len(bound):
        fix = (
            "they share a device, unless the site shows each rank its own under that number"
            " (cgroups): request one per rank"
        )
        return Check("GPUs of ranks", Outcome.WARNING, found, fix)
    return Check("GPUs of ranks", Outcome.OK, found)


def start_two_ranks(launcher: Sequence[str], results: Path, seconds: float) -> Launch:
    """Start the probe with a launcher and collect what it prints; a failure is part of the result
    and raises nothing.
    """
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=results) as folder:
        command = [
            *launcher,
            sys.executable,
            "-m",
            "mpi4py",
            "-m",
            "eigenscape.distributed.probe",
            folder,
        ]
        try:
            run = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return Launch([], f"no answer in {seconds:.0f} s")
        except OSError as error:
            return Launch([], str(error))
    worlds = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    messages = [line for line in run.stderr.splitlines() if line.strip()]
    return Launch(worlds, messages[-1] if messages else f"exit code {run.returncode}")


def check_versions() -> Check:
    """Report Python and the libraries whose versions matter in a bug report."""
    installed = package_versions()
    found = ", ".join(
        [
            f"Python {sys.version.split()[0]}",
            *(
                f"{name} {installed.get(name, 'not installed')}"
                for name in ("torch", "numba", "numpy", "scipy", "mpi4py", "snakemake")
            ),
        ]
    )
    if installed.keys() >= {"mpi4py", "snakemake"}:
        return Check("versions", Outcome.OK, found)
    fix = f"for studies as a whole run `{install_command('workflow,mpi')}`"
    return Check("versions", Outcome.WARNING, found, fix)


def check_mpiexec(results: Path) -> Check:
    """Check two ranks started by `mpiexec`, the launcher of runs without Slurm."""
    own_mpiexec = Path(sys.executable).with_name("mpiexec")
    program = str(own_mpiexec) if own_mpiexec.exists() else shutil.which("mpiexec")
    if program is None:
        return Check(
            "MPI",
            Outcome.FAILS,
            "no mpiexec",
            f"run `{install_command('mpi')}`, or load your site's MPI module",
        )
    launch = start_two_ranks([program, "-n", "2"], results, PROBE_SECONDS)
    if launch.together:
        return Check("MPI", Outcome.OK, f"2 ranks by {program}, {launch.worlds[0]['library']}")
    fix = (
        "mpiexec belongs to another MPI library than mpi4py: use the one beside this Python, or"
        " build mpi4py against that library"
    )
    return Check("MPI", Outcome.FAILS, f"{launch.problem} by {program}", fix)


def check_blas_threads() -> Check:
    """Check that BLAS uses one thread per process, on which the promise of equal bits rests."""
    import scipy.linalg  # noqa: F401, PLC0415 - loads the library that is asked
    from threadpoolctl import threadpool_info  # noqa: PLC0415

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    threads = max((pool["num_threads"] for pool in pools), default=1)
    found = (
        f"{threads} thread(s), {', '.join(sorted({str(pool['internal_api']) for pool in pools}))};"
        f" {len(os.sched_getaffinity(0))} cores"
    )
    return Check(
        "BLAS",
        Outcome.WARNING if threads > 1 else Outcome.OK,
        found,
        "export OMP_NUM_THREADS=1" if threads > 1 else "",
    )


def check_gpus() -> Check:
    """Report the GPUs that torch can use, and check that float32 products are not rounded to
    TF32.
    """
    import torch  # noqa: PLC0415

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU build of torch"
        return Check("GPUs", Outcome.OK, f"none ({build}); runs use the CPU")
    precision = torch.get_float32_matmul_precision()
    found = (
        f"{count} of {torch.cuda.get_device_name(0)}; float64, and float32 products in precision"
        f" '{precision}'"
    )
    if precision != "highest":
        return Check(
            "GPUs", Outcome.WARNING, found, "TF32 rounds products to 10 bits: unset what sets it"
        )
    return Check("GPUs", Outcome.OK, found)


def check_file_system(results: Path) -> Iterator[Check]:
    """Check what receipts rely on: atomic renames, exclusive creation and folders that can be
    flushed; and free space, kind and clock of the file system.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=results) as name:
            yield _check_semantics(Path(name))
            yield _check_clock(Path(name))
    except OSError as error:
        yield Check(
            "results",
            Outcome.FAILS,
            f"{results}: {error.strerror}",
            "choose a folder that can be written",
        )
        return
    free = shutil.disk_usage(results).free
    yield Check(
        "room",
        Outcome.OK,
        f"{_gigabytes(free)} free under {results}; `eigenscape plan` prints what a study needs",
    )
    kind = file_system_of(results)
    if kind in ("tmpfs", "ramfs"):
        yield Check(
            "kind of file system",
            Outcome.WARNING,
            f"{kind}, which is memory",
            "put the results onto a disk",
        )
    elif kind in NETWORK_FILE_SYSTEMS:
        yield Check(
            "kind of file system",
            Outcome.OK,
            f"{kind}: another node may see files late (--latency-wait)",
        )
    else:
        yield Check("kind of file system", Outcome.OK, kind)


def _check_semantics(folder: Path) -> Check:
    first, second = folder / "first", folder / "second"
    wrong = []
    first.write_text("old")
    second.write_text("new")
    second.replace(first)
    if first.read_text() != "new" or second.exists():
        wrong.append("a rename over a file does not replace it")
    try:
        os.close(os.open(first, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        wrong.append("exclusive creation does not detect an existing file")
    except FileExistsError:
        pass
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        wrong.append(f"a folder cannot be flushed ({error.strerror})")
    finally:
        os.close(descriptor)
    if wrong:
        return Check(
            "results", Outcome.FAILS, "; ".join(wrong), "put the results onto another file system"
        )
    return Check("results", Outcome.OK, "renames, exclusive creation and flushes work")


def _check_clock(folder: Path) -> Check:
    stamp = folder / "stamp"
    stamp.touch()
    skew = stamp.stat().st_mtime - time.time()
    fix = (
        ""
        if abs(skew) < SKEW_SECONDS
        else "synchronise the file server's clock, since Snakemake compares times of files"
    )
    return Check(
        "clock of the file system", Outcome.WARNING if fix else Outcome.OK, f"{skew:+.2f} s", fix
    )


def file_system_of(path: Path) -> str:
    """Return the type of the file system that holds a path, from the kernel's table of mounts."""
    import psutil  # noqa: PLC0415

    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    return next(
        (
            mounts[parent]
            for parent in (path.resolve(), *path.resolve().parents)
            if parent in mounts
        ),
        "unknown",
    )


def check_scratch(folder: Path) -> Check:
    """Check the folder for temporary files of compilers and MPI."""
    if not os.access(folder, os.W_OK):
        return Check(
            "scratch",
            Outcome.FAILS,
            f"{folder} cannot be written",
            "set TMPDIR to a folder that can",
        )
    free = shutil.disk_usage(folder).free
    small = free < SMALL_SCRATCH
    found = f"{folder}, {_gigabytes(free)} free"
    return Check(
        "scratch",
        Outcome.WARNING if small else Outcome.OK,
        found,
        "set TMPDIR to a folder with more space" if small else "",
    )


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:,.1f} GB"
