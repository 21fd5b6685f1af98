"""Cells whose N grows until their condition number is known well enough.

The first N samples stay the first half of 2N: the summation tree gets a new root above the old one,
so nothing is drawn twice, the old C is the first half that the new bracket needs, and the bits are
those of a cell that had 2N from the start. What is summed is held in three parts, the first
quarter, the rest of the first half, and the second half; so a run that is interrupted goes on from
them, at the N that it had reached.
"""

from __future__ import annotations

import copy
import time

import numpy as np

from eigenscape.active_subspace.eigensolvers import eigensolver_of_host
from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.config.cells import GridCell, Growth
from eigenscape.config.sizes import SLOTS
from eigenscape.config.study import Study
from eigenscape.distributed.ranks import OneRank
from eigenscape.stages.common.attempts import Attempt, compute_once
from eigenscape.stages.common.checkpointed_sum import CheckpointedSum
from eigenscape.stages.common.execution import Execution
from eigenscape.stages.common.rounding import note_of_rounding
from eigenscape.stages.common.samplers import sampler_of
from eigenscape.stages.common.spectrum import is_confirmed, write_solved
from eigenscape.stages.common.spectrum_solvers import FromSecondMoment, Moments, Solved
from eigenscape.stages.common.sums import SumBySamples
from eigenscape.store import second_moments
from eigenscape.store.layout import StudyFolder
from eigenscape.store.shards import Shards
from eigenscape.version import __version__


def grow_cell(
    study: Study,
    cell: GridCell,
    growth: Growth,
    folder: StudyFolder,
    execution: Execution = Execution(),
) -> None:
    """Second moment and spectrum of a cell, doubling N until its bracket is narrow or its budget
    spent, on one rank; a finished cell is passed over.

    Raises:
        DifferentWork: a result of other work is there.
        Interrupted: a signal came; finished partial sums are kept and the next run resumes.
        LeaseLost: another attempt took over, since this one's heartbeat had stopped.
    """
    one = OneRank()

    def compute(attempt: Attempt) -> None:
        started, device = time.monotonic(), str(execution.device)
        with attempt.told_of_disk():
            sampler = sampler_of(study, cell, execution.device)
            shards = Shards(folder.shards(cell), cell, folder.quarantine)
            sums = SumBySamples(sampler, cell.samples, shards, execution=execution)
            solver = FromSecondMoment(
                eigensolver_of_host(cell.architecture.parameters, vectors=False)
            )
            slots = first_slots(sums)
            while True:
                moments = moments_of(sums, cell.samples, slots)
                spectrum, bracket = solver.solve_moments(study, sampler, moments)
                samples, narrow = moments.samples, bracket.width <= growth.until_bracket
                if narrow or 2 * samples > growth.most_samples:
                    break
                slots *= 2
            bands = sums.bands(Node(0, slots))
            store = folder.second_moment(cell)
            rounding = note_of_rounding(sampler, cell.folder)
            drawn = {"samples_drawn": samples, "device": device, **rounding}
            attributes = {**cell.identity, **drawn, "eigenscape": __version__}
            written = second_moments.write_second_moment(
                attempt.build_folder / store.name, cell, bands, attributes, one, samples
            )
            attempt.publish(
                store, cell.identity, written.digest, **drawn, ranks=1, excluded=written.excluded
            )
            solved = Solved(spectrum, bracket, written.digest, solver.name)
            seconds = time.monotonic() - started
            write_solved(solved, cell, folder, attempt, one, samples, seconds, rounding)
            attempt.clear(shards.folder)

    compute_once(
        cell,
        folder,
        one,
        lambda: is_confirmed(cell, folder, vectors=False),
        compute,
        execution.stale_seconds,
    )


def first_slots(sums: CheckpointedSum) -> int:
    """How many slots to look at first: as many as hold the N that the cell starts from, or more
    where an earlier run has found that these do not do. It held their first half as one part then.
    """
    return max(SLOTS, *(4 * node.span for node in sums.held if node.first == 0), 0)


def moments_of(sums: CheckpointedSum, samples: int, slots: int) -> Moments:
    """C of the samples of so many slots, of which 16 hold ``samples``, and of their first half and
    quarter.
    """
    drawn, quarter = samples * slots // SLOTS, slots // 4
    total = copy.deepcopy(sums.over(Node(0, quarter)))
    first_quarter = _with_gradient_0(total, drawn // 4, quarter)
    first_half = _with_gradient_0(
        total.add(sums.over(Node(quarter, quarter))), drawn // 2, 2 * quarter
    )
    total.add(sums.over(Node(2 * quarter, 2 * quarter)))
    excluded = int(total.excluded[0])
    whole = total.triangle.matrix(1.0 / max(drawn - excluded, 1))
    return Moments(drawn, excluded, whole, first_half, first_quarter)


def _with_gradient_0(partial: PartialSum, samples: int, slots: int) -> np.ndarray:
    """C of the first samples, of which those that are excluded count, with a gradient of 0."""
    excluded = int(partial.excluded[0])
    if slots < SLOTS or not excluded:
        return partial.triangle.matrix(1.0 / max(samples, 1))
    counted = partial.triangle.matrix(1.0 / max(samples - excluded, 1))
    counted *= 1 - excluded / samples  # the bits of a cell whose C this once was
    return counted
