"""Linear theory of training trajectories."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import ledger_option, note_result, open_study, study_options


@click.command("sloppiness-theory")
@click.argument("experiment", type=click.Choice(["phase_map", "kernel", "sgd"]))
@study_options
@ledger_option
def sloppiness_theory(
    experiment: str, study_file: Path, log_file: Path | None, ledger: Path | None
) -> None:
    """Linear theory of training trajectories, one part.

    phase_map: explained stress over decay, ratio of scales and steps; kernel: kernel machines on
    digits; sgd: exact moments of stochastic gradient descent.

    \b
    Example:
      eigenscape sloppiness-theory phase_map --study results/sine/study.json
    """
    from eigenscape.stages.common.tables import write_csv  # noqa: PLC0415
    from eigenscape.stages.sloppiness.theory import run_theory  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    for name, table in run_theory(study, folder, experiment).items():
        write_csv(table, folder.root / "tables" / f"sloppiness_{experiment}_{name}.csv")
    note_result(ledger, {"experiment": experiment})


@click.command("sloppiness-theory-table")
@study_options
def sloppiness_theory_table(study_file: Path, log_file: Path | None) -> None:
    """Write the phase maps as one labelled file.

    \b
    Example:
      eigenscape sloppiness-theory-table --study results/sine/study.json
    """
    from eigenscape.stages.sloppiness.theory_tables import write_theory_tables  # noqa: PLC0415

    write_theory_tables(*open_study(study_file, log_file))
