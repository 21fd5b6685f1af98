"""Memory is exhausted.

Injection: the address space of a process (RLIMIT_AS) leaves no room for a block of 256 parameter
vectors and its gradients, 187 MB each; or for the gradients alone. Promise: the block is worked
through in halves, the log says so, and the bits are the same; where even that does not help, the
error names memory and says what to do.
"""

import sys

import pytest

pytestmark = pytest.mark.faults

PROGRAM = """
import hashlib, logging, resource, sys
import numpy as np
from eigenscape.architecture import Architecture
from eigenscape.stages.common.samplers import sampler_of_network
from eigenscape.config.study import Study

room = float(sys.argv[1])
logging.basicConfig(format="%(message)s")
network = Architecture(2, 300)
block_of_256 = 256 * network.parameters * 8
sampler_of_network(Study(), network).block(0, 1)  # compiled, before the limit bites
if room:
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + int(room * block_of_256),) * 2)
gradients, losses = sampler_of_network(Study(), network).block(0, 256)
print(hashlib.sha256(gradients).hexdigest(), hashlib.sha256(losses).hexdigest())
"""


def test_blocks_are_halved_to_the_same_bits(runs) -> None:
    outputs = []
    # of two blocks that are asked for: the second fits when it is a quarter
    for room in (
        "0",
        "1.4",
    ):
        run = runs.start(sys.executable, "-c", PROGRAM, room)
        assert run.wait() == 0, run.output
        outputs.append(run.output.splitlines())
    assert outputs[0] == outputs[1][-1:]
    assert [
        line
        for line in outputs[1]
        if line.startswith("d02-w300: memory is exhausted; gradients are computed")
    ] == [
        f"d02-w300: memory is exhausted; gradients are computed {size} at a time"
        for size in (128, 64)
    ]


def test_no_room_for_a_block_is_said(runs) -> None:
    run = runs.start(sys.executable, "-c", PROGRAM, "0.5")
    assert run.wait() == 1
    assert "DoesNotFit: memory: expected memory for" in run.output
    assert "use fewer ranks a node" in run.output
