"""The work of `model-constrained`: gradients by torch, and gradient descents, of one case for every
weight of its model.
"""

from __future__ import annotations

from eigenscape.architecture import Architecture
from eigenscape.config.cells import ModelConstrainedCell
from eigenscape.config.sizes import POLYAK_STEP_GRID, SLOTS
from eigenscape.config.study import Study
from eigenscape.planning import cells as cost
from eigenscape.planning import memory
from eigenscape.planning.work import NOTHING, Kind, Work

SECONDS_PER_CALL = 2.5e-3
"""Seconds to start `vmap(grad)`, whatever the number of gradients."""

SECONDS_PER_GRADIENT, SECONDS_PER_UNIT = 20e-6, 20e-9
"""Seconds of one gradient, and of one unit for one data point within it: ten networks of 256 to
2,712 parameters with 20 and 100 pairs took 0.7 to 1.3 times this, on one thread of a machine shared
with others."""

SECONDS_PER_SOLVE, SECONDS_PER_FACTOR = 4e-6, 1.2e-9
"""Seconds of a plate with e x e elements, with torch's overhead around its solution: the first, and
the second times e^4."""

SECONDS_ALONE, SECONDS_ALONE_PLATE = 0.6e-3, 1.5e-3
"""Seconds of overhead of one gradient that is computed alone: torch's time to start its operations,
and L-BFGS's steps. The second is added for a plate. Measured with 13 other processes on two
cores."""

TRIALS = 1.1
"""Gradients per iteration of L-BFGS: nearly every first step is accepted."""

ENCODERS = 4
"""Number of times that TAEN's encoder is trained for one alpha: for C, its spectrum, and twice in
training; storing a result of 0.1 s is not worthwhile."""

SECONDS_PER_WEIGHT = 0.25
"""Seconds of the resamples of the projected C, stores, angles and rows of one alpha, in addition to
the counted work."""

FIRST_GRADIENTS = 1.5
"""Seconds that torch takes to load what the first gradients need."""


def cases(study: Study) -> dict[str, Work]:
    """Return the work of every case by its name, if none of its cells is a job of its own."""
    return {
        name: sum((_weight(study, cell) for cell in study.model_constrained_cells(name)), _once())
        for name in study.model_constrained.computed
    }


def sampling_seconds(study: Study, cell: ModelConstrainedCell) -> float:
    """Return the seconds of one core for the gradients of a cell's second moment, once.

    Example:
        >>> study = Study()
        >>> sampling_seconds(study, study.model_constrained_cells("deconvolution-tnet")[0]) < 1
        True
    """
    return cell.samples * _gradient(study, cell)


def _once() -> Work:
    return NOTHING + Work({Kind.SCALAR: FIRST_GRADIENTS})


def _weight(study: Study, cell: ModelConstrainedCell) -> Work:
    section = study.model_constrained
    # C itself, its first quarter and half for the bracket, the bracket's own pass, and the half for
    # angles; then the projection.
    samples = int(3.0 * cell.samples) + min(study.projection.samples, cell.samples)
    each = _gradient(study, cell)
    gradients = samples * each + 4 * SLOTS * SECONDS_PER_CALL
    descents = section.training_steps * (
        SECONDS_PER_CALL + len(POLYAK_STEP_GRID) * section.replicas * each
    )
    alone = SECONDS_ALONE + SECONDS_ALONE_PLATE * (_solves(study, cell) > 0)
    least = TRIALS * section.replicas * section.least_steps * (alone + each)
    if cell.loss == "taen":
        least += (
            TRIALS
            * ENCODERS
            * section.encoder_steps
            * (alone + section.pairs * _solves(study, cell))
        )
    work = Work({Kind.SCALAR: gradients + descents + least + SECONDS_PER_WEIGHT})
    size = cell.architecture.parameters
    work += Work({Kind.GRAM: 2 * cost.gram_flops(size, cell.samples)})
    work += 4 * cost.eigensolve(size, vectors=True)
    return Work(work.counts, memory.model_constrained(study, cell))


def _gradient(study: Study, cell: ModelConstrainedCell) -> float:
    """Return the seconds of one gradient."""
    section, architecture = study.model_constrained, cell.architecture
    seconds = SECONDS_PER_GRADIENT + SECONDS_PER_UNIT * section.pairs * _units(architecture)
    # a decoder does not ask the model
    if cell.alpha and cell.loss != "taen":
        seconds += section.pairs * _solves(study, cell)
    return seconds


def _solves(study: Study, cell: ModelConstrainedCell) -> float:
    """Return the seconds of a plate's solution and its adjoint."""
    elements = study.model_constrained.heat.elements if cell.forward_map == "heat" else 0
    return 2 * (SECONDS_PER_SOLVE + SECONDS_PER_FACTOR * elements**4) if elements else 0.0


def _units(architecture: Architecture) -> int:
    return sum(architecture.sizes[1:])
