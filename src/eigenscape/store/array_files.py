"""Named arrays in one .npz file with a receipt beside it: results that are read whole, and states
that a run goes on from.

Results of which parts are read are Zarr stores. The file is written first and the receipt last,
both atomically, so a crash leaves the old result or none that is confirmed. Beside the arrays that
it is given, or gives back, every function holds one array at a time.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store import quarantine, receipts
from eigenscape.store.identity import require_same_identity

Arrays = dict[str, np.ndarray]

_PIECE = 2**22
"""Bytes of a file that are hashed at a time."""


class Digest(StrEnum):
    """What the digest of a receipt is taken of. Whoever reads a file says the same as whoever wrote
    it.
    """

    NUMBERS = "numbers"
    """The arrays' bytes, by name: blind to how they are packed."""
    FILE = "file"
    """The bytes of the file, its directory too."""


def write_arrays(
    path: Path,
    identity: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    of: Digest = Digest.NUMBERS,
    **facts: Any,
) -> str:
    """Write arrays so that a reader, or a crash, sees all of them or none, read them back, and
    confirm them by a receipt.

    Args:
        path: ending in .npz; what lies there is replaced, its receipt first.
        identity: what work it is.
        arrays: by name; numbers and texts, no objects.
        of: what the digest is taken of.
        facts: for the receipt.

    Returns:
        The digest.

    Raises:
        DamagedResult: the file did not read back as it was written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write_arrays(Path(folder) / "a.npz", {"seed": 0}, {"x": np.arange(3)})
        ...     read_arrays(Path(folder) / "a.npz", {"seed": 0})["x"]
        array([0, 1, 2])
    """
    # Until the new receipt is there, none: the old one would call the new file damaged.
    receipt_of(path).unlink(missing_ok=True)
    receipts.replace_atomically(path, lambda file: np.savez(file, allow_pickle=False, **arrays))
    numbers = _digest_of(arrays)
    if (damage := _unlike(path, numbers, Digest.NUMBERS)) != "":
        raise DamagedResult(f"{path}: {damage}; check the disk")
    digest = numbers if of is Digest.NUMBERS else _digest_of_file(path)
    receipts.write_receipt(receipt_of(path), identity, digest, **facts)
    return digest


def read_arrays(
    path: Path, identity: Mapping[str, Any], of: Digest = Digest.NUMBERS
) -> Arrays | None:
    """The arrays of a file that a receipt confirms; None where there is no receipt.

    Raises:
        DamagedResult: the file is missing, or is not what its receipt says.
        DifferentWork: it holds other work than ``identity``.
    """
    receipt = receipts.read_receipt(receipt_of(path))
    if receipt is None:
        return None
    require_same_identity(
        path,
        receipt.identity,
        identity,
        f"give the study another name, or delete the file and {receipt_of(path).name}",
    )
    damage, arrays = "", Arrays()
    if of is Digest.FILE:  # before anything in it is believed
        damage = _unlike(path, receipt.digest, of)
    if not damage:
        try:
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
                arrays = {name: np.asarray(file[name]) for name in file.files}
        except _UNREADABLE as error:
            damage = _reason(error)
    if not damage and of is Digest.NUMBERS and _digest_of(arrays) != receipt.digest:
        damage = _OTHER_NUMBERS
    if damage:
        raise DamagedResult(
            f"{path}: {damage}; delete {receipt_of(path).name} beside it and run again"
        )
    return arrays


def require_arrays(path: Path, identity: Mapping[str, Any], of: Digest = Digest.NUMBERS) -> Arrays:
    """The arrays of a file that was written before.

    Raises:
        DamagedResult: there is none that a receipt confirms, or it is damaged.
        DifferentWork: it holds other work than ``identity``.
    """
    arrays = read_arrays(path, identity, of)
    if arrays is None:
        raise DamagedResult(f"{path}: not computed yet; run `snakemake --cores 2` again")
    return arrays


def cached_arrays(
    path: Path,
    identity: Mapping[str, Any],
    compute: Callable[[], Mapping[str, np.ndarray]],
    of: Digest = Digest.NUMBERS,
) -> Arrays:
    """The arrays of a file, which ``compute`` gives where no receipt confirms one.

    Raises:
        DamagedResult: the file is not what its receipt says.
        DifferentWork: it holds other work than ``identity``.
    """
    if (found := read_arrays(path, identity, of)) is not None:
        return found
    write_arrays(path, identity, compute(), of)
    return require_arrays(path, identity, of)


def resumed_arrays(path: Path, identity: Mapping[str, Any], set_aside_to: Path) -> Arrays | None:
    """Read a state that a run goes on from; None where it does not verify or is of other work, and
    is set aside.
    """
    try:
        return read_arrays(path, identity)
    except (DamagedResult, DifferentWork) as error:
        quarantine.set_aside([receipt_of(path), path], set_aside_to, str(error))
        return None


def receipt_of(path: Path) -> Path:
    """The receipt of a file lies beside it.

    Example:
        >>> receipt_of(Path("large/spectrum.npz")).as_posix()
        'large/spectrum.receipt.json'
    """
    return path.with_suffix(".receipt.json")


def remove_arrays(path: Path) -> None:
    """Forget a state: its receipt first, so that nobody believes what is left after a crash."""
    receipt_of(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def array_damage(path: Path, of: Digest = Digest.NUMBERS) -> str:
    """What is wrong with a file by its receipt, whatever work it holds; nothing where the digest is
    that of the receipt.
    """
    try:
        receipt = receipts.read_receipt(receipt_of(path))
    except DamagedResult as error:
        return str(error)
    return "no receipt" if receipt is None else _unlike(path, receipt.digest, of)


def confirmed_digest(path: Path) -> str:
    """The digest that the receipt of a file holds; "" where there is none.

    Raises:
        DamagedResult: the receipt is damaged.
    """
    receipt = receipts.read_receipt(receipt_of(path))
    return "" if receipt is None else receipt.digest


_UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile)
_OTHER_NUMBERS = "the numbers are not those of its receipt"


def _unlike(path: Path, digest: str, of: Digest) -> str:
    """How a file differs from its digest, or nothing; one array, or piece of the file, is held at a
    time.
    """
    try:
        if of is Digest.FILE:
            return (
                "" if _digest_of_file(path) == digest else "the bytes are not those of its receipt"
            )
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            return "" if _digest_of(file) == digest else _OTHER_NUMBERS
    except _UNREADABLE as error:
        return _reason(error)


def _reason(error: Exception) -> str:
    return (
        "the file is missing, though its receipt is there"
        if isinstance(error, FileNotFoundError)
        else f"cannot be read ({error})"
    )


def _digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """The digest of the arrays' bytes by name; each is asked for once, then dropped."""
    state = hashlib.blake2b(digest_size=receipts.DIGEST_BYTES)
    for name in sorted(arrays):
        state.update(np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).data)
    return state.hexdigest()


def _digest_of_file(path: Path) -> str:
    state = hashlib.blake2b(digest_size=receipts.DIGEST_BYTES)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            state.update(piece)
    return state.hexdigest()
