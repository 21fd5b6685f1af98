"""The work of `clustering`: training in batches of replicas, and a self-expression for every graph.

Neither the size of supports nor ADMM's number of iterations is known beforehand; the estimates are
those of the default study.
"""

from __future__ import annotations

from itertools import pairwise

from eigenscape.config.sizes import DIGIT_CLASSES, DIGIT_PIXELS, GRAPH_BATCH, TRAINED_DIGITS
from eigenscape.config.study import Study
from eigenscape.planning import memory
from eigenscape.planning.work import NOTHING, Kind, Work

ITERATIONS = 200
"""Iterations of ADMM: the mean over the columns of the default study's graphs, whose medians are 90
to 190."""

SECONDS_PER_ENTRY = 10e-9
"""Seconds per entry of an N x N matrix in one iteration. With 200 iterations a graph of 120 inputs
takes 30 ms: the mean over the 415 graphs of the default study, of which narrow layers take up to 43
ms and wide ones 16."""

SECONDS_PER_READ_OUT = 6e-3
"""Seconds of the modularity's null distribution (200 permutations), similarities and rows of one
graph."""

SECONDS_PER_CLUSTERING = 19e-3
"""Seconds of spectral clustering of the graphs before and after training."""

SECONDS_PER_COLUMN, SECONDS_PER_COLUMN_AND_INPUT = 15e-6, 90e-9
"""Seconds of the active set with its certificate, where a column has some dozen coefficients, as
measured by benchmarks/clustering.py."""

SECONDS_PER_STEP_AND_LAYER = 0.25e-3
"""Seconds of the torch calls of a layer in a training step: forward, backward and Adam."""

UNFOLDED = 64 * 10 + 16 * 20
"""Numbers per input and channel in the two convolutions: images, and the patches of nine pixels
into which they are unfolded."""

CONVOLUTION_FACTOR = 3.5
"""Factor by which a step of the convolutional network takes longer than its products, for unfolding
and pooling: training took 3.2 to 3.8 s."""


def networks(study: Study) -> dict[str, Work]:
    """Return the work of every architecture by its name; empty if the study leaves them out."""
    section = study.clustering
    if not section.enabled:
        return {}
    shapes = [
        [DIGIT_PIXELS, *[width] * depth, DIGIT_CLASSES]
        for depth in section.depth
        for width in section.width
    ]
    work_by_network = {
        name: _network(
            study, sum(a * b for a, b in pairwise(sizes)), len(sizes) - 2, sum(sizes[1:])
        )
        for name, sizes in zip(section.network_names(), shapes, strict=False)
    }
    if section.channels is not None:
        c = section.channels
        products = 64 * 9 * c + 16 * 9 * 2 * c * c + 32 * c * c + 4 * c * DIGIT_CLASSES
        work_by_network[section.network_names()[-1]] = _network(
            study, int(CONVOLUTION_FACTOR * products), 3, UNFOLDED * c
        )
    return work_by_network


def _network(study: Study, products: int, layers: int, units: int) -> Work:
    """Count the work of both variants of one architecture, given its products per input, its hidden
    layers, and the units in all of them.
    """
    section = study.clustering
    variants, replicas, epochs = 1 + section.shuffled_twin, section.seeds, section.epochs[-1]
    ends = replicas * (2 + section.shuffled_twin)
    graphs = layers * replicas * (len(section.epochs) + section.shuffled_twin) + 14
    inputs = DIGIT_CLASSES * section.inputs_per_class
    steps = variants * epochs * (TRAINED_DIGITS // GRAPH_BATCH)
    trained = Work(
        {
            Kind.PRODUCT: 6.0 * products * GRAPH_BATCH * steps * replicas,
            Kind.SCALAR: steps * (layers + 1) * SECONDS_PER_STEP_AND_LAYER,
        }
    )
    solved = 0.0
    if section.graph.method == "sparse":
        iterates = section.graph.affine or section.graph.outliers is not None
        exact = inputs * (SECONDS_PER_COLUMN + inputs * SECONDS_PER_COLUMN_AND_INPUT)
        solved = ITERATIONS * inputs**2 * SECONDS_PER_ENTRY if iterates else exact
    read = graphs * (solved + SECONDS_PER_READ_OUT) + ends * layers * SECONDS_PER_CLUSTERING
    work = NOTHING + trained + Work({Kind.SCALAR: read})
    return Work(
        work.counts,
        memory.layer_graphs(replicas, len(section.epochs), inputs, units, TRAINED_DIGITS, products),
    )
