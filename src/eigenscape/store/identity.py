"""Whether a result on disk is of the work that is asked for.

The identity of a result is a mapping of all facts that decide its bits. It lies on disk as JSON, so
what is asked is compared as JSON would read it back: a tuple is a list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eigenscape.errors import DifferentWork


def difference(made: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """The first fact, by its name, in which two identities differ, as "expected ..., found ...";
    "" where they are the same.

    Example:
        >>> difference({"seed": 0, "sizes": [1, 2]}, {"seed": 1, "sizes": (1, 2)})
        'expected seed 1, found 0'
    """
    asked = json.loads(json.dumps(asked))
    for key in sorted({*made, *asked}):
        if made.get(key) != asked.get(key):
            return f"expected {key} {asked.get(key)!r}, found {made.get(key)!r}"
    return ""


def require_same_identity(
    path: Path, made: Mapping[str, Any], asked: Mapping[str, Any], remedy: str
) -> None:
    """Refuse a result that other work made.

    Args:
        path: of the result, for the message.
        made: the identity that it holds.
        asked: the identity that it should have.
        remedy: what a user can do.

    Raises:
        DifferentWork: the message names the first fact that differs.
    """
    if different := difference(made, asked):
        raise DifferentWork(f"{path}: {different}; {remedy}")
