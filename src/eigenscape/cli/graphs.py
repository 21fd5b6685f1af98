"""Graphs of what the layers of networks hold."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import ledger_option, note_result, open_study, study_options


@click.command()
@click.argument("network")
@study_options
@ledger_option
def clustering(network: str, study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Train the replicas of one architecture and read the graphs of its layers.

    \b
    Example:
      eigenscape clustering perceptron-d05-w128 --study results/sine/study.json
    """
    from eigenscape.stages.clustering.networks import compute_clustering  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    tables = compute_clustering(study, folder, network)
    note_result(ledger, {"network": network, "graphs": len(tables["layers"])})


@click.command("clustering-table")
@study_options
def clustering_table(study_file: Path, log_file: Path | None) -> None:
    """Write the tables of all architectures, and the published findings judged on them.

    \b
    Example:
      eigenscape clustering-table --study results/sine/study.json
    """
    from eigenscape.stages.clustering.tables import write_clustering_tables  # noqa: PLC0415

    write_clustering_tables(*open_study(study_file, log_file))
