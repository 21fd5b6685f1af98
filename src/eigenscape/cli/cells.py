"""`eigenscape cells`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import execution_options, step_command
from eigenscape.errors import BadInput

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.stages.common.execution import Execution
    from eigenscape.store.layout import StudyFolder


@step_command
@click.argument("batch")
@execution_options
def cells(study: Study, folder: StudyFolder, *, execution: Execution, batch: str) -> dict[str, Any]:
    """Second moment and spectrum of a batch of small cells, one after the other.

    \b
    Example:
      eigenscape cells w005-d01to10 --study results/sine/study.json
    """
    from eigenscape.distributed import devices
    from eigenscape.distributed.ranks import OneRank
    from eigenscape.planning import batches as planning
    from eigenscape.stages.active_subspace.cells import compute_cells, spectrum_digests

    dealt = planning.batches(study)
    if batch not in dealt:
        raise BadInput.field("batch", f"one of {', '.join(dealt)}", batch, "choose one of them")
    devices.bind(execution.device, OneRank())
    compute_cells(study, dealt[batch], folder, execution)
    return {"batch": batch, "spectra": spectrum_digests(dealt[batch], folder)}
