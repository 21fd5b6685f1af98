"""Before a study runs: what it costs, and what its configuration may say."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.option(
    "--configfile",
    "configfiles",
    type=click.Path(path_type=Path),
    multiple=True,
    default=[Path("config.yaml")],
    show_default=True,
    help="Configuration; give it again to merge a second file over the first.",
)
@click.option("--cores", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default="all", help="Cores that will be used.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where results will go.")
@click.option("--brief", is_flag=True, help="Only the totals.")
def plan(configfiles: tuple[Path, ...], cores: int, results: Path, brief: bool) -> None:
    """What a study costs before it runs, and whether it fits this machine.

    \b
    Example:
      eigenscape plan --configfile config.yaml --configfile mine.yaml
    """
    from eigenscape.stages import configure, planning  # noqa: PLC0415
    from eigenscape.store.layout import StudyFolder  # noqa: PLC0415

    study = configure.read_study(configfiles)
    folder = StudyFolder(results / study.study)
    configure.require_writable(folder)
    configure.require_same_science(study, folder)
    costs = planning.costs_of(study)
    text = planning.report(study, costs, planning.measured_rate(), cores)
    click.echo("\n".join(text.splitlines()[-2:]) if brief else text)
    planning.require_fit(costs, results, cores)


@click.command("schema")
def print_schema() -> None:
    """The JSON schema of the configuration: every key with its default, its meaning and its source.

    \b
    Example:
      eigenscape schema > workflow/schemas/config.schema.json
    """
    import json  # noqa: PLC0415

    from eigenscape.study import schema  # noqa: PLC0415

    click.echo(json.dumps(schema(), indent=1, sort_keys=True))
