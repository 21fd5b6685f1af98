"""Named arrays in one .npz file with a receipt beside it: results without chunks, and states that a run goes on from."""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store import quarantine, receipts
from eigenscape.study import Cell

log = logging.getLogger(__name__)


def write_arrays(path: Path, cell: Cell, arrays: Mapping[str, np.ndarray], **facts: Any) -> None:
    """Write arrays so that a reader, or a crash, sees all of them or none, read them back, and confirm them by a receipt.

    Args:
        path: ending in .npz; what lies there without a receipt is replaced.
        cell: whose work it is.
        arrays: by name.
        facts: for the receipt.

    Raises:
        DamagedResult: the file did not read back as it was written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    receipts.sync_folder(path.parent)
    digest = receipts.digest_of(*(_bytes(array) for _, array in sorted(arrays.items())))
    if (damage := damage_of(path, digest)) != "":
        raise DamagedResult(f"{path}: {damage}; check the disk")
    receipts.write_receipt(receipt_of(path), cell, digest, **facts)


def read_arrays(path: Path, cell: Cell) -> dict[str, np.ndarray] | None:
    """The arrays of a file that a receipt confirms; None where there is no receipt.

    Raises:
        DamagedResult: the file is not what its receipt says.
        DifferentWork: other work made it.
    """
    receipt = receipts.read_receipt(receipt_of(path))
    if receipt is None:
        return None
    receipts.require_same_work(receipt, cell, path)
    arrays = _load(path)
    if receipts.digest_of(*(_bytes(array) for _, array in sorted(arrays.items()))) != receipt["digest"]:
        raise DamagedResult(f"{path}: the numbers are not those of its digest; delete the file and its receipt, and run again")
    return arrays


def resumed_arrays(path: Path, cell: Cell, set_aside_to: Path) -> dict[str, np.ndarray] | None:
    """The same of a state that a run goes on from: what does not verify, or is of other work, is set aside, and None comes back."""
    try:
        return read_arrays(path, cell)
    except (DamagedResult, DifferentWork) as error:
        quarantine.set_aside([receipt_of(path), path], set_aside_to, str(error))
        return None


def receipt_of(path: Path) -> Path:
    """The receipt of a file lies beside it.

    Example:
        >>> receipt_of(Path("large/spectrum.npz")).name
        'spectrum.receipt.json'
    """
    return path.with_suffix(".receipt.json")


def remove_arrays(path: Path) -> None:
    """Forget a state: its receipt first, so that nobody believes what is left after a crash."""
    receipt_of(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def damage_of(path: Path, digest: str) -> str:
    """What is wrong with a file, or nothing; one array is held at a time."""
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            found = receipts.digest_of(*(_bytes(file[name]) for name in sorted(file.files)))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        return f"cannot be read ({error})"
    return "" if found == digest else "the numbers are not those of its digest"


def _load(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise DamagedResult(f"{path}: cannot be read ({error}); delete it with its receipt, and run again") from error


def _bytes(array: np.ndarray) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
