"""`eigenscape clustering-table`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
def clustering_table(study: Study, folder: StudyFolder) -> None:
    """Write the tables of all architectures, and the published findings assessed on them.

    \b
    Example:
      eigenscape clustering-table --study results/sine/study.json
    """
    from eigenscape.stages.clustering.tables import write_clustering_tables

    write_clustering_tables(study, folder)
