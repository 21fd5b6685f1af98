"""From spectra to tables."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import ledger_option, note_result, open_study, study_options


@click.command()
@study_options
@ledger_option
def importance(study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Which layers of the headline network matter, under the study's prior and under a second one.

    \b
    Example:
      eigenscape importance --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.importance import (  # noqa: PLC0415
        family_table,
        headline_importance,
        importance_table,
    )
    from eigenscape.stages.common.tables import write_csv  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    content = headline_importance(study, folder)
    write_csv(importance_table(study, content), folder.root / "tables" / "importance.csv")
    write_csv(family_table(content), folder.root / "tables" / "headline.csv")
    note_result(ledger, {"cell": study.headline_cell.folder})


@click.command()
@study_options
@ledger_option
def criticality(study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """The slope of layer importance as the scale of the weights goes through chi_1 = 1.

    \b
    Example:
      eigenscape criticality --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.importance import criticality_table  # noqa: PLC0415
    from eigenscape.stages.common.tables import write_csv  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    write_csv(criticality_table(study, folder), folder.root / "tables" / "criticality.csv")
    note_result(ledger, study.criticality.model_dump())


@click.command()
@study_options
@ledger_option
def training(study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Train the networks of a sub-grid by gradient descent, and count the steps to a loss
    threshold.

    \b
    Example:
      eigenscape training --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace import training as stage  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    plan = stage.TrainingPlan(depth=tuple(study.training.depth), width=tuple(study.training.width))
    stage.train_networks(study, folder, plan)
    stage.write_training_table(stage.training_table(study, folder, plan), folder)
    note_result(ledger, study.training.model_dump())


@click.command()
@click.option(
    "--depth", type=click.IntRange(min=1), default=5, show_default=True, help="Hidden layers."
)
@click.option(
    "--width",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Neurons per hidden layer.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=2),
    default=300,
    show_default=True,
    help="Parameter vectors per setting.",
)
@click.option(
    "--replicates",
    type=click.IntRange(min=20),
    default=200,
    show_default=True,
    help="Bootstrap resamples per interval.",
)
@study_options
def sensitivity(
    depth: int, width: int, samples: int, replicates: int, study_file: Path, log_file: Path | None
) -> None:
    """One network's projected condition number for every input interval, number of points, loss,
    prior and activation.

    \b
    Example:
      eigenscape sensitivity --depth 5 --width 20 --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.sensitivity import compute_sensitivity  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    compute_sensitivity(study, folder, depth, width, samples, replicates)


@click.command("second-moment-kinds")
@click.option(
    "--depth", type=click.IntRange(min=1), default=3, show_default=True, help="Hidden layers."
)
@click.option(
    "--width",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Neurons per hidden layer.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=2),
    default=2500,
    show_default=True,
    help="Parameter vectors per kind.",
)
@study_options
def second_moment_kinds(
    depth: int, width: int, samples: int, study_file: Path, log_file: Path | None
) -> None:
    """Condition numbers of one network under other second moments: centred, per datum,
    Gauss-Newton, NTK, local prior.

    \b
    Example:
      eigenscape second-moment-kinds --depth 3 --width 10 --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace.second_moment_kinds import compute_kinds  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    compute_kinds(study, folder, depth, width, samples)


@click.command()
@study_options
def findings(study_file: Path, log_file: Path | None) -> None:
    """Each published finding, whether it holds in this study, and the evidence: csv and Markdown.

    \b
    Example:
      eigenscape findings --study results/sine/study.json
    """
    from eigenscape.findings.table import write_findings  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    write_findings(study, folder)


@click.command("condition-number-table")
@study_options
def condition_number_table(study_file: Path, log_file: Path | None) -> None:
    """What is known of every network as one labelled table, csv and NetCDF; and the shares of all
    layers.

    \b
    Example:
      eigenscape condition-number-table --study results/sine/study.json
    """
    from eigenscape.stages.active_subspace import condition_numbers  # noqa: PLC0415
    from eigenscape.stages.common.tables import write_csv  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    condition_numbers.write_table(
        condition_numbers.condition_number_table(study, folder), folder.table, study
    )
    write_csv(condition_numbers.layer_table(study, folder), folder.table.with_name("layers.csv"))
