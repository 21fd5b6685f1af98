"""A run of a study is alone, and is not held up by one that is dead."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from eigenscape.errors import AlreadyRunning
from eigenscape.store.leases import Holder, Lease
from eigenscape.store.runs import only_run

RESULTS = Path("results/small")


def leave_run(snakemake: Path, holder: Holder) -> Path:
    """The lease of a run as somebody else would have written it."""
    path = Lease(snakemake / "runs" / "small", 1, holder).path
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(asdict(holder)))
    return path


def leave_lock(snakemake: Path, number: int, *targets: str) -> Path:
    """A lock as Snakemake writes it: a target a line."""
    path = snakemake / "locks" / f"{number}.output.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{target}\n" for target in targets))
    return path


def dead() -> Holder:
    """A process of this machine that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    return replace(Holder.here(), process=ended.pid, started=12345)


def elsewhere() -> Holder:
    return replace(Holder.here(), host="node17", machine="another machine")


def test_a_run_leaves_nothing(tmp_path: Path) -> None:
    with only_run(RESULTS, tmp_path):
        assert (tmp_path / "runs" / "small").is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_alive_is_named(tmp_path: Path) -> None:
    holder = Holder.here()
    leave_run(tmp_path, holder)
    lock = leave_lock(tmp_path, 0, "results/small/report.html")

    with pytest.raises(AlreadyRunning) as refused, only_run(RESULTS, tmp_path):
        pass
    message = str(refused.value)
    assert message.startswith("results/small: ")
    assert f"process {os.getpid()} on {holder.host} (since {holder.since}" in message
    assert "\n" not in message
    assert refused.value.exit_code == 75
    assert lock.exists()


def test_another_study_in_the_same_folder_is_not_refused(tmp_path: Path) -> None:
    with only_run(Path("results/other"), tmp_path), only_run(RESULTS, tmp_path):
        assert len(list((tmp_path / "runs").iterdir())) == 2


def test_locks_of_a_dead_run_are_removed_and_those_of_other_studies_stay(tmp_path: Path) -> None:
    leave_run(tmp_path, dead())
    mine = leave_lock(tmp_path, 0, "data.csv", "results/small/report.html")
    others = leave_lock(tmp_path, 1, "results/small-too/report.html")

    with only_run(RESULTS, tmp_path, stale_seconds=600):  # far longer than a test may take
        assert not mine.exists()
        assert others.exists()


def test_a_silent_run_elsewhere_is_succeeded_after_a_while(tmp_path: Path) -> None:
    leave_run(tmp_path, elsewhere())
    before = time.monotonic()

    with only_run(RESULTS, tmp_path, stale_seconds=0.5):
        assert time.monotonic() - before >= 0.5


def test_a_run_elsewhere_whose_heart_beats_is_named(tmp_path: Path) -> None:
    path = leave_run(tmp_path, elsewhere())
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(0.05):
            os.utime(path)

    heart = threading.Thread(target=beat)
    heart.start()
    try:
        with (
            pytest.raises(AlreadyRunning, match="on node17"),
            only_run(RESULTS, tmp_path, stale_seconds=600),
        ):
            pass
    finally:
        ended.set()
        heart.join()
