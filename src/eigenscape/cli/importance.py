"""`eigenscape importance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
def importance(study: Study, folder: StudyFolder) -> dict[str, Any]:
    """Which layers of the headline network matter, under the study's prior and under a second one.

    \b
    Example:
      eigenscape importance --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.importance import (
        family_table,
        headline_importance,
        importance_table,
    )
    from eigenscape.stages.common.tables import write_csv

    content = headline_importance(study, folder)
    write_csv(importance_table(study, content), folder.root / "tables" / "importance.csv")
    write_csv(family_table(content), folder.root / "tables" / "headline.csv")
    return {"cell": study.headline_cell.folder}
