"""The peak memory of each stage, in bytes without the interpreter and its libraries: one formula
per stage.

L layers, w units, P parameters, n data points; N samples, R resamples, B = 256 samples of a block.
Every formula is the sum of the arrays that are alive at once at the peak of the stage, counted in
the sources; tests run the stages and compare their peaks with these numbers. Second moments,
spectra and brackets are in `cells`, ranks' shares in `communication` and `distributed.peak_memory`,
networks without C in `large`, the joint embedding in `ensembles`.

torch manages the memory of products and their derivatives itself: formulas for such stages count
whole arrays of activations (`TORCH_COPIES` of them), and are looser.
"""

from __future__ import annotations

import math

from eigenscape.architecture import Architecture
from eigenscape.config.cells import ModelConstrainedCell
from eigenscape.config.sizes import BLOCK, NUMBERS_PER_BATCH, PERMUTATIONS, TORCH_CHUNK
from eigenscape.config.study import Study
from eigenscape.planning import cells as cost
from eigenscape.planning.cells import FLOAT

TORCH_COPIES = 8
"""Number of arrays of one size that torch holds in a forward and backward pass: values,
derivatives, saved copies of either, and temporaries."""

PLATE_COPIES = 20
"""The same number for a plate, in numbers per square: a dozen fields, and the corners of either
solution, four to a square (17 were observed)."""

STEP_COPIES = 12
"""The same number per step, for a network's steps in a row with those of the equation (9 were
observed for one step, 11.5 each for eight)."""

DRAWING = 200 * 10**6
"""Bytes of matplotlib with a canvas of 600 dots an inch, its copies, fonts and text: 175 MB were
observed for a figure two columns wide."""


def projection(architecture: Architecture, samples: int, replicates: int) -> int:
    """8 (3 B' P + 3 N 21 (L + 1) + R (4 N + 9 sqrt(N) + (4 L)^2)), B' = 2^21 / P rows but at most
    256: O(P) whatever N.

    The terms are parameters, gradients and one temporary of a batch; at most 21 numbers per layer
    and sample, twice while batches are joined, and their diagonals; counts of resamples as whole
    numbers, weights and parts; uniform numbers and factors of the tails; and resampled blocks, the
    largest of which has at most 4 L rows.
    """
    rows = max(1, min(BLOCK, NUMBERS_PER_BATCH // architecture.parameters))
    layers = architecture.depth + 1
    numbers = (
        3 * rows * architecture.parameters
        + 3 * samples * 21 * layers
        + replicates * (4 * samples + 9 * math.isqrt(samples) + (4 * architecture.depth) ** 2)
    )
    return FLOAT * numbers


def importance(study: Study) -> int:
    """8 (8 T + 7 P^2), T numbers of a triangle, about P^2/2; or, where that is more, eigenvectors
    and coordinates of N samples.

    The jackknife holds a triangle for each of eight groups, their sum as a matrix, and the
    eigensolve of the sum without one group; where N < P, 8 (3 N P + 4 N^2) for the gradients, those
    of the remaining groups, and LAPACK's. Eigenvectors take P^2 and a band of them twice while they
    are read; then P^2 with the larger of 999 resampled orders of all P of them, thrice, and of G V
    (N, 4 w) thrice with resamples (R, N) thrice.
    """
    cell, replicates = study.headline_cell, study.projection.replicates
    size, samples, directions = (
        cell.architecture.parameters,
        cell.samples,
        min(4 * cell.architecture.width, cell.architecture.parameters),
    )
    jackknife = 8 * cost.triangle_numbers(size) + (1 + cost.SOLVED_VALUES) * size**2
    if cost.from_gradients(cell.samples, cell.architecture.parameters):
        jackknife = 3 * samples * size + 4 * samples**2
    orders = 3 * PERMUTATIONS * size
    eigenvectors = 2 * size**2 + max(orders, 3 * samples * directions + 3 * replicates * samples)
    return FLOAT * (max(jackknife, eigenvectors) + 2 * BLOCK * size)


def criticality(study: Study) -> int:
    """8 (3 B P + N (3 (L + 1) + 3 R)): a block of gradients and their squares, masses by layer,
    resamples.
    """
    section = study.criticality
    architecture = Architecture(section.depth, section.width)
    masses, resamples = 3 * (section.depth + 1), 3 * study.projection.replicates
    return FLOAT * (3 * BLOCK * architecture.parameters + section.samples * (masses + resamples))


def training(architecture: Architecture, points: int, replicas: int, steps: int) -> int:
    """8 R ((s + 10) P + 8 n w L): s Lanczos vectors of all replicas, and torch's arrays of
    parameters and activations.
    """
    activations = points * architecture.width * architecture.depth
    return (
        FLOAT
        * replicas
        * ((steps + TORCH_COPIES + 2) * architecture.parameters + TORCH_COPIES * activations)
    )


def sensitivity(architecture: Architecture, samples: int, replicates: int) -> int:
    """8 (6 B P + 2 N 21 (L + 1) 2 + R (4 N + (4 L)^2)): a block in double precision for both
    losses, then as in the projection.
    """
    rows, layers = min(BLOCK, samples), architecture.depth + 1
    resampled = replicates * (4 * samples + (4 * architecture.depth) ** 2)
    return FLOAT * (6 * rows * architecture.parameters + 4 * samples * 21 * layers + resampled)


def kinds(architecture: Architecture) -> int:
    """8 (5 2^21 + 9 P^2): a batch of gradients of single points with its Jacobians; C and what an
    eigensolve with vectors takes.
    """
    return FLOAT * (5 * NUMBERS_PER_BATCH + 9 * architecture.parameters**2)


def curve(pieces: float, width: int, depth: int) -> int:
    """8 n w (3 L + 12): coefficients (3, n, w) of every layer on n pieces, and what looking for
    crossings in the last takes.
    """
    return int(FLOAT * pieces * width * (3 * depth + 12))


def digit_training(runs: int, depth: int, width: int, images: int) -> int:
    """4 R n w (L^2 / 2 + 8): activations of all images in single precision, for every layer that is
    trained and those above it.
    """
    return int(4 * runs * images * width * (depth**2 / 2 + TORCH_COPIES))


def layer_graphs(
    replicas: int, epochs: int, inputs: int, units: int, images: int, products: int
) -> int:
    """4 R (2 E n u + 3 n' u + 12 W) + 8 12 n^2.

    The terms are the activations of u units at E epochs, twice while they are stacked; those of n'
    training images, which are only evaluated; weights with gradients and Adam's averages; and the
    matrices of one graph.
    """
    single = replicas * (2 * epochs * inputs * units + 3 * images * units + 12 * products)
    return 4 * single + FLOAT * 12 * inputs**2


def trajectories(
    optimisers: int,
    replicas: int,
    checkpoints: int,
    inputs: int,
    classes: int,
    units: int,
    batch: int,
    products: int,
) -> int:
    """4 R (3 O T n C + 8 (b + n) u + 12 W): predictions of all checkpoints, while they are stacked;
    torch's arrays; weights.
    """
    predictions = 3 * optimisers * checkpoints * inputs * classes
    return 4 * replicas * (predictions + TORCH_COPIES * (batch + inputs) * units + 12 * products)


def theory(study: Study) -> dict[str, int]:
    """Return the bytes by part: 8 (12 m^2 + 4 R m), 8 (8 n^2 + 2 n f + 5 (10 n*)^2) and 8 (2 b R d
    + 4 R n + 8 n^2).

    `phase_map`: spectra of m components, and R starts. `kernel`: n digits, n* of them held out, 10
    classes at once; f features, or the parameters of the network whose tangents are taken. `sgd`: n
    examples, R = 2 d paths in d dimensions with batches of b.
    """
    section = study.sloppiness
    components, kernel, sgd = section.phase_map.components, section.kernel, section.sgd
    tangents = Architecture(kernel.depth, kernel.width, inputs=64, outputs=1).parameters
    images = kernel.train + kernel.test
    size, batch = sgd.components + 1, max(sgd.batch)
    paths = 2 * size
    numbers = {
        "phase_map": 12 * components**2 + 4 * section.phase_map.starts * components,
        "kernel": (
            8 * images**2
            + 2 * images * max(kernel.features, tangents)
            + 5 * (10 * kernel.test) ** 2
        ),
        "sgd": 2 * batch * paths * size + 4 * paths * sgd.examples + 8 * sgd.examples**2,
    }
    return {name: FLOAT * count for name, count in numbers.items()}


def model_constrained(study: Study, cell: ModelConstrainedCell) -> int:
    """Return the larger of the bytes of the cell's own second moment and spectrum with vectors, and
    torch's 8 c n (8 u + 20 e^2) for a part of a block.

    There are u units for each of n pairs of data and c = 192 parameter vectors at most, and e x e
    squares of a heated plate for each; 12 S u for S steps of a wave in a row. The halves of the
    samples that are compared afterwards take less: C of all and of either half, their difference,
    and eigenvectors, 6 P^2.
    """
    cell_bytes = max(
        cost.second_moment(cell, 1).memory, cost.spectrum(cell, study, vectors=True).memory
    )
    section = study.model_constrained
    numbers = TORCH_COPIES * sum(cell.architecture.sizes)
    if cell.forward_map == "heat":
        numbers += PLATE_COPIES * section.heat.elements**2
    elif cell.forward_map == "burgers":
        numbers = (
            STEP_COPIES
            * max(section.burgers.learned_steps, section.burgers.model_steps)
            * sum(cell.architecture.sizes)
        )
    return cell_bytes + FLOAT * TORCH_CHUNK * section.pairs * numbers


def figure(study: Study, name: str) -> int:
    """Return the bytes of a figure: those of drawing, and 16 P^2 for figures that read
    eigenvectors, the matrix and once more while it is read.
    """
    reads = name in ("eigenvalues", "eigenvectors", "layer_importance", "sufficient_summary")
    return DRAWING + reads * 2 * FLOAT * study.headline_cell.architecture.parameters**2
