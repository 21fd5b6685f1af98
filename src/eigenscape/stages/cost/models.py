"""The work of `model-constrained`: gradients by torch, and descents, of one case for every weight of its model."""

from __future__ import annotations

from eigenscape.architecture import Architecture
from eigenscape.stages.cost import cells as cost
from eigenscape.stages.cost import memory
from eigenscape.stages.cost.work import NOTHING, Kind, Work
from eigenscape.study import SLOTS, Cell, Study

SECONDS_PER_CALL = 2.5e-3
"""Starting `vmap(grad)`, whatever the number of gradients."""

SECONDS_PER_GRADIENT, SECONDS_PER_UNIT = 20e-6, 20e-9
"""Of one gradient, and of one unit for one data point within it: ten networks of 256 to 2,712 parameters with 20 and 100 pairs took
0.7 to 1.3 times this, on one thread of a machine that others used too."""

SECONDS_PER_SOLVE = 0.09e-6
"""Of the plate with e x e elements, times e^3: 0.05 ms at e = 8 and 0.37 ms at e = 16, in batches."""

LADDER = 7
"""Steps tried (`model_constrained.training.LADDER`)."""

SECONDS_PER_WEIGHT = 0.25
"""Resamples of the projected C, stores, angles and rows of one alpha, beside what is counted."""

FIRST_GRADIENTS = 1.5
"""Seconds that torch takes to load what the first gradients need."""


def cases(study: Study) -> dict[str, Work]:
    """The work of every case, by its name, where none of its cells is a job of its own."""
    return {
        name: sum((_weight(study, cell) for cell in study.model_constrained_cells(name)), _once())
        for name in study.model_constrained.computed
    }


def sampling_seconds(study: Study, cell: Cell) -> float:
    """Seconds of one core for the gradients of a cell's second moment, once.

    Example:
        >>> study = Study()
        >>> sampling_seconds(study, study.model_constrained_cells("deconvolution-tnet")[0]) < 1
        True
    """
    return cell.samples * _gradient(study, cell)


def _once() -> Work:
    return NOTHING + Work({Kind.SCALAR: FIRST_GRADIENTS})


def _weight(study: Study, cell: Cell) -> Work:
    section = study.model_constrained
    # C itself, its first quarter and half for the bracket, the bracket's own pass, and the half for angles; then the projection.
    samples = int(3.0 * cell.samples) + min(study.projection.samples, cell.samples)
    each = _gradient(study, cell)
    gradients = samples * each + 4 * SLOTS * SECONDS_PER_CALL
    descents = section.training_steps * (SECONDS_PER_CALL + LADDER * section.replicas * each)
    work = Work({Kind.SCALAR: gradients + descents + SECONDS_PER_WEIGHT})
    size = cell.architecture.parameters
    work += Work({Kind.GRAM: 2 * cost.gram_flops(size, cell.samples)})
    work += 4 * cost.eigensolve(size, vectors=True)
    return Work(work.counts, memory.model_constrained(study, cell))


def _gradient(study: Study, cell: Cell) -> float:
    """Seconds of one gradient."""
    section, architecture = study.model_constrained, cell.architecture
    seconds = SECONDS_PER_GRADIENT + SECONDS_PER_UNIT * section.pairs * _units(architecture)
    if str(cell.facts["case"]).startswith("heat") and cell.facts["alpha"]:
        seconds += 2 * section.pairs * SECONDS_PER_SOLVE * section.heat.elements**3  # the solution and its adjoint
    return seconds


def _units(architecture: Architecture) -> int:
    return sum(architecture.sizes[1:])
