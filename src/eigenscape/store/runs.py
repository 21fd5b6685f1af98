"""One run at a time of the workflow of a study in a folder, and none held up by a dead one.

Snakemake's own locks do not say who holds them, and stay behind when a run is killed. A run leases
the study instead (`store.leases`: process, machine, start, heartbeat). While it is alive a second
run is refused; once it is dead the next one takes over and removes the locks that it left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eigenscape.errors import AlreadyRunning
from eigenscape.store import leases

SNAKEMAKE = Path(".snakemake")
"""Where Snakemake keeps what it knows of runs, in the working directory."""


@contextmanager
def only_run(
    results: Path, snakemake: Path = SNAKEMAKE, *, stale_seconds: float = leases.STALE_SECONDS
) -> Iterator[None]:
    """Hold a study for the length of a ``with`` block, without the locks of a run that is dead.

    A run on this machine is known to be alive or dead at once. Of a run on another machine its
    heartbeat tells: a beat within ``stale_seconds`` or none.

    Args:
        results: folder of the study's results, as Snakemake's targets name it.
        snakemake: the folder ``.snakemake`` of the working directory.
        stale_seconds: without a heartbeat, after which a run on another machine is dead.

    Raises:
        AlreadyRunning: another run is alive; the message says which.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with only_run(Path("results/sine"), Path(folder)):
        ...         [path.name for path in Path(folder).glob("runs/*")]
        ['sine']
    """
    lease = snakemake / "runs" / results.name
    holder, first_beat = leases.holder_of(lease), _last_beat(lease)
    if holder is not None and holder.is_known_alive:
        raise _refused(results, holder)  # at once, without a word on waiting

    def is_alive() -> bool:
        other = leases.holder_of(lease)
        return other is not None and (other.is_known_alive or _last_beat(lease) != first_beat)

    with leases.acquire_lease(
        lease,
        stale_seconds=stale_seconds,
        stop=is_alive,
        give_up=lambda: _refused(results, leases.holder_of(lease)),
    ):
        _remove_locks(results, snakemake / "locks")
        yield


def _refused(results: Path, holder: leases.Holder | None) -> AlreadyRunning:
    return AlreadyRunning(
        f"{results}: {holder or 'another run'} is at work on this study; wait for its end, or stop"
        " it there, then give the same command again"
    )


def _last_beat(lease: Path) -> int:
    """Time of the newest file of the lease, in nanoseconds of its own file system's clock."""
    times = [0]
    for path in lease.glob("claim-*.json"):
        try:
            times.append(path.stat().st_mtime_ns)
        except FileNotFoundError:  # released meanwhile
            continue
    return max(times)


def _remove_locks(results: Path, locks: Path) -> None:
    """Remove Snakemake's locks of a study that no run holds; those of other studies stay."""
    for lock in locks.glob("*.lock"):
        names = lock.read_text().splitlines()
        if any(Path(name).is_relative_to(results) for name in names):
            lock.unlink()
