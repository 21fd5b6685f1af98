"""Messages and bytes of the reduction: the cost model's formula against what real ranks count."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from eigenscape.distributed.ranks import Traffic
from eigenscape.stages.cost.communication import reduction_traffic

pytestmark = pytest.mark.mpi

MPIEXEC = Path(sys.executable).with_name("mpiexec")
PROGRAM = Path(__file__).with_name("count_traffic.py")


SIZES = (50, 256, 1500, 2100)
"""Part of a strip, one strip, two bands, three bands."""


@functools.cache
def counted(ranks: int) -> dict[tuple[int, int], Traffic]:
    """The traffic of every rank by (P, rank); one run for all sizes."""
    command = [str(MPIEXEC), "-n", str(ranks), sys.executable, "-m", "mpi4py", str(PROGRAM), str(ranks), *map(str, SIZES)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {(line.pop("parameters"), line.pop("rank")): Traffic(**line) for line in lines}


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_the_formula_is_what_ranks_count(ranks: int) -> None:
    expected = {(parameters, rank): reduction_traffic(parameters, rank, ranks) for parameters in SIZES for rank in range(ranks)}

    assert counted(ranks) == expected
    sent, received = (sum(getattr(traffic, name) for traffic in expected.values()) for name in ("bytes_sent", "bytes_received"))
    assert sent == received


def test_two_ranks_send_the_whole_triangle_once_by_hand() -> None:
    """P = 1500: each rank holds one node; bands 0 (rank 0) and 1 (rank 1), of strips 256 x 4 and 256 + 220 columns."""
    band_0 = sum((1500 - start) * 256 for start in (0, 256, 512, 768)) + 1501
    band_1 = (1500 - 1024) * 256 + (1500 - 1280) * 220
    zero, one = (counted(2)[1500, rank] for rank in range(2))

    assert (zero.messages_sent, zero.bytes_sent) == (2, 8 * band_1)
    assert (one.messages_sent, one.bytes_sent) == (5, 8 * band_0)
    assert (zero.messages_received, zero.bytes_received) == (5, 8 * band_0)
