"""Every test and every interval that a finding rests on names its unit of replication."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import eigenscape

SOURCE = Path(eigenscape.__file__).parent
ROOMS = ("active_subspace", "clustering", "expressivity", "model_constrained", "sloppiness")


def functions() -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """Place, docstrings and tree of every function of the sciences and of the findings."""
    for room in (*ROOMS, "findings"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            module = ast.parse(path.read_text())
            for top in module.body:
                inside = top.body if isinstance(top, ast.ClassDef) else [top]
                above = ast.get_docstring(top) or "" if isinstance(top, ast.ClassDef) else ""
                for one in inside:
                    if isinstance(one, ast.FunctionDef):
                        words = f"{above} {ast.get_docstring(one) or ''}"
                        yield f"{path.relative_to(SOURCE)}:{one.name}", words, one


def is_a_test(tree: ast.FunctionDef) -> bool:
    """Whether the function makes a p-value: it takes scipy's, or its own name says so."""
    takes = any(
        isinstance(node, ast.Attribute) and node.attr == "pvalue" for node in ast.walk(tree)
    )
    return takes or tree.name in {"p_value", "purity_test", "sign_flip_p"}


TESTS = [(place, words) for place, words, tree in functions() if is_a_test(tree)]


@pytest.mark.parametrize(("place", "words"), TESTS, ids=[place for place, _ in TESTS])
def test_every_test_names_its_unit_of_replication(place: str, words: str) -> None:
    assert "unit of replication" in " ".join(words.lower().split()), place


def test_the_walk_finds_the_tests_that_there_are() -> None:
    places = {place for place, _ in TESTS}
    assert places >= {
        "active_subspace/layer_shares.py:ordered_trend",
        "clustering/modularity.py:p_value",
        "findings/clustering.py:_inputs",
        "findings/replicas.py:sign_flip_p",
    }


def test_every_finding_names_a_unit() -> None:
    """The field has no default, and no judge leaves it empty."""
    for path in sorted((SOURCE / "findings").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                given = [word.value for word in node.keywords if word.arg == "replication"]
                assert len(given) == 1, f"{path.name}:{node.lineno}"
                assert not (isinstance(given[0], ast.Constant) and not given[0].value)
