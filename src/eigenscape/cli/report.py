"""`eigenscape report`."""

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
def report(study: Study, folder: StudyFolder, *, to: Path | None) -> None:
    """One self-contained page: findings, figures, tables, configuration, versions, seeds, timings,
    hardware.

    \b
    Example:
      eigenscape report --study results/sine/study.json
    """
    from eigenscape.reporting.report import write_report

    click.echo(write_report(study, folder, to))
