"""The sum, on rank 0, of arrays that ranks hold for nodes of the summation tree, with the same bits
as one rank adding alone.
"""

from __future__ import annotations

import numpy as np

from eigenscape.active_subspace import tree
from eigenscape.active_subspace.tree import Node
from eigenscape.config.sizes import SLOTS
from eigenscape.distributed.ranks import Ranks


def tree_total(held: dict[Node, np.ndarray], ranks: Ranks) -> np.ndarray | None:
    """Return the sum over all slots on rank 0, None elsewhere; a collective call.

    Nodes arrive in the order of their slots, one at a time, and are merged on arrival, so that rank
    0 holds at most `HELD_NODES`.

    Args:
        held: the nodes of this rank, arrays of one shape; consumed. Over all ranks they cover every
            slot once, in the order of ranks.
        ranks: the ranks of the run.

    Raises:
        KeyError: the nodes of all ranks together do not cover every slot.

    Example:
        >>> from eigenscape.distributed.ranks import OneRank
        >>> tree_total({Node(0, 8): np.ones(2), Node(8, 8): np.ones(2)}, OneRank())
        array([2., 2.])
    """
    listed = ranks.gather([(node, array.shape) for node, array in sorted(held.items())])
    if ranks.rank > 0:
        for node in sorted(held):
            ranks.send(held.pop(node), 0)
        return None
    merged: dict[Node, np.ndarray] = {}
    for source, nodes in enumerate(listed):
        for node, shape in nodes:
            array = held.pop(node) if source == 0 else np.empty(shape)
            if source > 0:
                ranks.receive(array, source)
            tree.insert(merged, node, array, add_in_place, SLOTS)
    return tree.total(merged, Node(0, SLOTS), add_in_place)


def add_in_place(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Add the right array to the left one, in place.

    Example:
        >>> add_in_place(np.ones(1), np.ones(1))
        array([2.])
    """
    left += right
    return left
