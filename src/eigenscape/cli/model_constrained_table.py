"""`eigenscape model-constrained-table`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
def model_constrained_table(study: Study, folder: StudyFolder) -> None:
    """Write the tables of all model-constrained cases.

    \b
    Example:
      eigenscape model-constrained-table --study results/sine/study.json
    """
    from eigenscape.stages.model_constrained.tables import write_model_constrained_tables

    write_model_constrained_tables(study, folder)
