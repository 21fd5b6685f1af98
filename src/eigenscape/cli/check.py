"""After a study ran: whether its results are what their receipts say."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import open_study, study_options


@click.command()
@click.option(
    "--repair", is_flag=True, help="Set what is damaged aside; the next run computes it again."
)
@study_options
def verify(repair: bool, study_file: Path, log_file: Path | None) -> None:
    """Check every result of a study against its receipt: checksums, shapes, finiteness.

    Exit code 1 where one is damaged, out of date, gone or of other work.

    \b
    Example:
      eigenscape verify --study results/sine/study.json
    """
    from eigenscape.provenance import verify as stage  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    findings = stage.verify_study(study, folder)
    click.echo(stage.report(findings))
    wrong = [finding for finding in findings if finding.state in stage.WRONG]
    if repair:
        for place in stage.repair(findings, folder):
            click.echo(f"set aside: {place}")
        wrong = [finding for finding in wrong if finding.state is not stage.State.DAMAGED]
    if wrong:
        raise SystemExit(1)
