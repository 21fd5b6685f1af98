"""Flops, messages and bytes of a second moment: the cost model's formulas against what real ranks
count.
"""

from __future__ import annotations

import functools
import json
import subprocess
from pathlib import Path

import pytest
from on_ranks import on_ranks

from eigenscape.active_subspace import tree
from eigenscape.config.sizes import SLOTS
from eigenscape.distributed.ranks import Traffic
from eigenscape.planning.cells import gram_flops
from eigenscape.planning.communication import bands_traffic, reduction_traffic

pytestmark = pytest.mark.mpi

PROGRAM = Path(__file__).with_name("count_traffic.py")


SIZES = (50, 512, 1700, 2100)
"""Part of a strip, one strip, two bands, three bands."""

SAMPLES = 100
"""N in count_traffic.py: 6 or 7 a slot."""


@functools.cache
def counted(ranks: int) -> dict[tuple[int, int], tuple[int, Traffic]]:
    """Flops and traffic of every rank by (P, rank); one run for all sizes."""
    command = [
        *on_ranks(ranks),
        str(PROGRAM),
        str(ranks),
        *map(str, SIZES),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {
        (line.pop("parameters"), line.pop("rank")): (line.pop("flops"), Traffic(**line))
        for line in lines
    }


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_the_formulas_are_what_ranks_count(ranks: int) -> None:
    cases = [(parameters, rank) for parameters in SIZES for rank in range(ranks)]
    found = {case: traffic for case, (_, traffic) in counted(ranks).items()}

    assert found == {
        (parameters, rank): reduction_traffic(parameters, rank, ranks) for parameters, rank in cases
    }
    assert sum(traffic.bytes_sent for traffic in found.values()) == sum(
        traffic.bytes_received for traffic in found.values()
    )


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_ranks_share_the_flops_of_the_formula(ranks: int) -> None:
    for parameters in SIZES:
        flops = [counted(ranks)[parameters, rank][0] for rank in range(ranks)]
        slots = [tree.share(list(range(SLOTS)), rank, ranks) for rank in range(ranks)]
        samples = [
            sum(len(tree.slot_samples(slot, SLOTS, SAMPLES)) for slot in share) for share in slots
        ]

        assert flops == [gram_flops(parameters, count) for count in samples]
        assert sum(flops) == gram_flops(parameters, SAMPLES)


def test_two_ranks_send_the_whole_triangle_once_by_hand() -> None:
    """P = 1700: each rank holds one node; bands 0 (rank 0) and 1 (rank 1), of strips of 512 x 2 and
    512 + 164 columns.
    """
    band_0 = sum((1700 - start) * 512 for start in (0, 512)) + 1701 + 1
    band_1 = (1700 - 1024) * 512 + (1700 - 1536) * 164
    zero, one = (counted(2)[1700, rank][1] for rank in range(2))

    assert (zero.messages_sent, zero.bytes_sent) == (2, 8 * band_1)
    assert (one.messages_sent, one.bytes_sent) == (4, 8 * band_0)
    assert (zero.messages_received, zero.bytes_received) == (4, 8 * band_0)


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_by_bands_the_formula_is_what_ranks_count(ranks: int) -> None:
    """P = 16; fewer samples than slots, a block a slot, and three blocks a slot, the last of them
    short.
    """
    sizes = (5, 1000, 16 * 600)
    program = PROGRAM.with_name("count_bands.py")
    command = [
        *on_ranks(ranks),
        str(program),
        str(ranks),
        *map(str, sizes),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]

    found = {(line.pop("samples"), line.pop("rank")): Traffic(**line) for line in lines}
    assert found == {
        (samples, rank): bands_traffic(16, samples, rank, ranks)
        for samples in sizes
        for rank in range(ranks)
    }
