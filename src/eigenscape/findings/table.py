"""The stage `findings`: each published finding, whether it holds in this study, and the evidence.

One table for all sciences. A science brings a function from the study's results to assessed
findings (`ASSESSMENTS`); one that is switched off in the configuration brings none. Verdicts are
computed by the rules of those functions, and come out as they come out: another study may give
other ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import pandas as pd

from eigenscape.config.study import Study
from eigenscape.findings.active_subspace import active_subspace_findings
from eigenscape.findings.clustering import clustering_findings
from eigenscape.findings.expressivity import expressivity_findings
from eigenscape.findings.model_constrained import model_constrained_findings
from eigenscape.findings.sloppiness import inpca_findings
from eigenscape.findings.sloppiness_theory import sloppiness_theory_findings
from eigenscape.findings.verdicts import Finding
from eigenscape.stages.common.tables import write_csv
from eigenscape.store.layout import StudyFolder
from eigenscape.store.receipts import write_atomically


@dataclass(frozen=True)
class Assessment:
    """How the findings of a science are assessed.

    Attributes:
        science: as the table names it.
        assess: the function from the study's results to assessed findings.
        enabled: whether a study computes the science.
    """

    science: str
    assess: Callable[[Study, StudyFolder], list[Finding]]
    enabled: Callable[[Study], bool] = lambda _: True


ASSESSMENTS = (
    Assessment("active subspace", active_subspace_findings),
    Assessment("expressivity", expressivity_findings, lambda study: study.expressivity.enabled),
    Assessment("subspace clustering", clustering_findings, lambda study: study.clustering.enabled),
    Assessment("sloppiness", inpca_findings, lambda study: study.sloppiness.enabled),
    Assessment(
        "sloppiness, theory", sloppiness_theory_findings, lambda study: study.sloppiness.enabled
    ),
    Assessment(
        "model-constrained",
        model_constrained_findings,
        lambda study: study.model_constrained.enabled,
    ),
)
"""One entry a science, in the order of the table."""


def findings_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """One row per finding, of every science that the study computes.

    Raises:
        DamagedResult: a result that is needed is missing or damaged.
    """
    rows = [
        {"science": one.science} | asdict(finding)
        for one in ASSESSMENTS
        if one.enabled(study)
        for finding in one.assess(study, folder)
    ]
    return pd.DataFrame(rows)


def write_findings(study: Study, folder: StudyFolder) -> None:
    """Write the table as csv and as Markdown."""
    table = findings_table(study, folder)
    write_csv(table, folder.root / "tables" / "findings.csv")
    lines = [
        f"# Findings of the study {study.study}",
        "",
        "| science | finding | verdict | evidence | condition | unit of replication |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.science} | {row.finding} | **{row.verdict}** | {row.evidence} | {row.condition}"
        f" | {row.replication} |"
        for row in table.itertuples()
    ]
    write_atomically(folder.root / "tables" / "findings.md", ("\n".join(lines) + "\n").encode())
