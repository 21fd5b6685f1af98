"""`eigenscape sensitivity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eigenscape.cli._study import network_options, study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
@network_options(5, 20, 300, "setting")
@click.option(
    "--replicates",
    type=click.IntRange(min=20),
    default=200,
    show_default=True,
    help="Bootstrap resamples per interval.",
)
def sensitivity(
    study: Study, folder: StudyFolder, *, depth: int, width: int, samples: int, replicates: int
) -> None:
    """One network's projected condition number for every input interval, number of points, loss,
    prior and activation.

    \b
    Example:
      eigenscape sensitivity --depth 5 --width 20 --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.sensitivity import compute_sensitivity

    compute_sensitivity(study, folder, depth, width, samples, replicates)
