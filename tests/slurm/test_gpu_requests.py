"""What the plugin asks Slurm for when a cell is to use GPUs, and which devices its ranks are then
shown.

The devices are fake (null devices), so the ranks compute on the CPU: this shows requests and
binding, and nothing of CUDA.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from private_slurm import PrivateSlurm
from slurm_workflow import IN_SMALL, Run

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(600)]

LEDGER = "results/small/ledger/second_moment/headline/d04-w010-n400.json"

LAUNCHER = """#!/bin/sh
# -n RANKS COMMAND..., as the rule calls its launcher
ranks=$2; shift 2
exec srun --kill-on-bad-exit=1 -n "$ranks" sh {note} "$@"
"""

NOTE = """#!/bin/sh
echo "$SLURM_PROCID $SLURMD_NODENAME $SLURM_LOCALID $CUDA_VISIBLE_DEVICES" >> {seen}
exec "$@"
"""
"""Every rank notes the devices that it is shown, and goes on to its work."""


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # On one node every rank is shown all devices of the job, and takes the one of its number
        # there.
        (1, [["0", "node1", "0", "0,1"], ["1", "node1", "1", "0,1"]]),
        # On two nodes each is shown the one of its node.
        (2, [["0", "node1", "0", "0"], ["1", "node2", "0", "0"]]),
    ],
)
def test_one_gpu_a_rank(
    cluster: PrivateSlurm, tmp_path: Path, nodes: int, expected: list[list[str]]
) -> None:
    seen, note, launcher = (tmp_path / name for name in ("seen", "note", "launcher"))
    note.write_text(NOTE.format(seen=seen))
    launcher.write_text(LAUNCHER.format(note=note))
    run = Run.of(tmp_path / "run", IN_SMALL, cluster, EIGENSCAPE_LAUNCHER=f"sh {launcher}")
    before = cluster.jobs()
    wanted = {"gpu": 2, "nodes": nodes}
    run.finish(
        "--set-resources",
        *(f"second_moment:{name}={value}" for name, value in wanted.items()),
        "--",
        LEDGER,
    )
    # The latest: a job whose MPI did not start (Slurm's PMI2 may lose a message on a busy machine)
    # is submitted again.
    job = cluster.job(max(cluster.jobs().keys() - before.keys(), key=int))
    assert job["TresPerJob"] == "gres:gpu:2"
    assert job["NumTasks"] == "2"
    assert job["NumNodes"] == str(nodes)
    assert sorted(line.split() for line in set(seen.read_text().splitlines())) == expected
