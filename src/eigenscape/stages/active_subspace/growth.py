"""Cells whose N grows until their condition number is known well enough.

The first N samples stay the first half of 2N: the summation tree gets a new root above the old one,
so nothing is drawn twice, the old C is the first half that the new bracket needs, and the bits are
those of a cell that had 2N from the start.
"""

from __future__ import annotations

import time

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.second_moment import PartialSum, sum_of_slot
from eigenscape.active_subspace.tree import Node
from eigenscape.config.study import SLOTS, Cell, Growth, Study
from eigenscape.distributed.ranks import OneRank
from eigenscape.distributed.reduction import finished_bands
from eigenscape.errors import Interrupted
from eigenscape.networks.sampler import Device
from eigenscape.stages.active_subspace.spectrum import solve, write_solved
from eigenscape.stages.common import signals
from eigenscape.stages.common.attempts import claimed
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.store import receipts, second_moments
from eigenscape.store.layout import StudyFolder
from eigenscape.version import __version__


def grow_cell(
    study: Study, cell: Cell, growth: Growth, folder: StudyFolder, device: Device = Device.CPU
) -> None:
    """Second moment and spectrum of a cell, doubling N until its bracket is narrow or its budget
    spent.

    A finished cell is passed over. On one rank, in memory: a run that is interrupted loses this
    cell only.

    Raises:
        DifferentWork: a result of other work is there.
        Interrupted: a signal came between two doublings.
    """
    path = folder.receipt(folder.spectrum(cell))
    receipt = receipts.read_receipt(path)
    if receipt is not None:
        receipts.require_same_work(receipt, cell, path)
        return
    started = time.monotonic()
    sampler = sampler_of_network(study, cell.architecture, device)
    samples, slots, held = cell.samples, SLOTS, dict[Node, PartialSum]()

    def extend(start: int, stop: int) -> None:
        for slot in range(start, stop):
            if signals.stop_requested():
                raise Interrupted(
                    f"{cell.folder}: interrupted; finished cells are kept, run the same command to"
                    " resume"
                )
            tree.insert(
                held, Node(slot, 1), sum_of_slot(sampler, slot, cell.samples), PartialSum.add, slots
            )

    extend(0, slots // 4)
    first_quarter = held[Node(0, slots // 4)].triangle.matrix(1.0 / max(samples // 4, 1))
    extend(slots // 4, slots // 2)
    first_half = held[Node(0, slots // 2)].triangle.matrix(1.0 / max(samples // 2, 1))
    extend(slots // 2, slots)
    while True:
        excluded = int(held[Node(0, slots)].excluded[0])
        second_moment = held[Node(0, slots)].triangle.matrix(1.0 / max(samples - excluded, 1))
        solved = solve(
            study,
            cell,
            sampler,
            second_moment,
            samples,
            first_half,
            first_quarter,
            vectors=False,
            excluded=excluded,
        )
        if solved.bracket.width <= growth.until_bracket or 2 * samples > growth.most_samples:
            break
        if excluded:
            second_moment *= 1 - excluded / samples  # a half counts them, with a gradient of 0
        first_quarter, first_half, samples, slots = (
            first_half,
            second_moment,
            2 * samples,
            2 * slots,
        )
        extend(slots // 2, slots)

    bands = finished_bands(held, cell.architecture.parameters, slots, OneRank())
    store = folder.second_moment(cell)
    attributes = {
        **cell.identity,
        "samples_drawn": samples,
        "device": str(device),
        "eigenscape": __version__,
    }
    with claimed(cell, folder, OneRank()) as attempt:
        built = folder.attempt(cell, attempt.name) / store.name
        written = second_moments.write_second_moment(
            built, cell, bands, attributes, OneRank(), samples
        )
        attempt.confirm()
        # of the same work: this cell's spectrum was not confirmed
        folder.receipt(store).unlink(missing_ok=True)
        receipts.publish(built, store)
        facts = {
            "device": str(device),
            "ranks": 1,
            "samples_drawn": samples,
            "excluded": written.excluded,
        }
        receipts.write_receipt(folder.receipt(store), cell, written.digest, **facts)
        write_solved(solved, cell, folder, attempt, samples, time.monotonic() - started)
