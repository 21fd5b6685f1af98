"""What every stage holds at its peak, against the plan's formula for it.

The formulas count arrays, so they are upper bounds; what Python itself holds (documents, tables,
receipts, code that is loaded) comes to at most `SMALL`. Each peak is also more than some part of
its bound, or the bound would say nothing. Large networks, ranks that share a cell, and distances of
trajectories are held to theirs in `test_large`, `tests/parallel` and `sloppiness/test_distances`.
"""

from __future__ import annotations

from pathlib import Path

import peaks
import pytest

SMALL = 10**6


@pytest.mark.parametrize(("family", "share"), [(peaks.linear, 0.3), (peaks.walks, 0.25)])
def test_numpys_arrays_are_within_the_plan(
    family: peaks.Family, share: float, tmp_path: Path
) -> None:
    """By Python's own account, which does not see LAPACK's copy in `numpy.linalg.eigvalsh`: one
    matrix of six less.
    """
    found = {stage: (peaks.allocated(work), planned) for stage, planned, work in family(tmp_path)}

    over = {stage: numbers for stage, numbers in found.items() if numbers[0] > numbers[1] + SMALL}
    under = {stage: numbers for stage, numbers in found.items() if numbers[0] < share * numbers[1]}
    assert (over, under) == ({}, {})


def test_what_runs_through_torch_is_within_the_plan() -> None:
    """By the kernel's account of an interpreter of its own, which rounds to pages and counts what
    torch keeps for itself.
    """
    found = peaks.measured("trained")

    over = {
        stage: numbers for stage, numbers in found.items() if numbers[1] > numbers[0] + 4 * SMALL
    }
    under = {stage: numbers for stage, numbers in found.items() if numbers[1] < 0.25 * numbers[0]}
    assert (over, under) == ({}, {})
