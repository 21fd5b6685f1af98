"""Docstrings are plain text with backticks; this keeps reStructuredText from reading more into them.

``|x|`` is a modulus and not a substitution, ``theta_`` is a name and not a reference, and a name in single backticks is code.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

CODE = re.compile(r"(``.*?``|:[a-z:]+:`[^`]*`|`[^`]+`)", re.DOTALL)


def _plain(line: str) -> str:
    line = re.sub(r"(?<![\\|])\|(?=[^|])", r"\|", line)
    line = re.sub(r"(?<=\w)_(?=[\s,.;:)\]|]|$)", r"\_", line)
    return re.sub(r"(?<![\w*\\])\*(?=[^\s*][^*]*$)", r"\*", line)


def plain_lines(lines: list[str]) -> list[str]:
    r"""The lines of a docstring, with what is no markup in it escaped; examples and literal blocks stay as they are.

    Example:
        >>> plain_lines(["|x| in `name`, x_", "    >>> a | b"])
        ['\\|x\\| in ``name``, x\\_', '    >>> a | b']
    """
    found, literal, example = [], None, False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if literal is not None and line.strip() and indent <= literal:
            literal = None
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        table = set(line.strip()) <= {"=", " "} and "==" in line
        if literal is None and not example and not table:
            parts = CODE.split(line)
            line = "".join(_code(part) if number % 2 else _plain(part) for number, part in enumerate(parts))
        if literal is None and line.rstrip().endswith("::"):
            literal = indent
        found.append(line)
    return found


def _code(part: str) -> str:
    return part if part.startswith(("``", ":")) or part.endswith("`_") else f"`{part}`"


def _process(_app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    lines[:] = plain_lines(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """After napoleon has read the sections (priority above its 500)."""
    app.connect("autodoc-process-docstring", _process, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
