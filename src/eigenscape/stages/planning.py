"""What a study costs before it runs: per cell P, N, flops, memory, disk and time; and whether it fits.

Counts are exact (`flops` and `bytes`); times divide them by the rate of matrix products measured on
this machine in a fraction of a second, with the efficiencies below.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eigenscape.errors import DoesNotFit
from eigenscape.study import BLOCK, Cell, Study

GRADIENT_EFFICIENCY = 0.75
SECOND_MOMENT_EFFICIENCY = 0.9
EIGENSOLVE_EFFICIENCY = 0.4
"""Fractions of the dgemm rate that the stages reach on one core (benchmarks/headline.py)."""

SECONDS_PER_ACTIVATION = 1.3e-9
SECONDS_PER_LAYER = 1.2e-6
"""Parts of a gradient that are not products: tanh and its derivative per unit and point, and calls per layer."""

PASSES = 2.5
"""Over the gradients: for C, for C of the first half, and along the extreme directions of the bracket."""

SECONDS_PER_CELL = 0.15
"""Opening, writing, verifying and confirming the stores of a cell."""

BATCH_START_SECONDS = 4.0
"""Starting an interpreter with its libraries, once per batch of small cells."""


@dataclass(frozen=True)
class CellCost:
    """Cost of one cell on one rank.

    Attributes:
        cell: whose cost it is.
        vectors: whether eigenvectors are computed.
        gradient_flops: 6 P n N, forward and backward (2 and 4 per weight, point and sample).
        second_moment_flops: P^2 N, half of a matrix product's 2 P^2 N.
        eigensolve_flops: 4/3 P^3 for values; 4 P^3 with vectors.
        bracket_flops: half of the second moment for the first half of the samples, and P^3 for three Cholesky factors.
        memory: bytes at the peak.
        disk: bytes of results.
        activations: evaluations of the activation function.
    """

    cell: Cell
    vectors: bool
    gradient_flops: float
    second_moment_flops: float
    eigensolve_flops: float
    bracket_flops: float
    memory: int
    disk: int
    activations: int

    @property
    def flops(self) -> float:
        """All of them."""
        return self.gradient_flops + self.second_moment_flops + self.eigensolve_flops + self.bracket_flops

    def seconds(self, rate: float) -> float:
        """Expected time on one core whose dgemm runs at ``rate`` flop/s."""
        layers = self.cell.samples * (self.cell.architecture.depth + 1)
        one_pass = (
            self.gradient_flops / (GRADIENT_EFFICIENCY * rate) + self.activations * SECONDS_PER_ACTIVATION + layers * SECONDS_PER_LAYER
        )
        return (
            PASSES * one_pass
            + (self.second_moment_flops + self.bracket_flops) / (SECOND_MOMENT_EFFICIENCY * rate)
            + self.eigensolve_flops / (EIGENSOLVE_EFFICIENCY * rate)
            + SECONDS_PER_CELL
        )


def cost_of(study: Study, cell: Cell, *, vectors: bool) -> CellCost:
    """The cost of a cell.

    Example:
        >>> study = Study()
        >>> f"{cost_of(study, study.headline_cell, vectors=True).second_moment_flops:.3g}"
        '2.65e+11'
    """
    size, samples, points = cell.architecture.parameters, cell.samples, study.problem.points
    matrix = 8 * size * size
    partial_sums = 5 * matrix // 2  # a rank that walks 16 slots holds up to five halves of C
    solving = matrix * (5 if vectors else 4)  # C, its sorted copy, LAPACK's copy, its work space, the vectors
    return CellCost(
        cell,
        vectors,
        gradient_flops=6.0 * size * points * samples,
        second_moment_flops=float(size) ** 2 * samples,
        eigensolve_flops=(4.0 if vectors else 4.0 / 3.0) * float(size) ** 3,
        bracket_flops=0.5 * float(size) ** 2 * samples + float(size) ** 3,
        memory=max(partial_sums, solving) + 2 * 8 * BLOCK * size,
        disk=matrix * (2 if vectors else 1),
        activations=samples * points * cell.architecture.depth * cell.architecture.width,
    )


def costs_of(study: Study) -> list[CellCost]:
    """The headline, then every computed cell of the map."""
    headline = cost_of(study, study.headline_cell, vectors=True)
    return [headline, *(cost_of(study, cell, vectors=False) for cell in study.computed_cells())]


def measured_rate(size: int = 640, repeats: int = 3) -> float:
    """Flop/s of a matrix product on one thread of this machine, the best of a few."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    matrix = np.random.default_rng(0).standard_normal((size, size))
    best = float("inf")
    with threadpool_limits(1):
        matrix @ matrix
        for _ in range(repeats):
            started = time.perf_counter()
            matrix @ matrix
            best = min(best, time.perf_counter() - started)
    return 2.0 * size**3 / best


def require_fit(costs: list[CellCost], results: Path, cores: int) -> None:
    """Refuse a study that this machine cannot hold.

    Memory is judged for as many cells at a time as there are cores, the largest ones.

    Raises:
        DoesNotFit: naming the cell, what it needs and what there is.
    """
    import psutil  # noqa: PLC0415

    by_memory = sorted(costs, key=lambda cost: -cost.memory)[:cores]
    memory, available = sum(cost.memory for cost in by_memory), psutil.virtual_memory().available
    if memory > available:
        raise DoesNotFit.field(
            "memory",
            f"{_bytes(memory)} for {len(by_memory)} cells at a time, the largest {by_memory[0].cell.folder}",
            f"{_bytes(available)} available",
            "lower sampling.raw_parameter_limit or use fewer cores",
        )
    existing = next(folder for folder in (results, *results.absolute().parents) if folder.exists())
    disk, free = sum(cost.disk for cost in costs), shutil.disk_usage(existing).free
    if disk > free:
        raise DoesNotFit.field(
            "disk",
            f"{_bytes(disk)} for results under {results}",
            f"{_bytes(free)} free",
            "lower sampling.raw_parameter_limit or free space",
        )


def report(study: Study, costs: list[CellCost], rate: float, cores: int) -> str:
    """The plan as text: a line per cell, then what everything costs together."""
    lines = [f"{'cell':<22}{'P':>8}{'N':>9}{'Gflop':>10}{'memory':>10}{'disk':>10}{'time':>10}"]
    for cost in costs:
        size, samples = cost.cell.architecture.parameters, cost.cell.samples
        numbers = f"{size:>8,}{samples:>9,}{cost.flops / 1e9:>10,.1f}"
        lines.append(f"{cost.cell.folder:<22}{numbers}{_bytes(cost.memory):>10}{_bytes(cost.disk):>10}{cost.seconds(rate):>8.1f} s")
    networks = len(list(study.grid_architectures()))
    seconds = sum(cost.seconds(rate) for cost in costs)
    total = (seconds + BATCH_START_SECONDS * len(batches(study)) + other_seconds(study, rate)) / cores
    left_out = networks - (len(costs) - 1)
    limit = study.sampling.raw_parameter_limit
    lines += [
        "",
        f"{len(costs) - 1} of {networks} networks get a raw condition number; {left_out} have more than {limit:,} parameters",
        f"disk {_bytes(sum(cost.disk for cost in costs))}; about {_duration(total)} on {cores} cores "
        f"({rate / 1e9:.0f} GFLOP/s measured on one)",
    ]
    return "\n".join(lines)


LARGE_CELL_FLOPS = 5e12
"""A cell with more work (some two minutes on a core) is a job of its own over MPI ranks; below, starting it would cost more."""


def large_cells(study: Study) -> list[Cell]:
    """Cells of the map that are jobs of their own. Cells that grow are not: their N is not known beforehand."""
    return [cell for cell in study.computed_cells() if cell.growth is None and cost_of(study, cell, vectors=False).flops > LARGE_CELL_FLOPS]


def batches(study: Study) -> dict[str, list[Cell]]:
    """The other cells of the map dealt into batches, each one job of the workflow.

    A batch is one width and one decade of depths, so that a cell keeps its batch when the grid grows.

    Example:
        >>> sorted(batches(Study()))[:3]
        ['w005-d01to10', 'w005-d11to20', 'w005-d21to30']
    """
    dealt: dict[str, list[Cell]] = {}
    large = {cell.folder for cell in large_cells(study)}
    for cell in study.computed_cells():
        if cell.folder in large:
            continue
        decade = (cell.architecture.depth - 1) // 10
        name = f"w{cell.architecture.width:03d}-d{10 * decade + 1:02d}to{10 * decade + 10:02d}"
        dealt.setdefault(name, []).append(cell)
    return dealt


SECONDS_PER_TRAINED_NETWORK = 2.5
"""Seven steps of a ladder and one by curvature, 12 starting points each (measured over the default sub-grid)."""

SECONDS_OF_SMALL_STAGES = 230.0
"""Importance (nine eigensolves of the headline's size), criticality, sensitivity, tables, findings and some fifteen figures, with
their starts, on one core; measured for the default study."""


def other_seconds(study: Study, rate: float) -> float:
    """Expected time on one core of what is not raw second moments: the projected map, training, the small stages."""
    entries = sum(a.parameters for a in study.projected_architectures()) * float(study.projection.samples)
    projected = 6.0 * entries * study.problem.points / (GRADIENT_EFFICIENCY * rate)
    return projected + SECONDS_PER_TRAINED_NETWORK * len(study.trained_architectures()) + SECONDS_OF_SMALL_STAGES


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
