"""The work of `trajectories` and `inpca`: training in batches of replicas, distances between all
checkpoints, eigensolves.
"""

from __future__ import annotations

from itertools import pairwise

from eigenscape.config.sizes import DIGIT_CLASSES, DIGIT_PIXELS, TRAINED_DIGITS
from eigenscape.config.sloppiness import EnsembleSection
from eigenscape.config.study import Study
from eigenscape.planning import memory
from eigenscape.planning.work import NOTHING, Kind, Work
from eigenscape.sloppiness.distances import scratch_bytes

SECONDS_PER_STEP_AND_LAYER = 0.16e-3
"""Seconds of the torch calls of a layer in a training step: forward, backward and optimiser.
Measured: 600 steps of a linear model take 0.22 s."""

CONVOLUTION_FACTOR = 12.0
"""Factor by which a step of the convolutional network takes longer than its products, for unfolding
and pooling."""

UNFOLDED = 64 * 10 + 16 * 20
"""Numbers per input and channel in the two convolutions: images, and the patches of nine pixels
into which they are unfolded."""

SECONDS_PER_PAIR_AND_SAMPLE = 1.7e-9
"""Seconds of a distance per pair of checkpoints and sample, for ten classes: measured on one busy
core of an EPYC Zen 4 (`benchmarks/sloppiness.py`)."""

SETS = 4.0
"""Eigensolves of all sets together, in units of the largest: both spacings, nonlinear ones,
families, networks."""

SECONDS_AT_EQUAL_PROGRESS = 6e-9
"""Seconds per checkpoint, sample and class of the bisection for progress and the re-indexing."""


def groups(study: Study) -> dict[str, Work]:
    """Return the work of every group of architectures by its name; empty if the study leaves them
    out.
    """
    if not study.sloppiness.enabled:
        return {}
    section = study.sloppiness.ensemble
    work_by_group = {}
    for group in section.network_groups():
        work = NOTHING
        if group == "linear":
            work = work + len(section.powers) * _network(
                section, DIGIT_PIXELS * DIGIT_CLASSES, 1, DIGIT_CLASSES
            )
        elif group.startswith("perceptron"):
            depth = int(group.removeprefix("perceptron-d"))
            for width in section.width:
                sizes = [DIGIT_PIXELS, *[width] * depth, DIGIT_CLASSES]
                work = work + _network(
                    section, sum(a * b for a, b in pairwise(sizes)), depth + 1, sum(sizes[1:])
                )
        else:
            c = section.channels or 0
            products = (
                DIGIT_PIXELS * 9 * c
                + DIGIT_PIXELS // 4 * 9 * 2 * c * c
                + DIGIT_PIXELS // 16 * 2 * c * DIGIT_CLASSES
            )
            work = work + _network(section, int(CONVOLUTION_FACTOR * products), 3, UNFOLDED * c)
        work_by_group[group] = work
    return work_by_group


def _network(section: EnsembleSection, products: int, layers: int, units: int) -> Work:
    """Count the work of one architecture under every optimiser, given its products per input, its
    layers, and the units in all of them.
    """
    runs, batch = len(section.optimisers), min(section.batch, TRAINED_DIGITS)
    flops = 6.0 * products * batch * section.steps * section.seeds * runs
    recorded = (
        2.0
        * products
        * DIGIT_CLASSES
        * section.inputs_per_class
        * 2
        * section.checkpoints
        * section.seeds
        * runs
    )
    calls = runs * section.steps * (layers + 1) * SECONDS_PER_STEP_AND_LAYER
    inputs = DIGIT_CLASSES * section.inputs_per_class
    memory_bytes = memory.trajectories(
        runs, section.seeds, 2 * section.checkpoints, inputs, DIGIT_CLASSES, units, batch, products
    )
    return Work({Kind.PRODUCT: flops + recorded, Kind.SCALAR: calls}, memory_bytes)


def inpca(study: Study) -> Work:
    """Count the work of distances, the embeddings of all sets, their bootstrap, and progress.

    The memory is 8 M^2 bytes for the distances of M checkpoints; 8 7 (M/2)^2 for the largest set
    with its eigensolve and the stored embeddings; all predictions twice, while they are read, and
    the scratch arrays of the distances.
    """
    section = study.sloppiness.ensemble
    points, samples = float(section.points()), DIGIT_CLASSES * section.inputs_per_class
    # Half of the points are in each spacing; a resample holds 1 - 1/e of them.
    half, distinct = points / 2, 0.63 * points / 2
    seconds = 0.5 * points**2 * samples * SECONDS_PER_PAIR_AND_SAMPLE * DIGIT_CLASSES / 10
    seconds += points * samples * DIGIT_CLASSES * SECONDS_AT_EQUAL_PROGRESS * 53 / DIGIT_CLASSES
    counts = {Kind.SCALAR: seconds, Kind.EIGENVECTORS: SETS * 9 * half**3}
    counts |= {
        Kind.EIGENVALUES: SETS * section.replicates * 4 / 3 * distinct**3,
        Kind.COLUMN: SETS * section.replicates * distinct,
    }
    return Work(
        counts,
        memory=int(8 * points**2 + 7 * 8 * half**2 + 2 * 4 * points * samples * DIGIT_CLASSES)
        + scratch_bytes(DIGIT_CLASSES),
    )
