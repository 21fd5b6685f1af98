"""Curves through networks."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import ledger_option, note_result, open_study, study_options


@click.command()
@click.argument("experiment", type=click.Choice(["growth", "sensitivity", "dichotomies", "digits"]))
@study_options
@ledger_option
def expressivity(
    experiment: str, study_file: Path, log_file: Path | None, ledger: Path | None
) -> None:
    """Lengths of curves in random and trained networks, one experiment.

    growth: over depth, width, sigma_w, sigma_b; sensitivity: to each layer's weights; dichotomies:
    labellings that a sweep of one layer reaches; digits: training one layer at a time, and lengths
    while networks train.

    \b
    Example:
      eigenscape expressivity growth --study results/sine/study.json
    """
    from eigenscape.stages.common.tables import write_csv  # noqa: PLC0415
    from eigenscape.stages.expressivity.experiments import run_experiment  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    for name, table in run_experiment(study, folder, experiment).items():
        write_csv(table, folder.root / "tables" / f"expressivity_{experiment}_{name}.csv")
    note_result(ledger, {"experiment": experiment})
