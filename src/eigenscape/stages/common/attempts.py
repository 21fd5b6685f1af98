"""One attempt at a cell, by all its ranks: its lease, its folder, and what becomes of results that
do not verify.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.config.cells import Cell
from eigenscape.distributed.ranks import Ranks
from eigenscape.errors import DamagedResult, LeaseLost
from eigenscape.stages.common import signals
from eigenscape.store import leases, quarantine, receipts
from eigenscape.store.layout import StudyFolder


class Attempt:
    """One attempt at a cell, by all its ranks; rank 0 holds the lease.

    Attributes:
        build_folder: the folder in which it builds its stores, before they move to their paths.
    """

    def __init__(self, folder: StudyFolder, build_folder: Path, lease: leases.Lease | None) -> None:
        self.build_folder, self._folder, self._lease = build_folder, folder, lease

    def confirm(self) -> None:
        """Make sure that nobody has taken over; on rank 0, right before something is published."""
        if self._lease is not None:
            self._lease.confirm()

    def publish(self, store: Path, identity: Mapping[str, Any], digest: str, **facts: Any) -> None:
        """Move a store that is built to its path, then write its receipt; on rank 0.

        One that the same work has left there, such as a spectrum without eigenvectors, makes room,
        its receipt first.
        """
        self.confirm()
        receipt = self._folder.receipt(store)
        receipt.unlink(missing_ok=True)
        receipts.publish(self.build_folder / store.name, store)
        receipts.write_receipt(receipt, identity, digest, **facts)

    def clear(self, *parts: Path) -> None:
        """Remove where it has built, and partial results that are no longer needed; on rank 0."""
        # Another attempt that was taken for dead may still write there; the results are complete
        # all the same.
        with suppress(OSError):
            for folder in (*parts, self.build_folder):
                receipts.discard(folder)

    @contextmanager
    def told_of_disk(self) -> Iterator[None]:
        """Say what a failing disk means.

        Raises:
            LeaseLost: a file has vanished since another attempt, which took this one for dead, has
                cleared its files away.
            OSError: with the study's folder, where a full disk is found in a write, which names no
                file.
        """
        try:
            yield
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                self.confirm()
            if error.errno is not None and error.filename is None:
                error.filename = str(self._folder.root)
            raise


@contextmanager
def lease_cell(
    cell: Cell, folder: StudyFolder, ranks: Ranks, stale_seconds: float = leases.STALE_SECONDS
) -> Iterator[Attempt]:
    """Hold the lease of a cell, waiting for whoever holds it; what dead attempts left behind is
    removed. A collective call.

    Raises:
        LeaseLost: a signal came while waiting.
    """
    if ranks.rank > 0:
        name = shared_digits("", ranks)
        yield Attempt(folder, folder.attempt(cell, name), None)
        return

    def give_up() -> LeaseLost:
        return LeaseLost(
            f"{cell.folder}: interrupted while waiting for another attempt; run the same command"
            " again"
        )

    with leases.acquire_lease(
        folder.leases(cell),
        stale_seconds=stale_seconds,
        stop=signals.stop_requested,
        give_up=give_up,
    ) as lease:
        for left_behind in folder.work(cell).glob("attempt-*"):
            with suppress(OSError):  # an attempt that was taken for dead may still write there
                receipts.discard(left_behind)
        for unfinished in (folder.work(cell), folder.second_moment(cell).parent):
            receipts.remove_partial_files(unfinished)
        name = shared_digits(lease.attempt, ranks)
        yield Attempt(folder, folder.attempt(cell, name), lease)


def compute_once(
    cell: Cell,
    folder: StudyFolder,
    ranks: Ranks,
    is_done: Callable[[], bool],
    compute: Callable[[Attempt], None],
    stale_seconds: float = leases.STALE_SECONDS,
) -> None:
    """Compute a result of a cell under its lease, unless it is done; a collective call.

    Args:
        cell: whose lease is held.
        folder: of the study's results.
        ranks: that share the work.
        is_done: whether the result is there, and verifies; the same on every rank. Asked once
            more when the lease is held, since whoever was waited for may have done it.
        compute: the work.
        stale_seconds: see `lease_cell`.
    """
    if is_done():
        return
    with lease_cell(cell, folder, ranks, stale_seconds) as attempt:
        if not is_done():
            compute(attempt)


def shared_digits(digits_of_rank_0: str, ranks: Ranks) -> str:
    """32 hexadecimal digits (an attempt id, a digest) of rank 0 on every rank; zeros where it has
    none.
    """
    digits = np.array([int(digit, 16) for digit in digits_of_rank_0] or [0] * 32, dtype=np.int64)
    return "".join(f"{digit:x}" for digit in ranks.sum(digits).tolist())


def set_second_moment_aside(
    cell: Cell, folder: StudyFolder, damage: DamagedResult, notes: Iterable[Path]
) -> DamagedResult:
    """Move a damaged C to quarantine and remove Snakemake's notes of it, so that the next run
    computes it again.

    Returns:
        The error to raise, which says so.
    """
    store = folder.second_moment(cell)
    for note in notes:
        note.unlink(missing_ok=True)
    reason = f"second moment of {cell.folder} does not verify: {damage}"
    quarantined = quarantine.set_aside([folder.receipt(store), store], folder.quarantine, reason)
    return DamagedResult(
        f"{store}: expected what its receipt says, found damage, now in {quarantined}; run"
        " snakemake again"
    )
