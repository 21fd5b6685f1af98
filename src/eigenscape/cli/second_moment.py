"""`eigenscape second-moment`."""

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
@click.argument("cell")
@execution_options
def second_moment(
    study: Study, folder: StudyFolder, ranks: Ranks, *, execution: Execution, cell: str
) -> dict[str, Any]:
    """Gradients of one cell over all MPI ranks, reduced into C = E[grad L grad L^T].

    \b
    Example:
      mpiexec -n 2 python -m mpi4py -m eigenscape second-moment headline/d05-w035-n10000 \\
          --ranks 2 --study results/sine/study.json
    """
    from eigenscape.distributed import devices
    from eigenscape.stages.common.second_moment import compute_second_moment

    devices.bind(execution.device, ranks)
    receipt = compute_second_moment(study, study.cell(cell), folder, ranks, execution)
    return {"cell": cell, "receipt": receipt.name}
