"""A real second moment by real MPI ranks: what must be the same for any number of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from on_ranks import on_ranks

from eigenscape.config.cells import Cell
from eigenscape.config.study import Study
from eigenscape.stages.common.configure import write_study
from eigenscape.store.layout import StudyFolder
from eigenscape.store.second_moments import read_gradient_mean, read_second_moment


def second_moment_by_ranks(
    study: Study, cell: Cell, root: Path, ranks: int
) -> tuple[bytes, bytes, str]:
    """The bits of C and of the mean gradient, and the digest that the receipt confirms."""
    folder = StudyFolder(root)
    write_study(study, folder)
    command = [
        *(
            *on_ranks(ranks),
            "-m",
            "eigenscape",
        ),
        *("second-moment", cell.folder, "--ranks", str(ranks), "--study", str(folder.study)),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert run.returncode == 0, run.stderr
    store = folder.second_moment(cell)
    digest = json.loads(folder.receipt(store).read_text())["digest"]
    return read_second_moment(store).tobytes(), read_gradient_mean(store).tobytes(), digest
