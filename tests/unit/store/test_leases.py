"""Leases: one holder at a time, the dead are succeeded, the living are waited for, and no clock is
compared with another.
"""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from eigenscape.errors import LeaseLost
from eigenscape.store import leases
from eigenscape.store.leases import Holder, Lease, acquire_lease, holder_of

ELSEWHERE = "another machine"


def leave_lease(folder: Path, holder: Holder, generation: int = 1) -> Path:
    """A lease as somebody else would have written it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = Lease(folder, generation, holder).path
    path.write_text(json.dumps(asdict(holder)))
    return path


def test_a_lease_names_its_holder_and_is_gone_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    with acquire_lease(folder) as lease:
        holder = holder_of(folder)
        assert holder == lease.holder
        assert holder.process == os.getpid()
        lease.confirm()

    assert holder_of(folder) is None
    assert not folder.exists()


def test_the_heart_beats_while_the_lease_is_held_and_no_longer(tmp_path: Path) -> None:
    with acquire_lease(tmp_path / "claims", beat_seconds=0.05) as lease:
        os.utime(lease.path, (0, 0))
        deadline = time.monotonic() + 20
        while lease.path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert lease.path.stat().st_mtime > 0
        beating = lease.beating
    assert beating is not None
    assert beating.poll() is not None


def test_the_heartbeat_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from eigenscape.store.leases import acquire_lease
with acquire_lease(Path({str(tmp_path / "claims")!r})) as lease:
    print(lease.beating.pid, flush=True)
    time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    heart = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()

    deadline = time.monotonic() + 20
    while Path(f"/proc/{heart}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert leases._started(heart) == -1


def test_a_holder_that_was_killed_on_this_machine_is_succeeded_at_once(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    leave_lease(tmp_path, replace(Holder.here(), process=ended.pid, started=12345))

    with acquire_lease(tmp_path, stale_seconds=600) as lease:  # far longer than a test may take
        assert lease.generation == 2


def test_a_process_id_that_is_used_again_does_not_pass_for_the_holder(tmp_path: Path) -> None:
    leave_lease(tmp_path, replace(Holder.here(), started=Holder.here().started - 1))

    with acquire_lease(tmp_path, stale_seconds=600) as lease:
        assert lease.generation == 2


def test_a_silent_holder_elsewhere_is_succeeded_after_a_while(tmp_path: Path) -> None:
    leave_lease(tmp_path, replace(Holder.here(), machine=ELSEWHERE, started=-1))
    before = time.monotonic()

    with acquire_lease(tmp_path, stale_seconds=0.5) as lease:
        assert lease.generation == 2
    assert time.monotonic() - before >= 0.5


@pytest.mark.parametrize("skew", [-1e6, 0.0, 1e6])
def test_a_beating_holder_elsewhere_is_waited_for_whatever_its_clock_says(
    tmp_path: Path, skew: float
) -> None:
    """Touches come from a clock that is off by days; only that they change counts."""
    path = leave_lease(tmp_path, replace(Holder.here(), machine=ELSEWHERE))
    order: list[str] = []

    def beat() -> None:
        for beats in range(20):
            os.utime(path, (beats, time.time() + skew + beats))
            time.sleep(0.1)
        order.append("released")
        path.unlink()

    other = threading.Thread(target=beat)
    other.start()
    with acquire_lease(tmp_path, stale_seconds=1.0):
        order.append("held")
    other.join()

    assert order == ["released", "held"]


def test_a_torn_lease_is_stale_after_a_while(tmp_path: Path) -> None:
    (tmp_path / "claim-000001.json").write_text('{"attempt": "01')

    with acquire_lease(tmp_path, stale_seconds=0.5) as lease:
        assert lease.generation == 2


def test_one_at_a_time_among_many(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with acquire_lease(tmp_path / "claims", beat_seconds=60):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove(number)

    with ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(work, number) for number in range(6)]:
            future.result(timeout=60)

    assert most == [1] * 6


def test_of_several_that_see_a_dead_holder_one_succeeds_it(tmp_path: Path) -> None:
    leave_lease(tmp_path, replace(Holder.here(), started=-2))
    generations: list[int] = []

    def work() -> None:
        with acquire_lease(tmp_path, beat_seconds=60) as lease:
            generations.append(lease.generation)
            time.sleep(0.1)

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(work) for _ in range(4)]:
            future.result(timeout=60)

    # the successor of the dead one; the others come after its release
    assert generations.count(2) == 1
    assert len(generations) == 4


def test_a_holder_that_was_taken_for_dead_publishes_nothing(tmp_path: Path) -> None:
    with acquire_lease(tmp_path) as lease:
        leave_lease(tmp_path, replace(Holder.here(), machine=ELSEWHERE), generation=2)

        with pytest.raises(LeaseLost, match="another one has taken over; nothing was published"):
            lease.confirm()

    assert (tmp_path / "claim-000002.json").exists()  # not ours to remove


def test_waiting_ends_when_asked_to(tmp_path: Path) -> None:
    leave_lease(tmp_path, Holder.here())

    with pytest.raises(LeaseLost, match="waiting"), acquire_lease(tmp_path, stop=lambda: True):
        pass


def test_a_living_holder_on_this_machine_is_waited_for_however_silent(tmp_path: Path) -> None:
    """Its heart does not beat (nobody touches the file), but its process is there."""
    living = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        leave_lease(
            tmp_path,
            replace(Holder.here(), process=living.pid, started=leases._started(living.pid)),
        )
        patience = time.monotonic() + 1.0  # five times the time after which silence alone would do

        with (
            pytest.raises(LeaseLost),
            acquire_lease(tmp_path, stale_seconds=0.2, stop=lambda: time.monotonic() > patience),
        ):
            pass
    finally:
        living.kill()
        living.wait()


def test_the_heart_beats_often_enough_for_whoever_waits(tmp_path: Path) -> None:
    """Four beats before the lease would look stale, though only one in a minute was asked for."""
    with acquire_lease(tmp_path / "claims", beat_seconds=60, stale_seconds=0.4) as lease:
        os.utime(lease.path, (0, 0))
        deadline = time.monotonic() + 20
        while lease.path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert lease.path.stat().st_mtime > 0


def test_the_heart_goes_on_after_a_file_system_that_falters(tmp_path: Path) -> None:
    """For a moment something else stands in the place of the folder, at which every touch fails."""
    folder = tmp_path / "claims"
    with acquire_lease(folder, beat_seconds=0.05) as lease:
        away = folder.rename(tmp_path / "away")
        folder.write_text("in the way")
        time.sleep(0.5)  # some beats that fail
        folder.unlink()
        os.utime(away / lease.path.name, (0, 0))
        away.rename(folder)
        deadline = time.monotonic() + 20
        while lease.path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert lease.path.stat().st_mtime > 0
