"""The worked examples of docs/how_to_add.md, applied to a copy of the package and run there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks

PAGE = blocks(ROOT / "docs" / "how_to_add.md")
TABLE = """\
depth,width,parameters,log10_cond,log10_cond_sym
1,5,16,2.0,1.5
2,5,46,inf,1.7
2,10,141,3.5,2.5
"""
PROGRAM = """
import sys, contextlib, io
from pathlib import Path
import numpy as np, yaml
from eigenscape.networks.problems import problem_of
from eigenscape.config.study import Study
import eigenscape
assert Path(eigenscape.__file__).is_relative_to(Path.cwd()), eigenscape.__file__

study = Study.from_mapping(yaml.safe_load(Path("after.yaml").read_text()))
problem = problem_of(study.problem)
print("problem", study.problem.kind, problem.points, \
float(problem.targets[0, 0] * 26), float(problem.targets.max()) > 0.98)
assert study.computed_cells()[0].identity \
!= Study.from_mapping({"study": "runge"}).computed_cells()[0].identity

said = io.StringIO()
with contextlib.redirect_stdout(said):
    exec(compile(Path("after.py").read_text(), "after.py", "exec"), {})
print("activation", said.getvalue().strip(), \
Study.from_mapping({"study": "s", "network": {"activation": "softsign"}}).network.activation)

from eigenscape.cli import main
try:
    main(Path("after.sh").read_text().split()[1:])
except SystemExit as ended:
    print("figure", ended.code)
"""


def applied(block: Block, root: Path) -> None:
    """Replace what a block says is there by what it says should be: context lines and - lines by
    context lines and + lines.
    """
    first, *lines = block.text.splitlines()
    path = root / re.fullmatch(r"--- (\S+)", first)[1]
    before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    after = "\n".join(line[1:] for line in lines if not line.startswith("-"))
    text = path.read_text()
    assert text.count(f"\n{before}\n") == 1, (
        f"{block.name}: expected once in {path.name}:\n{before}"
    )
    path.write_text(text.replace(f"\n{before}\n", f"\n{after}\n"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "workflow", root / "workflow")
    for block in PAGE:
        if block.language == "diff":
            applied(block, root)
        elif block.info == "file":
            (root / block.text.splitlines()[0].removeprefix("# ")).write_text(
                block.text.partition("\n")[2]
            )
        elif block.info == "after-edits":
            suffix = {"yaml": "yaml", "python": "py", "console": "sh"}[block.language]
            (root / f"after.{suffix}").write_text(block.text)
    return root


def test_the_examples_do_what_the_page_says(copy: Path) -> None:
    tables = copy / "results" / "sine" / "tables"
    tables.mkdir(parents=True)
    (tables / "condition_number.csv").write_text(TABLE)
    (copy / "results" / "sine" / "study.json").write_text("{}")
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy / "src"),
        "NUMBA_CACHE_DIR": str(copy / "numba"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert done.stdout.splitlines() == [
        "problem runge 50 1.0 True",
        "activation True softsign",
        "figure 0",
    ], done.stderr
    assert {path.suffix for path in (copy / "results" / "sine" / "figures").iterdir()} == {
        ".pdf",
        ".png",
    }


def test_the_new_files_have_running_examples_and_the_format_of_the_house(copy: Path) -> None:
    changed = [
        copy / "src" / "eigenscape" / name
        for name in ("figures/active_subspace/inflation.py", "networks/problems.py")
    ]
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    for path in changed:
        done = subprocess.run(
            [sys.executable, "-m", "doctest", path],
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    formatted = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "format", "--check"),
            *("--config", ROOT / "pyproject.toml", copy / "src"),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert formatted.returncode == 0, formatted.stdout


def test_the_workflow_draws_the_new_figure(copy: Path) -> None:
    program = (
        "from eigenscape.catalogue import Catalogue; from eigenscape.config.study import Study;"
        " print(*(job.targets for job in Catalogue(Study()).jobs))"
    )
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert "figures/inflation.pdf" in done.stdout, done.stderr
