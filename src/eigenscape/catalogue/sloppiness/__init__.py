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
    judged=lambda _: [
        *map(theory.SLOPPINESS_THEORY.target, theory.PARTS),
        "tables/sloppiness.nc",
    ],
    enabled=lambda study: study.sloppiness.enabled,
)
