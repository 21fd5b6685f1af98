"""`eigenscape trajectories`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
@click.argument("group")
def trajectories(study: Study, folder: StudyFolder, *, group: str) -> dict[str, Any]:
    """Train the replicas of one architecture, or of a group of them, by every optimiser and keep
    their predictions along the way.

    GROUP is an architecture, or linear for all linear ones, or perceptron-d02 for all widths of a
    depth.

    \b
    Example:
      eigenscape trajectories perceptron-d02 --study results/sine/study.json
    """
    from eigenscape.stages.sloppiness.trajectories import compute_trajectories

    names = study.sloppiness.ensemble.network_groups().get(group, [group])
    computed = [compute_trajectories(study, folder, name) for name in names]
    checkpoints = sum(int(each.log_probabilities[..., 0, 0].size) for each in computed)
    return {"networks": names, "checkpoints": checkpoints}
