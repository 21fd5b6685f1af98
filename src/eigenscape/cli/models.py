"""Networks with a model's equations in their loss."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import ledger_option, note_result, open_study, study_options


@click.command("model-constrained")
@click.argument("case")
@study_options
@ledger_option
def model_constrained(
    case: str, study_file: Path, log_file: Path | None, ledger: Path | None
) -> None:
    """Second moments, spectra and training of one case, for every weight of its model.

    \b
    Example:
      eigenscape model-constrained deconvolution-tnet --study results/sine/study.json
    """
    from eigenscape.stages.model_constrained.cases import compute_model_constrained  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    rows = compute_model_constrained(study, folder, case)
    note_result(ledger, {"case": case, "weights": len(rows)})


@click.command("model-constrained-table")
@study_options
def model_constrained_table(study_file: Path, log_file: Path | None) -> None:
    """Write the tables of all model-constrained cases.

    \b
    Example:
      eigenscape model-constrained-table --study results/sine/study.json
    """
    from eigenscape.stages.model_constrained.tables import write_model_constrained_tables  # noqa: PLC0415

    write_model_constrained_tables(*open_study(study_file, log_file))
