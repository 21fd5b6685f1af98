"""Networks with more parameters than any P x P matrix allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eigenscape.cli.options import (
    execution_of,
    execution_options,
    ledger_option,
    note_result,
    open_study,
    study_options,
)


@click.command("large")
@click.argument("network")
@click.option(
    "--ranks",
    "expected",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="MPI ranks that must have started.",
)
@study_options
@execution_options
@ledger_option
def large(
    network: str,
    expected: int,
    study_file: Path,
    log_file: Path | None,
    ledger: Path | None,
    **execution: Any,
) -> None:
    """Leading eigenpairs, traces and the density of one network of the section large, without C.

    `eigenscape plan` says by which route, and what it costs. --share and --device-buffers have no
    meaning here.

    \b
    Example:
      mpiexec -n 2 python -m mpi4py -m eigenscape large d04-w100 --ranks 2 --study
      results/sine/study.json
    """
    from eigenscape.distributed import devices  # noqa: PLC0415
    from eigenscape.distributed.ranks import started_ranks  # noqa: PLC0415
    from eigenscape.stages.active_subspace.large import (  # noqa: PLC0415
        compute_large,
        large_network,
        summary,
    )
    from eigenscape.store.receipts import read_receipt  # noqa: PLC0415

    ranks = started_ranks(expected)
    study, folder = open_study(study_file, log_file if ranks.rank == 0 else None)
    how = execution_of(**execution)
    devices.bind(how.device, ranks)
    path = compute_large(study, large_network(study, network), folder, ranks, how)
    if ranks.rank == 0:
        receipt = read_receipt(path)
        if receipt is not None:
            click.echo(summary(receipt), err=True)
        note_result(ledger, {"network": network, "receipt": path.name})
