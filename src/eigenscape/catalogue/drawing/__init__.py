"""The stage `figure`: figures of a study, from its stored results.

Figures with the same inputs are a family: one job draws them, so that an interpreter starts once
for them and what they read is read once. A room holds the families of one subject: a module with a
class `Figures`, of which each method draws one figure.

==================  ====================================================================
`headline`          the headline network: its spectrum, layers and leading directions
`maps`              the table of all networks, training and sensitivity beside it
`curves`            curves through random and trained networks
`graphs`            graphs of what layers hold
`theory`            linear theory of training trajectories
`trajectories`      trajectories embedded together
`models`            networks with a model's equations in their loss
`large_networks`    networks whose C does not fit
==================  ====================================================================

The workflow and the plan read `FAMILIES` before anything runs, so nothing heavy is imported here: a
room is opened when a figure of it is drawn, and loads what its own figures need.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eigenscape.catalogue.left_out import left_out
from eigenscape.errors import BadInput

if TYPE_CHECKING:
    from eigenscape.config.study import Study
    from eigenscape.store.layout import StudyFolder


@dataclass(frozen=True)
class Family:
    """Figures that read the same results.

    Attributes:
        room: module that draws them.
        figures: their names, which are those of files and of methods.
    """

    room: str
    figures: tuple[str, ...]


FAMILIES = {
    "headline": Family("headline", ("eigenvalues", "eigenvectors", "layer_importance")),
    "importance": Family("headline", ("importance", "sufficient_summary")),
    "criticality": Family("headline", ("criticality",)),
    "maps": Family(
        "maps",
        (
            "condition_number",
            "condition_number_projected",
            "condition_number_null",
            "condition_number_carrying",
            "parameter_count",
            "predictors",
        ),
    ),
    "training": Family("maps", ("trainability",)),
    "sensitivity": Family("maps", ("sensitivity",)),
    "growth": Family("curves", ("length_growth", "transitions")),
    "length_sensitivity": Family("curves", ("length_sensitivity",)),
    "dichotomies": Family("curves", ("dichotomies",)),
    "digits": Family("curves", ("one_layer_training", "training_lengths")),
    "polytopes": Family("curves", ("polytopes",)),
    "graphs": Family(
        "graphs",
        (
            "graph_modularity",
            "graph_convergence",
            "layer_similarity",
            "neighbourhoods",
            "similarity_sensitivity",
        ),
    ),
    "phase_map": Family("theory", ("phase_map", "trajectory_slopes")),
    "kernel": Family("theory", ("kernel_trajectories",)),
    "sgd": Family("theory", ("sgd_trajectories",)),
    "trajectories": Family(
        "trajectories",
        ("trajectory_embedding", "inpca_scree", "explained_stress", "training_progress"),
    ),
    "models": Family("models", ("model_condition", "model_subspace", "model_training")),
    "large_networks": Family("large_networks", ("large_networks",)),
}
"""Every figure of a study, by family."""

ROOMS = {name: family.room for family in FAMILIES.values() for name in family.figures}
"""Which room draws a figure."""


def families_of(study: Study) -> dict[str, Family]:
    """The families that a study has: those of the sciences and networks that its configuration
    leaves in.

    Example:
        >>> from eigenscape.config.study import Study
        >>> without = Study.from_mapping({"sloppiness": {"enabled": False}})
        >>> "phase_map" in families_of(Study()), "phase_map" in families_of(without)
        (True, False)
    """
    wanted = {
        "headline": True,
        "maps": True,
        "curves": study.expressivity.enabled,
        "graphs": study.clustering.enabled,
        "theory": study.sloppiness.enabled,
        "trajectories": study.sloppiness.enabled,
        "models": study.model_constrained.enabled,
        "large_networks": bool(study.large.architectures()),
    }
    trained = bool(study.trained_architectures())
    # there, every direction carries gradient
    unmade = {
        *left_out(study),
        *(["condition_number_carrying"] * (not study.problem.is_user_defined)),
    }
    chosen = {
        name: family
        for name, family in FAMILIES.items()
        if wanted[family.room] and (trained or name != "training")
    }
    kept = {
        name: replace(family, figures=tuple(each for each in family.figures if each not in unmade))
        for name, family in chosen.items()
    }
    return {name: family for name, family in kept.items() if family.figures}


def draw_figures(names: Sequence[str], study: Study, folder: StudyFolder, into: Path) -> list[Path]:
    """Draw some figures as PDF and PNG: names of `FAMILIES`, or ``map_<column>`` for the map of any
    column of the table.

    Raises:
        BadInput: no figure of that name; then none is drawn.
        DamagedResult: a result that one needs is missing or damaged.
    """
    from eigenscape.figures.style import save  # noqa: PLC0415

    for name in names:
        if reason := left_out(study).get(name):
            raise BadInput.field(
                "figure", "one that is made of this study", f"{name}, which is left out", reason
            )
    chosen = [(name, _room_of(name)) for name in names]
    opened: dict[str, Any] = {}
    written: list[Path] = []
    for name, room in chosen:
        if room not in opened:
            opened[room] = importlib.import_module(f"{__name__}.{room}").Figures(study, folder)
        figure = (
            opened[room].of_column(name.removeprefix("map_"))
            if name not in ROOMS
            else getattr(opened[room], name)()
        )
        written += save(figure, into, name)
    return written


def _room_of(name: str) -> str:
    if name in ROOMS:
        return ROOMS[name]
    if name.startswith("map_"):
        from eigenscape.stages.common.tables import DESCRIPTIONS  # noqa: PLC0415

        if name.removeprefix("map_") in DESCRIPTIONS:
            return "maps"
    expected = f"one of {', '.join(ROOMS)}, or map_<column> with a column of the table"
    raise BadInput.field("figure", expected, name, "choose one of them")
