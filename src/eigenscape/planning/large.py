"""The route by which the spectrum of a large network is computed, and its cost: chosen from P, N
and memory before anything runs.

*dual*: all nonzero eigenvalues from the N x N Gram matrix. *matrix-free*: the leading pairs by
block Krylov and a density by Lanczos, for N so large that the Gram matrix does not fit either. Both
need memory in proportion to P; a network that fits neither is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eigenscape.architecture import Architecture
from eigenscape.config.cells import Cell
from eigenscape.config.large import KRYLOV_BLOCK, KRYLOV_BLOCKS, PART, TILE
from eigenscape.config.sizes import HELD_NODES
from eigenscape.config.study import Study
from eigenscape.errors import DoesNotFit
from eigenscape.planning import cells as cost
from eigenscape.planning.machine import Machine
from eigenscape.planning.work import Kind, Work


class LargeRoute(StrEnum):
    """The route by which a spectrum is computed."""

    DUAL = "dual"
    MATRIX_FREE = "matrix_free"


LARGEST_GRAM = 32_766
"""Largest number of rows for which LAPACK's divide and conquer counts its work space in 32 bits."""

GRAM_MATRICES = 5
"""Number of N x N matrices at the peak of the dual eigensolve: rows, K, LAPACK's copy, vectors and
work space."""

SPARE_VECTORS = 3
"""Number of blocks of vectors in addition to those: the current image, LAPACK's copy for the
orthogonalisation, and one that is being sent."""

KRYLOV_PASSES = 22
"""Approximate number of passes until 20 pairs have converged: 15 and 17 were counted at P = 901, 27
at P = 10^6; slow decay takes more."""


@dataclass(frozen=True)
class LargePlan:
    """The route of one large network.

    Attributes:
        architecture: the network.
        samples: N.
        route: see `LargeRoute`.
        tiles_held: number of tiles that the dual route holds at a time.
        cache_bytes: size of the cache that keeps tiles from pass to pass.
        work: the work of one rank that does everything; its memory is that of a rank without the
            interpreter.
        reason: the reason in words.
    """

    architecture: Architecture
    samples: int
    route: LargeRoute
    tiles_held: int
    cache_bytes: int
    work: Work
    reason: str


def plan_large(study: Study, architecture: Architecture) -> LargePlan:
    """Choose the route of one network and return it with its cost.

    Raises:
        DoesNotFit: the memory that the study allows is too small for either route; the message says
            how much is needed.

    Example:
        >>> plan = plan_large(Study(), Architecture(4, 100))
        >>> plan.route.value, plan.reason
        ('dual',
         'P = 30,601, N = 512: all eigenvalues from the N x N Gram matrix; gradients are kept')
    """
    section, parameters = study.large, architecture.parameters
    allowed = int(section.memory_gb * 1e9)
    needs = {LargeRoute.DUAL: dual_memory(parameters, section.samples, section.leading)}
    needs[LargeRoute.MATRIX_FREE] = matrix_free_memory(parameters, section.leading, section.probes)
    dual_works = section.samples <= min(parameters, LARGEST_GRAM)
    candidates = (
        [LargeRoute(section.route)]
        if section.route != "auto"
        else [LargeRoute.DUAL] * dual_works + [LargeRoute.MATRIX_FREE]
    )
    if section.route == "dual" and section.samples > LARGEST_GRAM:
        fix = "write large: {route: matrix_free}, or fewer samples"
        raise DoesNotFit.field(
            "large.samples",
            f"at most {LARGEST_GRAM:,} for the dual route",
            f"{section.samples:,}",
            fix,
        )
    route = next((route for route in candidates if needs[route] <= allowed), None)
    if route is None:
        smallest = min(needs[route] for route in candidates)
        raise DoesNotFit.field(
            "large.memory_gb",
            f"at least {smallest / 1e9:.3g} for P = {parameters:,} ({' or '.join(candidates)})",
            f"{section.memory_gb:g}",
            "write a larger large.memory_gb, fewer large.leading, or smaller networks",
        )
    tile = cost.FLOAT * TILE * parameters
    gradient_bytes = cost.FLOAT * section.samples * parameters
    fits_whole = gradient_bytes <= allowed - needs[route]
    tiles = -(-section.samples // TILE)
    tiles_held = tiles if fits_whole else max(1, min(tiles, 1 + (allowed - needs[route]) // tile))
    cache_bytes = gradient_bytes if fits_whole else max(0, allowed - needs[route])
    gradient_source = (
        "gradients are kept"
        if fits_whole
        else "gradients are computed again from their seeds in every pass"
    )
    if route is LargeRoute.DUAL:
        if not fits_whole:
            gradient_source = (
                "gradients are computed again from their seeds,"
                f" {tiles_held * TILE:,} held at a time"
            )
        method, work = (
            "all eigenvalues from the N x N Gram matrix",
            _dual_work(study, architecture, tiles_held, fits_whole=fits_whole),
        )
    else:
        why = (
            f"N = {section.samples:,} gradients have too large a Gram matrix"
            if section.route == "auto"
            else "as asked"
        )
        method = f"{section.leading} leading pairs by block Krylov, density by Lanczos ({why})"
        work = _matrix_free_work(study, architecture, fits_whole=fits_whole)
    cached = (
        gradient_bytes
        if fits_whole
        else (tiles_held - 1) * tile
        if route is LargeRoute.DUAL
        else cache_bytes
    )
    return LargePlan(
        architecture,
        section.samples,
        route,
        tiles_held,
        cache_bytes,
        Work(work.counts, needs[route] + cached),
        f"P = {parameters:,}, N = {section.samples:,}: {method}; {gradient_source}",
    )


def large_cell(study: Study, plan: LargePlan) -> Cell:
    """Return the identity of the work on one large network; the memory limit is not part of it."""
    section = study.large
    facts = {
        "route": str(plan.route),
        "leading": section.leading,
        "tile": TILE,
        "krylov": [KRYLOV_BLOCK, KRYLOV_BLOCKS],
    }
    if plan.route is LargeRoute.MATRIX_FREE:
        facts |= {"probes": section.probes, "steps": section.steps}
    return Cell(
        plan.architecture,
        section.samples,
        f"large/{plan.architecture.label}-n{section.samples}",
        {**study.facts, **facts},
    )


def plans_of(study: Study) -> list[LargePlan]:
    """Return the plan of every large network.

    Raises:
        DoesNotFit: the memory that the study allows is too small for one of them.
    """
    return [plan_large(study, architecture) for architecture in study.large.architectures()]


def require_room(study: Study, available: int) -> None:
    """Refuse large networks that do not fit this machine, or a node of the given bytes, whatever
    the study allows.

    Raises:
        DoesNotFit: a network does not fit; the message names it.

    Example:
        >>> require_room(Study(), 10**9)
    """
    for plan in plans_of(study):
        if plan.work.memory > available:
            expected = f"{plan.work.memory / 1e9:.3g} GB for {plan.architecture.label}"
            fix = (
                "lower large.memory_gb, so that gradients are computed more often, or"
                " large.leading, or use a larger machine"
            )
            raise DoesNotFit.field(
                "large: memory", expected, f"{available / 1e9:.3g} GB available", fix
            )


def large_lines(study: Study, machine: Machine) -> list[str]:
    """Return a line per large network for people: its route, memory of a rank, flops and core
    time.
    """
    lines = []
    for plan in plans_of(study):
        memory, seconds = plan.work.memory / 1e9, machine.seconds(plan.work)
        cost_text = (
            f"{memory:.2f} GB a rank, {plan.work.flops / 1e9:,.1f} Gflop, {seconds:,.1f} s of a"
            " core"
        )
        lines.append(f"large network {plan.architecture.label}: {plan.reason}; {cost_text}")
    return lines


def dual_memory(parameters: int, samples: int, leading: int) -> int:
    """Return the least bytes of the dual route: two tiles, the parts that fill one, and the Gram
    matrix; leading vectors with their residuals.

    8 max(P (2 * 64 + 16) + N^2, 5 N^2, P (64 + 16 + (1 + 5 + 3) k) + N^2).

    Example:
        >>> round(dual_memory(10**6, 1000, 20) / 1e9, 1)
        2.1
    """
    square = samples**2
    tile = parameters * (min(TILE, samples) + 2 * PART)
    products = tile + parameters * min(TILE, samples) + square
    vectors = tile + (1 + HELD_NODES + SPARE_VECTORS) * leading * parameters + square
    return cost.FLOAT * max(products, GRAM_MATRICES * square, vectors)


def matrix_free_memory(parameters: int, leading: int, probes: int) -> int:
    """Return the bytes of the matrix-free route: one tile, the Krylov basis, and blocks of vectors
    that are being summed; O(P (b + k)).

    8 P (64 + 16 + max((k + 6 b) + (5 + 3) max(b, k), (2 + 5 + 3) q)), whatever N.

    Example:
        >>> round(matrix_free_memory(10**6, 20, 8) / 1e9, 1)
        2.8
    """
    krylov = (
        leading
        + (KRYLOV_BLOCKS + 1) * KRYLOV_BLOCK
        + (HELD_NODES + SPARE_VECTORS) * max(KRYLOV_BLOCK, leading)
    )
    density = leading + (2 + HELD_NODES + SPARE_VECTORS) * probes
    return cost.FLOAT * parameters * (TILE + 2 * PART + max(krylov, density))


def computed_gradients(samples: int, tiles_held: int) -> int:
    """Count the gradients of the Gram matrix with ``tiles_held`` tiles at a time: every block,
    and all tiles before it.

    Example:
        >>> computed_gradients(256, 4), computed_gradients(256, 2), computed_gradients(256, 1)
        (256, 384, 640)
    """
    stops = range(-(-samples // TILE), 0, -tiles_held)
    return sum(min(stop * TILE, samples) for stop in stops)


def _dual_work(
    study: Study, architecture: Architecture, tiles_held: int, *, fits_whole: bool
) -> Work:
    """Count the work of the Gram matrix, N^2 P flops; its eigensolve, 4 N^3; the leading vectors
    and their residuals, two passes.
    """
    samples, parameters, leading = study.large.samples, architecture.parameters, study.large.leading
    passes = 0 if fits_whole else 2
    gradients = cost.gradients(
        architecture,
        study.problem.points,
        computed_gradients(samples, tiles_held) + passes * samples,
    )
    products = Work(
        {
            Kind.GRAM: float(samples) ** 2 * parameters,
            Kind.PRODUCT: 6.0 * samples * parameters * leading,
        }
    )
    return (
        gradients
        + products
        + cost.eigensolve(samples, vectors=True)
        + _written(parameters, leading)
    )


def _matrix_free_work(study: Study, architecture: Architecture, *, fits_whole: bool) -> Work:
    """Count the work of all passes over the gradients: one for traces, `KRYLOV_PASSES`, one for
    residuals, one per Lanczos step; 4 N P flops per vector.
    """
    section, parameters = study.large, architecture.parameters
    passes = 2 + KRYLOV_PASSES + section.steps
    vectors = KRYLOV_PASSES * KRYLOV_BLOCK + section.leading + section.steps * section.probes
    gradients = cost.gradients(
        architecture, study.problem.points, (1 if fits_whole else passes) * section.samples
    )
    basis = section.leading + KRYLOV_BLOCKS * KRYLOV_BLOCK
    products = (
        4.0 * section.samples * parameters * vectors
        + 8.0 * KRYLOV_PASSES * basis * KRYLOV_BLOCK * parameters
    )
    return gradients + Work({Kind.PRODUCT: products}) + _written(parameters, section.leading)


def _written(parameters: int, leading: int) -> Work:
    return Work({Kind.WRITE: float(cost.FLOAT * leading * parameters), Kind.STORE: 1.0})
