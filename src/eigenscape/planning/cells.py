"""The work of one cell: gradients, second moment, spectrum and bracket.

Every formula counts the operations of the code, and the tests compare it with counts of the actual
calls.
"""

from __future__ import annotations

from eigenscape.active_subspace.triangle import BAND, STRIP
from eigenscape.architecture import Architecture, ModuleArchitecture
from eigenscape.config.cells import Cell
from eigenscape.config.sizes import BLOCK, SLOTS, TWO_STAGE_FROM
from eigenscape.config.study import Study
from eigenscape.planning.work import NOTHING, Kind, Work

FLOAT = 8
"""Bytes of a float64."""

LANCZOS_ONE, LANCZOS_OUTER = 70, 155
"""Number of products with C or its inverse until the outermost pair, and the eight outermost pairs,
have converged at both ends; counted on five networks of P = 141 to 2,881: 52 to 82, and 90 to
195."""

BRACKET_COLUMNS = 20
"""Number of directions of the bracket: one pair of each half, and eight at either end."""

BRACKET_DIRECTIONS = 16
"""Number of these directions that are resampled."""


SECONDS_PER_MODULE_GRADIENT, SECONDS_PER_MODULE_FLOP = 50e-6, 0.5e-9
"""Seconds of one gradient of a user's module by torch, and of one operation of its forward pass
within it."""


def weights_of(architecture: Architecture) -> int:
    """Count the entries of all weight matrices, without biases.

    Example:
        >>> weights_of(Architecture(depth=2, width=3))
        15
    """
    return sum(layer.fan_in * layer.fan_out for layer in architecture.layers)


def gradients(
    architecture: Architecture, points: int, samples: float, *, drawn: bool = True
) -> Work:
    """Count the work of losses and gradients of N samples: three products per layer, two in the
    first, which passes nothing down.

    ``2 n N (3 W - first)`` flops, W the entries of all weight matrices and ``first`` those of the
    first; that is 6 P n N but for biases. The gradients also take N n L w activations, N (L + 1)
    layer calls, and N P draws unless the parameters are given. The gradient of a user's module
    takes three forward passes as torch counts them, and torch's own time.

    Example:
        >>> # 2 * 5 * (3 * 4 - 2)
        >>> int(gradients(Architecture(depth=1, width=2), points=5, samples=1)[Kind.GRADIENT])
        100
    """
    if isinstance(architecture, ModuleArchitecture):
        return Work(
            {
                Kind.GRADIENT: 3.0 * points * samples * architecture.point_flops,
                Kind.LAYER: samples * float(len(architecture.layers)),
                Kind.DRAW: float(samples * architecture.parameters) if drawn else 0.0,
                Kind.SCALAR: (
                    samples
                    * (
                        SECONDS_PER_MODULE_GRADIENT
                        + SECONDS_PER_MODULE_FLOP * points * architecture.point_flops
                    )
                ),
            },
            memory=2 * FLOAT * BLOCK * architecture.parameters,
        )
    first = architecture.inputs * architecture.width
    return Work(
        {
            Kind.GRADIENT: 2.0 * points * samples * (3 * weights_of(architecture) - first),
            Kind.ACTIVATION: samples * points * architecture.depth * architecture.width,
            Kind.LAYER: samples * (architecture.depth + 1.0),
            Kind.DRAW: float(samples * architecture.parameters) if drawn else 0.0,
        },
        memory=2 * FLOAT * BLOCK * architecture.parameters,
    )


def gram_flops(parameters: int, samples: float) -> float:
    """Count the flops of a Gram matrix: N times the sum over strips s, w = min(512, P - s) wide, of
    w^2 for the diagonal square (half of a product) and 2 (P - s - w) w below: P^2 N.

    Example:
        >>> gram_flops(600, 1)  # 512^2 + 2 * 88 * 512 + 88^2
        360000.0
    """
    return float(samples) * parameters**2


def device_gram_flops(parameters: int, samples: float) -> float:
    """Count the flops of a Gram matrix on a device, where the squares on the diagonal are whole
    products.

    Example:
        >>> device_gram_flops(600, 1)  # 2 (600 * 512 + 88 * 88)
        629888.0
    """
    return 2.0 * samples * triangle_numbers(parameters)


def triangle_numbers(parameters: int) -> int:
    """Count the numbers of a triangle in strips, about P^2/2 + 256 P."""
    return sum(
        (parameters - start) * min(STRIP, parameters - start)
        for start in range(0, parameters, STRIP)
    )


def summed(architecture: Architecture, points: int, samples: float) -> Work:
    """Count the work of the gradients of N samples and their Gram matrix."""
    return gradients(architecture, points, samples) + Work(
        {Kind.GRAM: gram_flops(architecture.parameters, samples)}
    )


def second_moment(cell: Cell, points: int, ranks: int = 1) -> Work:
    """Count the work of C of a cell from its samples to its store: that of the busiest of R ranks
    that share the samples.

    A rank has at most ceil(16/R) of 16 slots. Every slot zeroes a triangle and every merge of two
    reads both and writes one, so 16 slots stream 16 * 4 triangles; a band is written by its owner,
    twice 8 P^2 / R bytes with its mirror image and read back.

    The memory is five triangles; or, where P is at most some 1,700, one with the columns of a band
    and four chunks that are written and read back; and blocks of parameters and of gradients.
    """
    architecture, size = cell.architecture, cell.architecture.parameters
    slots = -(-SLOTS // ranks)
    triangle = FLOAT * triangle_numbers(size)
    work = (slots / SLOTS) * summed(architecture, points, cell.samples)
    written = triangle + FLOAT * size * min(size, BAND) + 4 * chunk_bytes(size)
    work += Work(
        {Kind.STREAM: 4.0 * slots * triangle},
        memory=max(5 * triangle, written) + 2 * FLOAT * BLOCK * size,
    )
    work += Work({Kind.WRITE: FLOAT * float(size) ** 2 / ranks, Kind.STORE: 1.0})
    if ranks > 1:
        from eigenscape.planning.communication import reduction_traffic  # noqa: PLC0415

        traffic = [reduction_traffic(size, rank, ranks) for rank in range(ranks)]
        work += Work(
            {
                Kind.SEND: float(max(each.bytes_sent + each.bytes_received for each in traffic)),
                Kind.MESSAGE: float(
                    max(each.messages_sent + each.messages_received for each in traffic)
                ),
            }
        )
    return work


def assembled(parameters: int) -> Work:
    """Count the work of a full symmetric matrix from a triangle: every entry is scaled and
    mirrored, in an order that is unfavourable to caches.
    """
    return Work({Kind.REORDER: 2.0 * float(parameters) ** 2})


def eigensolve(parameters: int, *, vectors: bool, on_host: bool = True) -> Work:
    """Count the work of all eigenvalues of a dense symmetric matrix: 4/3 P^3 flops, or 4 P^3 with
    vectors.

    Source: Golub and Van Loan, Matrix Computations, section 8.3. The work includes the checks that
    C is finite and symmetric, and its copy sorted by the diagonal. The graded route, for spectra
    longer than ten decades, costs 3 P^3 more; which cells take it is not known beforehand (none of
    the default study does).
    """
    cube = float(parameters) ** 3
    values = Kind.TWO_STAGE if on_host and parameters >= TWO_STAGE_FROM else Kind.EIGENVALUES
    kind, flops = (Kind.EIGENVECTORS, 4.0 * cube) if vectors else (values, 4.0 / 3.0 * cube)
    reordered = (4.0 if vectors else 2.0) * float(parameters) ** 2
    return Work({kind: flops, Kind.COLUMN: float(parameters), Kind.REORDER: reordered})


def from_gradients(samples: int, parameters: int) -> bool:
    """Whether a spectrum is computed from its N gradients, since they are fewer than the parameters
    (`stages.common.spectrum_solvers`).
    """
    return samples < parameters


def spectrum(cell: Cell, study: Study, *, vectors: bool) -> Work:
    """Count the work of the eigenvalues of a stored C and the bracket of its condition number;
    where N < P, of the singular values of the gradients.
    """
    size = cell.architecture.parameters
    matrix = FLOAT * size * size
    if from_gradients(cell.samples, size):
        return _few_samples(cell, study, vectors=vectors)
    work = (
        Work({Kind.READ: float(matrix), Kind.STORE: 1.0})
        + eigensolve(size, vectors=vectors)
        + bracket(cell, study)
    )
    if vectors:
        work += Work({Kind.WRITE: float(matrix)})
    resampled = (
        cell.samples * (study.projection.replicates + 3 * BRACKET_COLUMNS) if bracketed(cell) else 0
    )
    blocks = 2 * FLOAT * BLOCK * size
    peak = max(
        matrices_held(cell, vectors=vectors) * matrix + FLOAT * resampled,
        written_vectors(size) * vectors,
    )
    return work + Work(memory=blocks + peak)


def _few_samples(cell: Cell, study: Study, *, vectors: bool) -> Work:
    """Count the work of computing the gradients once more, a QR factorisation (2 N^2 (P - N/3)),
    and the singular values of a triangle (8/3 N^3); C is read, to verify it.

    With vectors, all P of them take 4 P^2 N, and are written. The memory is the most of three
    chunks of C while it is verified, and 8 (N P + 4 N^2 + 36 P) with blocks of gradients, and 16
    P^2 more with vectors; then 8 P^2 with two bands while those are written.
    """
    architecture, size, samples = cell.architecture, cell.architecture.parameters, cell.samples
    square = float(size) ** 2
    work = gradients(architecture, study.problem.points, samples)
    work += Work(
        {
            Kind.READ: 2.0 * FLOAT * square,
            Kind.STORE: 1.0,
            Kind.REORDER: float(samples * size),
            Kind.COLUMN: float(samples),
        }
    )
    work += Work(
        {
            Kind.FACTOR: 2.0 * samples**2 * (size - samples / 3),
            Kind.EIGENVALUES: 8.0 / 3.0 * samples**3,
        }
    )
    if vectors:
        work += Work(
            {
                Kind.EIGENVECTORS: 4.0 * square * samples,
                Kind.WRITE: FLOAT * square,
                Kind.REORDER: 2.0 * square,
            }
        )
    numbers = samples * size + 4 * samples**2 + 36 * size + 2 * size**2 * vectors
    blocks = 2 * FLOAT * BLOCK * size
    return work + Work(
        memory=blocks + max(FLOAT * numbers, 3 * chunk_bytes(size), written_vectors(size) * vectors)
    )


def written_vectors(parameters: int) -> int:
    """Return the bytes while eigenvectors are written: themselves, and 1,024 rows of them five
    times, by Zarr in chunks and read back.
    """
    return FLOAT * (parameters**2 + 5 * parameters * min(parameters, BAND))


def chunk_bytes(parameters: int) -> int:
    """Return the bytes of a stored chunk of C."""
    return FLOAT * min(parameters, BAND) ** 2


def stored_bytes(parameters: int) -> int:
    """Return the bytes of a stored P x P matrix: whole chunks, also at the edge.

    Example:
        >>> stored_bytes(100), stored_bytes(1100) == 4 * 8 * 1024**2
        (80000, True)
    """
    return (-(-parameters // BAND)) ** 2 * chunk_bytes(parameters)


SOLVED_VALUES, SOLVED_VECTORS = 6, 7
"""Number of P x P matrices at the peak of an eigensolve, C among them. `eigh` holds 4 (C, its
sorted copy, LAPACK's, and one while C is checked) or 5 with vectors; the graded route, which is not
known beforehand, holds C, the part of it that carries gradient, LAPACK's factor, its triangle
without null columns, and two of that scaled to unit rows, in addition to the vectors."""


def matrices_held(cell: Cell, *, vectors: bool) -> int:
    """Return the number of P x P matrices at the peak of the spectrum stage.

    The peak occurs in the eigensolve; or in the bracket, which holds C, the matrices of the first
    half and quarter and of the second half, a sorted copy and its factor, in addition to the
    vectors.
    """
    in_bracket = 6 + vectors if bracketed(cell) else 0
    return max(SOLVED_VECTORS if vectors else SOLVED_VALUES, in_bracket)


def bracketed(cell: Cell) -> bool:
    """Whether halves of the samples have full rank, so that there is a bracket."""
    return cell.samples // 2 >= cell.architecture.parameters


def bracket(cell: Cell, study: Study) -> Work:
    """Count the work of the bracket: C of the first half and quarter, their outermost pairs, and
    every gradient along them.

    The bracket takes half of the second moment; a Cholesky factor (P^3/3) and some Lanczos steps (8
    P^2 bytes each) for C, for either half and, from N = 4 P on, for the first quarter; N P 20
    multiplications; R bootstrap replicates of N counts. It takes nothing where the halves have
    fewer samples than P.
    """
    architecture, size, samples = cell.architecture, cell.architecture.parameters, cell.samples
    if not bracketed(cell):
        return NOTHING
    quarter = samples // 4 >= size
    single = 3 if quarter else 2
    square = float(size) ** 2
    factors = single + 1
    work = summed(architecture, study.problem.points, samples // 2) + (
        2 if quarter else 1
    ) * assembled(size)
    work += Work(
        {
            Kind.FACTOR: factors * float(size) ** 3 / 3,
            Kind.REORDER: factors * 3.0 * square,
            Kind.STREAM: FLOAT * square * (single * LANCZOS_ONE + LANCZOS_OUTER),
        }
    )
    work += gradients(architecture, study.problem.points, samples)
    work += Work({Kind.PRODUCT: 2.0 * samples * size * BRACKET_COLUMNS})
    return work + resampled_grams(samples, study.projection.replicates, BRACKET_DIRECTIONS)


def resampled_grams(samples: float, replicates: int, directions: int) -> Work:
    """Count the work of R weighted Gram matrices of coordinates (N, m), and their eigenvalues."""
    return Work(
        {
            Kind.RESAMPLE: float(samples * replicates),
            Kind.PRODUCT: 2.0 * samples * replicates * directions**2,
            Kind.STREAM: 3.0 * FLOAT * samples * replicates * directions,
            Kind.COLUMN: float(replicates * directions),
        }
    )
