"""The pages of the documentation, run as a notebook would."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def run_page(page: str, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The names that the page's Python blocks leave, run one after the other in a folder, and what
    each of them printed.
    """
    names: dict[str, Any] = {}
    printed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "agg")
        patch.chdir(folder)
        for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                exec(block, names)  # noqa: S102 - the page's own code
            printed.append(said.getvalue())
        names["plt"].close("all")
    return names, printed
