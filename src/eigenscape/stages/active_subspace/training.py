"""The stage `training`: networks of a sub-grid are trained, to see whether the condition number
tells how easily.

Every cell is a file of its own, written when the cell is finished; a cell that is there is passed
over, so the stage may be interrupted and grown. The table has a row per cell and rule by which the
step was chosen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eigenscape.active_subspace.association import best_median
from eigenscape.architecture import Architecture
from eigenscape.config.cells import Cell
from eigenscape.config.sizes import MOST_TRAINING_STEPS, TRAINING_STARTS, TRAINING_STEP_GRID
from eigenscape.config.study import Study
from eigenscape.errors import BadInput
from eigenscape.interval import Interval
from eigenscape.networks.activations import activation_named
from eigenscape.networks.priors import prior_named
from eigenscape.networks.problems import problem_of
from eigenscape.networks.sampling import fill_parameters
from eigenscape.networks.training import (
    StepRule,
    Training,
    loss_of_best_constant,
    step_by_curvature,
    step_by_search,
    train,
)
from eigenscape.seeding import stream_key
from eigenscape.stages.common import signals
from eigenscape.stages.common.progress import Progress
from eigenscape.stages.common.tables import write_csv
from eigenscape.store.documents import cached, read_document
from eigenscape.store.layout import StudyFolder

DESCRIPTIONS = {
    "parameters": "P, number of parameters",
    "rule": (
        "curvature: step 1/lambda_max of the Hessian at the starting point; search: the best step"
        " size of the grid"
    ),
    "replicas": "R, starting points drawn from the prior",
    "threshold": "loss to reach",
    "most_steps": "steps after which a starting point is given up",
    "step": "step size; for the rule curvature the median over starting points",
    "log10_steps": (
        "log10 of the median number of steps to the threshold; inf where at most half of the"
        " starting points reach it"
    ),
    "log10_steps_low": "lower end of its 95 % bootstrap interval over starting points",
    "log10_steps_high": "upper end of its 95 % bootstrap interval over starting points",
    "share_reached": "share of the starting points that reach the threshold",
    "share_diverged": "share of the starting points whose loss grows without bound",
}
"""Columns after depth and width, with what they mean."""


@dataclass(frozen=True)
class TrainingPlan:
    """Which networks are trained, and until when. All defaults are this project's choice; the
    reason is beside each, or in `config.sizes`.
    """

    depth: tuple[int, ...] = (1, 2, 3, 5, 8, 12)
    """Hidden layers: evenly in the logarithm, up to where a minute is enough and most cells have a
    condition number."""

    width: tuple[int, ...] = (5, 10, 15, 20)
    """Neurons per hidden layer; wider networks pass raw_parameter_limit at small depths, so there
    is nothing to compare."""

    replicas: int = TRAINING_STARTS
    """R, starting points per network."""

    threshold: float = 0.1
    """Loss to reach, as a part of the variance of the targets (the loss of the best constant): R^2
    = 0.9. Easier ones are reached by a fit of the slow part of the sine, and harder ones by too few
    of the small networks in `most_steps`."""

    most_steps: int = MOST_TRAINING_STEPS
    """Steps after which a starting point is given up."""

    step_grid: tuple[float, ...] = TRAINING_STEP_GRID
    """Step sizes of the search."""

    def cells(self, study: Study) -> list[Cell]:
        """The networks of the sub-grid that are in the study's grid, width by width; identities
        hold all that defines the work.

        Raises:
            BadInput: the sub-grid and the grid have no network in common.

        Example:
            >>> len(TrainingPlan().cells(Study()))
            24
        """
        facts = {
            **study.facts,
            # Training is in float64 whatever the precision of the study's gradients.
            "precision": "float64",
            "threshold": self.threshold,
            "most_steps": self.most_steps,
            "ladder": list(self.step_grid),  # the key under which documents hold it
        }
        networks = [
            a for a in study.grid_architectures() if a.depth in self.depth and a.width in self.width
        ]
        if not networks:
            found = f"depth {study.grid.depth}, width {study.grid.width}"
            raise BadInput.field(
                "grid",
                f"some of depth {list(self.depth)} with width {list(self.width)}",
                found,
                "train another sub-grid",
            )
        return [
            Cell(network, self.replicas, f"training/{network.label}", facts) for network in networks
        ]


def train_networks(
    study: Study, folder: StudyFolder, plan: TrainingPlan = TrainingPlan(), *, quiet: bool = False
) -> list[Path]:
    """Train every network of the sub-grid that has not been trained.

    Args:
        study: the configuration.
        folder: of the study's results.
        plan: what is trained, and until when.
        quiet: print no progress.

    Returns:
        The files, one per network.

    Raises:
        DifferentWork: a file of other work is there.
        Interrupted: a signal came; finished networks are kept.
    """
    cells = plan.cells(study)
    done = {cell.folder for cell in cells if path_of(cell, folder).exists()}
    work = {cell.folder: _work(cell.architecture) for cell in cells}
    progress = None if quiet else Progress("training", work, "networks", done=done)
    for cell in cells:
        cached(path_of(cell, folder), cell.identity, partial(_train_cell, study, cell, plan))
        if progress:
            progress.finish({cell.folder})
    return [path_of(cell, folder) for cell in cells]


def training_table(
    study: Study, folder: StudyFolder, plan: TrainingPlan = TrainingPlan()
) -> pd.DataFrame:
    """A row per network and rule, see `DESCRIPTIONS`.

    A network that starts below the threshold counts as one step, so that every logarithm is finite
    or +inf.

    Raises:
        DamagedResult: a network is not trained, or its file is damaged.
        DifferentWork: a file of other work is there.
    """
    return pd.DataFrame(
        [row for cell in plan.cells(study) for row in _rows(study, cell, plan, folder)]
    )


def write_training_table(table: pd.DataFrame, folder: StudyFolder) -> Path:
    """Write ``tables/training.csv``, every number to its last digit."""
    csv = folder.root / "tables" / "training.csv"
    write_csv(table, csv)
    return csv


def path_of(cell: Cell, folder: StudyFolder) -> Path:
    """The file of one trained network, such as ``results/sine/training/d05-w010.json``."""
    return folder.root / f"{cell.folder}.json"


def _train_cell(study: Study, cell: Cell, plan: TrainingPlan) -> dict[str, Any]:
    """Both rules from the same starting points."""
    signals.leave_if_asked("networks that are trained are kept")
    architecture = cell.architecture
    prior = prior_named(study.prior.kind)
    start = np.empty((plan.replicas, architecture.parameters))
    key = stream_key(study.sampling.seed, "training", *architecture.sizes)
    fill_parameters(start, 0, key, prior.scales(architecture), prior.draw)
    problem = problem_of(study.problem)
    threshold = plan.threshold * loss_of_best_constant(problem)
    network = (start, architecture, activation_named(study.network.activation), problem)
    # Rounded to what a Ritz value is good for: a last bit that differs would send chaotic paths
    # elsewhere.
    steps = np.array([float(f"{step:.3g}") for step in step_by_curvature(*network)])
    by_curvature = train(*network, steps, threshold, plan.most_steps)
    search = step_by_search(*network, plan.step_grid, threshold, plan.most_steps)
    return {
        "threshold": threshold,
        StepRule.CURVATURE.value: {"step": steps.tolist(), **_outcome(by_curvature)},
        StepRule.SEARCH.value: {
            "best": search.best,
            "runs": [
                {"step": step, **_outcome(run)}
                for step, run in zip(plan.step_grid, search.runs, strict=True)
            ],
        },
    }


def _outcome(training: Training) -> dict[str, Any]:
    """The outcome as plain JSON, which has no NaN: null where the threshold was never reached, or
    the loss is not finite.
    """
    return {
        "steps_to_threshold": [
            None if math.isnan(steps) else int(steps) for steps in training.steps_to_threshold
        ],
        "final_loss": [
            float(loss) if math.isfinite(loss) else None for loss in training.final_loss
        ],
        "diverged": training.diverged.tolist(),
    }


def _rows(
    study: Study, cell: Cell, plan: TrainingPlan, folder: StudyFolder
) -> list[dict[str, Any]]:
    content = read_document(path_of(cell, folder), cell.identity)
    key = stream_key(study.sampling.seed, "training intervals", *cell.architecture.sizes)
    search = content[StepRule.SEARCH.value]
    outcomes = {
        StepRule.CURVATURE: (
            content[StepRule.CURVATURE.value],
            [content[StepRule.CURVATURE.value]],
        ),
        StepRule.SEARCH: (search["runs"][search["best"]], search["runs"]),
    }
    rows = []
    for rule, (chosen, runs) in outcomes.items():
        steps = best_median(
            np.array(
                [
                    [math.inf if t is None else max(t, 1) for t in run["steps_to_threshold"]]
                    for run in runs
                ]
            ),
            seed=key,
        )
        rows.append(
            {
                "depth": cell.architecture.depth,
                "width": cell.architecture.width,
                "parameters": cell.architecture.parameters,
                "rule": str(rule),
                "replicas": plan.replicas,
                "threshold": content["threshold"],
                "most_steps": plan.most_steps,
                "step": float(np.median(chosen["step"])),
                **Interval(*map(math.log10, steps)).columns("log10_steps"),
                "share_reached": float(
                    np.mean([t is not None for t in chosen["steps_to_threshold"]])
                ),
                "share_diverged": float(np.mean(chosen["diverged"])),
            }
        )
    return rows


def _work(architecture: Architecture) -> float:
    """Proportional to the measured time of a step within a factor of 2: layers, times units and a
    cost per call.
    """
    return architecture.depth * (architecture.width + 10.0)
