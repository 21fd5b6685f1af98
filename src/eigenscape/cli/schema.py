"""`eigenscape schema`."""

from __future__ import annotations

import click


@click.command()
def schema() -> None:
    """The JSON schema of the configuration: every key with its default, its meaning and its source.

    \b
    Example:
      eigenscape schema > workflow/schemas/config.schema.json
    """
    import json

    from eigenscape.config import study

    click.echo(json.dumps(study.schema(), indent=1, sort_keys=True))
