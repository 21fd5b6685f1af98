"""The stage `findings`: each published finding, whether it holds in this study, and the evidence.

One table for all sciences. A science brings a function from the study's results to judged findings
(`judges`); one that is switched off in the configuration brings none. Verdicts are computed by the
rules of those functions, and come out as they come out: another study may give other ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

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


def judges(study: Study) -> dict[str, Callable[[Study, StudyFolder], list[Finding]]]:
    """The sciences that the study computes, and what judges the findings of each.

    Example:
        >>> list(judges(Study.from_mapping({"expressivity": {"enabled": False}})))
        ['active subspace', 'subspace clustering', 'sloppiness', 'sloppiness, theory',
         'model-constrained']
    """
    found: dict[str, Callable[[Study, StudyFolder], list[Finding]]] = {
        "active subspace": active_subspace_findings
    }
    if study.expressivity.enabled:
        found["expressivity"] = expressivity_findings
    if study.clustering.enabled:
        found["subspace clustering"] = clustering_findings
    if study.sloppiness.enabled:
        found["sloppiness"] = inpca_findings
        found["sloppiness, theory"] = sloppiness_theory_findings
    if study.model_constrained.enabled:
        found["model-constrained"] = model_constrained_findings
    return found


def findings_table(study: Study, folder: StudyFolder) -> pd.DataFrame:
    """One row per finding, of every science that the study computes.

    Raises:
        DamagedResult: a result that is needed is missing or damaged.
    """
    rows = [
        {"science": science} | asdict(finding)
        for science, judge in judges(study).items()
        for finding in judge(study, folder)
    ]
    return pd.DataFrame(rows)


def write_findings(study: Study, folder: StudyFolder) -> None:
    """Write the table as csv and as Markdown."""
    table = findings_table(study, folder)
    write_csv(table, folder.root / "tables" / "findings.csv")
    lines = [
        f"# Findings of the study {study.study}",
        "",
        "| science | finding | verdict | evidence | condition |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.science} | {row.finding} | **{row.verdict}** | {row.evidence} | {row.condition} |"
        for row in table.itertuples()
    ]
    write_atomically(folder.root / "tables" / "findings.md", ("\n".join(lines) + "\n").encode())
