"""`eigenscape plan`."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.option(
    "--configfile",
    "configfiles",
    type=click.Path(path_type=Path),
    multiple=True,
    default=[Path("config.yaml")],
    show_default=True,
    help="Configuration; give it again to merge a second file over the first.",
)
@click.option(
    "--cores",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="all",
    help="Cores that will be used.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Where results will go.",
)
@click.option("--brief", is_flag=True, help="Only the totals.")
@click.option(
    "--on",
    "machine",
    help="Plan for a named machine instead of this one: core, or h100 with --devices.",
)
@click.option(
    "--devices",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="GPUs of that machine.",
)
def plan(
    configfiles: tuple[Path, ...],
    cores: int,
    results: Path,
    brief: bool,
    machine: str | None,
    devices: int,
) -> None:
    """What a study costs before it runs, and whether it fits this machine.

    \b
    Per cell and per stage: flops, bytes moved, memory, time, and what takes most of it. Times are
    core time on a machine that nobody else uses. With --on h100, the raw map on many GPUs: on
    paper, nothing is run or written.

    \b
    Example:
      eigenscape plan --configfile config.yaml --configfile mine.yaml
      eigenscape plan --configfile config.yaml --configfile mine.yaml --on h100 --devices 256
    """
    import psutil

    from eigenscape.catalogue import Catalogue
    from eigenscape.errors import BadInput
    from eigenscape.forecast import devices as on_devices
    from eigenscape.forecast import report
    from eigenscape.forecast.jobs import jobs_of
    from eigenscape.forecast.measuring import measured_machine
    from eigenscape.planning import batches as planning
    from eigenscape.planning import solver_choice
    from eigenscape.planning.large import large_lines, require_room
    from eigenscape.planning.machine import machine_named
    from eigenscape.stages.common import configure
    from eigenscape.store.layout import StudyFolder

    planned = machine_named(machine) if machine else measured_machine()
    if planned.device_memory is None and devices > 1:
        raise BadInput.field(
            "--devices",
            "1 without GPUs",
            str(devices),
            "write --on h100 --devices 256 for GPUs, --cores for cores",
        )
    study = configure.read_study(configfiles)
    if planned.device_memory is not None:
        click.echo(
            report.device_report(on_devices.plan_on(study, planned, devices), planned, devices)
        )
        return
    folder = StudyFolder(results / study.study)
    configure.require_writable(folder)
    configure.require_same_science(study, folder)
    costs = planning.costs_of(study)
    text = report.report(
        study,
        costs,
        jobs_of(study),
        planned,
        cores,
    )
    click.echo("\n".join(text.splitlines()[-2:]) if brief else text)
    if not brief:
        for line in [*large_lines(study, planned), *Catalogue(study).left_out_lines()]:
            click.echo(line)
    shared = solver_choice.distributed_cells(
        study, solver_choice.node_memory(), solver_choice.RANKS
    )
    for name, choice in shared.items():
        click.echo(f"eigensolve of {name} over several ranks, by ScaLAPACK: {choice.reason}")
    said = solver_choice.said_memory()
    memory = {
        name: choice.memory * (1 if said else choice.ranks) for name, choice in shared.items()
    }
    planning.require_fit(costs, results, cores, said, memory)
    require_room(study, said or psutil.virtual_memory().available)
