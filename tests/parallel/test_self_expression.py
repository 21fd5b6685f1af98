"""Columns of a self-expression over real ranks: the bits of one rank."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from on_ranks import on_ranks

from eigenscape.clustering.gram import Columns, unit_columns
from eigenscape.clustering.sparse import Penalty, sparse_self_expression

pytestmark = pytest.mark.mpi

PROGRAM = Path(__file__).with_name("express_columns.py")


def digests(ranks: int) -> list[dict[str, object]]:
    """What every rank printed, in their order."""
    command = [
        *on_ranks(ranks),
        str(PROGRAM),
        str(ranks),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    lines: list[dict[str, object]] = [json.loads(line) for line in run.stdout.splitlines()]
    return sorted(lines, key=lambda line: str(line["rank"]))


def test_every_number_of_ranks_gives_the_same_bits() -> None:
    """150 columns are three blocks, of 64, 64 and 22: one rank has all, of two one has two, of
    three each has one.
    """
    one = digests(1)[0]
    assert [value for key, value in one.items() if "done" in key] == [True, True, True]
    for ranks in (2, 3):
        found = digests(ranks)
        assert [line.pop("rank") for line in found] == list(range(ranks))
        assert found == [{key: value for key, value in one.items() if key != "rank"}] * ranks
    # And those of a run that knows nothing of ranks.
    plain = sparse_self_expression(
        Columns.of(unit_columns(np.random.default_rng(0).standard_normal((150, 12)))[0]),
        Penalty(20.0),
    )
    arrays = [plain.coefficients, plain.certificate.gap, plain.iterations]
    assert one["lasso"] == hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
