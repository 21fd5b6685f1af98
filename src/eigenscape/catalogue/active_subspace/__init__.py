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
    evidence=lambda study: [
        "tables/condition_number.csv",
        *steps.IMPORTANCE.targets(),
        *steps.SPECTRUM.targets(study.headline_cell.folder),
        *["tables/training.csv"] * bool(study.trained_architectures()),
    ],
    methods={
        steps.CHAPTER: "For a network of L hidden layers of width w with P parameters θ, N"
        " parameter vectors θ<sub>n</sub> are drawn from the prior, the gradient g<sub>n</sub> ="
        " ∇L(θ<sub>n</sub>) of the loss is computed at each, and the second moment C ="
        " (1/N) Σ<sub>n</sub> g<sub>n</sub> g<sub>n</sub><super>T</super>, the matrix"
        " of the active-subspace method, is summed in fixed blocks over a fixed tree,"
        " so its bits do not depend on the number of processes. Its eigenvalues"
        " λ<sub>1</sub> ≥ … ≥ λ<sub>P</sub> give the condition number"
        " log<sub>10</sub>(λ<sub>1</sub>/λ<sub>P</sub>), in decades. A finite sample"
        " inflates it: even for isotropic gradients, large P and N give"
        " λ<sub>max</sub>/λ<sub>min</sub> = ((1 + √(P/N))/(1 −"
        " √(P/N)))<super>2</super> (Marchenko and Pastur). So each raw number stands"
        " beside a bracket from the same samples and beside that null, and C is also"
        " averaged over the symmetries of the hidden units, which removes the"
        " inflation.",
    },
)
