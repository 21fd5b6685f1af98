"""The lock of a run holds what a run, its extras and documented commands ask for; tests run with
the tools of development too, and would not miss it. And what rules import is declared.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def pinned(name: str) -> set[str]:
    lines = (ROOT / "envs" / f"{name}.lock").read_text().splitlines()
    return names([line for line in lines if not line.startswith("#")])


def test_a_run_has_the_library_and_the_extras_that_make_setup_promises() -> None:
    spec = importlib.util.spec_from_file_location("lock", ROOT / "envs" / "lock.py")
    lock = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lock)
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"], *(r for name in lock.EXTRAS_OF_A_RUN for r in extras[name])]
    assert names(asked) <= pinned("run")


def test_development_has_the_tools_of_its_extras() -> None:
    extras = PROJECT["optional-dependencies"]
    both = pinned("run") | pinned("dev")
    assert names([*extras["test"], *extras["dev"]]) <= both
    assert names(extras["docs"]) <= both | pinned("docs")


def test_snakemakes_own_report_needs_no_tool_of_development() -> None:
    assert {"jinja2", "pygments"} <= pinned("run")


def test_the_rules_import_nothing_that_is_not_declared() -> None:
    """What deptry checks in Python files; it does not read rules."""
    rules = [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]
    imported = {
        module
        for path in rules
        for module in re.findall(r"^\s*(?:from|import) +(\w+)", path.read_text(), re.MULTILINE)
    }
    assert imported - sys.stdlib_module_names == {"eigenscape"}
