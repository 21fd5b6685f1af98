"""Where results come from, and what a reader gets: one result, its references, a page, a paper, a
crate.
"""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import folder_of, open_study, study_options


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(result: Path, as_json: bool) -> None:
    """How a result was made: identity, seed, versions, machine, date, inputs, and the command that
    makes it again.

    RESULT is the path of any result: a store, a document, a table or a figure.

    \b
    Example:
      eigenscape show results/sine/figures/eigenvalues.pdf
      eigenscape show results/sine/headline/d05-w035-n10000/spectrum.zarr --json
    """
    from eigenscape.provenance import lineage as showing  # noqa: PLC0415

    shown = showing.lineage_of(result)
    click.echo(showing.as_json(shown) if as_json else showing.as_text(shown))


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "bibtex"]),
    default="text",
    show_default=True,
    help="For people, or for LaTeX.",
)
@click.option(
    "--study",
    "study_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The study.json of the results; without it, what the default study uses.",
)
def cite(form: str, study_file: Path | None) -> None:
    """The references of the methods and the software that a study used.

    \b
    Example:
      eigenscape cite --study results/sine/study.json
      eigenscape cite --study results/sine/study.json --format bibtex > references.bib
    """
    from eigenscape.config.study import Study  # noqa: PLC0415
    from eigenscape.reporting import references  # noqa: PLC0415
    from eigenscape.stages.common.configure import load_study  # noqa: PLC0415
    from eigenscape.store.layout import StudyFolder  # noqa: PLC0415

    study = Study() if study_file is None else load_study(StudyFolder(folder_of(study_file)))
    click.echo(references.as_text(study) if form == "text" else references.as_bibtex(study))


@click.command()
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another place than beside the results.",
)
@study_options
def report(to: Path | None, study_file: Path, log_file: Path | None) -> None:
    """One self-contained page: findings, figures, tables, configuration, versions, seeds, timings,
    hardware.

    \b
    Example:
      eigenscape report --study results/sine/study.json
    """
    from eigenscape.reporting.report import write_report  # noqa: PLC0415

    click.echo(write_report(*open_study(study_file, log_file), to))


@click.command()
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another place than beside the results.",
)
@study_options
def paper(to: Path | None, study_file: Path, log_file: Path | None) -> None:
    """A short PDF: question, method, findings, figures as vectors, provenance, references. Needs no
    LaTeX.

    \b
    Example:
      eigenscape paper --study results/sine/study.json
    """
    from eigenscape.reporting.paper import write_paper  # noqa: PLC0415

    click.echo(write_paper(*open_study(study_file, log_file), to))


@click.command()
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
@study_options
def crate(to: Path, workflow: Path, study_file: Path, log_file: Path | None) -> None:
    """The study as a Workflow Run RO-Crate: workflow, configuration, results with sizes and hashes,
    versions, times.

    \b
    Example:
      eigenscape crate --study results/sine/study.json --to sine.crate.zip
    """
    from eigenscape.reporting.crate import write_crate  # noqa: PLC0415

    click.echo(write_crate(*open_study(study_file, log_file), to, workflow))
