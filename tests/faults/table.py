"""The fault matrix as a table: `python tests/faults/table.py > tests/faults/README.md`.

Each row is the docstring of one test module of this folder: its first line is the fault, then come
two paragraphs that begin with "Injection:" and "Promise:". A test keeps README.md in step.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
HEAD = """\
# The fault matrix

A row is a file of this folder. Each does the fault to real processes, real MPI and real files, \
and asks two things of the
program: that it fails loudly, within a limit, where failing is right; and that the same command, \
given again, ends with the
same bits as a run that nothing happened to. `harness.py` starts and ends the runs, `injectors.py` \
brings a fault into one
rank. Run them with `pytest -m faults`. Made by `python tests/faults/table.py \
> tests/faults/README.md` from the docstrings.

| fault | injection | promise | file |
|---|---|---|---|
"""


def row(path: Path) -> str:
    """A line of the table.

    Raises:
        ValueError: the module's docstring has not got the three parts.
    """
    text = " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split())
    parts = re.fullmatch(
        r"(?P<fault>.*?)\.? Injection: (?P<injection>.*) Promise: (?P<promise>.*)", text
    )
    if parts is None:
        raise ValueError(
            f"{path.name}: expected a docstring of a fault, its Injection: and its Promise:, found"
            f" {text[:60]!r}"
        )
    return f"| {parts['fault']} | {parts['injection']} | {parts['promise']} | `{path.name}` |\n"


def table() -> str:
    """README.md of this folder."""
    rows = [row(path) for path in sorted(FOLDER.glob("test_*.py")) if path.name != "test_table.py"]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table())
