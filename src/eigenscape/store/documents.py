"""Small results as one JSON document each: what work it is, its numbers, and their digest.

A document is its own receipt: it is written atomically, so it is there whole or not at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store.io_log import note_read
from eigenscape.store.receipts import digest_of, write_json
from eigenscape.version import __version__


def write_document(path: Path, identity: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Write a result; infinities and NaN, which JSON has no words for, become the texts "inf",
    "-inf" and "nan".
    """
    plain = _worded(content)
    write_json(
        path,
        {
            "identity": identity,
            "content": plain,
            "digest": _digest(plain),
            "eigenscape": __version__,
        },
    )


def read_document(path: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The content of a document, or None where there is none.

    Raises:
        DamagedResult: the file is no document, or its numbers are not those of its digest.
        DifferentWork: it holds other work than ``identity``.
    """
    try:
        document = json.loads(path.read_bytes())
        content = document["content"]
        sound = document["digest"] == _digest(content)
        made = dict(document["identity"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedResult(
            f"{path}: expected a result in JSON, found {error!r}; delete the file and run again"
        ) from None
    if not sound:
        raise DamagedResult(
            f"{path}: the numbers are not those of its digest; delete the file and run again"
        )
    plain_identity = json.loads(json.dumps(identity))
    differing = [
        key for key in sorted({*made, *plain_identity}) if made.get(key) != plain_identity.get(key)
    ]
    if differing:
        key = differing[0]
        raise DifferentWork(
            f"{path}: expected {key} {plain_identity.get(key)!r}, found {made.get(key)!r}; give the"
            " study another name, or delete the file"
        )
    note_read(path)
    return dict(_numbered(content))


def damage_of(path: Path) -> str:
    """What is wrong with a document, whatever work it holds; nothing where its numbers are those of
    its digest.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_document(Path(folder) / "a.json", {"seed": 0}, {"value": 1.5})
        ...     damage_of(Path(folder) / "a.json")
        ''
    """
    try:
        read_document(path, dict(json.loads(path.read_bytes())["identity"]))
    except DamagedResult as error:
        return str(error)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"expected a result in JSON, found {error!r}"
    return ""


def identity_of(path: Path) -> dict[str, Any]:
    """What work a document holds, as it says itself; nothing where it is no document.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_document(Path(folder) / "a.json", {"seed": 0}, {"value": 1.5})
        ...     identity_of(Path(folder) / "a.json")
        {'seed': 0}
    """
    try:
        return dict(json.loads(path.read_bytes())["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _digest(content: Any) -> str:
    return digest_of(json.dumps(content, sort_keys=True).encode())


def _worded(value: Any) -> Any:
    """The value with non-finite numbers as text."""
    if isinstance(value, Mapping):
        return {str(key): _worded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_worded(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    return value


def _numbered(value: Any) -> Any:
    """The inverse of `_worded`."""
    if isinstance(value, dict):
        return {key: _numbered(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbered(inner) for inner in value]
    return float(value) if value in ("inf", "-inf", "nan") else value
