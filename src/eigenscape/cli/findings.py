"""`eigenscape findings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
def findings(study: Study, folder: StudyFolder) -> None:
    """Each published finding, whether it holds in this study, and the evidence: csv and Markdown.

    \b
    Example:
      eigenscape findings --study results/sine/study.json
    """
    from eigenscape.findings.table import write_findings

    write_findings(study, folder)
