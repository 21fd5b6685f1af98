"""Docstrings are plain text with backticks; this keeps reStructuredText from reading more into
them.

``|x|`` is a modulus and not a substitution, ``theta_`` is a name and not a reference, a star may be
a product. (A name in single backticks is code: `default_role` in conf.py.)
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from sphinx.application import Sphinx

CODE = re.compile(r"(``.*?``|:[a-z:]+:`[^`]*`|`[^`]+`)")


SAME_WIDTH = "\N{DIVIDES}"
"""Looks like |, is no markup, and keeps the columns of a table where they are."""


def _plain(text: str) -> str:
    text = re.sub(r"(?<![\\|])\|(?=[^|])", r"\|", text)
    text = re.sub(r"(?<=\w)_(?!\w)", r"\_", text)
    return re.sub(r"(?<![\w*\\])\*(?=[^\s*][^*]*$)", r"\*", text)


def plain_lines(lines: list[str]) -> list[str]:
    r"""The lines of a docstring, with what is no markup in it escaped; examples, tables and literal
    blocks stay as they are.

    Example:
        >>> plain_lines(["|x| in `name`, x_", "    >>> a | b"])
        ['\\|x\\| in `name`, x\\_', '    >>> a | b']
    """
    found: list[str] = []
    literal, example, table = -1, False, False
    for line, after in pairwise([*lines, ""]):
        indent = len(line) - len(line.lstrip())
        if literal >= 0 and line.strip() and indent <= literal:
            literal = -1
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if ruler := "==" in line and set(line.strip()) <= {"=", " "}:
            table = bool(after.strip())
        if literal < 0 and not (example or table or ruler):
            line = "".join(
                part if number % 2 else _plain(part) for number, part in enumerate(CODE.split(line))
            )
            literal = indent if line.rstrip().endswith("::") else -1
        found.append(line.replace("|", SAME_WIDTH) if table else line)
    return found


COLON = "\N{RATIO}"
"""Stands for a colon while napoleon reads the first line of an attribute: what is before the colon
would be taken for a type."""


def _guard(
    _app: Sphinx, what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    if what in ("attribute", "data") and lines:
        lines[0] = lines[0].replace(": ", f"{COLON} ")


def _process(
    _app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]
) -> None:
    lines[:] = plain_lines([line.replace(f"{COLON} ", ": ") for line in lines])


def setup(app: Sphinx) -> dict[str, bool]:
    """Before and after napoleon reads the sections (its priority is 500)."""
    app.connect("autodoc-process-docstring", _guard, priority=400)
    app.connect("autodoc-process-docstring", _process, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
