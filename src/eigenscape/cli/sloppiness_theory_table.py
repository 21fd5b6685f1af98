"""`eigenscape sloppiness-theory-table`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
def sloppiness_theory_table(study: Study, folder: StudyFolder) -> None:
    """Write the phase maps as one labelled file.

    \b
    Example:
      eigenscape sloppiness-theory-table --study results/sine/study.json
    """
    from eigenscape.stages.sloppiness.theory_tables import write_theory_tables

    write_theory_tables(study, folder)
