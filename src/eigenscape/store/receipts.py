"""Receipts: a result is valid when, and only when, its receipt says so.

A receipt is written after everything that it vouches for is on disk: to a temporary file, flushed
to the disk (fsync), renamed into place, and the folder flushed too. So after a crash at any moment
there is either the old state or the new one, never half of a receipt.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from eigenscape.errors import DamagedResult
from eigenscape.store.environment import capture_environment
from eigenscape.store.identity import difference, require_same_identity
from eigenscape.store.io_log import note_read, note_written
from eigenscape.version import __version__

log = logging.getLogger(__name__)

DIGEST_BYTES = 16
"""Length of the digests in receipts, in bytes: no two results of a lifetime share one by chance."""

LATE_SECONDS = 60.0
"""NFS may hide a new file from other machines for as long as it keeps what it knows of a folder, by
default 60 s."""


def digest_of(*parts: bytes | memoryview) -> str:
    """Blake2b of the parts in order, 16 bytes in hexadecimal."""
    state = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        state.update(part)
    return state.hexdigest()


OVERLAPPING_WRITES = 3
"""How often a file is written whose folder vanishes meanwhile: another attempt at the same work
clears up once, at its start."""


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file so that a reader, or a crash, sees the old bytes or the new ones and nothing
    between.
    """
    replace_atomically(path, lambda file: file.write(data))


def replace_atomically(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    """Replace a file atomically by what ``write`` puts into an open one, so that nobody needs all
    of its bytes at once.
    """
    for trial in range(1, OVERLAPPING_WRITES + 1):
        try:
            _replace_atomically(path, write)
            note_written(path)
            return
        except FileNotFoundError:
            if trial == OVERLAPPING_WRITES:
                raise


def _replace_atomically(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_partial_files(folder: Path) -> None:
    """Remove what killed writers left of `write_atomically`; folders that vanish meanwhile are
    passed over, as `os.walk` does.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and name.endswith(".partial"):
                Path(parent, name).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a rename survives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Flush every file and folder of a store, which its writer (Zarr) does not do."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(parent))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a mapping as readable JSON, atomically."""
    write_atomically(path, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())


@dataclass(frozen=True)
class Receipt:
    """What a receipt says.

    Attributes:
        identity: what work the result is, as plain JSON values.
        digest: of its numbers.
        facts: all else: what made it and when, and what its step has to tell.

    Example:
        >>> receipt = Receipt({"seed": 0}, "d1", {"status": "finite", "excluded": 3})
        >>> receipt.status, receipt.excluded, receipt.vectors, receipt.samples_drawn
        ('finite', 3, False, None)
    """

    identity: Mapping[str, Any]
    digest: str
    facts: Mapping[str, Any]

    @property
    def excluded(self) -> int:
        """How many samples of a second moment count for nothing."""
        return int(self.facts.get("excluded", 0))

    @property
    def samples_drawn(self) -> int | None:
        """N of a cell that may have grown; None where it is that of the cell."""
        drawn = self.facts.get("samples_drawn")
        return None if drawn is None else int(drawn)

    @property
    def mean_loss(self) -> float:
        """Over the samples of a second moment; NaN where it is not finite or not noted."""
        loss = self.facts.get("mean_loss")
        return math.nan if loss is None else float(loss)

    @property
    def status(self) -> str:
        """What the smallest eigenvalue of a spectrum is worth."""
        return str(self.facts.get("status"))

    @property
    def vectors(self) -> bool:
        """Whether a spectrum has its eigenvectors."""
        return bool(self.facts.get("vectors"))


def write_receipt(path: Path, identity: Mapping[str, Any], digest: str, **facts: Any) -> None:
    """Confirm a result: what work it is, what its numbers hash to, and what made it."""
    write_json(
        path,
        {
            "identity": identity,
            "digest": digest,
            "eigenscape": __version__,
            "made": capture_environment(),
            **facts,
        },
    )


def read_receipt(path: Path) -> Receipt | None:
    """The receipt at ``path``, or None where there is none.

    Raises:
        DamagedResult: the file is there but is not a receipt.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DamagedResult(
            f"{path}: expected a receipt in JSON, found {error}; delete the file and run again"
        ) from None
    if (
        not isinstance(content, dict)
        or not isinstance(content.get("identity"), dict)
        or "digest" not in content
    ):
        raise DamagedResult(
            f"{path}: expected a receipt with identity and digest, found neither; delete the file"
            " and run again"
        )
    note_read(path)
    identity, digest = content.pop("identity"), content.pop("digest")
    return Receipt(identity, str(digest), content)


def promised_receipt(path: Path, note: Path, seconds: float = LATE_SECONDS) -> Receipt | None:
    """The receipt at ``path``, waited for where a note of the ledger says that the work is done.

    On a network file system the note may be seen from another machine before the receipt that was
    written first.

    Raises:
        DamagedResult: the file is there but is not a receipt.
    """
    end = time.monotonic() + seconds
    while (receipt := read_receipt(path)) is None and note.exists() and time.monotonic() < end:
        log.info("%s: not to be seen yet, though %s is; waiting", path, note)
        time.sleep(min(1.0, seconds / 10))
    return receipt


def require_same_work(
    receipt: Receipt, identity: Mapping[str, Any], path: Path, remedy: str = ""
) -> None:
    """Refuse a result that other work made.

    Args:
        receipt: of the result.
        identity: what work is asked for.
        path: of the receipt, or of the result.
        remedy: what else than another name helps; to delete the folder, unless told otherwise.

    Raises:
        DifferentWork: naming the first fact that differs.
    """
    require_same_identity(
        path,
        receipt.identity,
        identity,
        "give the study another name in its configuration, or"
        f" {remedy or f'delete {path.parent} to have it computed anew'}",
    )


def strange_attribute(attributes: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    """What of the attributes of a store is not what its identity says, or nothing."""
    different = difference({key: attributes.get(key) for key in identity}, identity)
    return f"among its attributes: {different}" if different else ""


def discard(folder: Path) -> None:
    """Remove a store that no receipt confirms."""
    if folder.exists():
        shutil.rmtree(folder)


def publish(built: Path, store: Path) -> None:
    """Move a store that is built and flushed to its path, in one step; the receipt comes after.

    What lies there already has no receipt (the caller has seen to it): a crash came between this
    step and the receipt.
    """
    sync_tree(built)
    store.parent.mkdir(parents=True, exist_ok=True)
    discard(store)
    built.rename(store)
    sync_folder(store.parent)
