"""`eigenscape show`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(result: Path, as_json: bool) -> None:
    """How a result was made: identity, seed, versions, machine, date, inputs, and the command that
    makes it again.

    RESULT is the path of any result: a store, a document, a table or a figure.

    \b
    Example:
      eigenscape show results/sine/figures/eigenvalues.pdf
      eigenscape show results/sine/headline/d05-w035-n10000/spectrum.zarr --json
    """
    from eigenscape.provenance import lineage

    made = lineage.lineage_of(result)
    click.echo(lineage.as_json(made) if as_json else lineage.as_text(made))
