"""The work of the linear theory of trajectories: many small eigensolves, and step-by-step
simulations.

Seconds were measured on one core of the reference machine (AMD EPYC, Zen 4) while others used its
neighbours.
"""

from __future__ import annotations

from eigenscape.config.sizes import DIGIT_CLASSES
from eigenscape.config.study import Study
from eigenscape.planning import memory
from eigenscape.planning.work import Kind, Work
from eigenscape.sloppiness.phase_map import Setting

SECONDS_PER_RIBBON = 0.3e-3
"""Seconds of the assembly, ribbon and row of one cell."""

SECONDS_PER_FLOP = 1 / 38e9
"""Seconds per flop of products of some hundred rows in numpy on one core."""

SECONDS_PER_SIMULATED_STEP = 0.06e-3
"""Seconds of the numpy calls of a step, whatever its size."""

SECONDS_PER_GATHERED_NUMBER = 2e-9
"""Seconds per number of the examples that batches gather."""

SECONDS_PER_KERNEL = 0.35
"""Seconds of the features, distances and the kernel matrix of some hundred digits, first calls
included."""


def eigenvalues(size: int) -> float:
    """Return the seconds of a symmetric eigensolve, values alone: 0.2 ms at 60, 0.6 ms at 120, 2.4
    ms at 250, 1.1 s at 2,000 (with its assembly).

    Example:
        >>> round(1e3 * eigenvalues(250), 1)
        2.4
    """
    return 4e-5 + 2.5e-6 * size + 1.1e-10 * size**3


def parts(study: Study) -> dict[str, Work]:
    """Return the work of every part by its name; empty if the study leaves them out."""
    if not study.sloppiness.enabled:
        return {}
    seconds = {"phase_map": _phase_map(study), "kernel": _kernel(study), "sgd": _sgd(study)}
    memory_bytes = memory.theory(study)
    return {name: Work({Kind.SCALAR: value}, memory_bytes[name]) for name, value in seconds.items()}


def _phase_map(study: Study) -> float:
    section = study.sloppiness.phase_map

    def size(decay: float, steps: int) -> int:
        return len(Setting(decay, steps, section.step, section.components).eigenvalues)

    spectra = len(section.ratio) + 2
    cells = sum(
        eigenvalues(size(decay, steps)) + SECONDS_PER_RIBBON
        for decay in section.decay
        for steps in section.steps
    )
    simulated = sum(
        steps
        * (
            SECONDS_PER_SIMULATED_STEP
            + 8.0 * section.starts * size(decay, steps) ** 2 * SECONDS_PER_FLOP
        )
        for decay in section.simulated_decay
        for steps in section.simulated_steps
    )
    return spectra * cells + len(section.simulated_ratio) * simulated


def _kernel(study: Study) -> float:
    """Count the seconds of a kernel matrix and its eigenvectors, then of two spectra for every
    start and number of steps.
    """
    section = study.sloppiness.kernel
    clouds = len(section.start) * len(section.steps)
    spectra = (
        eigenvalues(section.train)
        + eigenvalues(DIGIT_CLASSES * section.test)
        + 2 * SECONDS_PER_RIBBON
    )
    vectors = 3e-10 * (section.train + section.test) ** 3 + SECONDS_PER_KERNEL
    return len(section.kernels) * (vectors + clouds * spectra)


def _sgd(study: Study) -> float:
    """Count the seconds of gradient descent, every batch, and two variants: a recursion and
    simulated groups of two paths per weight.
    """
    section = study.sloppiness.sgd
    size, middle = section.components + 1, section.batch[len(section.batch) // 2]
    paths = 2 * size
    recursion = (
        SECONDS_PER_SIMULATED_STEP
        + (4.0 * section.examples * size**2 + 6.0 * size**3) * SECONDS_PER_FLOP
    )
    flops = 2.0 * paths * section.examples**2 + 4.0 * paths * section.examples * size
    seconds = 0.0
    for batch in [0, *section.batch, middle, middle]:
        simulated = (
            SECONDS_PER_SIMULATED_STEP
            + flops * SECONDS_PER_FLOP
            + batch * paths * size * SECONDS_PER_GATHERED_NUMBER
        )
        seconds += section.steps * (recursion + section.simulated * simulated)
    return seconds
