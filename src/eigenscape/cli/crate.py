"""`eigenscape crate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    required=True,
    help="A new folder, or a file ending in .zip.",
)
@click.option(
    "--workflow",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="this folder",
    help="The folder of the Snakefile.",
)
def crate(study: Study, folder: StudyFolder, *, to: Path, workflow: Path) -> None:
    """The study as a Workflow Run RO-Crate: workflow, configuration, results with sizes and hashes,
    versions, times.

    \b
    Example:
      eigenscape crate --study results/sine/study.json --to sine.crate.zip
    """
    from eigenscape.reporting.crate import write_crate

    click.echo(write_crate(study, folder, to, workflow))
