"""`eigenscape doctor` without Slurm: real ranks, real files; and what it says where something is
wrong.
"""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from eigenscape import doctor
from eigenscape.cli import main
from eigenscape.doctor import Outcome


def test_this_machine_is_well(tmp_path: Path) -> None:
    """Every line is there; a warning is possible (a full disk, results in memory), a failure is
    not.
    """
    run = CliRunner().invoke(main, ["doctor", "--results", str(tmp_path / "results")])
    assert run.exit_code == 0, run.output
    names = [line.split(maxsplit=1)[1].split(":")[0] for line in run.output.splitlines()]
    assert names == [
        *(
            "versions",
            "MPI",
            "BLAS",
            "GPUs",
            "results",
            "clock of the file system",
            "room",
            "kind of file system",
            "scratch",
        ),
    ]
    assert "2 ranks by" in run.output
    assert not list((tmp_path / "results").iterdir())


def test_a_launcher_of_another_mpi_starts_ranks_that_are_alone(tmp_path: Path) -> None:
    """Two processes without a launcher between them, which is what a launcher of another library
    amounts to.
    """
    launcher = tmp_path / "mpiexec"
    launcher.write_text('#!/bin/sh\nshift 2\n"$@"\n"$@"\n')
    launcher.chmod(launcher.stat().st_mode | stat.S_IEXEC)
    launch = doctor.start_two_ranks([str(launcher), "-n", "2"], tmp_path / "results", 60)
    assert not launch.together
    assert launch.problem == "2 ranks that do not see each other"


def test_a_launcher_that_hangs_is_given_up(tmp_path: Path) -> None:
    launch = doctor.start_two_ranks(["sh", "-c", "sleep 5"], tmp_path, 0.5)
    assert launch.problem == "no answer in 0 s"


def test_results_that_cannot_be_written_fail(tmp_path: Path) -> None:
    in_the_way = tmp_path / "results"
    in_the_way.write_text("a file")
    (check,) = doctor.check_file_system(in_the_way)
    assert check.outcome is Outcome.FAILS
    assert check.fix


def test_slurm_without_srun_fails_and_says_where_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run = CliRunner().invoke(main, ["doctor", "--slurm", "--results", str(tmp_path / "results")])
    assert run.exit_code == 1
    assert "fails    srun: not on PATH; run this on a login node" in run.output


def rank(number: int, node: str, devices: str, local: int) -> dict[str, object]:
    """What a rank saw, as the probe tells it."""
    scratch = {"scratch": "/scratch", "scratch_writable": True, "scratch_free": 10**10}
    facts = {
        "rank": number,
        "node": node,
        "devices": devices,
        "local_rank": local,
        "unseen_files": [],
        "seconds_until_seen": 0.0,
    }
    return {**facts, **scratch, "clock": 0.0, "mtime_skew": 0.0}


@pytest.mark.parametrize(
    ("ranks", "outcome"),
    [
        ([rank(0, "a", "0,1", 0), rank(1, "a", "0,1", 1)], Outcome.OK),
        ([rank(0, "a", "0", 0), rank(1, "b", "0", 0)], Outcome.OK),
        ([rank(0, "a", "0", 0), rank(1, "a", "0", 1)], Outcome.WARNING),
        ([rank(0, "a", "0", 0), rank(1, "a", "1", 1)], Outcome.OK),
        ([rank(0, "a", "0", 0), rank(1, "b", "", 0)], Outcome.FAILS),
    ],
)
def test_every_rank_needs_a_device_of_its_own(
    ranks: list[dict[str, object]], outcome: Outcome
) -> None:
    check = list(doctor.checks_of_ranks(ranks, gpus=2))[-1]
    assert check.name == "GPUs of ranks"
    assert check.outcome is outcome


def test_files_that_a_node_does_not_see_fail_and_clocks_apart_are_a_warning() -> None:
    first, second = rank(0, "a", "", 0), rank(1, "b", "", 0)
    first["unseen_files"], second["clock"] = [1], 30.0
    checks = {check.name: check for check in doctor.checks_of_ranks([first, second], gpus=0)}
    assert checks["shared files"].outcome is Outcome.FAILS
    assert "a does not see what b wrote" in checks["shared files"].found
    assert checks["clocks"].outcome is Outcome.WARNING
