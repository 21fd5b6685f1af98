"""`eigenscape schema`."""

from __future__ import annotations

import json

import click


@click.command()
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["json", "yaml"]),
    default="json",
    show_default=True,
    help="JSON schema, or config.yaml with every default.",
)
def schema(output_format: str) -> None:
    """The JSON schema of the configuration: every key with its default, its meaning and its source.

    \b
    Example:
      eigenscape schema > workflow/schemas/config.schema.json
      eigenscape schema --format yaml > config.yaml
    """
    from eigenscape.config import files

    if output_format == "json":
        click.echo(json.dumps(files.schema(), indent=1, sort_keys=True))
    else:
        click.echo(files.config_yaml(), nl=False)
