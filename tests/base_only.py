"""Programs in an interpreter that finds only what `pip install eigenscape` brings: the base
requirements and what those require, by the metadata of the environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"

HIDE = """
import sys
from importlib.machinery import PathFinder

HIDDEN = set({hidden})


class WithoutExtras:
    '''As if the hidden libraries were not installed.'''

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            return None
        return PathFinder.find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutExtras
"""
"""Goes before a program."""


def run_with_base_only(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, where no library of an extra can be imported."""
    text = HIDE.format(hidden=json.dumps(sorted(_hidden()))) + program
    return subprocess.run(
        [sys.executable, "-c", text],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


def _hidden() -> set[str]:
    """Modules of the environment that no base requirement brings."""
    base = _required_by(tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"])
    base.add("eigenscape")
    return {
        module
        for module, distributions in packages_distributions().items()
        if not base & {canonicalize_name(name) for name in distributions}
    }


def _required_by(requirements: list[str]) -> set[str]:
    """The distributions of the requirements, and whatever these require without extras."""
    found: set[str] = set()
    ahead = [Requirement(line) for line in requirements]
    while ahead:
        requirement = ahead.pop()
        name = canonicalize_name(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and name not in found:
            found.add(name)
            ahead += [Requirement(line) for line in requires(name) or []]
    return found
