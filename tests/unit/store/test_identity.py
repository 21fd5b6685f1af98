"""Identities: the same work or not, and which fact says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from eigenscape.errors import DifferentWork
from eigenscape.store.identity import difference, require_same_identity

MADE = {"kind": "test", "sizes": [1, 2], "seed": 0}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (MADE, ""),
        ({**MADE, "sizes": (1, 2)}, ""),
        ({**MADE, "seed": 1}, "expected seed 1, found 0"),
        ({**MADE, "seed": 1, "kind": "other"}, "expected kind 'other', found 'test'"),
        ({"kind": "test", "sizes": [1, 2]}, "expected seed None, found 0"),
        ({**MADE, "block": 256}, "expected block 256, found None"),
    ],
)
def test_the_first_fact_that_differs_is_named(asked: dict[str, object], words: str) -> None:
    assert difference(MADE, asked) == words


def test_other_work_is_refused_with_a_way_out() -> None:
    require_same_identity(Path("a.json"), MADE, MADE, "delete it")
    with pytest.raises(DifferentWork, match=r"^a\.json: expected seed 1, found 0; delete it$"):
        require_same_identity(Path("a.json"), MADE, {**MADE, "seed": 1}, "delete it")
