"""The disk is full.

Injection: results go to a file system of their own (tmpfs) that is too small: for the lease, for
the shards, or for the result. Promise: exit code 1 and one line that names the file and says what
to do, no receipt, and nothing that holds up the next run; with more room the same command resumes
to the same bits.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.harness import Case

pytestmark = [
    pytest.mark.mpi,
    pytest.mark.faults,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="only root can mount a file system of a given size"
    ),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A mounted file system of a given size, which another call makes larger."""
    disk_path = tmp_path / "disk"

    def mounted(size: str) -> Path:
        options = f"size={size}"
        if disk_path.is_mount():
            subprocess.run(["mount", "-o", f"remount,{options}", str(disk_path)], check=True)
        else:
            disk_path.mkdir()
            made = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk_path)],
                check=False,
                capture_output=True,
                text=True,
            )
            if made.returncode != 0:
                pytest.skip(
                    f"this machine does not let root mount a file system: {made.stderr.strip()}"
                )
        return disk_path

    yield mounted
    if disk_path.is_mount():
        subprocess.run(["umount", "--lazy", str(disk_path)], check=True)


@pytest.mark.parametrize(
    ("ranks", "size", "checkpoint"),
    [(2, "1600k", "0"), (1, "1200k", "0"), (2, "600k", "1000"), (1, "lease", "0")],
)
def test_no_room_is_loud_and_resumable(
    runs, tmp_path, undisturbed, small_disk, ranks: int, size: str, checkpoint: str
) -> None:
    """A shard of P = 253 takes 0.5 MB, and so does C."""
    if size == "lease":  # whole pages for the configuration, and none for the lease
        study = Case.at(tmp_path / "elsewhere").folder.study
        size = f"{4 * -(-study.stat().st_size // 4096)}k"
    case = Case.at(small_disk(size) / "results")
    options = ["--checkpoint-seconds", checkpoint, "--log", str(tmp_path / "log.txt")]
    run = runs.second_moment(case, ranks, *options)
    assert run.wait() == 1, run.output
    lines = [line for line in run.output.splitlines() if line.startswith("eigenscape: ")]
    assert len(lines) >= 1, run.output
    assert all(
        "expected room on the disk, found No space left on device" in line
        and str(case.folder.root) in line
        for line in lines
    )
    assert "Traceback" not in run.output
    assert not case.receipt.exists()

    assert all(path.read_bytes() for path in case.leases.glob("claim-*.json")), (
        "a lease that names nobody holds up the next run"
    )

    small_disk("64m")
    resumed = runs.second_moment(case, 2)
    assert resumed.wait() == 0, resumed.output
    assert case.bits() == undisturbed(case)
    assert not case.work.exists()
