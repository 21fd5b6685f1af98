"""Exclusive leases: one attempt at a time works on a cell, whatever was killed, restarted or
submitted twice.

A lease is a file ``claim-<generation>.json``, created exclusively (O_EXCL, which NFS honours too),
with an attempt id and who holds it. Its holder keeps it alive by a heartbeat. Who comes second
waits for as long as the heart beats; when the holder is dead it creates the next generation, which
only one of several waiters can. Death is told

- at once, where the holder ran on this machine: its process is gone (process id *and* start time
  are compared); a process that is there is alive, however silent;
- from anywhere else, by a file whose time has not changed for ``STALE_SECONDS`` of the observer's
  own monotonic clock.

No clock is compared with another one, so skew between nodes does no harm. A holder that was only
slow finds out before it publishes anything: `Lease.confirm` refuses when a later generation exists.
Should two attempts overlap all the same, they build their stores in folders of their own and write
the same bits.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from eigenscape.errors import LeaseLost
from eigenscape.store import heartbeat

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
"""Seconds between two touches of a lease."""

STALE_SECONDS = 180.0
"""Seconds without a touch after which a lease is stale: 18 beats, and three times the 60 s for
which NFS may show an old time by default."""

_NAME = re.compile(r"claim-(\d{6})\.json")


@dataclass(frozen=True)
class Holder:
    """Who holds a lease.

    Attributes:
        attempt: a random name of this attempt.
        host: name of the machine, for people.
        machine: its boot and process namespace, which tell whether process ids can be compared.
        process: process id.
        started: start of that process in ticks since boot; ids are used again, start times are not.
        since: when the lease was taken, by the holder's clock, for people.
    """

    attempt: str
    host: str
    machine: str
    process: int
    started: int
    since: str

    @classmethod
    def here(cls) -> Holder:
        """The calling process, with a new attempt id."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        process = os.getpid()
        return cls(
            uuid.uuid4().hex, socket.gethostname(), _machine(), process, _started(process), now
        )

    @property
    def is_known_dead(self) -> bool:
        """Whether it ran on this machine and is gone. False where that cannot be told from here."""
        return self._ran_here and _started(self.process) != self.started

    @property
    def is_known_alive(self) -> bool:
        """Whether it runs on this machine. False where that cannot be told from here."""
        return self._ran_here and _started(self.process) == self.started

    @property
    def _ran_here(self) -> bool:
        here = _machine()
        return bool(here) and self.machine == here

    def __str__(self) -> str:
        return (
            f"process {self.process} on {self.host} (since {self.since}, attempt"
            f" {self.attempt[:8]})"
        )


@dataclass
class Lease:
    """A lease that this process holds, until `release`."""

    folder: Path
    generation: int
    holder: Holder
    beating: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> Path:
        """The file of the lease."""
        return self.folder / f"claim-{self.generation:06d}.json"

    @property
    def attempt(self) -> str:
        """The id of this attempt."""
        return self.holder.attempt

    def confirm(self) -> None:
        """Make sure that nobody has taken over, right before something is published.

        Raises:
            LeaseLost: a later attempt exists, or the lease's file is gone.
        """
        newest = _newest(self.folder)
        if newest != self.generation or _holder_of(self.path) != self.holder:
            raise LeaseLost(
                f"{self.folder}: this attempt ({self.holder}) was taken for dead and another one"
                " has taken over; nothing was published, run the same command again"
            )

    def release(self) -> None:
        """Stop the heartbeat and remove the lease, and those of dead attempts before it."""
        if self.beating is not None:
            self.beating.kill()
            self.beating.wait()
        for generation in range(1, self.generation):
            (self.folder / f"claim-{generation:06d}.json").unlink(missing_ok=True)
        if _holder_of(self.path) == self.holder:
            self.path.unlink(missing_ok=True)
        with suppress(OSError):  # not empty: somebody else's by now
            self.folder.rmdir()
            self.folder.parent.rmdir()


@contextmanager
def acquire_lease(
    folder: Path,
    *,
    beat_seconds: float = BEAT_SECONDS,
    stale_seconds: float = STALE_SECONDS,
    stop: Callable[[], bool] = lambda: False,
    give_up: Callable[[], Exception] = lambda: LeaseLost("interrupted while waiting for a lease"),
) -> Iterator[Lease]:
    """Hold the lease of a folder for the length of a ``with`` block, waiting for whoever holds it
    now.

    Args:
        folder: where the leases of one piece of work lie.
        beat_seconds: between two heartbeats; fewer where ``stale_seconds`` leaves room for fewer
            than four.
        stale_seconds: without a heartbeat, after which a holder on another machine is dead.
        stop: asked while waiting; when it says so, waiting ends ...
        give_up: ... with this exception.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, acquire_lease(Path(folder)) as lease:
        ...     lease.path.name
        'claim-000001.json'
    """
    lease = _acquire(folder, stale_seconds, stop, give_up)
    lease.beating = heartbeat.start(str(lease.path), min(beat_seconds, stale_seconds / 4))
    try:
        yield lease
    finally:
        lease.release()


def holder_of(folder: Path) -> Holder | None:
    """Who holds the newest lease of a folder, dead or alive; None where nobody does."""
    newest = _newest(folder)
    return None if newest is None else _holder_of(folder / f"claim-{newest:06d}.json")


def _acquire(
    folder: Path, stale_seconds: float, stop: Callable[[], bool], give_up: Callable[[], Exception]
) -> Lease:
    mine = Holder.here()
    seen: tuple[int, int] | None = None
    unchanged_since = time.monotonic()
    announced: Holder | None = None
    while True:
        folder.mkdir(parents=True, exist_ok=True)  # who releases removes it
        newest = _newest(folder)
        if newest is None:
            if _create(Lease(folder, 1, mine)):
                return Lease(folder, 1, mine)
            continue
        path = folder / f"claim-{newest:06d}.json"
        holder, touched = _holder_of(path), _touched(path)
        if touched is None:
            continue  # released meanwhile
        if seen != (newest, touched):
            seen, unchanged_since = (newest, touched), time.monotonic()
        silent = time.monotonic() - unchanged_since
        stale = silent > stale_seconds and not (holder is not None and holder.is_known_alive)
        if stale or (holder is not None and holder.is_known_dead):
            log.warning(
                "%s: %s is dead; taking over", folder, holder or "the writer of an unreadable lease"
            )
            lease = Lease(folder, newest + 1, mine)
            if _create(lease):
                return lease
            continue
        if holder is not None and holder != announced:
            announced = holder
            log.warning(
                "%s: %s is at work on it; waiting until it has finished or its heartbeat stops",
                folder,
                holder,
            )
        if stop():
            raise give_up()
        time.sleep(min(0.5, stale_seconds / 10))


def _create(lease: Lease) -> bool:
    """Create the lease's file; False where somebody was quicker to take it, or to remove the
    folder.
    """
    try:
        descriptor = os.open(lease.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except (FileExistsError, FileNotFoundError):
        return False
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(lease.holder), file)
            file.flush()
            os.fsync(file.fileno())
    # the disk is full: a lease that names nobody would hold up the next run until it is stale
    except OSError as error:
        lease.path.unlink(missing_ok=True)
        error.filename = str(lease.path)
        raise
    return True


def _generations(folder: Path) -> list[int]:
    return sorted(
        int(match[1]) for match in (_NAME.fullmatch(name) for name in os.listdir(folder)) if match
    )


def _newest(folder: Path) -> int | None:
    try:
        return max(_generations(folder), default=None)
    except FileNotFoundError:
        return None


def _holder_of(path: Path) -> Holder | None:
    """Who wrote a lease; None where it is gone, being written, or torn by a crash."""
    try:
        return Holder(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _touched(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _machine() -> str:
    """The boot of this machine and its process namespace; empty where the system has no words for
    them.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(process: int) -> int:
    """Start time of a process in ticks since boot; -1 where there is no such process (or it is a
    zombie).
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return -1
    return -1 if fields[0] in "ZX" else int(fields[19])
