"""`eigenscape expressivity`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
@click.argument("experiment", type=click.Choice(["growth", "sensitivity", "dichotomies", "digits"]))
def expressivity(study: Study, folder: StudyFolder, *, experiment: str) -> dict[str, Any]:
    """Lengths of curves in random and trained networks, one experiment.

    growth: over depth, width, sigma_w, sigma_b; sensitivity: to each layer's weights; dichotomies:
    labellings that a sweep of one layer reaches; digits: training one layer at a time, and lengths
    while networks train.

    \b
    Example:
      eigenscape expressivity growth --study results/sine/study.json
    """
    from eigenscape.stages.common.tables import write_csv
    from eigenscape.stages.expressivity.experiments import run_experiment

    for name, table in run_experiment(study, folder, experiment).items():
        write_csv(table, folder.root / "tables" / f"expressivity_{experiment}_{name}.csv")
    return {"experiment": experiment}
