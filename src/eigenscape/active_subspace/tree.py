"""The fixed binary tree over which partial sums are added.

Floating-point addition is not associative: to give the same bits for any number of ranks and any
history of interruptions, the order of additions must not depend on them. The N samples of a cell
are cut into S slots (S a power of two); a node ``(first, span)`` represents slots first ... first +
span - 1, and is always the sum of its two halves, left plus right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

Value = TypeVar("Value")


class Node(NamedTuple):
    """The slots ``first`` ... ``first + span - 1``; span is a power of two that divides first."""

    first: int
    span: int

    @property
    def sibling(self) -> Node:
        """The other half of the parent."""
        return Node(self.first ^ self.span, self.span)

    @property
    def parent(self) -> Node:
        """The node whose halves are this node and its sibling."""
        return Node(self.first & ~self.span, 2 * self.span)

    @property
    def halves(self) -> tuple[Node, Node]:
        """Left and right child."""
        half = self.span // 2
        return Node(self.first, half), Node(self.first + half, half)

    @property
    def slots(self) -> range:
        """The slots under the node."""
        return range(self.first, self.first + self.span)


def slot_samples(slot: int, slots: int, samples: int) -> range:
    """Return the samples of a slot: N is divided as evenly as possible; with N < S some slots are
    empty.

    Example:
        >>> [len(slot_samples(slot, 4, 10)) for slot in range(4)]
        [2, 3, 2, 3]
    """
    return range(samples * slot // slots, samples * (slot + 1) // slots)


def insert(
    nodes: dict[Node, Value],
    node: Node,
    value: Value,
    add: Callable[[Value, Value], Value],
    slots: int,
) -> None:
    """Insert a node, and merge it with its sibling as long as that is present too.

    A rank that processes its slots in order holds at most log2(S) + 1 values.

    Example:
        >>> held = {}
        >>> for slot in range(3):
        ...     insert(held, Node(slot, 1), f"{slot}", lambda a, b: f"({a}+{b})", slots=4)
        >>> list(held.values())
        ['(0+1)', '2']
    """
    while node.span < slots and node.sibling in nodes:
        sibling = nodes.pop(node.sibling)
        value = add(value, sibling) if node.first < node.sibling.first else add(sibling, value)
        node = node.parent
    nodes[node] = value


def total(nodes: Mapping[Node, Value], root: Node, add: Callable[[Value, Value], Value]) -> Value:
    """Compute the value of ``root`` from nodes that cover it.

    Raises:
        KeyError: a slot under the root is covered by no node.

    Example:
        >>> nodes = {Node(0, 2): "a", Node(2, 1): "b", Node(3, 1): "c"}
        >>> total(nodes, Node(0, 4), lambda x, y: f"({x}+{y})")
        '(a+(b+c))'
    """
    if root in nodes:
        return nodes[root]
    if root.span == 1:
        raise KeyError(f"slot {root.first} is covered by no partial sum")
    left, right = root.halves
    return add(total(nodes, left, add), total(nodes, right, add))


def missing_slots(nodes: Iterable[Node], slots: int) -> list[int]:
    """Return the slots that no node covers, in order."""
    covered = {slot for node in nodes for slot in node.slots}
    return [slot for slot in range(slots) if slot not in covered]


def share(work: list[int], rank: int, size: int) -> list[int]:
    """Return the contiguous part of ``work`` that belongs to one of ``size`` ranks.

    Example:
        >>> [share(list(range(5)), rank, 3) for rank in range(3)]
        [[0], [1, 2], [3, 4]]
    """
    return work[len(work) * rank // size : len(work) * (rank + 1) // size]
