"""Run by test_traffic.py under mpiexec: reduces real partial sums and prints what every rank
computed, sent and received.
"""

import ctypes
import dataclasses
import json
import sys

import numpy as np

from eigenscape.active_subspace import tree, triangle
from eigenscape.active_subspace.second_moment import PartialSum
from eigenscape.active_subspace.tree import Node
from eigenscape.config.sizes import SLOTS
from eigenscape.distributed.ranks import Traffic, started_ranks
from eigenscape.distributed.reduction import finished_bands

SAMPLES = 100
real_dgemm, real_dsyrk = triangle._dgemm(), triangle._dsyrk()
products: list[int] = []


def counting_dgemm(*arguments: int) -> None:
    """The real product, 2 m n k flops noted: the third to fifth arguments point at m, n and k."""
    m, n, k = (ctypes.c_int.from_address(pointer).value for pointer in arguments[2:5])
    products.append(2 * m * n * k)
    real_dgemm(*arguments)


def counting_dsyrk(*arguments: int) -> None:
    """The real product, n^2 k flops noted: the third and fourth arguments point at n and k."""
    n, k = (ctypes.c_int.from_address(pointer).value for pointer in arguments[2:4])
    products.append(n * n * k)
    real_dsyrk(*arguments)


triangle._dgemm, triangle._dsyrk = lambda: counting_dgemm, lambda: counting_dsyrk
size, sizes = int(sys.argv[1]), [int(text) for text in sys.argv[2:]]
ranks = started_ranks(size)
for parameters in sizes:
    ranks.traffic = Traffic()
    products.clear()
    held: dict[Node, PartialSum] = {}
    for slot in tree.share(list(range(SLOTS)), ranks.rank, ranks.size):
        leaf = PartialSum.zero(parameters)
        leaf.triangle.add_gram(np.ones((len(tree.slot_samples(slot, SLOTS, SAMPLES)), parameters)))
        tree.insert(held, Node(slot, 1), leaf, PartialSum.add, SLOTS)
    bands = finished_bands(held, parameters, SLOTS, ranks)
    counted = dataclasses.asdict(ranks.traffic)
    assert all((band.strips[0][:, 0] == SAMPLES).all() for band in bands), (
        "the reduction did not add up"
    )
    # One line in one write: lines of several ranks must not mix.
    sys.stdout.write(
        json.dumps(
            {"rank": ranks.rank, "parameters": parameters, "flops": sum(products), **counted}
        )
        + "\n"
    )
