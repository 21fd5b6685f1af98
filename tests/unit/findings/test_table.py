"""One table of findings, of the sciences that the study computes."""

from dataclasses import replace

import pandas as pd
import pytest
from builders import small_study

from eigenscape.findings import table
from eigenscape.findings.verdicts import Finding, Verdict
from eigenscape.store.layout import StudyFolder


@pytest.mark.parametrize(
    ("left_out", "sciences"),
    [
        (
            (),
            [
                "active subspace",
                "expressivity",
                "subspace clustering",
                "sloppiness",
                "sloppiness, theory",
                "model-constrained",
            ],
        ),
        (("clustering", "sloppiness", "model_constrained"), ["active subspace", "expressivity"]),
        (("clustering", "expressivity", "sloppiness", "model_constrained"), ["active subspace"]),
    ],
)
def test_one_table_of_the_sciences_that_the_study_computes(
    folder: StudyFolder,
    monkeypatch: pytest.MonkeyPatch,
    left_out: tuple[str, ...],
    sciences: list[str],
) -> None:
    def with_findings(one_science: table.Assessment) -> table.Assessment:
        claim = f"a claim of {one_science.science}"
        one = Finding(claim, Verdict.HOLDS, "p = 0.001", replication="replicas")
        return replace(one_science, assess=lambda *_: [one, one])

    monkeypatch.setattr(table, "ASSESSMENTS", tuple(map(with_findings, table.ASSESSMENTS)))
    table.write_findings(small_study(**{name: {"enabled": False} for name in left_out}), folder)
    found = pd.read_csv(folder.root / "tables" / "findings.csv")
    assert found["science"].tolist() == [science for science in sciences for _ in range(2)]
    assert list(found.columns) == [
        "science",
        "finding",
        "verdict",
        "evidence",
        "condition",
        "replication",
    ]
    lines = (folder.root / "tables" / "findings.md").read_text().splitlines()
    assert sum(line.startswith("| ") for line in lines) == 1 + 2 * len(sciences)
