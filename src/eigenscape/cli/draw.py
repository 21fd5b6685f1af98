"""From tables to figures."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import open_study, study_options


@click.command()
@click.argument("name")
@study_options
def figure(name: str, study_file: Path, log_file: Path | None) -> None:
    """Draw one figure of a study as PDF and PNG.

    \b
    Example:
      eigenscape figure eigenvalues --study results/sine/study.json
      eigenscape figure map_participation_ratio --study results/sine/study.json
    """
    from eigenscape.stages.draw import draw_figure  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    draw_figure(name, study, folder, folder.root / "figures")
