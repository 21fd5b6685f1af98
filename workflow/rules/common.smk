"""What the rules share: the checked study, its folder, and the cells dealt into jobs.

Everything is checked here, before anything runs. Heavy libraries are not imported.
"""

import os
import re
import signal
import sys
from pathlib import Path

from eigenscape.errors import EigenscapeError
from eigenscape.catalogue import captions
from eigenscape.stages.common import configure
from eigenscape.catalogue import drawing as draw
from eigenscape.stages.common import labelled_inputs
from eigenscape.planning import batches as planning
from eigenscape.catalogue import left_out as products
from eigenscape.planning import solver_choice
from eigenscape.planning import ensembles
from eigenscape.planning import memory as stage_memory
from eigenscape.planning.large import large_cell, plans_of
from eigenscape.store.layout import StudyFolder
from eigenscape.config.study import SCIENCE_SCHEMA

try:
    STUDY = configure.workflow_study(
        config,
        workflow.overwrite_configfiles,
        Path("results"),
        first=workflow.is_main_process,
    )
    RESULTS = f"results/{STUDY.study}"
    configure.require_writable(StudyFolder(Path(RESULTS)))
    configure.require_same_science(STUDY, StudyFolder(Path(RESULTS)))
    if (
        workflow.is_main_process
    ):  # every job reads this file; the user's data are read once
        labelled_inputs.require_usable(STUDY)
    NODE_MEMORY = solver_choice.node_memory()
    LARGE_NETWORKS = {plan.architecture.label: plan for plan in plans_of(STUDY)}
except EigenscapeError as error:
    # An exception would reach the user under a page of traceback, and with exit code 1.
    print(f"eigenscape: {error}", file=sys.stderr, flush=True)
    os._exit(error.exit_code)

# A launcher that is not there would end a job with bash's bare "command not found".
shell.prefix(
    'set -euo pipefail; command_not_found_handle() {{ echo "eigenscape: $1: expected a program on PATH, found none;'
    " run \\`make setup\\` and put .venv/bin on PATH, or load your cluster's MPI and name its launcher"
    ' (EIGENSCAPE_LAUNCHER=...)" >&2; return 127; }}; '
)

STUDY_FILE = f"{RESULTS}/study.json"

# What starts MPI ranks. The Slurm profile sets it to srun, by the environment, since that reaches the jobs whatever
# resources are given on the command line.
LAUNCHER = os.environ.get("EIGENSCAPE_LAUNCHER", "mpiexec")

# Slurm's warning before the end of a job's time reaches every process of a job. It is meant for eigenscape, which keeps
# what it has; Snakemake and the shells between would die of it, and take eigenscape with them.
signal.signal(signal.SIGUSR1, signal.SIG_IGN)


onstart:
    # Not a rule: every job reads this file, and none is to run again because the grid has grown.
    configure.write_study(STUDY, StudyFolder(Path(RESULTS)))


onsuccess:
    print(
        f"Report: {RESULTS}/report.html   figures: {RESULTS}/figures   table: {RESULTS}/tables/condition_number.csv"
    )


HEADLINE = STUDY.headline_cell
BATCHES = planning.batches(STUDY)
LARGE_CELLS = [cell.folder for cell in planning.large_cells(STUDY)]
SOLVER_RANKS = solver_choice.RANKS
DISTRIBUTED = solver_choice.distributed_cells(STUDY, NODE_MEMORY, SOLVER_RANKS)
# What the table of findings reads of the sciences that may be left out.
JUDGED = (
    [
        f"{RESULTS}/ledger/expressivity/{experiment}.json"
        for experiment in ["dichotomies", "digits", "growth", "sensitivity"]
    ]
    * STUDY.expressivity.enabled
    + [f"{RESULTS}/tables/clustering_layers.csv"] * STUDY.clustering.enabled
    + [
        f"{RESULTS}/ledger/sloppiness_theory/{theory}.json"
        for theory in ["phase_map", "kernel", "sgd"]
    ]
    * STUDY.sloppiness.enabled
    + [f"{RESULTS}/tables/sloppiness.nc"] * STUDY.sloppiness.enabled
    + [f"{RESULTS}/tables/model_constrained.csv"] * STUDY.model_constrained.enabled
)
ENSEMBLE = STUDY.sloppiness.ensemble
ENSEMBLE_RANKS = ensembles.ranks(ENSEMBLE)
ENSEMBLE_MEMORY = ENSEMBLE_RANKS * ensembles.rank_memory(ENSEMBLE)
FAMILIES = draw.families_of(STUDY)
LEFT_OUT = products.left_out(STUDY)


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


def large_weights(case):
    """Cells of a model-constrained case that are jobs of their own."""
    return [cell.folder for cell in planning.large_weights(STUDY, case)]


def wants_vectors(cell):
    """Whether something reads the eigenvectors of a cell."""
    return STUDY.cell(cell).vectors


def largest_cell(cells):
    """P of the largest cell: jobs with larger ones start first."""
    return max(cell.architecture.parameters for cell in cells)


def memory_mb(cells, vectors=False):
    """What a job that takes these cells one after the other needs, with the interpreter."""
    peak = max(planning.cost_of(STUDY, cell, vectors=vectors).memory for cell in cells)
    return 800 + peak // 10**6


def figure_memory_mb(family):
    """What the figures of a family need: those of large networks hold their eigenvectors."""
    if family != "large_networks":
        return 2000
    return 1000 + sum(plan.work.memory for plan in LARGE_NETWORKS.values()) // 10**6


def figure_output(name):
    """PDF and PNG of a figure; in Snakemake's report the PNG stands under its science, with its caption."""
    caption = captions.caption_of(name)
    png = report(
        f"{RESULTS}/figures/{name}.png",
        caption=f"../report/{name}.rst",
        category=caption.science,
        labels={"figure": caption.title},
    )
    return [f"{RESULTS}/figures/{name}.pdf", png]


def any_of(names):
    """A pattern that matches these names and no others; nothing at all where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    batch=r"w\d+-d\d+to\d+",
    case=any_of(STUDY.model_constrained.cases),
    cell=r"(cells|headline|model_constrained)/[^/]+",
    experiment=r"[a-z]+",
    group=any_of(ENSEMBLE.network_groups()),
    network=any_of(STUDY.clustering.network_names()),
    theory=r"phase_map|kernel|sgd",
    width=r"\d+",
