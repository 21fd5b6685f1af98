"""`eigenscape paper`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eigenscape.cli._study import study_command, to_option

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
@to_option
def paper(study: Study, folder: StudyFolder, *, to: Path | None) -> None:
    """A short PDF: question, method, findings, figures as vectors, provenance, references. Needs no
    LaTeX.

    \b
    Example:
      eigenscape paper --study results/sine/study.json
    """
    from eigenscape.reporting.paper import write_paper

    click.echo(write_paper(study, folder, to))
