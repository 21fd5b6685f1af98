"""`eigenscape verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eigenscape.cli._study import study_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@study_command
@click.option(
    "--repair", is_flag=True, help="Set what is damaged aside; the next run computes it again."
)
def verify(study: Study, folder: StudyFolder, *, repair: bool) -> None:
    """Check every result of a study against its receipt: checksums, shapes, finiteness.

    Exit code 1 where one is damaged, out of date, gone or of other work.

    \b
    Example:
      eigenscape verify --study results/sine/study.json
    """
    from eigenscape.provenance import verify as stage
    from eigenscape.provenance.state import WRONG, State, report

    findings = stage.verify_study(study, folder)
    click.echo(report(findings))
    wrong = [finding for finding in findings if finding.state in WRONG]
    if repair:
        for path in stage.repair(findings, folder):
            click.echo(f"set aside: {path}")
        wrong = [finding for finding in wrong if finding.state is not State.DAMAGED]
    if wrong:
        raise SystemExit(1)
