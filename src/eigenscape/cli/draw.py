"""From tables to figures."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import open_study, study_options


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@study_options
def figure(names: tuple[str, ...], study_file: Path, log_file: Path | None) -> None:
    """Draw figures of a study as PDF and PNG.

    Figures that read the same results are best drawn together: what they share is loaded and read
    once.

    \b
    Example:
      eigenscape figure eigenvalues eigenvectors --study results/sine/study.json
      eigenscape figure map_participation_ratio --study results/sine/study.json
    """
    from eigenscape.catalogue import draw_figures  # noqa: PLC0415
    from eigenscape.store.io_log import note_written  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    for path in draw_figures(names, study, folder, folder.root / "figures"):
        note_written(path)
