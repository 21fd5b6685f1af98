"""What the active subspace makes: `steps` of the workflow, figures of the `headline` network, of
the `maps` of all networks, and `large` networks whose C does not fit.
"""

from __future__ import annotations

from eigenscape.catalogue.active_subspace import headline, large, maps, steps
from eigenscape.catalogue.rows import Science

SCIENCE = Science(
    name="active_subspace",
    steps=(*steps.STEPS, large.LARGE),
    figures=(
        maps.condition_number_projected,
        maps.condition_number,
        maps.condition_number_null,
        maps.condition_number_carrying,
        maps.parameter_count,
        maps.predictors,
        maps.trainability,
        headline.eigenvalues,
        headline.eigenvectors,
        headline.layer_importance,
        headline.importance,
        headline.criticality,
        headline.sufficient_summary,
        maps.sensitivity,
        large.large_networks,
    ),
    judged=lambda study: [
        "tables/condition_number.csv",
        *steps.IMPORTANCE.targets(),
        *steps.SPECTRUM.targets(study.headline_cell.folder),
        *["tables/training.csv"] * bool(study.trained_architectures()),
    ],
)
