"""Who installs the library alone gets no traceback from the rest: one line names the extra."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from base_only import run_with_base_only

from eigenscape.store.layout import StudyFolder

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

COMMANDS = {
    "explorer": ["explore", "--port", "0"],
    "paper": ["paper", "--study", "study.json"],
    "crate": ["crate", "--study", "study.json", "--to", "crate.zip", "--workflow", str(ROOT)],
    "mpi": ["second-moment", "d01-w002", "--study", "study.json", "--ranks", "2"],
}
"""A command for each extra that a command cannot do without."""


@pytest.mark.parametrize("extra", COMMANDS)
def test_a_missing_extra_is_named_in_one_line(
    finished: StudyFolder, tmp_path: Path, extra: str
) -> None:
    shutil.copy(finished.study, tmp_path)
    run = run_with_base_only(
        f"from eigenscape.cli import main; main({COMMANDS[extra]!r})", tmp_path
    )
    assert run.returncode == 2, run.stderr
    (line,) = run.stderr.splitlines()
    assert f'found it not installed; run `pip install "eigenscape[{extra}]"`' in line


def test_every_extra_that_a_message_names_exists() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    named = re.findall(r'(?:require_extra|install_command)\(\s*["\']([\w,-]+)["\']', source)
    assert {extra for names in named for extra in names.split(",")} == {*EXTRAS} - {
        "two-stage",  # taken where it is installed; nothing asks for it
        "peers",
        "test",
        "docs",
        "dev",
    }
