"""What the geometry of training trajectories makes: `ensemble`, of trained networks, and `theory`,
of linear models.
"""

from __future__ import annotations

from eigenscape.catalogue.rows import Science
from eigenscape.catalogue.sloppiness import ensemble, theory

SCIENCE = Science(
    name="sloppiness",
    steps=(*theory.STEPS, *ensemble.STEPS),
    figures=(*ensemble.FIGURES, *theory.FIGURES),
    evidence=lambda _: [
        *map(theory.SLOPPINESS_THEORY.target, theory.PARTS),
        "tables/sloppiness.nc",
    ],
    methods={
        ensemble.CHAPTER: "<b>Training trajectories.</b> Predictions of many networks along their"
        " training are embedded together by InPCA, whose divergence is the mean over samples of"
        " −log Σ<sub>y</sub> √(p<sub>y</sub> q<sub>y</sub>).",
        theory.CHAPTER: "<b>Theory of trajectories.</b> For linear models the covariance of a cloud"
        " of trajectories is known exactly; it is mapped over the decay of the input correlation,"
        " the ratio of scales and the number of steps.",
    },
    enabled=lambda study: study.sloppiness.enabled,
)
