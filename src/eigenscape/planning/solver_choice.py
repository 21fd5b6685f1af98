"""On how many ranks a cell's eigensolve runs: on one where it fits, for only that gives a bracket
of the condition number.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from eigenscape.config.cells import Cell, StudyCell
from eigenscape.config.sizes import LARGEST_WITH_VECTORS
from eigenscape.config.study import Study
from eigenscape.distributed.peak_memory import peak_bytes
from eigenscape.errors import BadInput, DoesNotFit
from eigenscape.planning import batches as planning
from eigenscape.planning.batches import cost_of
from eigenscape.planning.cells import from_gradients, spectrum

LARGEST_ON_ONE_RANK = 32_766
"""LAPACK's divide and conquer takes 1 + 6 P + 2 P^2 numbers of work space, which SciPy counts in 32
bits."""

INTERPRETER_BYTES = 400 * 10**6
"""Bytes of every rank: Python with its libraries, MKL and MPI among them (measured: 300 MB), and
some room."""

RANKS = 2
"""That the workflow starts where one rank does not do; --set-resources
distributed_spectrum:tasks=16 for more."""

MEMORY_VARIABLE = "EIGENSCAPE_NODE_MEMORY"
"""Gigabytes of a compute node, where the workflow starts on a machine of another size."""


@dataclass(frozen=True)
class SolverChoice:
    """How a cell's eigensolve runs.

    Attributes:
        ranks: 1, on the host as in every default study; more, by ScaLAPACK.
        reason: one sentence for the plan.
        memory: bytes per rank at the peak.
    """

    ranks: int
    reason: str
    memory: int

    @property
    def distributed(self) -> bool:
        """Whether several ranks share the matrix."""
        return self.ranks > 1


def choose_solver(
    study: Study,
    cell: Cell,
    *,
    vectors: bool,
    memory: int,
    ranks: int,
    memory_per_rank: int | None = None,
) -> SolverChoice:
    """One rank where its memory and LAPACK's counting allow it, else all ranks that there are.

    Where N < P one rank solves the gradients (`stages.common.spectrum_solvers`), and what it
    needs and counts is set by N.

    Args:
        study: the configuration.
        cell: one of its cells.
        vectors: whether a figure wants the eigenvectors.
        memory: bytes that a rank has when it is alone.
        ranks: how many there may be.
        memory_per_rank: bytes that each of them has then; not judged where None (a scheduler will).

    Raises:
        DoesNotFit: neither one rank nor all of them can hold the matrix; says how many could.

    Example:
        >>> study = Study()
        >>> cell = study.headline_cell
        >>> choose_solver(study, cell, vectors=True, memory=8 * 10**9, ranks=2).reason
        'P = 5,146: one rank needs 1.9 GB of 8.0 GB'
    """
    parameters = cell.architecture.parameters
    # their second moment is made by other ranks, and not held here
    few = from_gradients(cell.samples, parameters)
    alone = (
        spectrum(cell, study, vectors=vectors) if few else cost_of(study, cell, vectors=vectors)
    ).memory + INTERPRETER_BYTES
    counted = (cell.samples if few else parameters) <= LARGEST_ON_ONE_RANK
    if few and vectors:
        counted = cell.samples <= LARGEST_WITH_VECTORS[0] and parameters <= LARGEST_WITH_VECTORS[1]
    if alone <= memory and counted:
        what = f"P = {parameters:,}" + f", N = {cell.samples:,} gradients in place of C" * few
        return SolverChoice(
            1, f"{what}: one rank needs {_gigabytes(alone)} of {_gigabytes(memory)}", alone
        )
    limits = (
        "{:,} gradients of {:,} parameters".format(*LARGEST_WITH_VECTORS)
        if few and vectors
        else f"{LARGEST_ON_ONE_RANK:,} parameters"
    )
    too_many = f"LAPACK counts no more than {limits}"
    obstacle = (
        too_many
        if alone <= memory
        else f"one rank would need {_gigabytes(alone)} of {_gigabytes(memory)}"
    )

    def shared(ranks: int) -> int:
        return peak_bytes(parameters, ranks, vectors=vectors) + INTERPRETER_BYTES

    if ranks == 1 or (memory_per_rank is not None and shared(ranks) > memory_per_rank):
        room = memory if memory_per_rank is None else memory_per_rank
        enough = next((more for more in range(2, parameters + 1) if shared(more) <= room), None)
        fix = (
            "lower sampling.raw_parameter_limit"
            if enough is None
            else f"start {enough} ranks or more of that size"
        )
        raise DoesNotFit.field(
            f"{cell.folder}: memory",
            f"{_gigabytes(shared(ranks))} on each of {ranks} ranks",
            _gigabytes(room),
            fix,
        )
    reason = f"P = {parameters:,}: {obstacle}; {ranks} ranks need {_gigabytes(shared(ranks))} each"
    return SolverChoice(ranks, reason, shared(ranks))


def distributed_cells(study: Study, memory: int, ranks: int) -> dict[str, SolverChoice]:
    """The cells of a study, by folder, whose eigensolve several ranks share; none in a study that
    one rank can solve.

    Example:
        >>> distributed_cells(Study(), 8 * 10**9, 2)
        {}
    """
    cells: list[StudyCell] = [study.headline_cell, *planning.large_cells(study)]
    choices = {
        cell.folder: choose_solver(study, cell, vectors=cell.vectors, memory=memory, ranks=ranks)
        for cell in cells
    }
    return {folder: choice for folder, choice in choices.items() if choice.distributed}


def node_memory() -> int:
    """Bytes of a compute node: of this machine, unless the environment variable `MEMORY_VARIABLE`
    says otherwise.
    """
    import psutil  # noqa: PLC0415

    return said_memory() or int(psutil.virtual_memory().total)


def said_memory() -> int | None:
    """What `MEMORY_VARIABLE` says, in bytes; None where it is not set.

    Raises:
        BadInput: the variable is not a number of gigabytes.
    """
    said = os.environ.get(MEMORY_VARIABLE)
    if said is None:
        return None
    try:
        gigabytes = float(said)
    except ValueError:
        gigabytes = -1.0
    if not 0 < gigabytes < float("inf"):
        raise BadInput.field(
            MEMORY_VARIABLE,
            "gigabytes, such as 256",
            said,
            "correct it, or unset it to have this machine's taken",
        )
    return int(gigabytes * 10**9)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
