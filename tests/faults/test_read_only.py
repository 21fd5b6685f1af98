"""Results that cannot be written.

Injection: the results lie on a file system that is mounted read-only (as root, whom permissions do
not stop), or the program runs without the privileges of root in a folder that it may not write.
Promise: exit code 2 and one line that names the place and says what to do; a finished result is
still confirmed and passed over; nothing changes.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.harness import Case

pytestmark = [
    pytest.mark.mpi,
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system read-only"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    disk_path = tmp_path / "disk"
    disk_path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk_path)],
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        pytest.skip(f"this machine does not let root mount a file system: {made.stderr.strip()}")
    yield disk_path
    subprocess.run(["umount", "--lazy", str(disk_path)], check=True)


def remount(disk_path: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk_path)], check=True)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_read_only_disk_is_refused(runs, tmp_path, undisturbed, disk: Path, ranks: int) -> None:
    case = Case.at(disk / "results")
    before = case.files()
    remount(disk, "ro")
    run = runs.second_moment(case, ranks, "--log", str(tmp_path / "log.txt"))
    assert run.wait() == 2, run.output
    lines = [line for line in run.output.splitlines() if line.startswith("eigenscape: ")]
    assert len(lines) == 1
    assert "expected a folder that can be written, found Read-only file system" in lines[0]
    assert str(disk) in lines[0]
    assert "Traceback" not in run.output
    remount(disk, "rw")
    assert case.files() == before

    assert runs.second_moment(case, ranks, "--log", str(tmp_path / "log.txt")).wait() == 0
    remount(disk, "ro")
    again = runs.second_moment(case, ranks, "--log", str(tmp_path / "log.txt"))
    assert again.wait() == 0, again.output
    assert case.bits() == undisturbed(case)


def test_the_plan_refuses_a_read_only_disk(runs, disk: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("grid: {depth: [1], width: [5]}\n")
    remount(disk, "ro")
    plan = [
        "plan",
        "--configfile",
        str(tmp_path / "config.yaml"),
        "--results",
        str(disk / "results"),
    ]
    run = runs.start("eigenscape", *plan)
    assert run.wait() == 2, run.output
    assert "expected a folder that can be written" in run.output
    assert "Traceback" not in run.output


def test_a_folder_without_permission_is_refused(runs, case) -> None:
    """Root keeps its name and loses its privilege to pass over permissions."""
    bounded = [
        "setpriv",
        "--bounding-set",
        "-dac_override,-dac_read_search",
        "--inh-caps",
        "-dac_override,-dac_read_search",
    ]
    before = case.files()
    case.folder.root.chmod(0o555)
    run = runs.start(
        *bounded,
        sys.executable,
        "-m",
        "eigenscape",
        "second-moment",
        case.cell,
        "--study",
        str(case.folder.study),
    )
    code = run.wait()
    case.folder.root.chmod(0o755)
    assert code == 2, run.output
    (line,) = run.output.splitlines()
    assert "expected a folder that can be written, found Permission denied" in line
    assert str(case.folder.root) in line
    assert case.files() == before
