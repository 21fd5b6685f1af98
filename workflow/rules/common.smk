"""What the rules share: the checked study, its folder, and the cells dealt into jobs.

Everything is checked here, before anything runs. Heavy libraries are not imported.
"""

import os
import sys
from pathlib import Path

from eigenscape.errors import EigenscapeError
from eigenscape.stages import configure, planning
from eigenscape.store.layout import StudyFolder
from eigenscape.study import SCIENCE_SCHEMA, Study

try:
    STUDY = Study.from_mapping(config)
    RESULTS = f"results/{STUDY.study}"
    configure.require_writable(StudyFolder(Path(RESULTS)))
    configure.require_same_science(STUDY, StudyFolder(Path(RESULTS)))
except EigenscapeError as error:
    # An exception would reach the user under a page of traceback, and with exit code 1.
    print(f"eigenscape: {error}", file=sys.stderr, flush=True)
    os._exit(error.exit_code)

STUDY_FILE = f"{RESULTS}/study.json"


onstart:
    # Not a rule: every job reads this file, and none is to run again because the grid has grown.
    configure.write_study(STUDY, StudyFolder(Path(RESULTS)))


onsuccess:
    print(f"Figures: {RESULTS}/figures   table: {RESULTS}/tables/condition_number.csv")


HEADLINE = STUDY.headline_cell
BATCHES = planning.batches(STUDY)
LARGE_CELLS = [cell.folder for cell in planning.large_cells(STUDY)]
HEADLINE_FIGURES = ["eigenvalues", "eigenvectors", "layer_importance"]
IMPORTANCE_FIGURES = ["importance", "sufficient_summary"]
MAP_FIGURES = [
    "condition_number",
    "condition_number_projected",
    "condition_number_null",
    "parameter_count",
    "predictors",
]
TRAINING_FIGURES = ["trainability"] * bool(STUDY.trained_architectures())
CURVE_FIGURES = {
    "length_growth": ["growth"],
    "transitions": ["growth"],
    "length_sensitivity": ["sensitivity"],
    "dichotomies": ["dichotomies"],
    "one_layer_training": ["digits"],
    "training_lengths": ["digits"],
    "polytopes": [],
}
CURVE_NAMES = "|".join(CURVE_FIGURES)
HEADLINE_NAMES = "|".join(HEADLINE_FIGURES)
IMPORTANCE_NAMES = "|".join(IMPORTANCE_FIGURES)
MAP_NAMES = "|".join(MAP_FIGURES)
FIGURE_NAMES = [
    *HEADLINE_FIGURES,
    *IMPORTANCE_FIGURES,
    *MAP_FIGURES,
    *TRAINING_FIGURES,
    "criticality",
    "sensitivity",
    *CURVE_FIGURES,
]


PROJECTED_WIDTHS = sorted(
    {network.width for network in STUDY.projected_architectures()}
)


def networks_of_width(width):
    """Names of the networks that one projection job covers."""
    return [
        network.label
        for network in STUDY.projected_architectures()
        if network.width == width
    ]


def largest_cell(cells):
    """P of the largest cell: jobs with larger ones start first."""
    return max(cell.architecture.parameters for cell in cells)


def memory_mb(cells, vectors=False):
    """What a job that takes these cells one after the other needs, with the interpreter."""
    peak = max(planning.cost_of(STUDY, cell, vectors=vectors).memory for cell in cells)
    return 800 + peak // 10**6


wildcard_constraints:
    batch=r"w\d+-d\d+to\d+",
    cell=r"(cells|headline)/[^/]+",
    experiment=r"[a-z]+",
    name=r"[a-z_]+",
    width=r"\d+",
