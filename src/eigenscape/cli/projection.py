"""`eigenscape projection`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
@click.option(
    "--width",
    "widths",
    type=int,
    multiple=True,
    help="Only networks of this width; may be given again.",
)
def projection(study: Study, folder: StudyFolder, *, widths: tuple[int, ...]) -> dict[str, Any]:
    """Symmetry-projected spectra of the networks of the grid, whatever their size.

    \b
    Example:
      eigenscape projection --width 50 --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.projection import project_networks

    chosen = [
        architecture
        for architecture in study.projected_architectures()
        if not widths or architecture.width in widths
    ]
    project_networks(study, chosen, folder)
    return {"networks": [architecture.label for architecture in chosen]}
