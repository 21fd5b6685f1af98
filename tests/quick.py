"""Run the tests that say most about a change within two minutes on two cores.

    python tests/quick.py [--base main] [--list]

Chosen are, until the budget is spent: files of tests that changed against the merge base; those
that mirror a changed module; those that import it, or name a changed page; then those that import
what imports it, nearest first; and, of the rest, the quickest. `seconds.csv` says how long a file
takes (`make durations` writes it anew). Suites that start ranks, workflows, browsers or Slurm are
never among them. What was left out is said, and is for `make test`.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import grimp
from recording import read_seconds

ROOT = Path(__file__).parents[1]
BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where a branch may have left the common history; the first that exists is taken."""

BUDGET = 100.0
"""Core seconds. With the start of two workers and their collection a minute of two idle cores (120
took 139 seconds of processor time in all), which leaves as much again to slower ones."""

NEW = 5.0
"""Core seconds of a file that was never timed."""

SHARE_OF_THE_NEAR = 0.75
"""What is near to a change may take so much of the budget; the quickest of all others have the
rest."""

SHOWN = 10
"""Files that are near to the change and left out, of which so many are named."""

CORE = "of the rest, the quickest"

NO_CONCERN = sys.maxsize
"""Of a file from which no imports lead to the change."""


@dataclass(frozen=True)
class Candidate:
    """A file whose tests run in process.

    Attributes:
        file: its path.
        seconds: core seconds that it takes.
        imports: modules of eigenscape that it imports, or is.
        text: its source.
    """

    file: str
    seconds: float
    imports: frozenset[str] = frozenset()
    text: str = ""


@dataclass
class Choice:
    """What to run and why, and what not.

    Attributes:
        reasons: of each file that is chosen.
        left_out: files that the change concerns and the budget has no room for.
        seconds: core seconds of what is chosen.
    """

    reasons: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, candidate: Candidate, reason: str) -> None:
        """Choose a file."""
        self.reasons[candidate.file] = reason
        self.seconds += candidate.seconds


class Concern(NamedTuple):
    """How near a file is to the change, from 0, and what to say of it."""

    hops: int
    reason: str


def choose(
    candidates: Iterable[Candidate],
    changed: list[str],
    importers: dict[str, set[str]],
    budget: float = BUDGET,
) -> Choice:
    """Fill the budget: its larger part with what is near to the change, nearest first and among
    equals the quickest first; the rest with the quickest of all others.

    Args:
        candidates: all files whose tests run in process.
        changed: paths of the files that changed.
        importers: of each module of eigenscape, the modules that import it.
        budget: core seconds.
    """
    nearness = _nearness([module_of(path) for path in changed if module_of(path)], importers)
    quickest = sorted(candidates, key=lambda candidate: (candidate.seconds, candidate.file))
    concern = {one.file: _concern(one, changed, nearness) for one in quickest}
    choice = Choice()
    for one in sorted(quickest, key=lambda one: concern[one.file].hops):
        hops, reason = concern[one.file]
        if hops < NO_CONCERN and choice.seconds + one.seconds <= SHARE_OF_THE_NEAR * budget:
            choice.add(one, reason)
        elif hops <= 2:
            choice.left_out[one.file] = f"{reason}; takes {one.seconds:.0f} core seconds"
    for one in quickest:
        if one.file not in choice.reasons and choice.seconds + one.seconds <= budget:
            choice.add(one, CORE)
            choice.left_out.pop(one.file, None)
    return choice


def module_of(path: str) -> str:
    """The module of a source file; empty for any other.

    Example:
        >>> module_of("src/eigenscape/cli/__init__.py"), module_of("README.md")
        ('eigenscape.cli', '')
    """
    if not path.startswith("src/eigenscape/") or not path.endswith(".py"):
        return ""
    return ".".join(Path(path).relative_to("src").with_suffix("").parts).removesuffix(".__init__")


def mirror_of(path: str) -> str:
    """Where the unit test of a source file lies.

    Example:
        >>> mirror_of("src/eigenscape/store/receipts.py")
        'tests/unit/store/test_receipts.py'
    """
    inside = Path(path).relative_to("src/eigenscape")
    return str(Path("tests/unit") / inside.with_name(f"test_{inside.name}"))


def _nearness(modules: list[str], importers: dict[str, set[str]]) -> dict[str, int]:
    """Of every module that sees a change, through how many imports it does."""
    distances = dict.fromkeys(modules, 0)
    front = set(modules)
    while front:
        reached = {
            user for module in front for user in importers.get(module, ())
        } - distances.keys()
        distances |= dict.fromkeys(reached, 1 + max(distances[module] for module in front))
        front = reached
    return distances


def _concern(candidate: Candidate, changed: list[str], nearness: dict[str, int]) -> Concern:
    if candidate.file in changed:
        return Concern(0, "changed")
    for path in changed:
        if module_of(path):
            if candidate.file == mirror_of(path):
                return Concern(1, f"mirrors {path}")
        elif Path(path).stem in candidate.imports:
            return Concern(2, f"uses {path}")
        elif re.search(rf'["/]{re.escape(Path(path).name)}"', candidate.text):
            return Concern(2, f"names {path}")
    near = [nearness[module] for module in candidate.imports if module in nearness]
    if not near:
        return Concern(NO_CONCERN, CORE)
    hops = min(near)
    return Concern(
        2 + hops, f"sees it through {hops} import(s)" if hops else "imports what changed"
    )


def candidates() -> Iterator[Candidate]:
    """Tests of units and pages, and sources with examples."""
    seconds = read_seconds()
    tests = [
        path for folder in ("unit", "docs") for path in (ROOT / "tests" / folder).rglob("*.py")
    ]
    for path in [*tests, *(ROOT / "src").rglob("*.py")]:
        text, file = path.read_text(), str(path.relative_to(ROOT))
        if path.name.startswith("test_"):
            yield Candidate(file, seconds.get(file, NEW), frozenset(_imported(text)), text)
        elif ">>> " in text and module_of(file):
            yield Candidate(file, seconds.get(file, NEW), frozenset({module_of(file)}))


def _imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def git(*arguments: str) -> str:
    """What git prints; empty where it fails."""
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.strip()


def changes(base: str) -> tuple[str, list[str]]:
    """The commit that the branch left from, and the files that differ from it or are new."""
    names = [base] if base else [name for name in BASES if git("rev-parse", "--verify", name)]
    commit = (git("merge-base", "HEAD", names[0]) if names else "") or git("rev-parse", "HEAD")
    if base and not git("rev-parse", "--verify", base):
        sys.exit(f"quick: --base: expected a commit or a branch, found {base}; try --base HEAD")
    listed = (
        git("diff", "--name-only", commit)
        + "\n"
        + git("ls-files", "--others", "--exclude-standard")
    )
    return commit, sorted({line for line in listed.splitlines() if line})


def report(choice: Choice, every: list[Candidate], changed: list[str], commit: str) -> None:
    """What is run and why, and what not."""
    print(f"changed since {commit[:9] or 'nothing'}: {len(changed)} file(s)")
    print(f"chosen: {len(choice.reasons)} files, about {choice.seconds:.0f} core seconds")
    core = 0
    for file, reason in choice.reasons.items():
        if reason == CORE:
            core += 1
        else:
            print(f"  {file}: {reason}")
    print(f"  and {core} {CORE}")
    rest = [candidate for candidate in every if candidate.file not in choice.reasons]
    print(
        f"left out: {len(rest)} files, about {sum(one.seconds for one in rest):.0f} core seconds,"
        " and all that start ranks or workflows: `make test` runs them"
    )
    for file, reason in [*choice.left_out.items()][:SHOWN]:
        print(f"  {file}: {reason}")
    if len(choice.left_out) > SHOWN:
        print(f"  and {len(choice.left_out) - SHOWN} more that are near to the change")
    for path in changed:
        if Path(path).name.startswith("test_") and path not in {one.file for one in every}:
            print(f"  {path}: changed; run `python -m pytest {path}`")


def main() -> int:
    """Choose, say what and why, run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", default="", help="Branch or commit to compare with.")
    parser.add_argument("--list", action="store_true", help="Say what would run, and why.")
    options = parser.parse_args()
    graph = grimp.build_graph("eigenscape", cache_dir=str(ROOT / ".import_linter_cache"))
    importers = {
        module: graph.find_modules_that_directly_import(module) for module in graph.modules
    }
    commit, changed = changes(options.base)
    every = list(candidates())
    choice = choose(every, changed, importers)
    report(choice, every, changed, commit)
    if options.list:
        return 0
    sys.stdout.flush()
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *choice.reasons]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
