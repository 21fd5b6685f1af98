"""What the active subspace makes: `steps` of the workflow, figures of the `maps` of all networks,
of the `headline` network and of `sensitivity`, and `large` networks whose C does not fit.
"""

from __future__ import annotations

from eigenscape.catalogue.active_subspace import headline, large, maps, sensitivity, steps
from eigenscape.catalogue.rows import Science

SCIENCE = Science(
    name="active_subspace",
    steps=(*steps.STEPS, large.LARGE),
    figures=(*maps.FIGURES, *headline.FIGURES, *sensitivity.FIGURES, *large.FIGURES),
    judged=lambda study: [
        "tables/condition_number.csv",
        *steps.IMPORTANCE.targets(),
        *steps.SPECTRUM.targets(study.headline_cell.folder),
        *["tables/training.csv"] * bool(study.trained_architectures()),
    ],
)
