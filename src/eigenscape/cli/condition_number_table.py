"""`eigenscape condition-number-table`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
def condition_number_table(study: Study, folder: StudyFolder) -> None:
    """What is known of every network as one labelled table, csv and NetCDF; and the shares of all
    layers.

    \b
    Example:
      eigenscape condition-number-table --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace import condition_numbers
    from eigenscape.stages.common.tables import write_csv

    condition_numbers.write_table(
        condition_numbers.condition_number_table(study, folder), folder.table, study
    )
    write_csv(condition_numbers.layer_table(study, folder), folder.table.with_name("layers.csv"))
