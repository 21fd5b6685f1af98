"""Arrays of one result in one .npz file with a receipt beside it: what work it is, and the digest of the file.

For results of some megabytes that are read whole; those of which parts are read are Zarr stores. The file is written first
and the receipt last, both atomically, so a crash leaves the old result or none that is confirmed.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store.receipts import digest_of, read_receipt, write_atomically, write_json
from eigenscape.version import __version__


def receipt_of(path: Path) -> Path:
    """The receipt of a bundle lies beside it.

    Example:
        >>> receipt_of(Path("a/linear.npz")).as_posix()
        'a/linear.receipt.json'
    """
    return path.with_suffix(".receipt.json")


def write_bundle(path: Path, identity: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Write arrays (numbers and texts, no objects) and then their receipt; returns the digest of the file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write_bundle(Path(folder) / "a.npz", {"seed": 0}, {"x": np.arange(3)})
        ...     read_bundle(Path(folder) / "a.npz", {"seed": 0})["x"]
        array([0, 1, 2])
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    data = buffer.getvalue()
    # Until the new receipt is there, none: the old one would call the new file damaged.
    receipt_of(path).unlink(missing_ok=True)
    write_atomically(path, data)
    digest = digest_of(data)
    write_json(receipt_of(path), {"identity": identity, "digest": digest, "eigenscape": __version__})
    return digest


def read_bundle(path: Path, identity: Mapping[str, Any]) -> dict[str, np.ndarray] | None:
    """The arrays of a bundle, or None where no receipt confirms one.

    Raises:
        DamagedResult: the file is missing, or is not what its receipt says.
        DifferentWork: it holds other work than ``identity``.
    """
    receipt = read_receipt(receipt_of(path))
    if receipt is None:
        return None
    plain = json.loads(json.dumps(identity))
    made = receipt["identity"]
    differing = [key for key in sorted({*made, *plain}) if made.get(key) != plain.get(key)]
    if differing:
        key = differing[0]
        raise DifferentWork(
            f"{path}: expected {key} {plain.get(key)!r}, found {made.get(key)!r}; give the study another name, or delete the file and "
            f"{receipt_of(path).name}"
        )
    damage = damage_of_bundle(path)
    if damage:
        raise DamagedResult(f"{path}: {damage}; delete {receipt_of(path).name} beside it and run again")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in file.files}
    except (ValueError, zipfile.BadZipFile) as error:
        raise DamagedResult(f"{path}: {error}; delete {receipt_of(path).name} beside it and run again") from None


def damage_of_bundle(path: Path) -> str:
    """What is wrong with a confirmed bundle, whatever work it holds; nothing where its bytes are those of its digest."""
    try:
        receipt = read_receipt(receipt_of(path))
    except DamagedResult as error:
        return str(error)
    if receipt is None:
        return "no receipt"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "the file is missing, though its receipt is there"
    return "" if digest_of(data) == receipt["digest"] else "the bytes are not those of its receipt"


def digest_of_bundle(path: Path) -> str:
    """The digest that the receipt of a bundle holds; "" where there is none."""
    receipt = read_receipt(receipt_of(path))
    return "" if receipt is None else str(receipt["digest"])
