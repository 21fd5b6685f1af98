"""How often a cell climbs back up on its way from the command line to the store.

    python benchmarks/walk_of_a_cell.py [--steps] [SRC]      SRC: the folder that holds eigenscape

Nothing is run: the source is read by Python's own `ast`. Two walks begin at the commands `second-
moment` and `spectrum` (in `cli`, a file a command; earlier both in `cli/compute.py`). Each follows,
depth first and in the order in which they stand, all calls with an argument that is a cell: the
name ``cell``, an attribute ``….cell`` or ``….self._cell``, or a call ``….cell(…)``. Such a call is
a step to the function that is called, whose body is walked when a step first leads there; what a
function defines within itself counts as its body. Followed are functions and classes by their
names, and methods of parameters, attributes and variables whose class is written down, or of which
they are made; where it is not known, the methods of that name of every class, if they take a cell.

A climb is a step to a function that stands higher than the one of the step before: on a higher
floor (the first contract of import-linter in pyproject.toml), or in a science above what sciences
share, or else in a file that imports the other's, directly or by way of others. There the cell had
been handed down, and is taken up again, only to be handed down once more.

With --steps all steps are printed, a climb with a ^ before it.
"""

from __future__ import annotations

import argparse
import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("second_moment", "spectrum")
SHARED = "stages.common"


@dataclass
class Module:
    """A file: the functions and classes that it defines, and what imported names stand for."""

    name: str
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, path: Path) -> Module:
        """Parse a file."""
        found, tree = cls(name), ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for each in node.names:
                    found.imported[each.asname or each.name] = f"{node.module}.{each.name}"
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found.functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                found.classes[node.name] = node
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef):
                        found.functions[f"{node.name}.{inner.name}"] = inner
        return found

    def meaning(self, name: str) -> str | None:
        """The dotted name that a name stands for here."""
        if name in self.functions or name in self.classes:
            return f"{self.name}.{name}"
        return self.imported.get(name)


class Package:
    """All files of the package, and their order."""

    def __init__(self, source: Path) -> None:
        self.modules: dict[str, Module] = {}
        for path in sorted((source / "eigenscape").rglob("*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            self.modules[name] = Module.read(name, path)
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
        self._floors = [
            [each.strip() for each in layer.split("|")]
            for layer in reversed(settings["contracts"][0]["layers"])
        ]
        self.imports = cache(self._imports)

    def higher(self, module: str, other: str) -> bool:
        """Whether a file stands higher than another."""
        here, there = self._floor(module), self._floor(other)
        return here > there or (here == there and other in self.imports(module))

    def find(self, dotted: str) -> tuple[Module, str] | None:
        """The file and the function, class or method that a dotted name means."""
        module, _, name = dotted.rpartition(".")
        if module in self.modules:
            there = self.modules[module]
            if name in there.functions or name in there.classes:
                return there, name
            return self.find(there.imported[name]) if name in there.imported else None
        owner = self.find(module) if "." in module else None
        if owner is not None and f"{owner[1]}.{name}" in owner[0].functions:
            return owner[0], f"{owner[1]}.{name}"
        return None

    def methods(self, name: str) -> Iterator[tuple[Module, str]]:
        """The methods of a name, of every class, that take a cell."""
        for module in self.modules.values():
            for owned, function in module.functions.items():
                if owned.endswith(f".{name}") and "cell" in map(_name, _parameters(function)):
                    yield module, owned

    def _floor(self, module: str) -> tuple[int, bool]:
        inner = module.partition(".")[2]
        floor = inner.partition(".")[0]
        number = next(n for n, names in enumerate(self._floors) if floor in names)
        return number, floor == "stages" and not inner.startswith(SHARED)

    def _imports(self, module: str) -> set[str]:
        found, waiting = set[str](), [module]
        while waiting:
            for dotted in self.modules[waiting.pop()].imported.values():
                for name in (dotted, dotted.rpartition(".")[0]):
                    if name in self.modules and name not in found:
                        found.add(name)
                        waiting.append(name)
        return found


class Walk:
    """One walk of a cell."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.steps: list[tuple[int, Module, str]] = []
        self._walked: set[tuple[str, str]] = set()

    def climbs(self) -> list[bool]:
        """Of every step, whether it is a climb."""
        names = [module.name for _, module, _ in self.steps]
        higher = self.package.higher
        return [False, *(higher(after, before) for before, after in pairwise(names))]

    def step(self, module: Module, name: str, depth: int = 0) -> None:
        """Go to a function, and on from there."""
        self.steps.append((depth, module, name))
        if (module.name, name) in self._walked:
            return
        self._walked.add((module.name, name))
        function = module.functions.get(f"{name}.__init__" if name in module.classes else name)
        if function is None:
            return
        types = self._types(module, name, function)
        for call in _calls(function):
            if any(map(_is_cell, [*call.args, *(each.value for each in call.keywords)])):
                for target in self._targets(module, call.func, types):
                    self.step(*target, depth + 1)

    def _targets(
        self, module: Module, called: ast.expr, types: dict[str, str]
    ) -> list[tuple[Module, str]]:
        dotted = self._dotted(module, called, types)
        found = None if dotted is None else self.package.find(dotted)
        if found is not None:
            return [found]
        if dotted is None and isinstance(called, ast.Attribute):
            return list(self.package.methods(called.attr))
        return []

    def _dotted(self, module: Module, node: ast.expr, types: dict[str, str]) -> str | None:
        if (text := ast.unparse(node)) in types:
            return types[text]
        if isinstance(node, ast.Name):
            return module.meaning(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._dotted(module, node.value, types)
            return None if owner is None else f"{owner}.{node.attr}"
        return None

    def _types(self, module: Module, name: str, function: ast.FunctionDef) -> dict[str, str]:
        """The classes of a function's parameters and variables, and of its object's attributes."""
        types: dict[str, str] = {}
        written = [(each.arg, each.annotation) for each in _parameters(function)]
        if "." in name:
            owner = name.partition(".")[0]
            types["self"] = f"{module.name}.{owner}"
            written += [
                (f"self.{node.target.id}", node.annotation)
                for node in module.classes[owner].body
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            ]
        for text, annotation in written:
            for node in ast.walk(annotation) if annotation is not None else ():
                if isinstance(node, ast.Name) and (meaning := module.meaning(node.id)):
                    types[text] = meaning
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                made = self._dotted(module, node.value.func, types)
                found = None if made is None else self.package.find(made)
                if found is not None and found[1] in found[0].classes:
                    names = [each.id for each in node.targets if isinstance(each, ast.Name)]
                    types |= dict.fromkeys(names, f"{found[0].name}.{found[1]}")
        # `open_study` gives both, in a tuple
        types.setdefault("study", "eigenscape.config.study.Study")
        types.setdefault("folder", "eigenscape.store.layout.StudyFolder")
        return types


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """All calls in the order in which they stand, the inner ones of a call first."""
    for child in ast.iter_child_nodes(node):
        yield from _calls(child)
    if isinstance(node, ast.Call):
        yield node


def _is_cell(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "cell"
    if isinstance(node, ast.Attribute):
        return node.attr in ("cell", "_cell")
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "cell"
    )


def _parameters(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.args, *function.args.kwonlyargs]


def _name(argument: ast.arg) -> str:
    return argument.arg


def main() -> None:
    """Print the climbs of both walks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("source", type=Path, nargs="?", default=ROOT / "src")
    arguments = parser.parse_args()
    package, total = Package(arguments.source), 0
    for command in COMMANDS:
        walk = Walk(package)
        home = f"eigenscape.cli.{command}"
        earlier = "eigenscape.cli.compute"
        walk.step(package.modules[home if home in package.modules else earlier], command)
        climbs = walk.climbs()
        for (depth, module, name), climb in zip(walk.steps, climbs, strict=True):
            if arguments.steps:
                module_name = module.name.removeprefix("eigenscape.")
                print(f"{'^' if climb else ' '} {'  ' * depth}{module_name}: {name}")
        print(f"{command}: {len(walk.steps)} steps, {sum(climbs)} climbs")
        total += sum(climbs)
    print(f"{total} climbs")


if __name__ == "__main__":
    main()
