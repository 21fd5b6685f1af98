"""`eigenscape training`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
def training(study: Study, folder: StudyFolder) -> dict[str, Any]:
    """Train the networks of a sub-grid by gradient descent, and count the steps to a loss
    threshold.

    \b
    Example:
      eigenscape training --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace import training as stage

    plan = stage.TrainingPlan(depth=tuple(study.training.depth), width=tuple(study.training.width))
    stage.train_networks(study, folder, plan)
    stage.write_training_table(stage.training_table(study, folder, plan), folder)
    return study.training.model_dump()
