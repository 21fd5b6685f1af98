"""What every rank holds at its peak, against the formulas by which the plan chooses how ranks share
a cell.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from on_ranks import on_ranks

from eigenscape.forecast.devices import fullest_share
from eigenscape.planning.communication import Share, bands_memory, sample_memory, triangle_bytes

pytestmark = pytest.mark.mpi

PROGRAM = Path(__file__).with_name("count_memory.py")
WIDTH = 40
"""P = 3,401: four bands, of which four ranks own one each, and the first is 43 % of the
triangle."""

SMALL = 3e6
"""Bytes of everything else: losses, progress, messages of a few numbers, Python's own."""


def peaks(ranks: int, share: Share) -> tuple[int, list[int]]:
    """P, and the peak of every rank in bytes."""
    command = [
        *on_ranks(ranks),
        str(PROGRAM),
        str(ranks),
        str(WIDTH),
        str(share),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return lines[0]["parameters"], [line["peak"] for line in lines]


@pytest.mark.parametrize("ranks", [2, 4])
def test_by_bands_no_rank_holds_more_than_its_bands(ranks: int) -> None:
    parameters, found = peaks(ranks, Share.BANDS)

    whole = 5 * triangle_bytes(parameters)
    # The formula gives the mean over the ranks; bands are not of one size, and the fullest rank has
    # this much more.
    bound = (
        bands_memory(parameters, ranks)
        + whole * (fullest_share(parameters, ranks) - 1 / ranks)
        + SMALL
    )
    assert max(found) <= bound
    # so that a rank that held all of C would fail
    assert bound < (0.85 if ranks == 2 else 0.75) * whole


def test_by_samples_a_rank_holds_five_triangles_at_most() -> None:
    parameters, found = peaks(1, Share.SAMPLES)

    assert found[0] <= sample_memory(parameters) + SMALL
    assert found[0] > 4 * triangle_bytes(parameters)  # or the bound says nothing
