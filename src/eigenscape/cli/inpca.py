"""`eigenscape inpca`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eigenscape.cli._study import parallel_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.distributed.ranks import Ranks
    from eigenscape.store.layout import StudyFolder


@parallel_command
def inpca(study: Study, folder: StudyFolder, ranks: Ranks) -> dict[str, Any]:
    """Embed all trajectories together, and write the tables.

    \b
    Example:
      mpiexec -n 2 python -m mpi4py -m eigenscape inpca --ranks 2 --study results/sine/study.json
    """
    from eigenscape.stages.sloppiness.inpca import compute_inpca
    from eigenscape.stages.sloppiness.inpca_tables import write_inpca_tables

    compute_inpca(study, folder, ranks)
    if ranks.rank == 0:
        write_inpca_tables(study, folder)
    return {"embedding": folder.embedding.name}
