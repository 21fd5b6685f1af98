"""The work of `clustering`: training in batches of replicas, and a self-expression for every graph.

Neither the size of supports nor ADMM's number of iterations is known beforehand; the estimates are those of the default study.
"""

from __future__ import annotations

from itertools import pairwise

from eigenscape.stages.cost.work import NOTHING, Kind, Work
from eigenscape.study import Study

CLASSES, TRAINED, BATCH = 10, 1347, 64
"""Of the digits. A user's own data are taken for as many: the plan reads no files."""

ITERATIONS = 200
"""Of ADMM, a mean over the columns of the default study's graphs, whose medians are 90 to 190."""

SECONDS_PER_ENTRY = 14e-9
"""Of an N x N matrix in one iteration: about twelve passes over it in numpy."""

SECONDS_PER_COLUMN, SECONDS_PER_COLUMN_AND_INPUT = 15e-6, 90e-9
"""Of the active set with its certificate, where a column has some dozen coefficients: benchmarks/clustering.py."""

SECONDS_PER_READ_OUT = 0.02
"""Null of modularity, similarities and rows of one graph."""

SECONDS_PER_STEP_AND_LAYER = 0.25e-3
"""torch calls of a layer in a step of training: forward, backward, Adam."""

CONVOLUTION_FACTOR = 12.0
"""How much longer a step of the convolutional network takes than its products, for unfolding and pooling."""


def networks(study: Study) -> dict[str, Work]:
    """The work of every architecture, by its name."""
    section = study.clustering
    shapes = [[64, *[width] * depth, CLASSES] for depth in section.depth for width in section.width]
    found = {
        name: _network(study, sum(a * b for a, b in pairwise(sizes)), len(sizes) - 2)
        for name, sizes in zip(section.network_names(), shapes, strict=False)
    }
    if section.channels is not None:
        c = section.channels
        products = 64 * 9 * c + 16 * 9 * 2 * c * c + 32 * c * c + 4 * c * CLASSES
        found[section.network_names()[-1]] = _network(study, int(CONVOLUTION_FACTOR * products), 3)
    return found


def _network(study: Study, products: int, layers: int) -> Work:
    """Both variants of one architecture, with so many products an input and hidden layers."""
    section = study.clustering
    variants, replicas, epochs = 1 + section.shuffled_twin, section.seeds, section.epochs[-1]
    graphs = layers * replicas * (len(section.epochs) + section.shuffled_twin) + 14
    inputs = CLASSES * section.inputs_per_class
    steps = variants * epochs * (TRAINED // BATCH)
    trained = Work(
        {Kind.PRODUCT: 6.0 * products * BATCH * steps * replicas, Kind.SCALAR: steps * (layers + 1) * SECONDS_PER_STEP_AND_LAYER}
    )
    solved = 0.0
    if section.graph.method == "sparse":
        iterates = section.graph.affine or section.graph.outliers is not None
        exact = inputs * (SECONDS_PER_COLUMN + inputs * SECONDS_PER_COLUMN_AND_INPUT)
        solved = ITERATIONS * inputs**2 * SECONDS_PER_ENTRY if iterates else exact
    return NOTHING + trained + Work({Kind.SCALAR: graphs * (solved + SECONDS_PER_READ_OUT)})
