"""`eigenscape cite`."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli._study import folder_of


@click.command()
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "bibtex"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--study",
    "study_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The study.json of the results; without it, what the default study uses.",
)
def cite(output_format: str, study_file: Path | None) -> None:
    """The references of the methods and the software that a study used.

    \b
    Example:
      eigenscape cite --study results/sine/study.json
      eigenscape cite --study results/sine/study.json --format bibtex > references.bib
    """
    from eigenscape.config.study import Study
    from eigenscape.reporting import references
    from eigenscape.stages.common.configure import load_study
    from eigenscape.store.layout import StudyFolder

    study = Study() if study_file is None else load_study(StudyFolder(folder_of(study_file)))
    click.echo(
        references.as_text(study) if output_format == "text" else references.as_bibtex(study)
    )
