"""A science is one entry a floor: a toy is added to a copy of the package, and Snakemake runs it to
a figure and a row of the findings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from small_workflow import BIN, LEAN, ROOT, repository

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(600)]

FILES = {
    "config/toy.py": '''
from eigenscape.config.base import Section

class ToySection(Section):
    enabled: bool = True
    throws: int = 10
''',
    "toy/__init__.py": "",
    "toy/dice.py": '''
def mean_of_throws(seed, throws):
    return sum((seed + 5 * throw) % 6 + 1 for throw in range(throws)) / throws
''',
    "stages/toy/__init__.py": "",
    "stages/toy/throws.py": '''
from eigenscape.config.cells import SCIENCE_SCHEMA
from eigenscape.store.documents import cached
from eigenscape.toy.dice import mean_of_throws

def mean_throw(study, folder):
    identity = {"science_schema": SCIENCE_SCHEMA, "seed": study.sampling.seed}
    path = folder.root / "toy" / "throws.json"

    def compute():
        return {"mean": mean_of_throws(study.sampling.seed, study.toy.throws)}

    return cached(path, identity, compute)["mean"]
''',
    "figures/toy/__init__.py": "",
    "figures/toy/throws.py": '''
from matplotlib.figure import Figure

def throws_figure(mean):
    figure = Figure(figsize=(2, 2))
    figure.subplots().bar(["mean"], [mean])
    return figure
''',
    "findings/toy.py": '''
from eigenscape.findings.verdicts import Finding, Verdict
from eigenscape.stages.toy.throws import mean_throw

def toy_findings(study, folder):
    mean = f"mean {mean_throw(study, folder):.1f}"
    return [Finding("dice are fair", Verdict.HOLDS, mean, replication="throws")]
''',
    "catalogue/toy.py": '''
from eigenscape.catalogue.rows import MB, Family, Science, Step, figure, of_the_one, seed

TOY = Step(
    name="toy",
    does="Throws of a die.",
    leaves=("ledger/toy.json",),
    makes={"toy/*.json": of_the_one},
    memory=500 * MB,
    minutes=1,
    decides={"seed": seed},
)
TOYS = Family("toys", "toys", lambda _: TOY.targets())

@figure(TOYS, "Throws")
def throws(results):
    """The mean of some throws of a die."""
    from eigenscape.figures.toy.throws import throws_figure
    from eigenscape.stages.toy.throws import mean_throw

    return throws_figure(results.read(mean_throw))

SCIENCE = Science(
    name="toy",
    steps=(TOY,),
    figures=(throws,),
    evidence=lambda _: TOY.targets(),
    enabled=lambda study: study.toy.enabled,
)
''',
    "cli/toy.py": '''
from eigenscape.cli._study import step_command

@step_command
def toy(study, folder):
    """Throws of a die."""
    from eigenscape.stages.toy.throws import mean_throw

    return {"mean": mean_throw(study, folder)}
''',
}  # fmt: skip

ENTRIES = {
    "config/study.py": [
        ("from eigenscape.config.user_problem", "from eigenscape.config.toy import ToySection\n"),
        ("    large: LargeSection", "    toy: ToySection = ToySection()\n"),
    ],
    "findings/table.py": [
        ("from eigenscape.findings.verdicts", "from eigenscape.findings.toy import toy_findings\n"),
        ('    Assessment("expressivity"', '    Assessment("toys", toy_findings),\n'),
    ],
    "catalogue/sciences.py": [
        ("from eigenscape.catalogue.rows", "from eigenscape.catalogue import toy\n"),
        ("    expressivity.SCIENCE", "    toy.SCIENCE,\n"),
    ],
    "cli/_group.py": [
        ('    "expressivity",', '    "toy",\n'),
    ],
}
"""The lists that name sciences: what stands behind the line that is added, and the line."""


def with_toy(folder: Path) -> dict[str, str]:
    """A copy of the package with the toy in it, as the environment that runs it."""
    package = folder / "src" / "eigenscape"
    shutil.copytree(
        ROOT / "src" / "eigenscape", package, ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, text in FILES.items():
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text(text)
    for name, lines in ENTRIES.items():
        text = (package / name).read_text()
        for before, line in lines:
            assert text.count(f"\n{before}") == 1, before
            text = text.replace(f"\n{before}", f"\n{line}{before}")
        (package / name).write_text(text)
    return {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder / "src"),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
    }


def test_a_toy_science_runs_to_its_figure_and_its_finding(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    variables = with_toy(folder)
    (folder / "lean.yaml").write_text(LEAN)
    results = Path("results/small")

    def run(*command: str) -> str:
        done = subprocess.run(
            command,
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    targets = [str(results / "figures" / "throws.pdf"), str(results / "tables" / "findings.csv")]
    run("snakemake", "--cores", "2", "--configfile", "lean.yaml", "--", *targets)

    assert (folder / targets[0]).read_bytes().startswith(b"%PDF")
    findings = pd.read_csv(folder / targets[1])
    assert findings[findings.science == "toys"].evidence.tolist() == ["mean 3.7"]
    shown = run("eigenscape", "show", str(results / "toy" / "throws.json"))
    assert "eigenscape toy --study" in shown
    planned = run("eigenscape", "plan", "--configfile", "config.yaml", "--on", "core")
    assert "\ntoy " in planned
