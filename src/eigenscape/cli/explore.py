"""`eigenscape explore`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Folder that holds the studies.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to bind to; the default is reached from this machine only.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8050,
    show_default=True,
    help="Port; 0: any that is free.",
)
def explore(results: Path, host: str, port: int) -> None:
    """Look at networks and at a study's results in a browser.

    \b
    Example:
      eigenscape explore --results results --port 0
    """
    from eigenscape.explorer.server import serve

    serve(results, host, port, click.echo)
