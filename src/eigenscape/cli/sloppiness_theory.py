"""`eigenscape sloppiness-theory`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
@click.argument("experiment", type=click.Choice(["phase_map", "kernel", "sgd"]))
def sloppiness_theory(study: Study, folder: StudyFolder, *, experiment: str) -> dict[str, Any]:
    """Linear theory of training trajectories, one part.

    phase_map: explained stress over decay, ratio of scales and steps; kernel: kernel machines on
    digits; sgd: exact moments of stochastic gradient descent.

    \b
    Example:
      eigenscape sloppiness-theory phase_map --study results/sine/study.json
    """
    from eigenscape.stages.common.tables import write_csv
    from eigenscape.stages.sloppiness.theory import run_theory

    for name, table in run_theory(study, folder, experiment).items():
        write_csv(table, folder.root / "tables" / f"sloppiness_{experiment}_{name}.csv")
    return {"experiment": experiment}
