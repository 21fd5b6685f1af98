"""Snakemake's own graph of jobs beside that of the catalogue, by which `plan` and `verify` go."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from small_workflow import LEAN, ROOT, SCIENCES, SMALL, repository, snakemake

from eigenscape.catalogue import Catalogue
from eigenscape.stages.common.configure import read_study

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(600)]

LARGE_CELLS = """
grid: {depth: [1, 20], width: [5, 30]}
sampling: {raw_parameter_limit: 100000}
"""
LARGE_WEIGHTS = """
model_constrained: {cases: [burgers-mctangent, heat-tnet], width: 120, pairs: 100}
"""
DATA = """
study: mine
problem: {kind: data, file: mine.npz, inputs: [x], targets: [y]}
grid: {depth: [1, 2], width: [2, 3]}
headline: {depth: 2, width: 3, samples: 100}
"""


class Told(NamedTuple):
    """What Snakemake's dry run says of a job."""

    rule: str
    reads: frozenset[str]
    priority: int
    memory: int
    threads: int


def jobs_of_snakemake(folder: Path, config: str) -> dict[frozenset[str], Told]:
    """Every job of a study by the files that it leaves."""
    run = snakemake(folder, "--dry-run", "--forceall", config=config)
    assert run.returncode == 0, run.stdout + run.stderr
    found = {}
    for block in re.split(r"\n(?=(?:local)?rule )", run.stdout + run.stderr)[1:]:
        lines = dict(re.findall(r"^    (\w+): (.*)$", block, re.MULTILINE))
        if "output" in lines:
            found[files(lines["output"])] = Told(
                re.match(r"(?:local)?rule (\w+):", block)[1],
                files(lines.get("input", "")),
                int(lines.get("priority", 0)),
                int(re.search(r"mem_mb=(\d+)", lines["resources"])[1]),
                int(lines.get("threads", 1)),
            )
    return found


def files(text: str) -> frozenset[str]:
    """Those below the folder of the study's results, relative to it."""
    return frozenset(re.findall(r"results/[^/]+/([^,\s]+)", text))


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "config.yaml").read_text(),
        SMALL,
        LEAN,
        *(f"study: less\n{science}: {{enabled: false}}\n" for science in SCIENCES),
        SMALL.replace("training: {depth: [7]}", "training: {depth: [1], width: [5]}"),
        LARGE_CELLS,
        LARGE_WEIGHTS,
        DATA,
    ],
    ids=[
        *("default", "small", "lean"),
        *(f"without-{science}" for science in SCIENCES),
        *("trained", "large-cells", "large-weights", "data"),
    ],
)
def test_the_catalogue_has_the_jobs_and_edges_of_snakemake(tmp_path: Path, text: str) -> None:
    folder = repository(tmp_path)
    if "mine.npz" in text:
        import numpy as np

        np.savez(folder / "mine.npz", x=np.arange(18.0).reshape(9, 2), y=np.arange(9.0))
    (folder / "asked.yaml").write_text(text)
    told = jobs_of_snakemake(folder, "asked.yaml")
    catalogue = Catalogue(read_study([folder / "config.yaml", folder / "asked.yaml"]))
    left_by = {target: job.rule for targets, job in told.items() for target in targets}

    assert left_by == {target: job.step.name for job in catalogue.jobs for target in job.targets}
    leaving = {target: job.name for job in catalogue.jobs for target in job.targets}
    for job in catalogue.jobs:
        by_snakemake = told[frozenset(job.targets)]
        assert by_snakemake.reads == frozenset(job.reads), job.name
        assert {leaving[target] for target in by_snakemake.reads} == set(catalogue.after[job.name])
        assert by_snakemake.priority == job.priority
        assert by_snakemake.threads == min(job.ranks, 2)
        alike = catalogue.jobs_of[job.step.name].values() if job.step.alike else [job]
        assert by_snakemake.memory == max(one.memory for one in alike) // 10**6
