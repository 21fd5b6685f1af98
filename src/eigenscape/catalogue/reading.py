"""What a reader gets of a study that is done: the table of findings, and one page that holds
everything.
"""

from __future__ import annotations

from eigenscape.catalogue.active_subspace.steps import (
    CONDITION_NUMBER_TABLE,
    SECOND_MOMENT_KINDS,
    not_projected,
)
from eigenscape.catalogue.rows import MB, Caption, Job, Step, schema_of_results
from eigenscape.catalogue.sciences import SCIENCES, figures_of


def _evidence(job: Job[None]) -> list[str]:
    return [
        target
        for science in SCIENCES
        if science.enabled(job.study)
        for target in science.evidence(job.study)
    ]


def _shown(job: Job[None]) -> list[str]:
    tables = [
        step.target() for step in (FINDINGS, SECOND_MOMENT_KINDS) if not step.left_out(job.study)
    ]
    return [
        *(f"figures/{row.name}.png" for row in figures_of(job.study)),
        CONDITION_NUMBER_TABLE.target(),
        *tables,
    ]


FINDINGS = Step(
    name="findings",
    does="Each published finding of every science, whether it holds in this study, and the"
    " evidence.",
    leaves=("tables/findings.csv", "tables/findings.md"),
    reads=_evidence,
    memory=2000 * MB,
    minutes=10,
    decides={"science_schema": schema_of_results},
    captions={
        "tables/findings.csv": Caption(
            "findings",
            "Published findings, assessed",
            "Each published finding of every science that this study computes: whether it holds"
            " here, the evidence, and under which condition. Verdicts follow fixed rules and come"
            " out as they come out.",
        )
    },
    left_out=not_projected,
)

REPORT = Step(
    name="report",
    does="One self-contained page: findings, figures, tables, configuration, versions, seeds,"
    " timings, hardware.",
    leaves=("report.html",),
    reads=_shown,
    memory=1000 * MB,
    minutes=10,
    decides={},
    local=True,  # a second of work: no job of a cluster
)

STEPS = (FINDINGS, REPORT)
