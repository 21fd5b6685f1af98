"""`eigenscape criticality`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
def criticality(study: Study, folder: StudyFolder) -> dict[str, Any]:
    """The slope of layer importance as the scale of the weights goes through chi_1 = 1.

    \b
    Example:
      eigenscape criticality --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.importance import criticality_table
    from eigenscape.stages.common.tables import write_csv

    write_csv(criticality_table(study, folder), folder.root / "tables" / "criticality.csv")
    return study.criticality.model_dump()
