"""The geometry of training trajectories."""

from __future__ import annotations

from pathlib import Path

import click

from eigenscape.cli.options import ledger_option, note_result, open_study, study_options


@click.command()
@click.argument("group")
@study_options
@ledger_option
def trajectories(group: str, study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Train the replicas of one architecture, or of a group of them, by every optimiser and keep
    their predictions along the way.

    GROUP is an architecture, or linear for all linear ones, or perceptron-d02 for all widths of a
    depth.

    \b
    Example:
      eigenscape trajectories perceptron-d02 --study results/sine/study.json
    """
    from eigenscape.stages.sloppiness.trajectories import compute_trajectories  # noqa: PLC0415

    study, folder = open_study(study_file, log_file)
    names = study.sloppiness.ensemble.network_groups().get(group, [group])
    found = [compute_trajectories(study, folder, name) for name in names]
    note_result(
        ledger,
        {
            "networks": names,
            "checkpoints": sum(int(one.log_probabilities[..., 0, 0].size) for one in found),
        },
    )


@click.command()
@click.option(
    "--ranks",
    "expected",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="MPI ranks that must have started.",
)
@study_options
@ledger_option
def inpca(expected: int, study_file: Path, log_file: Path | None, ledger: Path | None) -> None:
    """Embed all trajectories together, and write the tables.

    \b
    Example:
      mpiexec -n 2 python -m mpi4py -m eigenscape inpca --ranks 2 --study results/sine/study.json
    """
    from eigenscape.distributed.ranks import started_ranks  # noqa: PLC0415
    from eigenscape.stages.sloppiness.inpca import compute_inpca  # noqa: PLC0415
    from eigenscape.stages.sloppiness.inpca_tables import write_inpca_tables  # noqa: PLC0415

    ranks = started_ranks(expected)
    study, folder = open_study(study_file, log_file if ranks.rank == 0 else None)
    compute_inpca(study, folder, ranks)
    if ranks.rank == 0:
        write_inpca_tables(study, folder)
        note_result(ledger, {"embedding": folder.embedding.name})
