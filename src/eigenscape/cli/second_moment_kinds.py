"""`eigenscape second-moment-kinds`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigenscape.cli._study import network_options, study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
@network_options(3, 10, 2500, "kind")
def second_moment_kinds(
    study: Study, folder: StudyFolder, *, depth: int, width: int, samples: int
) -> None:
    """Condition numbers of one network under other second moments: centred, per datum,
    Gauss-Newton, NTK, local prior.

    \b
    Example:
      eigenscape second-moment-kinds --depth 3 --width 10 --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.second_moment_kinds import compute_kinds

    compute_kinds(study, folder, depth, width, samples)
