"""`eigenscape large`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import execution_options, parallel_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.distributed.ranks import Ranks
    from eigenscape.stages.common.execution import Execution
    from eigenscape.store.layout import StudyFolder


@parallel_command
@click.argument("network")
@execution_options
def large(
    study: Study, folder: StudyFolder, ranks: Ranks, *, execution: Execution, network: str
) -> dict[str, Any]:
    """Leading eigenpairs, traces and the density of one network of the section large, without C.

    `eigenscape plan` says by which route, and what it costs. --share and --device-buffers have no
    meaning here.

    \b
    Example:
      mpiexec -n 2 python -m mpi4py -m eigenscape large d04-w100 --ranks 2 --study
      results/sine/study.json
    """
    from eigenscape.distributed import devices
    from eigenscape.stages.active_subspace.large import compute_large, large_network, summary
    from eigenscape.store.receipts import read_receipt

    devices.bind(execution.device, ranks)
    path = compute_large(study, large_network(study, network), folder, ranks, execution)
    if ranks.rank == 0 and (receipt := read_receipt(path)) is not None:
        click.echo(summary(receipt), err=True)
    return {"network": network, "receipt": path.name}
