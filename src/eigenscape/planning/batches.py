"""The cost of a study's cells before it runs, their assignment to jobs, and whether they fit this
machine.

The workflow reads this file before anything runs, so it imports nothing heavy.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eigenscape.config.cells import Cell, GridCell, ModelConstrainedCell
from eigenscape.config.study import Study
from eigenscape.errors import DoesNotFit
from eigenscape.planning import cells as cost
from eigenscape.planning import model_constrained
from eigenscape.planning.work import Work


@dataclass(frozen=True)
class CellCost:
    """The cost of one cell on one rank.

    Attributes:
        cell: the cell.
        work: the work of second moment, spectrum and bracket.
        disk: bytes of results.
    """

    cell: Cell
    work: Work
    disk: int

    @property
    def flops(self) -> float:
        """Floating-point operations."""
        return self.work.flops

    @property
    def memory(self) -> int:
        """Bytes at the peak, without the interpreter."""
        return self.work.memory


def cost_of(study: Study, cell: Cell, *, vectors: bool) -> CellCost:
    """Return the cost of a cell.

    Example:
        >>> study = Study()
        >>> f"{cost_of(study, study.headline_cell, vectors=True).flops:.3g}"
        '8.25e+11'
    """
    matrix = cost.stored_bytes(cell.architecture.parameters)
    work = cost.second_moment(cell, study.problem.points) + cost.spectrum(
        cell, study, vectors=vectors
    )
    return CellCost(cell, work, matrix * (2 if vectors else 1))


def costs_of(study: Study) -> list[CellCost]:
    """Return the costs of the headline and of every computed cell of the map."""
    headline = cost_of(study, study.headline_cell, vectors=True)
    return [headline, *(cost_of(study, cell, vectors=False) for cell in study.computed_cells())]


def require_fit(
    costs: list[CellCost],
    results: Path,
    cores: int,
    memory_of_node: int | None = None,
    shared: Mapping[str, int] | None = None,
) -> None:
    """Refuse a study that does not fit this machine.

    Memory must suffice for as many cells at a time as there are cores, the largest ones; or, if
    each node of a cluster takes one, for the largest cell. ``shared`` gives the bytes, by folder,
    of cells that several ranks hold together.

    Raises:
        DoesNotFit: memory or disk are too small; the message names the cell, its need and what is
            available.
    """
    import psutil  # noqa: PLC0415

    needs = {cost.cell.folder: (shared or {}).get(cost.cell.folder, cost.memory) for cost in costs}
    by_memory = sorted(needs.items(), key=lambda need: -need[1])[: 1 if memory_of_node else cores]
    memory, available = (
        sum(need for _, need in by_memory),
        memory_of_node or psutil.virtual_memory().available,
    )
    if memory > available:
        raise DoesNotFit.field(
            "memory",
            f"{size_text(memory)} for {len(by_memory)} cell{'s' * (len(by_memory) > 1)} at a time,"
            f" the largest {by_memory[0][0]}",
            f"{size_text(available)} available",
            "lower sampling.raw_parameter_limit or use fewer cores; for nodes of a cluster say"
            " their size, EIGENSCAPE_NODE_MEMORY=256, and docs/large_cells.md for cells that no"
            " node holds",
        )
    existing = next(folder for folder in (results, *results.absolute().parents) if folder.exists())
    disk, free = sum(cost.disk for cost in costs), shutil.disk_usage(existing).free
    if disk > free:
        raise DoesNotFit.field(
            "disk",
            f"{size_text(disk)} for results under {results}",
            f"{size_text(free)} free",
            "lower sampling.raw_parameter_limit or free space",
        )


LARGE_CELL_FLOPS = 5e12
"""Flops (some two minutes on a core) above which a cell is a job of its own over MPI ranks; below,
starting the job would cost more."""


LARGE_CELL_SECONDS = 120.0
"""The same limit in seconds, for gradients by torch: finite elements take far longer than the
products of the layers."""


def large_cells(study: Study) -> list[GridCell]:
    """Return the cells of the map that are jobs of their own. Growing cells are not among them,
    since their N is not known beforehand.
    """
    return [
        cell
        for cell in study.computed_cells()
        if cell.growth is None and cost_of(study, cell, vectors=False).flops > LARGE_CELL_FLOPS
    ]


def large_weights(study: Study, case: str) -> list[ModelConstrainedCell]:
    """Return the cells of a model-constrained case that are jobs of their own over MPI ranks."""
    cells = study.model_constrained_cells(case)
    return [
        cell
        for cell in cells
        if cost_of(study, cell, vectors=True).flops > LARGE_CELL_FLOPS
        or model_constrained.sampling_seconds(study, cell) > LARGE_CELL_SECONDS
    ]


def batches(study: Study) -> dict[str, list[GridCell]]:
    """Group the other cells of the map into batches, each one job of the workflow.

    A batch is one width and one decade of depths, so that a cell keeps its batch when the grid
    grows.

    Example:
        >>> sorted(batches(Study()))[:3]
        ['w005-d01to10', 'w005-d11to20', 'w005-d21to30']
    """
    groups: dict[str, list[GridCell]] = {}
    large = {cell.folder for cell in large_cells(study)}
    for cell in study.computed_cells():
        if cell.folder in large:
            continue
        decade = (cell.architecture.depth - 1) // 10
        name = f"w{cell.architecture.width:03d}-d{10 * decade + 1:02d}to{10 * decade + 10:02d}"
        groups.setdefault(name, []).append(cell)
    return groups


def size_text(count: float) -> str:
    """Format a number of bytes for people.

    Example:
        >>> size_text(1.5e9)
        '1.5 GB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit != "GB" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
