"""Small results as one JSON document each: what work it is, its numbers, and their digest.

A document is its own receipt: it is written atomically, so it is there whole or not at all.
`cached` answers for every stage whether a result is there already.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eigenscape.errors import DamagedResult, DifferentWork
from eigenscape.store.identity import require_same_identity
from eigenscape.store.io_log import note_read
from eigenscape.store.receipts import digest_of, write_json
from eigenscape.version import __version__

Content = dict[str, Any]
"""The numbers of a document, by name."""


def cached(
    path: Path, identity: Mapping[str, Any], compute: Callable[[], Mapping[str, Any]]
) -> Content:
    """The content of a document, which ``compute`` gives where there is none yet.

    What is computed is written and read back, so that a caller gets the same values, in the same
    order, whether they are new or old.

    Args:
        path: of the document.
        identity: what work it is.
        compute: the content; called at most once.

    Raises:
        DamagedResult: the file is no document, or its numbers are not those of its digest.
        DifferentWork: it holds other work than ``identity``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "a.json"
        ...     print(cached(path, {"seed": 0}, lambda: {"value": 1.5}))
        ...     print(cached(path, {"seed": 0}, lambda: {"value": 1 / 0}))
        {'value': 1.5}
        {'value': 1.5}
    """
    found = find_document(path, identity)
    if found is not None:
        return found
    write_document(path, identity, compute())
    return read_document(path, identity)


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


def read_document(path: Path, identity: Mapping[str, Any]) -> Content:
    """The content of a document that was computed before.

    Raises:
        DamagedResult: there is none, or it is damaged.
        DifferentWork: it holds other work than ``identity``.
    """
    found = find_document(path, identity)
    if found is None:
        raise DamagedResult(f"{path}: not computed yet; run `snakemake --cores 2` again")
    return found


def find_document(path: Path, identity: Mapping[str, Any]) -> Content | None:
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
    require_same_identity(path, made, identity, "give the study another name, or delete the file")
    note_read(path)
    return dict(_numbered(content))


def remove_unusable(path: Path, identity: Mapping[str, Any]) -> None:
    """Delete a document that is damaged or holds other work: a part of unfinished work, which was
    promised to nobody and is computed again.
    """
    try:
        find_document(path, identity)
    except (DamagedResult, DifferentWork):
        path.unlink()


def document_damage(path: Path) -> str:
    """What is wrong with a document, whatever work it holds; nothing where its numbers are those of
    its digest.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_document(Path(folder) / "a.json", {"seed": 0}, {"value": 1.5})
        ...     document_damage(Path(folder) / "a.json")
        ''
    """
    try:
        find_document(path, dict(json.loads(path.read_bytes())["identity"]))
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
