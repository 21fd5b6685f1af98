"""`eigenscape model-constrained`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from eigenscape.cli._study import step_command

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@step_command
@click.argument("case")
def model_constrained(study: Study, folder: StudyFolder, *, case: str) -> dict[str, Any]:
    """Second moments, spectra and training of one case, for every weight of its model.

    \b
    Example:
      eigenscape model-constrained deconvolution-tnet --study results/sine/study.json
    """
    from eigenscape.stages.model_constrained.cases import compute_model_constrained

    rows = compute_model_constrained(study, folder, case)
    return {"case": case, "weights": len(rows)}
