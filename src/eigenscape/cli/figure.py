"""`eigenscape figure`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def figure(study: Study, folder: StudyFolder, *, names: tuple[str, ...]) -> None:
    """Draw figures of a study as PDF and PNG.

    Figures that read the same results are best drawn together: what they share is loaded and read
    once.

    \b
    Example:
      eigenscape figure eigenvalues eigenvectors --study results/sine/study.json
      eigenscape figure map_participation_ratio --study results/sine/study.json
    """
    from eigenscape.catalogue import draw_figures
    from eigenscape.store.io_log import note_written

    for path in draw_figures(names, study, folder, folder.root / "figures"):
        note_written(path)
