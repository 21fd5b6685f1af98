"""`eigenscape doctor`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command()
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where results go.",
)
@click.option("--slurm", "on_slurm", is_flag=True, help="Check a cluster, by two ranks under srun.")
@click.option(
    "--account",
    default="",
    envvar="SBATCH_ACCOUNT",
    help="Slurm's account; SBATCH_ACCOUNT otherwise.",
)
@click.option(
    "--partition",
    default="",
    envvar="SBATCH_PARTITION",
    help="Slurm's partition; SBATCH_PARTITION otherwise.",
)
@click.option(
    "--gpus",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Ask Slurm for so many GPUs, one a rank.",
)
@click.option("--extra", default="", help="Further options of srun, in one string.")
def doctor(
    results: Path, on_slurm: bool, account: str, partition: str, gpus: int, extra: str
) -> None:
    """A line for every thing that runs rely on: ok, warning or fails, with what to do. Exit code 1
    if something fails.

    \b
    Example:
      eigenscape doctor
      eigenscape doctor --slurm --account physics --partition short --extra "--constraint=cpu"
    """
    from eigenscape.doctor import Outcome, SlurmRequest, check_machine, check_slurm

    request = SlurmRequest(account, partition, gpus, tuple(shlex.split(extra)))
    failed = False
    for check in check_slurm(results, request) if on_slurm else check_machine(results):
        click.echo(check)
        failed = failed or check.outcome is Outcome.FAILS
    if failed:
        raise SystemExit(1)
